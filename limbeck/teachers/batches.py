"""A client of OpenAI's files and batches endpoints: upload, create, list, cancel, download.

Whatever the SDK raises becomes one of limbeck's errors in one place, and every call is repeated
where that can help, within the recipe's `attempts` and `give_up_after`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

import openai
import tenacity
from openai.types import Batch, FileObject

from limbeck.errors import (
    AskError,
    AskTimeout,
    BadRequest,
    EndpointError,
    LimbeckError,
    Malformed,
    Transient,
    Unreachable,
    UserError,
)
from limbeck.models import parse_model
from limbeck.protocols import Request
from limbeck.recipe import TeacherSection
from limbeck.teachers.batch_lines import request_line
from limbeck.teachers.http import Answer
from limbeck.teachers.openai import OPENAI_HOST, OpenAITeacher, api_key

RUN, SHARD = "limbeck_run", "limbeck_shard"  # in a batch's metadata: whose it is, which one
ENDED = ("completed", "failed", "expired", "cancelled")
PAGE = 100  # the most that the list gives at once
BLOCK = 1 << 18  # bytes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as the endpoint shows it. `run` is the limbeck run in its metadata, "" for none;
    files are ids; `expires_at` is in seconds since 1970; `errors` say why it failed."""

    id: str
    status: str
    run: str = ""
    input_file: str = ""
    output_file: str | None = None
    error_file: str | None = None
    expires_at: int | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    errors: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def cancelling(self) -> bool:
        return self.status == "cancelling"

    @property
    def files(self) -> tuple[str, ...]:
        """The result files that there are, answers first."""
        return tuple(file for file in (self.output_file, self.error_file) if file)


class BatchClient:
    """The Batch API of a recipe's teacher. Use as a context manager.

    Raises UserError for a teacher that has none, and for a missing key; every method raises
    StopRun as the live teacher does (AuthError, BudgetError, EndpointError), and UserError for
    what the endpoint refuses.
    """

    def __init__(self, section: TeacherSection, *, first_wait: float = 0.5) -> None:
        name = parse_model(section.model)
        if name.kind != "openai":
            raise UserError(
                f"the Batch API is for teachers behind an API (openai:MODEL), and the recipe's is "
                f"{section.model}. Run: limbeck generate"
            )
        key = api_key(section)
        self._secret = key.encode() if len(key) > 4 else b""
        self._section = section
        self._teacher = OpenAITeacher(name.value, section, key)
        self._endpoint = section.base_url or ""
        self._client = openai.OpenAI(
            base_url=self._endpoint,
            api_key=key or "none",  # a server on this machine may want none, the SDK wants one
            timeout=section.timeout,
            max_retries=0,
        )
        if urlsplit(self._endpoint).hostname != OPENAI_HOST:  # nobody else's business
            self._client.organization = self._client.project = None
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(section.attempts),
                tenacity.stop_after_delay(section.give_up_after),
            ),
            wait=_Wait(first_wait),
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def line(self, key: str, request: Request) -> bytes:
        """A request's line in an input file: the same body that the live teacher sends."""
        return request_line(key, request, self._teacher.body(request))

    def upload(self, path: Path, name: str) -> str:
        """Upload an input file under a name; its id."""

        def once() -> str:
            with path.open("rb") as file:
                made = self._client.files.create(file=(name, file), purpose="batch")
            if not isinstance(made, FileObject) or not made.id:
                raise Malformed("the answer to an upload names no file")
            return made.id

        return self._call(once)

    def create(self, input_file: str, endpoint: str, run: str, shard: int) -> RemoteBatch:
        """Make a batch of an uploaded file, the run's `shard`-th. Where the answer to a try was
        lost, the list says whether it was made: it is never made twice."""
        sent = False

        def once() -> RemoteBatch:
            nonlocal sent
            if sent:
                made = self._listed(lambda batch: batch.input_file == input_file)
                if made:
                    return made[0]
            sent = True
            return _remote(
                self._client.batches.create(
                    input_file_id=input_file,
                    endpoint=cast(Any, endpoint),
                    completion_window="24h",
                    metadata={RUN: run, SHARD: str(shard)},
                )
            )

        return self._call(once)

    def batches(self, wanted: Callable[[RemoteBatch], bool]) -> list[RemoteBatch]:
        """Those of the account's batches that are wanted, the oldest first."""
        return self._call(lambda: self._listed(wanted))

    def cancel(self, id: str) -> RemoteBatch:
        """Cancel a batch; one that has ended stays as it is."""

        def once() -> RemoteBatch:
            try:
                return _remote(self._client.batches.cancel(id))
            except (openai.ConflictError, openai.BadRequestError):
                return _remote(self._client.batches.retrieve(id))

        return self._call(once)

    def download(self, file: str, path: Path) -> bool:
        """Write a file's content to a path, block by block; False where it is there no more."""

        def once() -> bool:
            with (
                self._client.files.with_streaming_response.content(file) as response,
                path.open("wb") as out,
            ):
                for block in _blocks(response.iter_bytes(BLOCK)):
                    out.write(block)
            return True

        try:
            return self._call(once, missing=False)
        except _NotThere:
            return False

    def _listed(self, wanted: Callable[[RemoteBatch], bool]) -> list[RemoteBatch]:
        found: dict[str, RemoteBatch] = {}
        seen: set[str] = set()
        for row in self._client.batches.list(limit=PAGE):
            batch = _remote(row)
            if batch.id in seen:
                break  # a server that gives the same page for ever
            seen.add(batch.id)
            if wanted(batch):
                found[batch.id] = batch
        return list(found.values())[::-1]

    def _call(self, once: Callable[[], T], *, missing: bool = True) -> T:
        """Do it, again where that can help. A 404 is the endpoint's fault where what is asked for
        must be there (`missing`), else a _NotThere."""

        def typed() -> T:
            with self._typed():
                return once()

        try:
            return self._retrying(typed)
        except _NotThere as error:
            if not missing:
                raise
            raise EndpointError(
                f"{self._endpoint} has no Batch API, or not what was asked of it ({error}). Check "
                "base_url, or ask live: limbeck generate"
            ) from error
        except BadRequest as error:
            raise UserError(f"the Batch API at {self._endpoint} refused ({error})") from error
        except AskError as error:
            raise EndpointError(
                f"the Batch API at {self._endpoint} gives no answer ({error}). Run the same "
                "command again: what is submitted stays submitted"
            ) from error

    @contextmanager
    def _typed(self) -> Iterator[None]:
        """What the SDK raises, as limbeck's errors."""
        try:
            yield
        except openai.APITimeoutError as error:
            raise AskTimeout(f"no answer within {self._section.timeout:g} s") from error
        except openai.APIConnectionError as error:
            raise Unreachable(f"no connection: {error.__cause__ or error}") from error
        except openai.APIStatusError as error:
            raise self._of_status(error) from error
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            # It checks no types: a body that is not the expected JSON fails somewhere in it.
            raise Malformed(f"no answer of a Batch API: {error}") from error

    def _of_status(self, error: openai.APIStatusError) -> LimbeckError:
        response = error.response
        if error.status_code == 404 and error.code != "model_not_found":
            return _NotThere(f"HTTP 404 for {response.request.url.path}")
        body = response.content  # some servers quote the key in it
        body = body.replace(self._secret, b"***") if self._secret else body
        found = self._teacher.error(Answer(error.status_code, response.headers, body))
        return found if isinstance(found, LimbeckError) else BadRequest("a content filter did")


