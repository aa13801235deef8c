"""A local model as a teacher: transformers in this process, requests batched as they come."""

from __future__ import annotations

import asyncio
import heapq
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from limbeck.errors import AskError, BadRequest, ModelError, StopRun, UserError
from limbeck.hf import Loaded, load
from limbeck.models import ModelName
from limbeck.protocols import Reply, Request, Teacher, Usage
from limbeck.recipe import TeacherSection
from limbeck.teachers.connect import identity
from limbeck.teachers.prompt import prompt_ids, require_template

if TYPE_CHECKING:
    from limbeck.teachers.decode import Row
    from limbeck.teachers.scoring import Context, Scorer

GATHER_SECONDS = 0.02  # how long the first request of a batch waits for company


def local_teacher(name: ModelName, section: TeacherSection) -> Teacher:
    """The teacher of a recipe; weights are loaded now. Raises ModelError or MissingExtra.

    vLLM runs it where the recipe says so, or, left to choose, where it is installed and there is
    a GPU; else transformers does.
    """
    from limbeck.teachers.vllm import vllm_teacher, wants_vllm

    if wants_vllm(name, section.engine):
        return vllm_teacher(name, section)
    loaded = load(name, dtype=section.dtype)
    return LocalTeacher(loaded, batch_size=section.batch_size, identity=identity(section))


