"""The loop's control: as many new instructions by plain Self-Instruct, which looks at no student.

Wang et al. 2023 (arXiv:2212.10560), section 2.2, stage 1 alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limbeck.generators.adversarial.how import How
from limbeck.generators.adversarial.shown import opening
from limbeck.generators.adversarial.written import Written
from limbeck.generators.self_instruct.asking import Answer
from limbeck.generators.self_instruct.bootstrap import Bootstrap
from limbeck.generators.self_instruct.grow import KEPT, Growth, grow
from limbeck.generators.self_instruct.pool import Known
from limbeck.generators.self_instruct.rows import provenance
from limbeck.generators.self_instruct.sampling import Form, Sampling, Settings, settings
from limbeck.protocols import Out, Teacher
from limbeck.record import Record

LOOKAHEAD = 16  # as in the generator self_instruct
GUESS = 4  # instructions that a call brings, until calls have shown it


@dataclass(frozen=True, kw_only=True)
class Plain(How):
    """`instructions` new ones, under the rules, the novelty and the guard of `write.Write`.

    Each prompt shows eight instructions: two that were made before once there are any, the rest
    drawn alike from the seeds, with their inputs and options (the published prompt has neither):
    what is written has no later stage that would give it one, and could not be answered without.
    Of a conversation its first user turn is shown. A reply is a list, so `max_tokens` is what
    it may have at least: the stage's own budget where that is more.
    """

    instructions: int

    async def __call__(
        self, seeds: Sequence[Record], known: Sequence[Record], teacher: Teacher, out: Out
    ) -> None:
        """Emit the new instructions as seeds. Raises StopRun as the teacher does."""
        if self.instructions < 1:
            return
        written = Written(known, self.threshold, self.new_pool, self.refuse, out)
        made = written.instructions
        source = Bootstrap(
            seeds=_shown(seeds),
            preset="fixed",
            form=self.form,
            settings=self._settings(),
            seed=self.seed,
        )

        def commit(answer: Answer[list[str]], items: list[str]) -> int:
            kept = 0
            for place, text in enumerate(items):
                if len(made.made) == self.instructions:
                    break
                taken = written.take(text, provenance(answer, teacher.name, place))
                kept += taken is not None
            return kept

        growth = Growth(
            source.question,
            commit,
            target=self.instructions,
            lookahead=LOOKAHEAD,
            width=self.width,
            seed=self.seed,
            stall_calls=self.stall_calls,
            stall_share=self.stall_share,
            guess=GUESS,
        )
        await grow(growth, teacher, made, out)
        out.count(KEPT, len(made.made))

    def _settings(self) -> Settings:
        most = list_tokens(self.form, self.max_tokens)
        by = Sampling(temperature=self.temperature, max_tokens=most)
        return settings("instructions", "fixed", self.form).changed(by)


def list_tokens(form: Form, max_tokens: int) -> int:
    """Tokens of a reply at most, where a single instruction may have `max_tokens`."""
    return max(settings("instructions", "fixed", form).max_tokens, max_tokens)


def _shown(seeds: Sequence[Record]) -> list[Known]:
    """Each instruction once, with its first input."""
    found: dict[str, Known] = {}
    for seed in seeds:
        whole, alone = opening(seed), seed.meta.get("instruction")
        found.setdefault(str(alone or whole), Known(seed.id, whole, len(found)))
    return list(found.values())
