"""The seams: what a teacher, a generator and a record filter are. Contracts only, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from limbeck.record import Message, Record, Verdict, messages_json
from limbeck.said import calls_of, message_of, reasoning_of


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a teacher, whole: everything that can change the answer is in it.

    `index` tells sampled paths of the same prompt apart. `seed` is derived per row from the
    recipe's seed. `template` "raw" asks for the continuation of the single user turn; "user" asks
    for what a user would say next: the chat up to where the user's words begin, of no turns or a
    system turn. `presence_penalty` is taken off the logit of every token that the completion has
    already (OpenAI's parameter). With `top_logprobs` the reply also has, for each of its tokens,
    so many of the likeliest with their log-probabilities, in `raw` as OpenAI's API writes them.
    `fields` are the chat's own: `tools` and the others of record.CHAT_FIELDS.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    index: int = 0
    template: str = "chat"
    presence_penalty: float = 0.0
    top_logprobs: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Any]:
        """The canonical form: equal requests give equal JSON, `0` and `0.0` too. A penalty and
        a `top_logprobs` of 0 and what else is empty are left out, as they were when there were
        none: old ledgers keep their keys."""
        form = {  # by hand: `asdict` takes thirty times as long, for every request
            "messages": messages_json(self.messages),
            "max_tokens": self.max_tokens,
            "temperature": float(self.temperature),
            "top_p": float(self.top_p),
            "stop": self.stop,
            "seed": self.seed,
            "index": self.index,
            "template": self.template,
        }
        if self.presence_penalty:
            form["presence_penalty"] = float(self.presence_penalty)
        if self.top_logprobs:
            form["top_logprobs"] = self.top_logprobs
        form.update(self.fields)
        return form


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the teacher counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0  # of the prompt's, read from the server's cache and cheaper

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A teacher's answer.

    `finish_reason` is one of "stop", "length", "content_filter", "tool_calls". `key` is the
    ledger key, empty for a teacher that keeps no ledger; `raw` is the server's own body where
    there is one.
    """

    text: str
    finish_reason: str = "stop"
    usage: Usage = field(default_factory=Usage)
    key: str = ""
    raw: Mapping[str, Any] | None = None

    @property
    def reasoning(self) -> str:
        """What the model thought before its answer, as the server gave it; "" for none. Like
        `tool_calls` it is read out of `raw`, so that older ledgers give it too."""
        return reasoning_of(message_of(self.raw))

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """The calls of tools in the answer, in OpenAI's shape."""
        try:
            return calls_of(message_of(self.raw))
        except ValueError:
            return []

    @property
    def extras(self) -> dict[str, Any]:
        """`reasoning` and `tool_calls` for a record's meta: each only where there is some."""
        both = {"reasoning": self.reasoning, "tool_calls": self.tool_calls}
        return {key: value for key, value in both.items() if value}

    @property
    def reason(self) -> str:
        """Why this answer is none although it was billed: "refused" (content filter),
        "truncated" (length), "empty"; "" for a whole answer."""
        if self.finish_reason == "content_filter":
            return "refused"
        if self.finish_reason == "length":
            return "truncated"
        return "" if self.text.strip() or self.tool_calls else "empty"


@runtime_checkable
class Teacher(Protocol):
    """A black box that answers.

    Guarantees asked of every implementation: `ask` may be called many times at once; it returns
    a whole Reply or raises an AskError (this row) or a StopRun (every row); it never returns a
    part of an answer as if it were whole. `identity` is JSON that names what answers (endpoint,
    model, weights): two teachers with the same identity are interchangeable in the ledger.
    """

    name: str

    @property
    def identity(self) -> Mapping[str, Any]: ...

    async def ask(self, request: Request, /) -> Reply: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class AskFailure:
    """A request that got no answer: written beside the records, with the reason."""

    seed: str
    index: int
    reason: str
    message: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Out(Protocol):
    """Where a generator's results go. Everything is called in a fixed order, whatever the timing
    of the replies, so that the same replies give the same files.

    `emit` writes a finished record. `draft` writes what was made on the way and what was thought
    of it: an instruction, kept or refused, or a record that was refused. `answered` is told every
    reply that the result is made from, `fail` every request without one; the others go on.
    `count` adds to a line of the funnel; lines stand in the order of their first count, which
    may be 0. `say` tells the user a sentence.
    """

    def emit(self, record: Record, /) -> None: ...

    def draft(self, record: Record, verdict: Verdict, /) -> None: ...

    def answered(self, reply: Reply, /) -> None: ...

    def fail(self, failure: AskFailure, /) -> None: ...

    def count(self, line: str, number: int = 1, /) -> None: ...

    def say(self, text: str, /) -> None: ...


