"""Wrappers are teachers too: Recorded(Retrying(Budgeted(Limited(teacher)))), each in a file of its
own."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from limbeck.errors import StopRun
from limbeck.protocols import Teacher

is_retry: ContextVar[bool] = ContextVar("is_retry", default=False)
"""Whether the request that is asked now has failed before: Retrying says so to those below it."""


class Wrapper:
    """A teacher around a teacher; name, identity, stop and close pass through."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher
        self.name = teacher.name

    @property
    def identity(self) -> Mapping[str, Any]:
        return self.teacher.identity

    def stop(self, error: StopRun) -> None:
        """Send nothing new: whoever waits, and whoever comes, gets the error. What is in flight
        goes on to its end."""
        inner = getattr(self.teacher, "stop", None)
        if inner is not None:
            inner(error)

    async def aclose(self) -> None:
        await self.teacher.aclose()
