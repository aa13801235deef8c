"""Generator `self_instruct`: the teacher writes the tasks, too, from a few seeds.

Self-Instruct (Wang et al. 2023, arXiv:2212.10560), with three further sources of instructions:
whole tasks in one call (Alpaca), prompts that evolve (WizardLM), queries out of an aligned
model's own template (Magpie). All of them under the same rules, novelty check and bookkeeping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from limbeck.errors import UserError
from limbeck.generators.self_instruct.answering import Answering
from limbeck.generators.self_instruct.asking import Answer, Question
from limbeck.generators.self_instruct.bootstrap import Bootstrap
from limbeck.generators.self_instruct.evolve import Evolve
from limbeck.generators.self_instruct.finish import Finish
from limbeck.generators.self_instruct.grow import KEPT, Growth, grow
from limbeck.generators.self_instruct.instruction_rules import (
    ALPACA_BLACKLIST,
    AT_MOST,
    BLACKLIST,
    WHOLE_PROMPT,
)
from limbeck.generators.self_instruct.magpie import Magpie
from limbeck.generators.self_instruct.pool import Instructions, Known, known_seeds
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.rows import GENERATOR, ROWS, provenance
from limbeck.generators.self_instruct.sampling import Form, Sampling, Settings, Stage, settings
from limbeck.generators.self_instruct.stall import Stall
from limbeck.generators.self_instruct.tasks import Task
from limbeck.generators.self_instruct.whole_tasks import WholeTasks
from limbeck.protocols import NewPool, Out, Teacher
from limbeck.record import Record

T = TypeVar("T")
Style = Literal["self_instruct", "alpaca", "evolve", "magpie"]
WHOLE_PROMPTS = ("evolve", "magpie")
_ONLY = {
    "machine": ("self_instruct",),
    "classification": ("self_instruct",),
    "rounds": ("evolve",),
    "system": ("magpie",),
    "pre_query": ("magpie",),
    "post_query": ("magpie",),
}


@dataclass(frozen=True)
class SelfInstruct:
    """New instructions, up to `instructions` of them, and rows for each.

    `preset` "reference" is the published pipeline, bug for bug; "fixed" mends it (docs/
    self_instruct.md has the list). `form` "chat" asks a chat teacher for lists; "base" has a base
    teacher continue text (any local model; an API with /completions). `instruction_sampling` and
    `answer_sampling` change how instructions, and inputs and answers, are sampled; the preset
    says the rest. A call sees what the calls before the last `lookahead` brought: more is faster,
    fewer shows newer instructions. The run stops when, over `stall_calls` calls, under
    `stall_share` of the instructions were kept.

    Instructions have at most `max_words` words: 150 as published, and 1,000 where a prompt brings
    its text along (evolve, magpie).

    `machine` of the eight instructions shown are machine-made, and with `classification` only
    seeds of classification tasks are shown (self_instruct). `rounds` are for evolve; `system`,
    `pre_query` and `post_query` for magpie. `similar` stores mean and ten best scores with every
    instruction, as the reference does (by default for the reference preset only).
    """

    instructions: Annotated[int, Field(ge=1)] = 100
    style: Style = "self_instruct"
    preset: Preset = "fixed"
    form: Form = "chat"
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.7
    tokenizer: Literal["auto", "rouge", "unicode"] = "auto"
    instruction_sampling: Sampling = field(default_factory=Sampling)
    answer_sampling: Sampling = field(default_factory=Sampling)
    max_words: Annotated[int, Field(ge=4)] | None = None
    machine: Annotated[int, Field(ge=0, le=8)] = 2
    classification: bool = False
    rounds: Annotated[int, Field(ge=1)] = 4
    system: str = ""
    pre_query: str = ""
    post_query: str = ""
    lookahead: Annotated[int, Field(ge=1)] | None = None
    stall_calls: Annotated[int, Field(ge=1)] = 50
    stall_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    similar: bool | None = None
    seed: int = 0
    width: Annotated[int, Field(ge=1)] = 16
    new_pool: NewPool | None = None
    name: str = field(default=GENERATOR, init=False)
    chained: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        if self.preset == "reference" and self.style in ("evolve", "magpie"):
            raise ValueError(f"preset reference has no style {self.style}; leave preset out")
        for option, styles in _ONLY.items():
            default = type(self).__dataclass_fields__[option].default
            if getattr(self, option) != default and self.style not in styles:
                raise ValueError(
                    f"the option {option} does nothing in style {self.style}; leave it out (it is "
                    f"for {' and '.join(styles)})"
                )
        if self.style == "magpie" and self.form == "base":
            raise ValueError(
                "style magpie has no form base: leave form out, and give pre_query and post_query "
                "for a server that continues raw text"
            )
        if bool(self.pre_query) != bool(self.post_query):
            raise ValueError(
                "pre_query and post_query belong together: the text that opens a user's turn, and "
                "the text that ends it and opens the assistant's"
            )

    def total(self, seeds: Sequence[Record], /) -> int | None:
        return None

    async def generate(self, seeds: Iterable[Record], teacher: Teacher, out: Out, /) -> None:
        """Raises UserError where no seed fits, and without a `new_pool`."""
        known = known_seeds(seeds)
        pool = self._pool(known, out)
        if self.style == "evolve":
            await self._evolve(known, pool, teacher, out)
        elif self.style == "alpaca":
            await self._alpaca(known, pool, teacher, out)
        elif self.style == "magpie":
            await self._magpie(pool, teacher, out)
        else:
            await self._self_instruct(known, pool, teacher, out)

    def _pool(self, seeds: list[Known], out: Out) -> Instructions:
        if self.new_pool is None:
            raise UserError(
                "self_instruct needs a pool for its novelty check: new_pool=RougePool, from "
                "limbeck.filters.rouge"
            )
        reference = self.preset == "reference"
        tokenizer: Literal["rouge", "unicode"] = "rouge" if reference else "unicode"
        if self.tokenizer != "auto":
            tokenizer = self.tokenizer
        return Instructions(
            seeds,
            self.new_pool(tokenizer, self.threshold),
            out,
            preset=self.preset,
            similar=reference if self.similar is None else self.similar,
            blacklist=ALPACA_BLACKLIST if self.style == "alpaca" else BLACKLIST,
            max_words=self.max_words or (WHOLE_PROMPT if self.style in WHOLE_PROMPTS else AT_MOST),
        )

    def _settings(self, stage: Stage) -> Settings:
        by = self.answer_sampling if stage in ("instances", "answer") else None
        if stage in ("instructions", "tasks", "evolve"):
            by = self.instruction_sampling
        found = settings(stage, self.preset, self.form)
        return found if by is None else found.changed(by)

    def _growth(
        self,
        question: Callable[[int, Sequence[Known]], Question[list[T]]],
        commit: Callable[[Answer[list[T]], list[T]], int],
        guess: int,
    ) -> Growth[T]:
        # The published pipeline sends five prompts at a time, drawn from the same pool.
        ahead = self.lookahead or (5 if self.preset == "reference" else 16)
        return Growth(
            question,
            commit,
            target=self.instructions,
            lookahead=ahead,
            width=self.width,
            seed=self.seed,
            stall_calls=self.stall_calls,
            stall_share=self.stall_share,
            guess=guess,
        )

    async def _self_instruct(
        self, seeds: list[Known], pool: Instructions, teacher: Teacher, out: Out
    ) -> None:
        shown = seeds
        if self.classification:
            shown = [seed for seed in seeds if seed.is_classification]
            if not shown:
                raise UserError(
                    "classification: true needs seeds that say is_classification: true, and none "
                    "does"
                )
        source = Bootstrap(
            seeds=shown,
            preset=self.preset,
            form=self.form,
            settings=self._settings("instructions"),
            seed=self.seed,
            machine=self.machine,
            classification=self.classification,
        )
        await self._grow_texts(source, 4, pool, teacher, out)
        finish = Finish(
            preset=self.preset,
            form=self.form,
            classify=self._settings("classify"),
            instances=self._settings("instances"),
            seed=self.seed,
            width=self.width,
        )
        await finish(pool.made, teacher, out)

    async def _magpie(self, pool: Instructions, teacher: Teacher, out: Out) -> None:
        how = settings("instructions", self.preset, "chat")
        how = how.changed(Sampling(temperature=1.0, top_p=1.0, max_tokens=256))
        raw = bool(self.pre_query)
        source = Magpie(how.changed(self.instruction_sampling), self.system, self.pre_query)
        await self._grow_texts(source, 1, pool, teacher, out)
        answering = Answering(
            settings("answer", self.preset, "chat").changed(self.answer_sampling),
            raw=raw,
            system=self.system,
            before=self.pre_query,
            after=self.post_query,
        )
        await answering(pool.made, teacher, out, seed=self.seed, width=self.width)

    async def _grow_texts(
        self, source: Bootstrap | Magpie, guess: int, pool: Instructions, teacher: Teacher, out: Out
    ) -> None:
        def commit(answer: Answer[list[str]], items: list[str]) -> int:
            kept = 0
            for place, text in enumerate(items):
                if len(pool.made) == self.instructions:
                    break
                made = provenance(answer, teacher.name, place)
                kept += pool.admit(text, made) is not None
            return kept

        await grow(self._growth(source.question, commit, guess), teacher, pool, out)
        out.count(KEPT, len(pool.made))

    async def _alpaca(
        self, seeds: list[Known], pool: Instructions, teacher: Teacher, out: Out
    ) -> None:
        shown = [seed for seed in seeds if seed.output]
        if not shown:
            raise UserError("style alpaca shows whole tasks: it needs seeds with an output")
        source = WholeTasks(shown, self.preset, self.form, self._settings("tasks"), self.seed)

        def commit(answer: Answer[list[Task]], items: list[Task]) -> int:
            return source.commit(answer, items, pool, teacher.name, out, self.instructions)

        await grow(self._growth(source.question, commit, 8), teacher, pool, out)
        for line in (KEPT, ROWS):
            out.count(line, len(pool.made))

    async def _evolve(
        self, seeds: list[Known], pool: Instructions, teacher: Teacher, out: Out
    ) -> None:
        base = self.form == "base"
        answering = Answering(
            self._settings("answer"),
            raw=base,
            before="Task: " if base else "",
            after="\nOutput:" if base else "",
        )
        evolve = Evolve(
            prompts=seeds,
            form=self.form,
            settings=self._settings("evolve"),
            gain=self._settings("gain"),
            answering=answering,
            target=self.instructions,
            rounds=self.rounds,
            seed=self.seed,
            width=self.width,
            stall=Stall(self.stall_calls, self.stall_share),
        )
        await evolve(pool, teacher, out)
