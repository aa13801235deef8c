"""Ctrl-C while it trains: the first one ends with the step, so that its weights can be kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Self


class Stopping:
    """Within the block the first Ctrl-C sets `asked`, and is told; the second one raises
    KeyboardInterrupt wherever that is. Nothing changes where it is not `active`, outside the main
    thread, or where Ctrl-C is ignored."""

    def __init__(self, say: Callable[[str], None], *, active: bool = True) -> None:
        self._say = say
        self._active = active and threading.current_thread() is threading.main_thread()
        self._before: Any = None
        self.asked = False

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        self._active = self._active and self._before not in (signal.SIG_IGN, None)
        if self._active:
            signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        if self._active:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        with suppress(RuntimeError):  # it came in the midst of another sentence
            self._say("stopping after this step; Ctrl-C again stops at once")
