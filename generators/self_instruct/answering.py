"""The teacher answers prompts that it made itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limbeck.aio import map_ordered
from limbeck.generators.self_instruct import asking
from limbeck.generators.self_instruct.asking import Answer, Question
from limbeck.generators.self_instruct.pool import Known
from limbeck.generators.self_instruct.rows import LOST, ROWS, answer_record, provenance
from limbeck.generators.self_instruct.sampling import Settings
from limbeck.protocols import Out, Reply, Teacher
from limbeck.record import Message, user


@dataclass(frozen=True, slots=True)
class Answering:
    """A prompt goes to a chat teacher as it is; to one that continues raw text, between `before`
    and `after`, which open the user's turn and the assistant's."""

    settings: Settings
    raw: bool = False
    system: str = ""
    before: str = ""
    after: str = ""

    async def ask(self, known: Known, teacher: Teacher, seed: int) -> Answer[str]:
        return await asking.ask(teacher, self._question(known), seed, tries=1)

    async def __call__(
        self, made: Sequence[Known], teacher: Teacher, out: Out, *, seed: int, width: int
    ) -> None:
        """One row a prompt, in order."""
        out.count(ROWS, 0)

        async def work(known: Known) -> Answer[str]:
            return await self.ask(known, teacher, seed)

        async with map_ordered(work, made, width) as answers:
            place = 0
            async for answer in answers:
                answer.tell(out)
                if answer.failure is not None:
                    out.count(LOST)
                else:
                    known = made[place]
                    out.count(ROWS)
                    out.emit(
                        answer_record(
                            known.instruction, answer.reply, provenance(answer, teacher.name, 0)
                        )
                    )
                place += 1

    def _question(self, known: Known) -> Question[str]:
        messages: tuple[Message, ...] = (user(known.instruction),)
        if self.raw:
            messages = (user(f"{self.before}{known.instruction}{self.after}"),)
        elif self.system:
            messages = (Message("system", self.system), *messages)
        return Question(
            key=("answer", known.id),
            messages=messages,
            settings=self.settings,
            read=_text,
            parents=(known.id,),
            template="raw" if self.raw else "chat",
        )


def _text(reply: Reply) -> str | None:
    return reply.text
