"""A signal to stop with a teacher at work: the first one lets what is in flight come home."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from limbeck.aio import on_interrupt
from limbeck.errors import Interrupted
from limbeck.protocols import Teacher


@asynccontextmanager
async def draining(teacher: Teacher, say: Callable[[str], None]) -> AsyncIterator[None]:
    """Within the block Ctrl-C, SIGTERM or SIGHUP ends the sending: what is in flight is awaited and
    recorded, then the block ends with Interrupted. A second one ends it at once with
    KeyboardInterrupt."""

    stopped: Interrupted | None = None

    def stop() -> None:
        nonlocal stopped
        stopped = Interrupted("stopped by Ctrl-C or a signal")
        halt = getattr(teacher, "stop", None)
        if halt is not None:
            halt(stopped)
        say("stopping: waiting for the answers in flight; Ctrl-C again stops at once")

    async with on_interrupt(stop):
        yield
    if stopped is not None:  # everything had been sent already: the user wants to stop all the same
        raise stopped
