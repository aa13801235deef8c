"""Generator `chain_of_thought`: many sampled rationales a question, checked while they come.

Fine-tune-CoT with diverse reasoning (Ho et al. 2023, arXiv:2212.10071): k rationales a question,
each with its answer. Every one becomes a record, right or wrong; which ones a student learns from
is for the filters (`answer`, `consistent`, `paths`, `vote`) to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from limbeck.aio import map_ordered, off_loop
from limbeck.errors import UserError
from limbeck.generators.chain_of_thought.examples import By, examples_of
from limbeck.generators.chain_of_thought.paths import Path, Sampling, walk
from limbeck.generators.chain_of_thought.prompts import NEXT, Asking, Calls, Form, answer_form
from limbeck.generators.chain_of_thought.rows import (
    GENERATOR,
    checked,
    pass_rate,
    path_record,
)
from limbeck.protocols import Checked, Out, Request, Teacher, Verifier
from limbeck.record import Record

Kind = Literal["auto", "number", "choice", "yesno", "text", "date", "list", "math"]

QUESTIONS = "questions"
SOLVED = "questions solved"
PATHS = "paths"
SECOND = "second calls"
LOST = "paths without a reply"
TRUNCATED = "rationales cut off"
STATUSES = ("correct", "wrong", "unparseable")


@dataclass(frozen=True)
class ChainOfThought:
    """`paths` rationales a question, and more of them, up to `max_paths`, while none is right.

    `form` "chat" is for chat teachers, "base" has a base teacher continue text. `calls` "one" asks
    for rationale and answer at once, and a second time for an answer that is missing; "two" always
    asks twice, as published; "auto" is one, but two for a base teacher without worked examples.
    `demos` are those examples (`seeds.demos` in a recipe), of which `shots` are shown: the first
    ones, or `shots_by` "family" those of the question's own family and not of its template.
    `kind` is that of the answers, where the seeds do not say their own. `longer` asks for what was
    cut off at `max_tokens` once more, with twice as many.
    """

    paths: Annotated[int, Field(ge=1)] = 8
    max_paths: Annotated[int, Field(ge=1)] | None = None
    form: Form = "chat"
    calls: Calls = "auto"
    kind: Kind = "auto"
    shots: Annotated[int, Field(ge=0)] = 4
    shots_by: By = "order"
    max_tokens: Annotated[int, Field(ge=1)] = 512
    temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    longer: bool = True
    system: str = ""
    seed: int = 0
    width: Annotated[int, Field(ge=1)] = 16
    demos: Sequence[Record] = ()
    verifier: Verifier | None = None
    name: str = field(default=GENERATOR, init=False)

    def __post_init__(self) -> None:
        if max(self.paths, self.max_paths or 0) > 1 and self.temperature == 0:
            raise ValueError("several paths at temperature 0 would all be the same; raise it")
        if self.max_paths is not None and self.max_paths < self.paths:
            raise ValueError(f"max_paths ({self.max_paths}) must be at least paths ({self.paths})")

    @property
    def stop(self) -> tuple[str, ...]:
        """What ends a rationale."""
        return (NEXT,) if self.form == "base" else ()

    @property
    def asked(self) -> str:
        """How a question is asked first, for a report."""
        asking = self._asking()
        most = min(asking.examples.shots, len(asking.examples.every))
        of = " of its own family" if self.shots_by == "family" else ""
        shots = f", {most} worked examples{of}" if asking.examples else ""
        version = "cot_question_chat.v1" if asking.one_call else "cot_rationale_chat.v1"
        return f"{'cot_rationale_base.v1' if self.form == 'base' else version}{shots}"

    def first_request(self, seed: Record) -> Request:
        """The first call for a question, greedy: how to ask a model that is to be measured."""
        kind = answer_form(self.kind_of(seed), seed.target)
        ask = self._asking().rationale(seed, kind)
        return Request(
            ask.messages, max_tokens=self.max_tokens, stop=ask.stop, template=ask.template
        )

    def kind_of(self, seed: Record) -> str:
        """The kind of a question's answer: its own, that of the option `kind`, "choice" where it
        has options, or by its target; "auto" without one."""
        kind = str(seed.meta.get("kind", self.kind))
        if kind != "auto":
            return kind
        if seed.meta.get("options"):
            return "choice"
        if seed.target is None or self.verifier is None:
            return "auto"
        return self.verifier.kind_of(seed.target)

    def total(self, seeds: Sequence[Record], /) -> int | None:
        return None  # how many second calls and further rounds it takes, only the replies say

    async def generate(self, seeds: Iterable[Record], teacher: Teacher, out: Out, /) -> None:
        """Raises UserError without a `verifier`, and for a target that is not of its kind."""
        if self.verifier is None:
            raise UserError(
                "chain_of_thought needs a verifier for answers: verifier=limbeck.filters.answer"
            )
        for line in (QUESTIONS, SOLVED, PATHS, SECOND, LOST, TRUNCATED, *STATUSES):
            out.count(line, 0)
        run = _Run(self, self.verifier, self._asking(), teacher)
        # Questions, not calls, are handed out: so many that their paths keep `width` calls busy.
        at_once = max(2, 2 * self.width // self.paths)
        async with map_ordered(run.question, seeds, at_once) as questions:
            async for seed, kind, found in questions:
                run.tell(seed, kind, found, out)

    def _asking(self) -> Asking:
        examples = examples_of(self.demos, self.shots, self.shots_by)
        one_call = self.calls == "one" or (
            self.calls == "auto" and (self.form == "chat" or bool(examples))
        )
        if one_call and self.form == "base" and not examples:
            raise UserError(
                "a base teacher answers in one call only with worked examples to follow: give "
                "seeds.demos, or calls: two"
            )
        return Asking(self.form, one_call, examples, self.system)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run over all questions."""

    options: ChainOfThought
    verifier: Verifier
    asking: Asking
    teacher: Teacher

    async def question(self, seed: Record) -> tuple[Record, str, list[tuple[Path, Checked | None]]]:
        """All paths of a question: rounds of `paths` until one is right or there are enough."""
        kind = self.options.kind_of(seed)
        most = self.options.max_paths or self.options.paths
        found: list[tuple[Path, Checked | None]] = []
        while len(found) < most:
            indices = range(len(found), min(len(found) + self.options.paths, most))
            async with map_ordered(
                lambda index: self._path(seed, kind, index), indices, len(indices)
            ) as paths:
                found += [(path, await self._checked(path, seed, kind)) async for path in paths]
            if seed.target is None or any(one and one.status == "correct" for _, one in found):
                break
        return seed, kind, found

    async def _checked(self, path: Path, seed: Record, kind: str) -> Checked | None:
        if kind == "math":  # a computer algebra system at work
            return await off_loop(lambda: checked(path, seed, kind, self.verifier))
        return checked(path, seed, kind, self.verifier)

    async def _path(self, seed: Record, kind: str, index: int) -> Path:
        options = self.options
        sampling = Sampling(
            options.max_tokens, options.temperature, options.top_p, options.seed, options.longer
        )
        form = answer_form(kind, seed.target)
        given = seed.meta.get("options")

        def has_answer(text: str) -> bool:
            return self.verifier.canonical(text, kind, options=given) is not None

        return await walk(self.teacher, self.asking, seed, form, index, sampling, has_answer)

    def tell(
        self, seed: Record, kind: str, found: list[tuple[Path, Checked | None]], out: Out
    ) -> None:
        """Report a question's paths, and emit those that got their replies."""
        statuses = [one for path, one in found if path.failure is None]
        rate = pass_rate(statuses) if seed.target is not None else None
        out.count(QUESTIONS)
        out.count(SOLVED, bool(rate))
        # The first examples are those of the recipe; which ones were chosen, a row has to say.
        chosen = self.asking.examples.of(seed) if self.options.shots_by == "family" else ()
        shown = [example.id for example in chosen]
        for path, one in found:
            for reply in path.replies:
                out.answered(reply)
            out.count(PATHS)
            if path.failure is not None:
                out.fail(path.failure)
                out.count(LOST)
                continue
            out.count(SECOND, path.answer_text is not None)
            out.count(TRUNCATED, path.is_truncated)
            if one is not None:
                out.count(one.status)
            out.emit(
                path_record(
                    path,
                    seed,
                    kind,
                    self.verifier,
                    teacher=self.teacher.name,
                    found=one,
                    pass_rate=rate,
                    paths=len(found),
                    shown=shown,
                )
            )
