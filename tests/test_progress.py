"""Progress: lines that a reader, a pipe and a machine can use; no text steers a terminal."""

from __future__ import annotations

import io
import json
import threading
from typing import IO, Any

import pytest
from rich.console import Console

from limbeck.progress import (
    JsonReporter,
    Mode,
    PlainReporter,
    Quiet,
    RichReporter,
    reporter,
    visible,
)


class Clock:
    """Stands in for time.monotonic."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("limbeck.progress.time", clock)
    return clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é 中文 🙂\n\tok", "plain é 中文 🙂\n\tok"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\rb", "a\\x0db"),
        ("\u202eevil", "\\x202eevil"),
        ("\ud800", "\\xd800"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_control_characters_are_shown_and_not_sent(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.parametrize(
    ("mode", "stream", "kind"),
    [
        ("auto", io.StringIO(), PlainReporter),
        ("auto", Terminal(), RichReporter),
        ("plain", Terminal(), PlainReporter),
        ("rich", io.StringIO(), RichReporter),
        ("json", Terminal(), JsonReporter),
        ("quiet", Terminal(), Quiet),
    ],
)
def test_a_mode_gives_its_reporter(mode: Mode, stream: IO[str], kind: type) -> None:
    assert isinstance(reporter(mode, stream), kind)


def test_reports_go_to_stderr_so_that_stdout_stays_clean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reporter("plain").say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_plain_lines_come_every_few_seconds_and_at_the_end(clock: Clock) -> None:
    out = io.StringIO()
    with PlainReporter(out).stage("generate", "calls", 100) as bar:
        for _ in range(20):
            clock.now += 1
            bar.advance(2, "3 new")
    lines = out.getvalue().splitlines()
    assert lines[0] == "generate: 10/100 calls, 2.0 calls/s, 45 s left, 3 new"
    assert lines[1] == "generate: 20/100 calls, 2.0 calls/s, 40 s left, 3 new"
    assert lines[-1] == "generate: done, 40 calls in 20 s, 3 new"
    assert len(lines) == 5


def test_without_a_total_no_time_left_is_made_up(clock: Clock) -> None:
    out = io.StringIO()
    with PlainReporter(out).stage("filter", "records") as bar:
        clock.now += 6
        bar.advance(3)
        bar.total(9)
        clock.now += 6
        bar.advance(3)
    lines = out.getvalue().splitlines()
    assert lines[0] == "filter: 3 records", "loading is over with the first of them"
    assert lines[1] == "filter: 6/9 records, 0.5 records/s, 6 s left"


def test_the_rate_is_that_of_the_last_minute(clock: Clock) -> None:
    out = io.StringIO()
    with PlainReporter(out).stage("train", "steps", 10_000) as bar:
        bar.advance(5000)  # from an earlier run: at once
        for _ in range(200):
            clock.now += 1
            bar.advance(1)
    assert "5200/10000 steps, 1.0 steps/s" in out.getvalue().splitlines()[-2]


def test_a_stage_that_fails_does_not_say_done() -> None:
    def fail(stream: IO[str], mode: Mode) -> None:
        with reporter(mode, stream).stage("train", "steps", 2) as bar:
            bar.advance(1 // 0)

    for mode in ("plain", "json"):
        out = io.StringIO()
        with pytest.raises(ZeroDivisionError):
            fail(out, mode)
        assert "done" not in out.getvalue()


def test_json_lines_are_json_with_any_text(clock: Clock) -> None:
    out = io.StringIO()
    report = JsonReporter(out)
    report.say("a\nb\u2028\x1b\ud800")
    with report.stage("eval", "items", 4) as bar:
        clock.now += 2
        bar.advance(1, "base")
        bar.advance(1)  # too soon for another line
        clock.now += 2
        bar.total(8)
        bar.advance(2)
    rows: list[dict[str, Any]] = [json.loads(line) for line in out.getvalue().splitlines()]
    assert out.getvalue().isascii()
    assert rows == [
        {"event": "say", "text": "a\nb\u2028\x1b\ud800"},
        {"event": "start", "stage": "eval", "unit": "items", "total": 4},
        {
            "event": "progress", "stage": "eval", "done": 1, "total": 4, "rate": 0.0,
            "seconds_left": None, "note": "base",
        },
        {
            "event": "progress", "stage": "eval", "done": 4, "total": 8, "rate": 1.5,
            "seconds_left": 2.7, "note": "base",
        },
        {"event": "end", "stage": "eval", "done": 4, "seconds": 4.0, "note": "base"},
    ]  # fmt: skip


def test_the_live_bar_shows_name_and_count_and_keeps_markup_as_text() -> None:
    out = io.StringIO()
    report = RichReporter(Console(file=out, width=120))
    report.say("[red]not markup[/red] \x1b[2J")
    with report.stage("generate", "calls", 3) as bar:
        bar.total(4)
        bar.advance(4, "1 new")
    with report.stage("filter", "records") as bar:
        bar.advance(2)
    text = out.getvalue()
    assert "[red]not markup[/red] \\x1b[2J" in text
    assert "\x1b" not in text
    assert "generate" in text
    assert "4/4" in text
    assert "2/2" in text


def test_a_note_with_markup_does_not_break_the_live_bar() -> None:
    out = io.StringIO()
    with RichReporter(Console(file=out, width=160)).stage("generate", "calls", 1) as bar:
        bar.advance(1, "[/nonsense] [bold]x\x1b")
    assert "[/nonsense] [bold]x\\x1b" in out.getvalue()


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = reporter("quiet")
    quiet.say("x")
    with quiet.stage("train", "steps", 1) as bar:
        bar.total(2)
        bar.advance(1, "note")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("mode", ["plain", "json"])
def test_a_stage_in_which_nothing_advances_says_that_it_is_alive(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = threading.Event()

    class Heard(io.StringIO):
        def write(self, text: str) -> int:
            if "7" in text and "start" not in text:  # the total, which only progress says
                spoken.set()
            return super().write(text)

    monkeypatch.setattr("limbeck.progress.PLAIN_SECONDS", 0.0)
    with reporter(mode, Heard()).stage("generate", "calls", 7):
        assert spoken.wait(10)
