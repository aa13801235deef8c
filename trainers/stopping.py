"""A signal to stop while it trains: the first one ends with the step, and its weights are kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Self

from limbeck.interrupts import heard, received


class Stopping:
    """Within the block the first signal to stop sets `asked`, and is told; the second one raises
    KeyboardInterrupt wherever that is. Nothing changes where it is not `active`, outside the main
    thread, or for a signal that is ignored."""

    def __init__(self, say: Callable[[str], None], *, active: bool = True) -> None:
        self._say = say
        self._active = active and threading.current_thread() is threading.main_thread()
        self._before: dict[int, Any] = {}
        self.asked = False

    def __enter__(self) -> Self:
        for one in heard() if self._active else ():
            self._before[one] = signal.signal(one, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        received(number)
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        with suppress(RuntimeError):  # it came in the midst of another sentence
            self._say("stopping after this step; Ctrl-C again stops at once")
