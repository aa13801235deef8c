"""`style: evolve`: Evol-Instruct (WizardLM, Xu et al. 2023, arXiv:2304.12244). Prompts are made
harder or rarer round by round; what gained nothing is eliminated and tried again from where it was.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.aio import map_ordered
from limbeck.generators.self_instruct.answering import Answering
from limbeck.generators.self_instruct.asking import Answer, Question, ask, one_turn
from limbeck.generators.self_instruct.evolve_rules import leaked, useless
from limbeck.generators.self_instruct.grow import ASKED, FAILED, KEPT, READ, UNREAD
from limbeck.generators.self_instruct.one_prompt import read_prompt
from limbeck.generators.self_instruct.pool import Instructions, Known
from limbeck.generators.self_instruct.refused import Refused
from limbeck.generators.self_instruct.replies import spoken
from limbeck.generators.self_instruct.rows import ROWS, answer_record, provenance
from limbeck.generators.self_instruct.sampling import Form, Settings
from limbeck.generators.self_instruct.stall import Stall
from limbeck.prompts import fill
from limbeck.protocols import Out, Reply, Teacher
from limbeck.record import content_hash

IN_DEPTH = ("constraints", "deepen", "concretise", "reasoning", "complicate_input")
IN_BREADTH = "breadth"
OPERATORS = (*IN_DEPTH, IN_BREADTH)
LOST = "evolutions whose call failed"


@dataclass(frozen=True, slots=True)
class Evolve:
    """`rounds` of one operator each, drawn for every prompt; see the module."""

    prompts: Sequence[Known]
    form: Form
    settings: Settings
    gain: Settings
    answering: Answering
    target: int
    rounds: int
    seed: int
    width: int
    stall: Stall

    async def __call__(self, pool: Instructions, teacher: Teacher, out: Out) -> None:
        """Rounds until there are `target` rows, or no round is left."""
        for line in (ASKED, UNREAD, READ):
            out.count(line, 0)
        rows = await self._rounds(pool, teacher, out)
        for line in (KEPT, ROWS):
            out.count(line, rows)

    async def _rounds(self, pool: Instructions, teacher: Teacher, out: Out) -> int:
        current = list(self.prompts)
        lines: list[frozenset[int]] = [frozenset([known.number]) for known in current]
        rows = 0
        for round_ in range(self.rounds):
            todo = list(range(len(current)))
            while todo:
                # No more at a time than could be wanted: each costs three calls.
                some, todo = todo[: self.target - rows], todo[self.target - rows :]
                evolved, reason = await self._evolve(
                    round_, {place: current[place] for place in some}, lines, pool, teacher, out
                )
                for place, known in evolved.items():  # what is eliminated is of the line, too
                    lines[place] |= {known.number}
                survivors = await self._keep(current, evolved, teacher, out)
                current = [survivors.get(place, known) for place, known in enumerate(current)]
                rows += len(survivors)
                if rows >= self.target:
                    return rows
                if reason is not None:
                    out.say(f"stopped in round {round_ + 1} with {rows} rows: {reason}")
                    return rows
        out.say(f"all {self.rounds} rounds are done, with {rows} of {self.target} rows")
        return rows

    async def _evolve(
        self,
        round_: int,
        current: Mapping[int, Known],
        lines: Sequence[frozenset[int]],
        pool: Instructions,
        teacher: Teacher,
        out: Out,
    ) -> tuple[dict[int, Known], str | None]:
        """Place to evolved prompt, of those that are new; the sentence of a stall."""
        evolved: dict[int, Known] = {}

        async def work(place: int) -> Answer[str]:
            return await ask(teacher, self._question(round_, current[place]), self.seed)

        reason = None
        places = iter(current)
        async with map_ordered(work, current, self.width) as answers:
            async for answer in answers:
                place = next(places)
                refused, known = pool.refusals.copy(), None
                answer.tell(out)
                out.count(ASKED)
                if answer.failure is not None:
                    out.count(FAILED)
                elif answer.read is None:
                    out.count(UNREAD)
                else:
                    out.count(READ)
                    known = self._admit(answer, lines[place], pool, teacher.name)
                if known is not None:
                    evolved[place] = known
                said = int(answer.read is not None)
                why = answer.failure.reason if answer.failure else ""
                reason = self.stall.saw(said, int(known is not None), pool.refusals - refused, why)
                if reason is not None:
                    break
        return evolved, reason

    def _question(self, round_: int, known: Known) -> Question[str]:
        draw = random.Random(content_hash([self.seed, "operator", round_, known.id]))
        version = f"evolve_{draw.choice(OPERATORS)}.v1"
        messages, template = one_turn(fill(version, {"prompt": known.prompt}), self.form)
        return Question(
            key=("evolve", round_, known.id),
            messages=messages,
            settings=self.settings,
            read=read_prompt,
            version=version,
            parents=(known.id,),
            template=template,
        )

    def _admit(
        self, answer: Answer[str], kin: frozenset[int], pool: Instructions, name: str
    ) -> Known | None:
        text = answer.read or ""
        made = provenance(answer, name, 0)
        found = leaked(text)
        if found is not None:
            pool.refuse(text, made, found)
            return None
        return pool.admit(text, made, kin=kin)

    async def _keep(
        self,
        current: Sequence[Known],
        evolved: dict[int, Known],
        teacher: Teacher,
        out: Out,
    ) -> dict[int, Known]:
        """Of the evolved prompts those that gained something and can be answered; rows for them."""
        survivors: dict[int, Known] = {}

        async def work(place: int) -> tuple[int, Answer[bool], Answer[str] | None]:
            known = evolved[place]
            gain = await ask(teacher, self._gain(current[place], known), self.seed)
            if gain.read is not True:
                return place, gain, None
            return place, gain, await self.answering.ask(known, teacher, self.seed)

        async with map_ordered(work, evolved, self.width) as results:
            async for place, gain, answer in results:
                known = evolved[place]
                gain.tell(out)
                if answer is not None:
                    answer.tell(out)
                if gain.failure is not None or (answer is not None and answer.failure is not None):
                    out.count(LOST)
                    continue
                if answer is None:
                    why = Refused("no_gain" if gain.read is False else "unread", "")
                    self._eliminate(known, gain, why, teacher.name, out)
                    continue
                reason = useless(answer.reply.text) if not answer.reply.reason else None
                if reason is not None:
                    self._eliminate(known, answer, reason, teacher.name, out)
                    continue
                survivors[place] = known
                made = provenance(answer, teacher.name, 0)
                out.emit(answer_record(known.instruction, answer.reply, made))
        return survivors

    def _gain(self, before: Known, after: Known) -> Question[bool]:
        version = "evolve_gain.v1"
        values = {"first": before.prompt, "second": after.prompt}
        messages, template = one_turn(fill(version, values), self.form)
        return Question(
            key=("gain", before.id, after.id),
            messages=messages,
            settings=self.gain,
            read=_read_gain,
            version=version,
            parents=(before.id, after.id),
            template=template,
        )

    def _eliminate(
        self, known: Known, answer: Answer[Any], rule: Refused, name: str, out: Out
    ) -> None:
        draft = answer_record(known.instruction, answer.reply, provenance(answer, name, 0))
        out.draft(draft, rule.verdict(draft))
        out.count(f"refused evolutions: {rule.rule}")


def _read_gain(reply: Reply) -> bool | None:
    """True where the two prompts are not equal, False where they are, None where it is not said."""
    text = spoken(reply.text).casefold()
    if re.search(r"\bnot[ -]equal\b|\bunequal\b|\bnot the same\b|不同|不相等", text):
        return True
    return False if re.search(r"\bequal\b|相同|相等", text) else None