class Pool(Protocol):
    """Texts that grow in number, and how near a new one is to them; `rouge.RougePool` is one.

    `novel` gives None for a text that is novel, else (number, score) of the nearest one, whose
    score is above `threshold`; numbers are those that `add` returns: 0, 1, 2, ...
    """

    threshold: float

    def add(self, text: str, /) -> int: ...

    def novel(self, text: str, /) -> tuple[int, float] | None: ...

    def neighbours(self, texts: Sequence[str], n: int = 10, /) -> Sequence[Neighbourhood]: ...


class Neighbourhood(Protocol):
    """A text beside a whole pool: the mean of all scores, and the best as (number, score)."""

    @property
    def mean(self) -> float: ...

    @property
    def top(self) -> Sequence[tuple[int, float]]: ...


NewPool = Callable[[Literal["rouge", "unicode"], float], Pool]
"""Makes an empty pool: (tokenizer, threshold) to Pool."""


class Checked(Protocol):
    """What a verifier found: status "correct", "wrong" or "unparseable", the answer as canonical
    text (None for none), and a short reason."""

    @property
    def status(self) -> str: ...

    @property
    def answer(self) -> str | None: ...

    @property
    def reason(self) -> str: ...


@runtime_checkable
class Verifier(Protocol):
    """Says whether a completion gives the right answer; `limbeck.filters.answer` is one.

    `check` raises UserError for a target that is not of its kind. `canonical` is the answer that a
    completion gives, in the one spelling of its value; None for none. `kind_of` is the kind of a
    target.
    """

    def check(
        self,
        completion: str,
        target: str,
        kind: Any = "auto",
        *,
        options: Sequence[str] | None = None,
    ) -> Checked: ...

    def canonical(
        self, completion: str, kind: Any, *, options: Sequence[str] | None = None
    ) -> str | None: ...

    def kind_of(self, target: str) -> str: ...


@runtime_checkable
class Generator(Protocol):
    """Makes records from seeds with a teacher's help.

    A deterministic function of (seeds, options, replies). `total(seeds)` is the number of calls
    expected, for the progress view; None where nobody can know.

    A constructor may take `seed` (the recipe's), `width` (how many asks to have under way at
    once), `new_pool` (a NewPool), `demos` (the rows of `seeds.demos`), `pool` (the same, or else
    all seeds), and of the teacher, before it is asked, `likelihoods` (whether it gives some) and
    `capabilities` (what a probe has found): the pipeline gives them where it does.

    A generator whose requests are all known beforehand has `requests(seeds)`, which lists them;
    `joint` says that those of a seed make one record together, else each makes its own. One whose
    requests are made from earlier replies sets `chained`, and then a request that failed is not
    asked again by a later run, since all that came after would have to be paid again.
    """

    name: str

    def total(self, seeds: Sequence[Record], /) -> int | None: ...

    async def generate(self, seeds: Iterable[Record], teacher: Teacher, out: Out, /) -> None: ...


@runtime_checkable
class Filter(Protocol):
    """Judges records. Batch in, verdicts out, same order, one each.

    An instance may remember what it saw (duplicates do), so batches of one set go to one
    instance in order. What the pipeline looks for beside `judge`, and a filter may leave out:

    - `stateless = True` (a class attribute): a verdict follows from its record alone, so batches
      may be judged by copies of the filter in other processes.
    - `survey(records)`: a first pass. All records that reach the filter come through it in
      batches and in order before the first `judge`; for who must see the whole set (which of
      its duplicates is the longest, which N rows differ most).
    - `ready()`: raises UserError where what the filter asks elsewhere (an index) does not answer.
      It is called before anything is paid or judged.
    - `run`: is given the run's name.
    - `told()`: a sentence for the user when all is judged, "" for none. A filter that is stateless
      has `summary(counts)` in its place, with its verdicts counted by reason (that of most kept
      ones is ""), since copies of it may have judged.
    - `changed(record)`: the record as it should be handed on, for one that masks what it found.
      Its id, provenance and verdicts stay.
    """

    name: str

    def judge(self, records: Sequence[Record], /) -> list[Verdict]: ...


@runtime_checkable
class Likelihoods(Protocol):
    """What a model gives beyond answers, where its weights are at hand.

    The context is the request's conversation (or raw text) as `ask` would put it; how to sample
    is not looked at. Log-probabilities are the model's own at temperature 1, in nats. Raises
    AskError for this request, StopRun for all.
    """

    async def label_scores(self, request: Request, options: Sequence[str], /) -> list[float]:
        """The log-probability of each whole option string as what comes next. A token that holds
        the prompt's end and the option's beginning counts as the option's."""
        ...

    async def prompt_logprobs(self, request: Request, /) -> list[tuple[str, float | None]]:
        """Each token of the context with its log-probability given those before it. The texts
        joined are the context; the first has None, unless a token of the model's own stands
        before it."""
        ...

    async def top_logprobs(self, request: Request, k: int, /) -> list[tuple[str, float]]:
        """The k likeliest next tokens, the likeliest first."""
        ...