class _NotThere(AskError):
    """404: no such batch or file, or no such endpoint at all."""


class _Wait:
    """As long as the server asks, else longer and longer; jittered."""

    def __init__(self, first: float) -> None:
        self._backoff = tenacity.wait_random_exponential(multiplier=first, max=30.0)

    def __call__(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        jittered = float(self._backoff(state))
        asked = error.retry_after if isinstance(error, AskError) else None
        return jittered if asked is None else asked * 1.05 + jittered * 0.05


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, AskError) and error.retryable


def _blocks(blocks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from blocks
    except Exception as error:  # of httpx or of httpx2: the SDK's version decides
        raise Transient(f"the download broke off: {error}") from error


def _remote(row: object) -> RemoteBatch:
    """The SDK checks no types: what is no batch is found here."""
    if not isinstance(row, Batch) or not (isinstance(row.id, str) and isinstance(row.status, str)):
        raise Malformed("the answer is no batch")
    counts, metadata = row.request_counts, row.metadata
    errors = row.errors.data if row.errors is not None else None
    return RemoteBatch(
        id=row.id,
        status=row.status,
        run=str(metadata.get(RUN, "")) if isinstance(metadata, dict) else "",
        input_file=row.input_file_id,
        output_file=row.output_file_id,
        error_file=row.error_file_id,
        expires_at=row.expires_at,
        total=counts.total if counts else 0,
        completed=counts.completed if counts else 0,
        failed=counts.failed if counts else 0,
        errors=tuple(
            (f"line {error.line}: " if error.line else "")
            + (error.message or "no message")
            + (f" ({error.code})" if error.code else "")
            for error in errors or ()
        ),
    )
