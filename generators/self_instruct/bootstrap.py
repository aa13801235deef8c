"""Stage 1 of Self-Instruct: show the teacher some instructions, take the ones it goes on with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from limbeck.generators.self_instruct import instructions
from limbeck.generators.self_instruct.asking import Question, one_turn
from limbeck.generators.self_instruct.pool import Known
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.sampling import Form, Settings
from limbeck.prompts import fill
from limbeck.protocols import Reply
from limbeck.record import content_hash

SHOWN = 8
WANTED = 8  # a chat teacher is told how many; a base teacher goes on until it is stopped


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Prompts of eight instructions: `machine` of them machine-made once there are any, the rest
    seeds, shuffled together (Wang et al. 2023, section 2.2)."""

    seeds: Sequence[Known]
    preset: Preset
    form: Form
    settings: Settings
    seed: int
    machine: int = 2
    classification: bool = False  # only classification seeds are shown

    def question(self, number: int, made: Sequence[Known]) -> Question[list[str]]:
        draw = random.Random(content_hash([self.seed, "instructions", number]))
        shown = draw.sample(made, min(self.machine, len(made)))
        shown += draw.sample(self.seeds, min(SHOWN - len(shown), len(self.seeds)))
        draw.shuffle(shown)
        version = f"self_instruct_instructions_{self.form}.v1"
        values = {
            "instructions": [self._shown(known.instruction) for known in shown],
            "classification": self.classification,
        }
        if self.form == "chat":
            values["count"] = WANTED
        messages, template = one_turn(fill(version, values), self.form)
        return Question(
            key=("instructions", number),
            messages=messages,
            settings=self.settings,
            read=self._read,
            version=version,
            parents=tuple(known.id for known in shown),
            template=template,
        )

    def _shown(self, instruction: str) -> str:
        text = " ".join(instruction.split())
        return text.rstrip(":").rstrip() if self.preset == "reference" else text

    def _read(self, reply: Reply) -> list[str] | None:
        if self.form == "chat":
            return instructions.listed(reply.text, reply.finish_reason)
        return instructions.continued(reply.text, reply.finish_reason, self.preset)
