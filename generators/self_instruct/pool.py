"""The pool of instructions: seeds, and what was accepted. Rules and novelty decide who joins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from limbeck.generators.self_instruct.instruction_rules import AT_MOST, BLACKLIST, refused
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.refused import Refused
from limbeck.prompts import fill
from limbeck.protocols import Out, Pool
from limbeck.record import Provenance, Record, Verdict, user
from limbeck.seeds import INSTRUCTION

NOVELTY = "rouge"
NEAREST = 10


@dataclass(frozen=True, slots=True)
class Known:
    """An instruction of the pool: `id` is its seed's or its draft's, `number` its place in the
    pool. Input and output where it came with them."""

    id: str
    instruction: str
    number: int
    input: str = ""
    output: str = ""
    is_classification: bool | None = None

    @property
    def prompt(self) -> str:
        """The instruction with its input, as a user would put both."""
        return fill(INSTRUCTION, {"instruction": self.instruction, "input": self.input})


def known_seeds(seeds: Iterable[Record]) -> list[Known]:
    """Each instruction of the seed records once, with its first input and output."""
    found: dict[str, Known] = {}
    for seed in seeds:
        meta = seed.meta
        instruction, given = meta.get("instruction"), meta.get("input")
        text = instruction if isinstance(instruction, str) else seed.prompt
        task = meta.get("task")
        known = Known(
            seed.id,
            text,
            len(found),
            given if isinstance(given, str) else "",
            seed.target or "",
            task == "classification" if isinstance(task, str) else None,
        )
        found.setdefault(text, known)  # a number is only taken by a text that is new
    return list(found.values())


class Instructions:
    """Seeds and accepted instructions, in the order in which they came.

    `similar` stores with every accepted one what the reference stores: the mean of its ROUGE-L
    scores over the pool, and the ten best.
    """

    def __init__(
        self,
        seeds: list[Known],
        pool: Pool,
        out: Out,
        *,
        preset: Preset = "fixed",
        similar: bool = False,
        blacklist: tuple[str, ...] = BLACKLIST,
        max_words: int = AT_MOST,
    ) -> None:
        self.seeds = seeds
        self.made: list[Known] = []
        self.refusals: Counter[str] = Counter()
        self._pool = pool
        self._out = out
        self._preset = preset
        self._similar = similar
        self._blacklist = blacklist
        self._max_words = max_words
        for seed in seeds:
            pool.add(seed.instruction)

    def admit(
        self,
        instruction: str,
        provenance: Provenance,
        *,
        given: str = "",
        output: str = "",
        kin: frozenset[int] = frozenset(),
    ) -> Known | None:
        """Judge an instruction and write it down as a draft; in the pool at once if accepted.

        It may be near to `kin`, numbers of the pool: those that it grew out of. It may not say the
        same words again.
        """
        rule = refused(instruction, self._preset, self._blacklist, self._max_words)
        if rule is not None:
            self.refuse(instruction, provenance, rule)
            return None
        hit = self._pool.novel(instruction)
        if hit is not None and hit[0] in kin and hit[1] < 1:
            hit = self._not_kin(instruction, kin)
        if hit is not None:
            draft = _draft(instruction, provenance)
            self._refused(draft, self._verdict(draft, False, hit), "similar")
            return None
        best: tuple[int, float] | None = None
        meta: dict[str, object] = {}
        if self._similar:
            found = self._pool.neighbours([instruction], NEAREST)[0]
            best = found.top[0] if found.top and found.top[0][1] else None
            top = [[self._id(number), score] for number, score in found.top]
            meta["similar"] = {"mean": found.mean, "top": top}
        draft = _draft(instruction, provenance, meta)
        self._out.draft(draft, self._verdict(draft, True, best))
        known = Known(draft.id, instruction, self._pool.add(instruction), given, output)
        self.made.append(known)
        return known

    def refuse(self, instruction: str, provenance: Provenance, rule: Refused) -> None:
        """Write down an instruction that a rule refused."""
        draft = _draft(instruction, provenance)
        self._refused(draft, rule.verdict(draft), rule.rule)

    def _refused(self, draft: Record, verdict: Verdict, rule: str) -> None:
        self._out.draft(draft, verdict)
        self.refusals[rule] += 1
        self._out.count(f"refused instructions: {rule}")

    def _verdict(self, draft: Record, keep: bool, near: tuple[int, float] | None) -> Verdict:
        reason = "" if keep else "similar"
        if near is None:
            return Verdict(draft.id, NOVELTY, keep, reason=reason)
        return Verdict(draft.id, NOVELTY, keep, near[1], reason, self._id(near[0]))

    def _not_kin(self, instruction: str, kin: frozenset[int]) -> tuple[int, float] | None:
        """The nearest that is not kin, if it is too near."""
        top = self._pool.neighbours([instruction], len(kin) + 1)[0].top
        others = [hit for hit in top if hit[0] not in kin and hit[1] > self._pool.threshold]
        return others[0] if others else None

    def _id(self, number: int) -> str:
        seeds = len(self.seeds)
        return self.seeds[number].id if number < seeds else self.made[number - seeds].id


def _draft(
    instruction: str, provenance: Provenance, meta: Mapping[str, object] | None = None
) -> Record:
    """An instruction as a record that has no completion yet."""
    return Record(
        (user(instruction),), "", provenance, meta={"instruction": instruction, **(meta or {})}
    )
