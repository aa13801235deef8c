"""A signal to stop while it trains: the first one ends with the step, and its weights are kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Self

from limbeck.interrupts import caught, received


class Stopping:
    """Within the block the first signal to stop sets `asked`, and is told; the second one raises
    KeyboardInterrupt wherever that is. Nothing changes where it is not `active`, outside the main
    thread, or for a signal that is ignored."""

    def __init__(self, say: Callable[[str], None], *, active: bool = True) -> None:
        self._say = say
        self._active = active
        self._stack = ExitStack()
        self.asked = False

    def __enter__(self) -> Self:
        if self._active:
            self._stack.enter_context(caught(self._interrupted))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        received(number)
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        with suppress(RuntimeError):  # it came in the midst of another sentence
            self._say("stopping after this step; Ctrl-C again stops at once")
