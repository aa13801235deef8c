"""The signals that stop a run: Ctrl-C, SIGTERM (Slurm, Kubernetes, timeout) and SIGHUP (a terminal
that was closed) do the same; what was ignored when the process began stays ignored."""

from __future__ import annotations

import os
import signal
import stat
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_last: int = signal.SIGINT


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
