"""The signals that stop a run: Ctrl-C, SIGTERM (Slurm, Kubernetes, timeout) and SIGHUP (a terminal
that was closed) do the same; what was ignored when the process began stays ignored."""

from __future__ import annotations

import os
import signal
import stat
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_last: int = signal.SIGINT
_beside: list[Callable[[int], object]] = []
"""Who is told of a signal that came while the main thread waits for others, innermost last."""


def heard() -> list[signal.Signals]:
    """The signals that are not ignored."""
    return [one for one in SIGNALS if signal.getsignal(one) not in (signal.SIG_IGN, None)]


def received(number: int) -> None:
    """Note which signal came; a terminal that is gone with it is written to no more."""
    global _last
    _last = number
    if number != signal.SIGHUP:
        return
    for file in (1, 2):
        try:
            gone = stat.S_ISCHR(os.fstat(file).st_mode) and not os.isatty(file)
        except OSError:
            continue
        if gone:  # each write would fail with an input/output error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, file)
            os.close(nowhere)


@contextmanager
def heard_by(loop: AbstractEventLoop, call: Callable[[int], object]) -> Iterator[None]:
    """Within the block the running loop calls it with each signal; outside the main thread, with
    each that is passed on."""
    if threading.current_thread() is not threading.main_thread():

        def told(number: int) -> None:
            loop.call_soon_threadsafe(call, number)

        _beside.append(told)
        try:
            yield
        finally:
            _beside.remove(told)
        return
    before = {one: signal.getsignal(one) for one in heard()}
    for one in before:
        loop.add_signal_handler(one, call, one)
    try:
        yield
    finally:
        for one, handler in before.items():
            loop.remove_signal_handler(one)
            signal.signal(one, handler)


@contextmanager
def caught(call: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Within the block each signal calls it, at once; nothing changes outside the main thread."""
    main = threading.current_thread() is threading.main_thread()
    before = {one: signal.signal(one, call) for one in (heard() if main else ())}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def passed_on() -> AbstractContextManager[None]:
    """Within the block signals go to the loop in the thread that the main one waits for."""
    return caught(lambda number, frame: _beside[-1](number) if _beside else _raise(number, frame))


def exit_code() -> int:
    """What a shell sees of the signal that came last: 130, 143 or 129."""
    return 128 + _last


def raise_for_all() -> None:
    """From here on each of the signals raises KeyboardInterrupt, as Ctrl-C does."""
    for one in heard():
        if signal.getsignal(one) is signal.SIG_DFL:
            signal.signal(one, _raise)


def _raise(number: int, frame: FrameType | None) -> None:
    received(number)
    raise KeyboardInterrupt
