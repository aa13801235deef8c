"""What the user sees while a stage works: a live bar with rate and time left on a terminal, plain
lines elsewhere, JSON lines for machines. Times stand here and in logs, never in results."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, Literal, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from limbeck.text import duration

Mode = Literal["auto", "rich", "plain", "json", "quiet"]
PLAIN_SECONDS = 5.0


class Bar(Protocol):
    """One stage's progress."""

    def total(self, total: int) -> None: ...
    def advance(self, count: int = 1, note: str = "") -> None: ...


class Reporter(Protocol):
    """Where progress and sentences go."""

    def say(self, text: str) -> None: ...
    def stage(
        self, name: str, unit: str, total: int | None = None
    ) -> AbstractContextManager[Bar]: ...


def reporter(mode: Mode = "auto", stream: IO[str] | None = None) -> Reporter:
    """The reporter of a mode; "auto" is rich on a terminal and plain lines elsewhere."""
    stream = stream or sys.stderr
    if mode == "auto":
        mode = "rich" if stream.isatty() else "plain"
    if mode == "rich":
        return RichReporter(Console(file=stream))
    if mode == "json":
        return JsonReporter(stream)
    return PlainReporter(stream) if mode == "plain" else Quiet()


def visible(text: str) -> str:
    """Text that cannot steer a terminal: control characters are shown, not sent."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def shown_json(value: Any, *, indent: int | None = None) -> str:
    """JSON, Unicode kept, in which nothing can steer a terminal: it is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


class _Clock:
    """Counts and rates of one stage: the rate is that of the last minute, from the first advance
    on, so that neither loading nor what was found in the ledger lies about the time left."""

    def __init__(self, unit: str, total: int | None) -> None:
        self.unit = unit
        self.whole = total
        self.done = 0
        self.started = time.monotonic()
        self.marks: list[tuple[float, int]] = [(self.started, 0)]

    def advance(self, count: int) -> None:
        if not count:
            return
        now = time.monotonic()
        if not self.done:  # what went before was loading, and says nothing of the rate
            self.marks = [(now, count)]
        self.done += count
        if now - self.marks[-1][0] >= 1.0:
            self.marks.append((now, self.done))
            self.marks = [mark for mark in self.marks if now - mark[0] <= 60] or self.marks[-1:]

    @property
    def rate(self) -> float:
        then, before = self.marks[0]
        return (self.done - before) / max(time.monotonic() - then, 1e-3)

    @property
    def left(self) -> float | None:
        if self.whole is None or self.rate <= 0:
            return None
        return max(0, self.whole - self.done) / self.rate

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started


@contextmanager
def _pulse(bar: Bar) -> Iterator[None]:
    """Within the block the bar is shown every few seconds, also when nothing advances: a user
    must see that the work is alive."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(PLAIN_SECONDS + 0.1):
            bar.advance(0)

    thread = threading.Thread(target=beat, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class PlainReporter:
    """A line when a stage starts, every few seconds, and when it ends."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        print(visible(text), file=self._stream, flush=True)

    @contextmanager
    def stage(self, name: str, unit: str, total: int | None = None) -> Iterator[Bar]:
        bar = _PlainBar(self, name, _Clock(unit, total))
        with _pulse(bar):
            yield bar
        clock, extra = bar.clock, f", {bar.note}" if bar.note else ""
        self.say(f"{name}: done, {clock.done} {unit} in {duration(clock.elapsed)}{extra}")


class _PlainBar:
    def __init__(self, out: PlainReporter, name: str, clock: _Clock) -> None:
        self._out = out
        self._name = name
        self.clock = clock
        self.note = ""
        self._said = clock.started

    def total(self, total: int) -> None:
        self.clock.whole = total

    def advance(self, count: int = 1, note: str = "") -> None:
        self.clock.advance(count)
        self.note = note or self.note
        if time.monotonic() - self._said >= PLAIN_SECONDS:
            self._said = time.monotonic()
            clock, left = self.clock, self.clock.left
            of = f"/{clock.whole}" if clock.whole is not None else ""
            speed = f", {clock.rate:.1f} {clock.unit}/s" if clock.rate else ""
            rest = f", {duration(left)} left" if left is not None else ""
            extra = f", {self.note}" if self.note else ""
            self._out.say(f"{self._name}: {clock.done}{of} {clock.unit}{speed}{rest}{extra}")


class JsonReporter:
    """One JSON object a line: {"event": "say" | "start" | "progress" | "end", ...}; the command
    line ends a run that failed with {"event": "error", "text": ...}."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        self.write(event="say", text=text)

    def write(self, **row: object) -> None:
        print(json.dumps(row), file=self._stream, flush=True)

    @contextmanager
    def stage(self, name: str, unit: str, total: int | None = None) -> Iterator[Bar]:
        self.write(event="start", stage=name, unit=unit, total=total)
        bar = _JsonBar(self, name, _Clock(unit, total))
        with _pulse(bar):
            yield bar
        self.write(
            event="end",
            stage=name,
            done=bar.clock.done,
            seconds=round(bar.clock.elapsed, 3),
            note=bar.note,
        )


class _JsonBar:
    def __init__(self, out: JsonReporter, name: str, clock: _Clock) -> None:
        self._out = out
        self._name = name
        self.clock = clock
        self.note = ""
        self._said = 0.0

    def total(self, total: int) -> None:
        self.clock.whole = total

    def advance(self, count: int = 1, note: str = "") -> None:
        self.clock.advance(count)
        self.note = note or self.note
        if time.monotonic() - self._said < 1.0:
            return
        self._said = time.monotonic()
        left = self.clock.left
        self._out.write(
            event="progress",
            stage=self._name,
            done=self.clock.done,
            total=self.clock.whole,
            rate=round(self.clock.rate, 3),
            seconds_left=None if left is None else round(left, 1),
            note=self.note,
        )


class RichReporter:
    """A live bar."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        self._console.print(Text(visible(text)))

    @contextmanager
    def stage(self, name: str, unit: str, total: int | None = None) -> Iterator[Bar]:
        progress = Progress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self._console,
        )
        with progress:
            task = progress.add_task(f"{name:<9}", total=total, rate="", note="")
            clock = _Clock(unit, total)

            class _RichBar:
                def total(self, total: int) -> None:
                    clock.whole = total
                    progress.update(task, total=total)

                def advance(self, count: int = 1, note: str = "") -> None:
                    clock.advance(count)
                    rate = f"{clock.rate:.1f} {unit}/s"
                    progress.update(task, advance=count, rate=rate, note=visible(note))

            yield _RichBar()
            if clock.whole is None:
                progress.update(task, total=clock.done)


class Quiet:
    """Says nothing: for libraries and tests."""

    def say(self, text: str) -> None:
        return

    @contextmanager
    def stage(self, name: str, unit: str, total: int | None = None) -> Iterator[Bar]:
        yield _NoBar()


class _NoBar:
    def total(self, total: int) -> None:
        return

    def advance(self, count: int = 1, note: str = "") -> None:
        return
