"""`Workers`: functions over parts of the rows, in other processes where there are many rows.

What comes back does not depend on how many processes there are: results are in the order in which
the parts were given.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from types import TracebackType
from typing import Any

from limbeck.errors import UserError


class Workers:
    """`count` processes, or none at all for 0 and 1: then everything is done in this one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)

    def map(self, function: Callable[..., Any], parts: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """The results in the order of the parts, of which few are taken before they are needed."""
        if self.count < 2:
            for part in parts:
                yield function(*part)
            return
        waiting: deque[Future[Any]] = deque()
        for part in parts:
            waiting.append(self.start(function, *part))
            if len(waiting) > 2 * self.count:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())

    def start(self, function: Callable[..., Any], *given: Any) -> Future[Any]:
        """One call beside everything else; here and now where there are no processes."""
        if self.count < 2:
            done: Future[Any] = Future()
            done.set_result(function(*given))
            return done
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.count, get_context("spawn"), _end_quietly)
        return self._pool.submit(function, *given)


def _end_quietly() -> None:
    """Ctrl-C ends a worker at once, without a traceback: the first process says what there is."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _result(future: Future[Any]) -> Any:
    from concurrent.futures.process import BrokenProcessPool

    try:
        return future.result()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker of the audit ended without an answer: most often the memory is full. Try "
            "again with fewer workers (--workers 1)"
        ) from error


def result(future: Future[Any]) -> Any:
    """A future's result. Raises UserError where its process died."""
    return _result(future)


def cores() -> int:
    """The processors that this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
