"""`style: alpaca`: one call makes tasks with input and output (Alpaca, Taori et al. 2023)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from limbeck.generators.self_instruct import tasks
from limbeck.generators.self_instruct.asking import Answer, Question, one_turn
from limbeck.generators.self_instruct.finish import refuse_instance
from limbeck.generators.self_instruct.instance_rules import judged
from limbeck.generators.self_instruct.instances import Instance
from limbeck.generators.self_instruct.pool import Instructions, Known
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.rows import provenance, task_record
from limbeck.generators.self_instruct.sampling import Form, Settings
from limbeck.generators.self_instruct.tasks import Task
from limbeck.prompts import fill
from limbeck.protocols import Out, Reply
from limbeck.record import content_hash

SHOWN = 3
COUNT = {"base": 20, "chat": 10}  # a base teacher's list counts what is shown


@dataclass(frozen=True, slots=True)
class WholeTasks:
    """Prompts of three seed tasks, never machine-made ones. `reference` looks at no output, as
    published; `fixed` holds every task to the rules of instances before it may join the pool."""

    seeds: Sequence[Known]
    preset: Preset
    form: Form
    settings: Settings
    seed: int

    def question(self, number: int, made: Sequence[Known]) -> Question[list[Task]]:
        draw = random.Random(content_hash([self.seed, "tasks", number]))
        shown = draw.sample(self.seeds, min(SHOWN, len(self.seeds)))
        version = f"tasks_{self.form}.v1"
        values = {
            "tasks": [
                {"instruction": known.instruction, "input": known.input, "output": known.output}
                for known in shown
            ],
            "count": COUNT[self.form],
        }
        messages, template = one_turn(fill(version, values), self.form)

        def read(reply: Reply) -> list[Task] | None:
            if self.form == "chat":
                return tasks.listed(reply.text, reply.finish_reason)
            first = len(shown) + 1
            return tasks.continued(reply.text, first, reply.finish_reason, self.preset)

        return Question(
            key=("tasks", number),
            messages=messages,
            settings=self.settings,
            read=read,
            version=version,
            parents=tuple(known.id for known in shown),
            template=template,
        )

    def commit(
        self,
        answer: Answer[list[Task]],
        found: list[Task],
        pool: Instructions,
        name: str,
        out: Out,
        target: int,
    ) -> int:
        """Admit the tasks of one reply until there are `target` in all, and emit them; returns
        their number."""
        kept = 0
        for place, task in enumerate(found):
            if len(pool.made) == target:
                break
            made = provenance(answer, name, place)
            one = Instance(task.input, task.output)
            if self.preset == "fixed":
                _, refused = judged([one], self.preset, self.seed)
                if refused:
                    pool.refusals[refused[0][1].rule] += 1
                    refuse_instance(task.instruction, one, refused[0][1], made, "", out)
                    continue
            known = pool.admit(task.instruction, made, given=task.input, output=task.output)
            if known is None:
                continue
            kept += 1
            parents = (known.id,)
            made = provenance(answer, name, place, parents)
            out.emit(task_record(task.instruction, task.input, task.output, made))
        return kept