@dataclass(slots=True)
class _Promise:
    """What one asker, in an event loop of its own, is told by the model's thread."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def settle(self, result: Any) -> None:
        """Give the result, or raise it if it is an error."""
        try:
            self.loop.call_soon_threadsafe(self._settle_here, result)
        except RuntimeError:  # the loop is closed: nobody waits
            return

    def _settle_here(self, result: Any) -> None:
        if self.future.done():
            return
        if isinstance(result, BaseException):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


@dataclass(slots=True, order=True)
class _Waiting:
    """A request; those that may take longest go first, so that none is left running alone."""

    order: tuple[int, int]
    request: Request = field(compare=False)
    promise: _Promise = field(compare=False)


@dataclass(slots=True)
class _Job:
    """A question about likelihoods: continuations of contexts, or whatever `work` looks up."""

    promise: _Promise
    pairs: list[tuple[Context, str]] = field(default_factory=list)
    work: Callable[[Scorer], Any] | None = None


class LocalTeacher:
    """Answers up to `batch_size` requests at once, on one thread that owns the model.

    Every answer is handed over as soon as its row ends, so that it can be recorded while the
    rest of the batch goes on. It also gives Likelihoods, computed between two steps of the batch.
    """

    def __init__(
        self, loaded: Loaded, *, batch_size: int = 48, identity: Mapping[str, Any] | None = None
    ) -> None:
        self.name = str(loaded.name)
        self.loaded = loaded
        self._identity = dict(identity or {"endpoint": "local", "model": loaded.fingerprint})
        self._batch_size = batch_size
        self._thread: threading.Thread | None = None
        self._asked = 0
        self._batch: dict[int, _Waiting] = {}  # by id(row); the model's thread alone looks
        # What follows is shared by the threads, under this lock.
        self._changed = threading.Condition()
        self._queue: list[_Waiting] = []  # a heap
        self._jobs: list[_Job] = []
        self._closing = False
        self._failure: UserError | None = None

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    async def ask(self, request: Request, /) -> Reply:
        promise = _promise()
        with self._changed:
            self._begin()
            self._asked += 1
            waiting = _Waiting((-request.max_tokens, self._asked), request, promise)
            heapq.heappush(self._queue, waiting)
        reply: Reply = await promise.future
        return reply

    async def label_scores(self, request: Request, options: Sequence[str], /) -> list[float]:
        if not options:
            return []
        context = self._context(request)
        pairs = [(context, option) for option in options]
        scores: list[float] = await self._do(_Job(_promise(), pairs))
        return scores

    async def prompt_logprobs(self, request: Request, /) -> list[tuple[str, float | None]]:
        context = self._context(request)
        job = _Job(_promise(), work=lambda scorer: scorer.token_logprobs(context))
        tokens: list[tuple[str, float | None]] = await self._do(job)
        return tokens

    async def top_logprobs(self, request: Request, k: int, /) -> list[tuple[str, float]]:
        if k < 1:
            raise BadRequest(f"k must be at least 1, got {k}")
        context = self._context(request)
        job = _Job(_promise(), work=lambda scorer: scorer.next_tokens(context, k))
        tokens: list[tuple[str, float]] = await self._do(job)
        return tokens

    def stop(self, error: StopRun) -> None:
        """Take nothing new: what waits fails with `error` at once, as does whoever asks later.
        What is in the batch is answered to its end. May be called from any thread."""
        with self._changed:
            self._failure = self._failure or error
            lost = self._clear()
        for promise in lost:
            promise.settle(error)

    async def aclose(self) -> None:
        """End the thread; whoever still waits gets StopRun. A later `ask` starts a new one."""
        thread = self._thread
        if thread is None:
            return
        with self._changed:
            self._closing = True
            self._changed.notify()
        # The step under way ends first: a thread killed inside torch can take us with it.
        await asyncio.to_thread(thread.join)
        if self._thread is thread:
            self._thread = None
            self._fail_all(StopRun(f"{self.name} was closed before it had answered"))

    def _context(self, request: Request) -> Context:
        require_template(self.name, self.loaded.tokenizer, request)
        return request.messages[0].content if request.template == "raw" else request.messages

    async def _do(self, job: _Job) -> Any:
        with self._changed:
            self._begin()
            self._jobs.append(job)
        return await job.promise.future

    def _begin(self) -> None:
        """Wake the thread, under the lock. Raises what stopped the teacher."""
        if self._failure is not None:
            raise self._failure
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._serve, name=self.name, daemon=True)
            self._thread.start()
        self._changed.notify()

    def _serve(self) -> None:
        from limbeck.teachers.decode import Decoder
        from limbeck.teachers.scoring import Scorer

        try:
            model = self.loaded.model
            pad = self.loaded.tokenizer.pad_token_id
            decoder = Decoder(model, eos_ids=self.loaded.eos_ids, pad_id=pad, size=self._batch_size)
            scorer = Scorer(self.loaded)
            while self._wait():
                decoder.run(self._pull, self._done, lambda: self._between_steps(scorer))
        except ModelError as error:
            self._break(error)
        except Exception as error:
            self._break(
                ModelError(f"the local model {self.name} failed: {type(error).__name__}: {error}")
            )

    def _break(self, error: ModelError) -> None:
        with self._changed:
            self._failure = error
        self._fail_all(error)

    def _wait(self) -> bool:
        """Wait for something to do; False when the teacher is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._jobs or self._closing)
            alone = not self._jobs
            if self._closing:
                return False
        if alone:
            time.sleep(GATHER_SECONDS)  # let the first batch fill
        return True

    def _between_steps(self, scorer: Scorer) -> bool:
        """Do the jobs; False when the teacher is closed."""
        with self._changed:
            jobs, self._jobs = self._jobs, []
        try:
            self._score([job for job in jobs if job.work is None], scorer)
            for job in jobs:
                if job.work is not None:
                    self._settle(job.promise, job.work, scorer)
        except Exception:  # they are told with everybody else; who was answered hears no more
            with self._changed:
                self._jobs += jobs
            raise
        return not self._closing

    def _score(self, jobs: list[_Job], scorer: Scorer) -> None:
        """The jobs with continuations, all at once; one by one if one of them is refused."""
        pairs = [pair for job in jobs for pair in job.pairs]
        try:
            scores = iter(scorer(pairs))
        except UserError as error:
            if len(jobs) == 1:
                jobs[0].promise.settle(BadRequest(str(error)))
                return
            for job in jobs:
                self._score([job], scorer)
            return
        for job in jobs:
            job.promise.settle([next(scores)[0] for _ in job.pairs])

    def _settle(self, promise: _Promise, work: Callable[[Scorer], Any], scorer: Scorer) -> None:
        try:
            promise.settle(work(scorer))
        except UserError as error:
            promise.settle(BadRequest(str(error)))

    def _pull(self, room: int) -> list[Row]:
        """Up to `room` rows of what waits."""
        rows: list[Row] = []
        while len(rows) < room:
            with self._changed:
                if not self._queue:
                    break
                waiting = heapq.heappop(self._queue)
            try:
                row = self._prepare(waiting.request)
            except AskError as error:
                waiting.promise.settle(error)
                continue
            except Exception:  # it is told with everybody else
                with self._changed:
                    heapq.heappush(self._queue, waiting)
                raise
            self._batch[id(row)] = waiting
            rows.append(row)
        return rows

    def _done(self, row: Row) -> None:
        waiting = self._batch[id(row)]
        waiting.promise.settle(self._reply(waiting.request, row))
        del self._batch[id(row)]

    def _clear(self) -> list[_Promise]:
        """Forget what waits, under the lock; whom to tell."""
        lost = [waiting.promise for waiting in self._queue] + [job.promise for job in self._jobs]
        self._queue, self._jobs = [], []
        return lost

    def _fail_all(self, failure: UserError) -> None:
        """Tell everybody who waits, and forget them."""
        with self._changed:
            lost = self._clear()
        lost += [waiting.promise for waiting in self._batch.values()]
        self._batch.clear()
        for promise in lost:
            promise.settle(failure)

    def _prepare(self, request: Request) -> Row:
        from limbeck.teachers.decode import Row

        window = getattr(self.loaded.model.config, "max_position_embeddings", None)
        return Row(
            prompt=prompt_ids(self.name, self.loaded.tokenizer, request, window),
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed or 0,
            presence_penalty=request.presence_penalty,
            stopped=self._stop_test(request.stop),
            top_logprobs=request.top_logprobs,
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
        raw = self._logprobs(row) if request.top_logprobs else None
        return Reply(text[:cut], row.finish_reason, usage, raw=raw)

    def _logprobs(self, row: Row) -> dict[str, Any]:
        """As OpenAI's API writes them; the last token may be the one that ended the row."""
        from limbeck.vocabulary import vocabulary

        text = vocabulary(self.loaded.tokenizer).text_of
        content = [
            {
                "token": text(token),
                "logprob": value,
                "top_logprobs": [{"token": text(one), "logprob": number} for one, number in top],
            }
            for token, value, top in row.noted
        ]
        return {"choices": [{"logprobs": {"content": content}}]}


def _promise() -> _Promise:
    loop = asyncio.get_running_loop()
    return _Promise(loop, loop.create_future())
