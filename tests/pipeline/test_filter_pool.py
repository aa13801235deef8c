"""Worker processes: the same files as without them, the same errors, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from limbeck import registry
from limbeck.errors import DataError, MissingExtra, UserError
from limbeck.filters.worker import Failed
from limbeck.pipeline import filter_engine, filter_pool
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.filter_pool import Parallel, _Clock
from limbeck.record import Record
from limbeck.store import write_jsonl
from tests.pipeline.filtering import row, run_of

FILTERS = [
    "complete",
    "exact",
    "answer",
    {"contamination": {"against": ["test.jsonl"], "by": "same"}},
    "vote",
]
PLUGIN = '''
import os, sys, time
from limbeck.record import Verdict
from dataclasses import replace


class Plug:
    """Does what a text says."""

    stateless = True
    name = "plug"

    def judge(self, records):
        print("what a library prints is no reply", file=sys.stdout)
        for record in records:
            if record.completion == "crash":
                os.kill(os.getpid(), 9)
            if record.completion == "sleep":
                open(os.environ["SLEEPS"], "w").close()
                time.sleep(60)
        return [Verdict(r.id, "plug", True, reason="masked") for r in records]

    def changed(self, record):
        return replace(record, completion=record.completion + "!")
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A filter of another package, which the workers find as this process does."""
    package = tmp_path / "plugged"
    (package / "plug-1.dist-info").mkdir(parents=True)
    (package / "plugged_pool.py").write_text(PLUGIN)
    (package / "plug-1.dist-info" / "METADATA").write_text("Name: plug\nVersion: 1\n")
    (package / "plug-1.dist-info" / "entry_points.txt").write_text(
        "[limbeck.filters]\nplug = plugged_pool:Plug\n"
    )
    monkeypatch.syspath_prepend(str(package))
    registry._installed.cache_clear()
    yield
    registry._installed.cache_clear()
    sys.modules.pop("plugged_pool", None)


def records(count: int) -> list[Record]:
    """Paths of questions in several scripts: right, wrong, cut off, and said again."""
    made = []
    for number in range(count):
        prompt = f"问题 {number // 4}: {number // 4} + 1 = ?"
        said = ["The answer is {}.", "Réponse : \\boxed{{{}}}", "答案是 {}。", "The answer is {}."]
        wrong = number % 7 == 0
        text = said[number % 4].format(number // 4 + (2 if wrong else 1))
        finish = "length" if number % 11 == 0 else "stop"
        target, meta = str(number // 4 + 1), {"finish_reason": finish}
        made.append(row(text, number, prompt=prompt, target=target, meta=meta))
    return made


def watched(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """All processes that are going to be started."""
    started: list[subprocess.Popen[bytes]] = []
    start = filter_pool._start

    def started_one(steps: Sequence[filter_pool.Step]) -> subprocess.Popen[bytes]:
        started.append(start(steps))
        return started[-1]

    monkeypatch.setattr(filter_pool, "_start", started_one)
    return started


def files(context: Context) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in context.run.folder("filter").iterdir()}


def test_workers_write_what_one_process_writes_and_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: None
) -> None:
    monkeypatch.setattr(filter_engine, "BATCH", 8)
    started = watched(monkeypatch)
    found, told = {}, {}
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        write_jsonl(folder / "test.jsonl", [{"prompt": "问题 3: 3 + 1 = ?"}])
        context, said = run_of(folder, records(90), [*FILTERS, "plug", "complete"], workers=workers)
        filter_records(context)
        found[workers] = files(context)
        told[workers] = [line for line in said.getvalue().splitlines() if "contam" in line]
    assert found[1] == found[2]
    assert sorted(found[1]) == ["changed.jsonl", "done.json", "kept.bin", "verdicts.jsonl"]
    assert told[1] == told[2]
    assert len(told[1]) == 1
    assert len(started) == 2
    assert all(process.returncode == 0 for process in started)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_the_same_from_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: None, workers: int
) -> None:
    monkeypatch.setattr(filter_engine, "BATCH", 2)
    rows = [row("5", n, target=None if n == 5 else "5") for n in range(12)]
    context, _ = run_of(tmp_path, rows, ["answer"], workers=workers)
    with pytest.raises(UserError, match=rf"^record {rows[5].id} has no target"):
        filter_records(context)
    assert files(context) == {}
    path = context.run.folder("generate") / "records.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"messages"', b'"massages"', 3))
    with pytest.raises(DataError, match="line 1: not a limbeck record") as error:
        filter_records(context)
    assert (error.value.path, error.value.line) == (path, 1)


def test_a_worker_that_dies_is_a_sentence(tmp_path: Path, plugin: None) -> None:
    context, _ = run_of(tmp_path, [row("a"), row("crash", 1)], ["plug"], workers=2)
    with pytest.raises(UserError, match=r"may have run out of memory.*--workers 1"):
        filter_records(context)
    assert files(context) == {}


def test_ctrl_c_ends_workers_in_the_middle_of_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: None
) -> None:
    monkeypatch.setattr(filter_engine, "BATCH", 1)
    sleeps = tmp_path / "sleeps"
    monkeypatch.setenv("SLEEPS", str(sleeps))
    started = watched(monkeypatch)
    context, _ = run_of(tmp_path, [row("sleep", n) for n in range(9)], ["plug"], workers=2)

    def press() -> None:
        wait_for(sleeps.is_file)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    presser = threading.Thread(target=press)
    presser.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            filter_records(context)
    finally:
        signal.signal(signal.SIGINT, before)
        presser.join()
    assert [process.returncode for process in started] == [-signal.SIGKILL] * 2
    assert files(context) == {}


def wait_for(reached: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < until, "never got there"
        time.sleep(0.01)


def test_errors_that_cannot_be_made_from_their_words_travel_whole() -> None:
    there = Failed.of(MissingExtra("math-verify", "math")).error()
    assert isinstance(there, MissingExtra)
    assert (str(there), there.extra) == (str(MissingExtra("math-verify", "math")), "math")
    local = type("Local", (Exception,), {})("what no other process knows")
    there = Failed.of(local).error()
    assert type(there) is RuntimeError
    assert str(there) == "Local: what no other process knows"
    assert "In a process of the filters" in there.__notes__[0]


def test_workers_start_only_for_work_that_pays_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(filter_pool, "cores", lambda: 2)
    clock = _Clock(100_000)
    auto, forced, one = (Parallel([], [], Path(), workers) for workers in (None, 3, 1))
    for seconds, left, wanted in (
        (50.0, 0.0, False),  # the first batch loads
        (0.07, 6.86, True),  # 98,000 rows, and 70 microseconds a row: 3.4 seconds are saved
        (0.01, 3.88, False),
    ):
        assert auto._wanted(clock) is False or left
        with clock.batch(1000):
            now[0] += seconds
        assert clock.left == pytest.approx(left)
        assert auto._wanted(clock) is wanted
        assert forced._wanted(clock) is True
        assert one._wanted(clock) is False
    monkeypatch.setattr(filter_pool, "cores", lambda: 1)
    slow = _Clock(10**9)
    for _ in range(2):
        with slow.batch(1):
            now[0] += 1
    assert Parallel([], [], Path())._wanted(slow) is False
