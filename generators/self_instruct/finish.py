"""Stages 2 to 4 of Self-Instruct: is it classification, its instances, and which of them stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from limbeck.aio import map_ordered
from limbeck.generators.self_instruct import classification, instances
from limbeck.generators.self_instruct.asking import Answer, Question, ask, one_turn
from limbeck.generators.self_instruct.instance_rules import AT_MOST, copied, judged
from limbeck.generators.self_instruct.instances import Instance
from limbeck.generators.self_instruct.pool import Known
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.refused import Refused
from limbeck.generators.self_instruct.rows import LOST, ROWS, provenance, task_record
from limbeck.generators.self_instruct.sampling import Form, Settings
from limbeck.prompts import fill
from limbeck.protocols import Out, Reply, Teacher
from limbeck.record import Provenance, Record, content_hash, user

UNCLEAR = "refused: unclear whether classification"
UNREAD = "refused: no instance could be read"
CLASSIFIED = "classification"
READ = "instances read"

GROUP = 5  # instructions that the published code sends in one request
GROUP_TOKENS = 300  # the most for all of them if one is classification


@dataclass(frozen=True, slots=True)
class Finish:
    """How instructions become rows. `classify` and `instances` say how to sample."""

    preset: Preset
    form: Form
    classify: Settings
    instances: Settings
    seed: int
    width: int

    async def __call__(self, made: Sequence[Known], teacher: Teacher, out: Out) -> None:
        """Two calls an instruction; rows come in the order of the instructions."""
        for line in (CLASSIFIED, UNCLEAR, UNREAD, READ):
            out.count(line, 0)
        labels = await self._classify(made, teacher, out)
        todo = [
            (known, label, limit)
            for known, label, limit in zip(made, labels, self._limits(labels), strict=True)
            if label is not None
        ]

        async def work(item: tuple[Known, bool, int]) -> Answer[list[Instance]]:
            return await ask(teacher, self._instances_question(*item), self.seed)

        rows = 0
        async with map_ordered(work, todo, self.width) as answers:
            place = 0
            async for answer in answers:
                known, label, _ = todo[place]
                place += 1
                answer.tell(out)
                if answer.failure is None:
                    rows += self._commit(known, label, answer, teacher.name, out)
                else:
                    out.count(LOST)
        out.count(ROWS, rows)

    async def _classify(
        self, made: Sequence[Known], teacher: Teacher, out: Out
    ) -> list[bool | None]:
        async def work(known: Known) -> Answer[bool]:
            return await ask(teacher, self._classify_question(known), self.seed)

        labels: list[bool | None] = []
        async with map_ordered(work, made, self.width) as answers:
            async for answer in answers:
                answer.tell(out)
                labels.append(answer.read)
                out.count(CLASSIFIED, answer.read is True)
                if answer.failure is not None:
                    out.count(LOST)
                elif answer.read is None:
                    out.count(UNCLEAR)
                    self._set_aside(made[len(labels) - 1], answer, teacher.name, out)
        return labels

    def _limits(self, labels: Sequence[bool | None]) -> list[int]:
        """The most tokens of each instruction's instances. The published code sends five
        instructions at a time, and gives them all 300 if one of them is classification."""
        most = self.instances.max_tokens
        if self.preset != "reference" or self.form != "base":
            return [most] * len(labels)
        return [
            min(most, GROUP_TOKENS) if any(labels[i - i % GROUP : i - i % GROUP + GROUP]) else most
            for i in range(len(labels))
        ]

    def _classify_question(self, known: Known) -> Question[bool]:
        version = f"self_instruct_classify_{self.form}.v1"
        text = fill(version, {"instruction": known.instruction})
        messages, template = one_turn(text, self.form)
        return Question(
            key=("classify", known.id),
            messages=messages,
            settings=self.classify,
            read=lambda reply: classification.parsed(reply.text, self.preset),
            version=version,
            parents=(known.id,),
            template=template,
        )

    def _instances_question(self, known: Known, label: bool, most: int) -> Question[list[Instance]]:
        version, text = self._prompt(known.instruction, label)
        messages, template = one_turn(text, self.form)

        def read(reply: Reply) -> list[Instance] | None:
            if self.form == "chat":
                return instances.listed(reply.text, label, reply.finish_reason)
            found = instances.continued(reply.text, label, reply.finish_reason, self.preset)
            return found if found or self.preset == "reference" else None

        return Question(
            key=("instances", known.id),
            messages=messages,
            settings=replace(self.instances, max_tokens=most),
            read=read,
            version=version,
            parents=(known.id,),
            template=template,
        )

    def _commit(
        self, known: Known, label: bool, answer: Answer[list[Instance]], teacher: str, out: Out
    ) -> int:
        """Emit the instances that stay; returns their number."""
        if not answer.read:
            out.count(UNREAD)
            self._set_aside(known, answer, teacher, out)
            return 0
        found = answer.read
        out.count(READ, len(found))
        drawn = int(content_hash([self.seed, "instances", known.id], size=4), 16)
        copies = self._copies(found, label)
        kept, refused = judged([one for one in found if id(one) not in copies], self.preset, drawn)
        refused = [(one, copies[id(one)]) for one in found if id(one) in copies] + refused
        task = "classification" if label else "generation"
        places: dict[int, int] = {id(one): place for place, one in enumerate(found)}
        for one, rule in refused:
            made = provenance(answer, teacher, places[id(one)])
            refuse_instance(known.instruction, one, rule, made, task, out)
        for one in kept:
            made = provenance(answer, teacher, places[id(one)])
            out.emit(task_record(known.instruction, one.input, one.output, made, task=task))
        return len(kept)

    def _copies(self, found: Sequence[Instance], label: bool) -> dict[int, Refused]:
        """Those that are examples of the prompt, by id()."""
        if self.preset == "reference":
            return {}
        _, shown = self._prompt("", label)
        refused = {id(one): copied(one, shown) for one in found}
        return {place: rule for place, rule in refused.items() if rule is not None}

    def _prompt(self, instruction: str, label: bool) -> tuple[str, str]:
        """The prompt for instances: its version, and its text."""
        order = "output_first" if label else "input_first"
        version = f"self_instruct_{order}_{self.form}.v1"
        values: dict[str, str | int] = {"instruction": instruction}
        if self.form == "chat":
            values["count"] = AT_MOST
        return version, fill(version, values)

    def _set_aside(self, known: Known, answer: Answer[Any], teacher: str, out: Out) -> None:
        """Keep a reply that could not be read twice, where somebody can look at it."""
        made = provenance(answer, teacher, 0)
        draft = Record(
            (user(known.instruction),),
            answer.reply.text,
            made,
            meta={"instruction": known.instruction, "finish_reason": answer.reply.finish_reason},
        )
        out.draft(draft, Refused("unread", "").verdict(draft))


def refuse_instance(
    instruction: str, one: Instance, rule: Refused, made: Provenance, task: str, out: Out
) -> None:
    """Write down an instance that a rule refused."""
    draft = task_record(instruction, one.input, one.output, made, task=task)
    out.draft(draft, rule.verdict(draft))
    out.count(f"refused instances: {rule.rule}")
