"""A local model as a teacher: transformers in this process, requests batched as they come."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from limbeck.errors import BadRequest, LimbeckError, ModelError, StopRun, UserError
from limbeck.hf import Loaded, chat_prompt, load
from limbeck.models import ModelName
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import TeacherSection
from limbeck.record import messages_json
from limbeck.teachers.connect import identity

if TYPE_CHECKING:
    from limbeck.teachers.decode import Row

GATHER_SECONDS = 0.02  # how long the first request of a batch waits for company


def local_teacher(name: ModelName, section: TeacherSection) -> LocalTeacher:
    """The teacher of a recipe; weights are loaded now. Raises ModelError or MissingExtra."""
    loaded = load(name, dtype=section.dtype)
    return LocalTeacher(loaded, batch_size=section.batch_size, identity=identity(section))


@dataclass(slots=True)
class _Waiting:
    request: Request
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Reply]

    def settle(self, result: Reply | LimbeckError) -> None:
        try:
            self.loop.call_soon_threadsafe(self._settle_here, result)
        except RuntimeError:  # the loop is closed: nobody waits
            return

    def _settle_here(self, result: Reply | LimbeckError) -> None:
        if self.future.done():
            return
        if isinstance(result, Reply):
            self.future.set_result(result)
        else:
            self.future.set_exception(result)


class LocalTeacher:
    """Answers up to `batch_size` requests at once, on one thread that owns the model.

    Every answer is handed over as soon as its row ends, so that it can be recorded while the
    rest of the batch goes on.
    """

    def __init__(
        self, loaded: Loaded, *, batch_size: int = 48, identity: Mapping[str, Any] | None = None
    ) -> None:
        self.name = str(loaded.name)
        self.loaded = loaded
        self._identity = dict(identity or {"endpoint": "local", "model": loaded.fingerprint})
        self._batch_size = batch_size
        self._inbox: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._broken: ModelError | None = None
        self._next: list[_Waiting] = []
        self._waiting: dict[int, _Waiting] = {}

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    async def ask(self, request: Request, /) -> Reply:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        if self._broken is not None:
            raise self._broken
        if self._thread is None:
            self._closing.clear()
            self._thread = threading.Thread(target=self._serve, name=self.name, daemon=True)
            self._thread.start()
        self._inbox.put(_Waiting(request, loop, future))
        if self._broken is not None:  # it broke meanwhile, and nobody reads the inbox any more
            raise self._broken
        return await future

    async def aclose(self) -> None:
        """End the thread; whoever still waits gets StopRun. A later `ask` starts a new one."""
        thread = self._thread
        if thread is None:
            return
        self._closing.set()
        self._inbox.put(None)
        # The step under way ends first: a thread killed inside torch can take us with it.
        await asyncio.to_thread(thread.join)
        if self._thread is thread:
            self._thread = None
            self._fail_all(StopRun(f"{self.name} was closed before it had answered"))

    def _serve(self) -> None:
        from limbeck.teachers.decode import Decoder

        try:
            decoder = Decoder(
                self.loaded.model,
                eos_ids=self.loaded.eos_ids,
                pad_id=self.loaded.tokenizer.pad_token_id,
                size=self._batch_size,
            )
            while not self._closing.is_set() and self._wait():
                decoder.run(self._pull, self._done, lambda: not self._closing.is_set())
        except Exception as error:
            self._broken = ModelError(
                f"the local model {self.name} failed: {type(error).__name__}: {error}"
            )
            self._fail_all(self._broken)

    def _wait(self) -> bool:
        """Wait for a request; False when the teacher is closed."""
        first = self._inbox.get()
        if first is None:
            return False
        self._next.append(first)
        time.sleep(GATHER_SECONDS)  # let the first batch fill
        return True

    def _pull(self, room: int) -> list[Row]:
        """Up to `room` rows of what waits."""
        rows: list[Row] = []
        while len(rows) < room:
            if not self._next:
                waiting = self._take()
                if waiting is None:
                    break
                self._next.append(waiting)
            waiting = self._next[-1]  # it stays there meanwhile: should this fail, it is told
            prepared = self._prepare(waiting.request)
            self._next.pop()
            if isinstance(prepared, BadRequest):
                waiting.settle(prepared)
                continue
            self._waiting[id(prepared)] = waiting
            rows.append(prepared)
        return rows

    def _take(self) -> _Waiting | None:
        try:
            waiting = self._inbox.get_nowait()
        except queue.Empty:
            return None
        if waiting is None:
            self._closing.set()
        return waiting

    def _done(self, row: Row) -> None:
        waiting = self._waiting[id(row)]
        waiting.settle(self._reply(waiting.request, row))
        del self._waiting[id(row)]

    def _fail_all(self, failure: UserError) -> None:
        """Tell everybody who waits, and forget them."""
        lost = [*self._next, *self._waiting.values()]
        self._next.clear()
        self._waiting.clear()
        while not self._inbox.empty():
            waiting = self._inbox.get_nowait()
            if waiting is not None:
                lost.append(waiting)
        for waiting in lost:
            waiting.settle(failure)

    def _prepare(self, request: Request) -> Row | BadRequest:
        from limbeck.teachers.decode import Row

        tokenizer = self.loaded.tokenizer
        if request.template == "raw":
            ids = tokenizer(request.messages[0].content)["input_ids"]
        elif tokenizer.chat_template is None:
            return BadRequest(
                f"{self.name} has no chat template: it is a base model, ask it with template: raw"
            )
        else:
            try:
                text = chat_prompt(tokenizer, messages_json(request.messages))
            except UserError as error:
                return BadRequest(str(error))
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        window = getattr(self.loaded.model.config, "max_position_embeddings", None)
        if window is not None and len(ids) + request.max_tokens > window:
            return BadRequest(
                f"{len(ids)} prompt tokens and {request.max_tokens} to generate do not fit the "
                f"{window} of {self.name}"
            )
        if not ids:
            return BadRequest("the prompt is empty")
        if request.max_tokens < 1:
            return BadRequest(f"max_tokens must be at least 1, got {request.max_tokens}")
        return Row(
            prompt=list(ids),
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed or 0,
            stopped=self._stop_test(request.stop),
        )

    def _stop_test(self, stops: tuple[str, ...]) -> Any:
        if not stops:
            return None
        longest = max(len(stop) for stop in stops)

        def stopped(tokens: list[int]) -> bool:
            # A token is at least one byte, a character at most four.
            tail = self._text(tokens[-(4 * longest + 8) :])
            return any(stop in tail for stop in stops)

        return stopped

    def _text(self, tokens: list[int]) -> str:
        return str(self.loaded.tokenizer.decode(tokens, skip_special_tokens=True))

    def _reply(self, request: Request, row: Row) -> Reply:
        text = self._text(row.tokens)
        cut = min((at for s in request.stop if (at := text.find(s)) >= 0), default=len(text))
        usage = Usage(len(row.prompt), len(row.tokens))
        return Reply(text[:cut], row.finish_reason, usage)
