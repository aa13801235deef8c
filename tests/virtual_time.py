"""An event loop whose clock jumps to the next thing due: hours of waiting in milliseconds, and the
same every time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.DefaultSelector):
    """A selector that never sleeps: it moves the loop's clock instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("the loop would wait for ever")
        if not ready and timeout:
            self.now += timeout
        return ready


def run(make: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, float]:
    """What `make()` returns, and the virtual seconds that it took."""
    selector = _Jump()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(make()), selector.now
    finally:
        loop.close()
