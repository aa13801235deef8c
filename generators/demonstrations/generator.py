"""Generator `demonstrations`: k-shot prompts from a task's rows, asked of a teacher for labels,
label distributions or texts; what in-context learning distillation learns from (Huang et al. 2022,
arXiv:2212.10670).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from limbeck.aio import map_ordered
from limbeck.demos import check_options
from limbeck.demos.prompting import Form, Prompting
from limbeck.errors import AskError
from limbeck.generators.demonstrations.labelling import (
    Absent,
    AbsentLikelihoods,
    Choosing,
    as_asked,
    explained,
    why_hard,
)
from limbeck.generators.demonstrations.plan import Plan, Planned
from limbeck.generators.demonstrations.pools import Showing
from limbeck.generators.demonstrations.rows import GENERATOR, label_record, text_record
from limbeck.labels import Choice, Exact, Labelled, Sampled
from limbeck.protocols import AskFailure, Out, Reply, Request, Teacher
from limbeck.record import Record
from limbeck.teachers.capabilities import Capabilities

ROWS = "rows"
BY = "labelled by "
TEXTS = "texts"
HARD = "good for the label only: "
NO_LABEL = "rows without any label in the reply"
TOO_LONG = "rows longer than max_prompt_tokens"
FEWER = "rows with fewer demos than shots"
DROPPED = "demos dropped for length"
NEAR = "near copies kept out of prompts"

Found = Labelled | Reply | AskFailure | None
Choices = dict[tuple[str, ...], Choice]


@dataclass(frozen=True)
class Demonstrations:
    """Every row asked after `shots` demos of its task.

    Demos come from `pool` (in a recipe `seeds.demos`, else the seeds), never the row itself or a
    near copy of it (`near`: the least resemblance of one). A row that is in the pool is labelled
    out of fold: with demos of the other `folds` only. `select` is a selector of limbeck.demos,
    `select_options` its options, with an encoder by its name (limbeck.encoders), `order`
    similar_last, similar_first or shuffled.

    `labels` says what is asked for. exact, top_logprobs, sampled: a distribution over the row's
    options, by that method; auto: by the best one that the teacher gives; text: a completion of
    up to `max_tokens` as it is. Sampling asks `samples` times. `temperature` (sampled 1, text 0) is
    theirs alone. `draws` prompts a row are averaged: other demos where these are drawn (random,
    balanced), else other orders of the same ones, as many as there are.

    `form` chat writes demos as turns, base one text to be continued; `instruction` stands before
    them. With `max_prompt_tokens`, guessed from the text and rather high, whole demos are dropped,
    the least similar first, and the same ones for every label and order.

    `capabilities` and `likelihoods` are what is known of the teacher beforehand.
    """

    shots: Annotated[int, Field(ge=0)] = 8
    select: str = "bm25"
    select_options: Mapping[str, Any] | None = None
    order: Literal["similar_last", "similar_first", "shuffled"] = "similar_last"
    draws: Annotated[int, Field(ge=1)] = 1
    near: Annotated[float, Field(gt=0, le=1)] = 0.8
    folds: Annotated[int, Field(ge=2)] = 5
    labels: Literal["auto", "exact", "top_logprobs", "sampled", "text"] = "auto"
    samples: Annotated[int, Field(ge=1)] = 8
    temperature: Annotated[float, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] = 256
    form: Form = "chat"
    instruction: str = ""
    max_prompt_tokens: Annotated[int, Field(ge=1)] | None = None
    seed: int = 0
    width: Annotated[int, Field(ge=1)] = 16
    pool: Sequence[Record] = ()
    capabilities: Capabilities | None = None
    likelihoods: bool = False
    name: str = field(default=GENERATOR, init=False)
    joint: bool = field(default=True, init=False)
    _plans: list[Plan] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_select(self.select, self.select_options or {})
        if self.labels in ("exact", "top_logprobs") and self.temperature is not None:
            raise ValueError(
                f"temperature is for labels sampled and text, and labels is {self.labels}; leave "
                "it out"
            )
        if self.labels == "text" and self.draws > 1:
            raise ValueError(
                f"draws averages labels, and labels is text; set draws to 1, got {self.draws}"
            )
        if self.labels in ("auto", "sampled") and self.temperature == 0 and self.samples > 1:
            raise ValueError(
                f"{self.samples} samples at temperature 0 would all be the same; raise "
                "temperature, or set samples to 1"
            )

    def total(self, seeds: Sequence[Record], /) -> int:
        return sum(1 for _ in self.requests(seeds))

    def requests(self, seeds: Iterable[Record], /) -> Iterator[Request]:
        """Every request that `generate` will make, in order, of a teacher that gives what
        `capabilities` and `likelihoods` say. Without `pool` the demos are from these seeds."""
        rows = list(seeds)
        plan = self._plan(rows)
        absent = AbsentLikelihoods() if self.likelihoods else Absent()
        for one in self._planned(plan, rows, self._choices(rows, absent)):
            if one.asking is not None:
                yield from one.asking.requests()
            elif one.text is not None:
                yield one.text

    async def generate(self, seeds: Iterable[Record], teacher: Teacher, out: Out, /) -> None:
        """Raises UserError, before anything is asked, for rows that cannot be shown or labelled,
        and for what the teacher does not give."""
        rows, teacher = list(seeds), as_asked(teacher)
        plan, choices = self._plan(rows), self._choices(rows, teacher)
        methods = list(dict.fromkeys(choice.method for choice in choices.values()))
        for line in (ROWS, *(BY + method for method in methods), *([] if methods else [TEXTS])):
            out.count(line, 0)
        if choices:
            out.say(explained(rows, choices))

        async def ask(one: Planned) -> tuple[Planned, Found]:
            try:
                if one.asking is not None:
                    return one, await one.asking.labelled(teacher)
                return one, None if one.text is None else await teacher.ask(one.text)
            except AskError as error:
                return one, AskFailure(one.row.id, 0, error.reason, str(error))

        each = self.draws * (self.samples if "sampled" in methods else 1)
        at_once = -(-self.width // each)  # rows, so many that their calls are about `width`
        async with map_ordered(ask, self._planned(plan, rows, choices), at_once) as results:
            async for one, found in results:
                self._tell(one, found, teacher.name, out)

    def _tell(self, one: Planned, found: Found, teacher: str, out: Out) -> None:
        out.count(ROWS)
        shown = one.shown
        if shown is None:
            out.count(TOO_LONG)
            return
        for line, number in ((NEAR, shown.near), (DROPPED, shown.dropped)):
            if number:
                out.count(line, number)
        if any(len(demos) < self.shots for demos in shown.draws):
            out.count(FEWER)
        if isinstance(found, AskFailure):
            out.fail(found)
        elif isinstance(found, Reply) and one.text is not None:
            out.count(TEXTS)
            out.answered(found)
            out.emit(text_record(one.row, one.text, shown, self._prompting, found, teacher))
        elif isinstance(found, Labelled) and one.asking is not None:
            distribution, method = found.distribution, one.asking.choice.method
            for reply in found.replies:
                if method == "top_logprobs":  # one token was asked for: it is no answer cut off
                    reply = replace(reply, text=distribution.label, finish_reason="stop")
                out.answered(reply)
            if distribution.why_unusable():
                out.count(NO_LABEL)
                return
            out.count(BY + method)
            if reason := why_hard(distribution):
                out.count(HARD + reason)
            prompt = one.asking.prompts[0]
            out.emit(label_record(one.row, prompt, shown, self._prompting, found, teacher))

    def _planned(self, plan: Plan, rows: Sequence[Record], choices: Choices) -> Iterator[Planned]:
        if self.labels != "text":
            return plan.for_labels(rows, choices)
        return plan.for_texts(rows, temperature=self.temperature or 0.0, max_tokens=self.max_tokens)

    def _plan(self, rows: Sequence[Record]) -> Plan:
        """The plan that these rows can be asked by; one for good where there is a pool."""
        plan = self._plans[0] if self._plans else Plan(self.pool or rows, self._showing)
        if self.pool and not self._plans:
            self._plans.append(plan)
        plan.check(rows)
        plan.encode(rows)
        return plan

    def _choices(self, rows: Sequence[Record], teacher: Teacher) -> Choices:
        """The estimator of each label set; none for texts. Raises what `Choosing.choices` does."""
        if self.labels == "text":
            return {}
        choosing = Choosing(
            capabilities=self.capabilities,
            template=self._prompting.template,
            method=self.labels,
            exact=Exact(after=self._prompting.after_label(self.shots)),
            sampled=Sampled(
                n=self.samples,
                temperature=1.0 if self.temperature is None else self.temperature,
                seed=self.seed,
                width=self.samples,
            ),
        )
        return choosing.choices(rows, teacher)

    @property
    def _prompting(self) -> Prompting:
        return Prompting(self.form, self.instruction)

    @property
    def _showing(self) -> Showing:
        return Showing(
            prompting=self._prompting,
            shots=self.shots,
            select=self.select,
            select_options=self.select_options or {},
            order=self.order,
            draws=self.draws,
            near=self.near,
            folds=self.folds,
            limit=self.max_prompt_tokens,
            seed=self.seed,
        )


def _check_select(name: str, options: Mapping[str, Any]) -> None:
    """Raises RecipeError or OptionError for what `selector` would refuse, and ValueError for an
    encoder that is neither a name nor one itself."""
    for option, parameter in check_options(name, options).items():
        if parameter.default is parameter.empty and option not in options:
            raise ValueError(f"select: {name} needs the option {option!r} in select_options")
    given = options.get("encoder", "")
    if not isinstance(given, str) and not hasattr(given, "encode"):
        raise ValueError(
            "the encoder in select_options is a name (ngrams, a folder, hf:ORG/NAME), got "
            f"{given!r}"
        )
