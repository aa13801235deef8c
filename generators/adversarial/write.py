"""New instructions by the teacher: from hard ones of the same kind, from easy ones rarer ones.

Lion, Jiang et al. 2023 (arXiv:2305.12870), section 3.3. Unlike there, a source is shown whole,
the budget of tokens does not depend on how long it is, and what comes from hard and from easy
ones has to be new beside each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from limbeck.aio import map_ordered
from limbeck.generators.adversarial.how import How
from limbeck.generators.adversarial.shown import ASSISTANT, USER, is_chat, shown
from limbeck.generators.adversarial.sources import (
    KINDS,
    Kind,
    Source,
    Weight,
    drawn,
    mixed,
    of_kind,
    shares,
)
from limbeck.generators.adversarial.written import Written
from limbeck.generators.self_instruct.asking import Answer, Question, ask, one_turn
from limbeck.generators.self_instruct.evolve_rules import leaked
from limbeck.generators.self_instruct.grow import ASKED, FAILED, KEPT, READ, UNREAD
from limbeck.generators.self_instruct.one_prompt import read_prompt
from limbeck.generators.self_instruct.refused import Refused
from limbeck.generators.self_instruct.rows import provenance
from limbeck.generators.self_instruct.sampling import Sampling, Settings, settings
from limbeck.generators.self_instruct.stall import Stall
from limbeck.prompts import fill
from limbeck.protocols import Out, Teacher
from limbeck.record import Record

GENERATOR = "adversarial"
CARRIED = ("task", "family")
END = "\n====="  # of a pair, in the text that a base teacher continues


class _Call(NamedTuple):
    kind: Kind
    number: int
    source: Source


@dataclass(frozen=True, kw_only=True)
class Write(How):
    """`hard` and `easy` new instructions, from sources of these kinds.

    Sources are drawn as `weight` says (`sources.drawn`). Each kind ends early by itself. The result
    does not depend on `width`, and there are never more calls under way than instructions are still
    wanted, as each brings one at most.
    """

    hard: int
    easy: int
    weight: Weight = "even"

    async def __call__(
        self, sources: Sequence[Source], known: Sequence[Record], teacher: Teacher, out: Out
    ) -> None:
        """Emit the new instructions as seeds. Raises StopRun as the teacher does."""
        wanted, said = shares(sources, {"hard": self.hard, "easy": self.easy})
        if said:
            out.say(said)
        for line in (ASKED, READ, KEPT):
            for kind in KINDS:
                out.count(_line(line, kind), 0)
        written = Written(known, self.threshold, self.new_pool, self.refuse, out)
        await _Writing(self, sources, wanted, written, teacher, out).run()


class _Writing:
    """One use of Write: what is still wanted of each kind, and how many calls it has had."""

    def __init__(
        self,
        how: Write,
        sources: Sequence[Source],
        wanted: dict[Kind, int],
        written: Written,
        teacher: Teacher,
        out: Out,
    ) -> None:
        self._how = how
        self._sources = {kind: of_kind(sources, kind) for kind in KINDS}
        self._wanted = wanted
        self._kept: Counter[Kind] = Counter()
        self._asked: Counter[Kind] = Counter()
        self._stalls = {kind: Stall(how.stall_calls, how.stall_share) for kind in KINDS}
        self._over: set[Kind] = set()
        self._written = written
        self._teacher = teacher
        self._out = out
        self._settings = _settings(how)

    async def run(self) -> None:
        """Batches of as many calls as instructions are wanted, until none is."""
        while batch := self._batch():

            async def work(call: _Call) -> Answer[str] | None:
                if call.kind in self._over:
                    return None
                return await ask(self._teacher, self._question(call), self._how.seed)

            calls = iter(batch)
            async with map_ordered(work, batch, self._how.width) as answers:
                async for answer in answers:
                    call = next(calls)
                    # What was asked before its kind ended is not looked at: it might not have been.
                    if answer is not None and call.kind not in self._over:
                        self._commit(call, answer)

    def _batch(self) -> list[_Call]:
        """The next calls, hard and easy ones evenly mixed."""
        left = {
            kind: 0 if kind in self._over else self._wanted[kind] - self._kept[kind]
            for kind in KINDS
        }
        calls = []
        for kind, place in mixed(left):
            number = self._asked[kind] + place
            source = drawn(self._sources[kind], self._how.weight, self._how.seed, number)
            calls.append(_Call(kind, number, source))
        self._asked.update(left)
        return calls

    def _question(self, call: _Call) -> Question[str]:
        seed, form = call.source.seed, self._how.form
        version = f"adversarial_{call.kind}{'_base' if form == 'base' else ''}.v1"
        values: dict[str, object] = {"prompt": shown(seed)}
        if form == "chat":
            values["chat"] = is_chat(seed)
        messages, template = one_turn(fill(version, values), form)
        return Question(
            key=("adversarial", call.kind, call.number, seed.id),
            messages=messages,
            settings=self._settings,
            read=read_prompt,
            version=version,
            parents=(seed.id,),
            template=template,
        )

    def _commit(self, call: _Call, answer: Answer[str]) -> None:
        """Take in what a call brought; in the order of the calls."""
        kind, out, refusals = call.kind, self._out, self._written.instructions.refusals
        before = refusals.copy()
        answer.tell(out)
        out.count(_line(ASKED, kind))
        taken = False
        if answer.failure is not None:
            out.count(_line(FAILED, kind))
        elif answer.read is None:
            out.count(_line(UNREAD, kind))
        else:
            out.count(_line(READ, kind))
            taken = self._take(call, answer, answer.read)
        if taken:
            self._kept[kind] += 1
            out.count(_line(KEPT, kind))
        why = answer.failure.reason if answer.failure else ""
        said = int(answer.read is not None)
        reason = self._stalls[kind].saw(said, int(taken), refusals - before, why)
        kept, wanted = self._kept[kind], self._wanted[kind]
        if reason is not None and kept < wanted:
            self._over.add(kind)
            out.say(f"stopped at {kept} of {wanted} instructions from {kind} ones: {reason}")

    def _take(self, call: _Call, answer: Answer[str], text: str) -> bool:
        found = leaked(text)
        if is_chat(call.source.seed):
            text = text.removeprefix(USER).lstrip()
            if f"\n{ASSISTANT}" in text:  # the transcript went on, with an answer
                found = found or Refused("leaked", ASSISTANT)
        seed = call.source.seed
        made = provenance(answer, self._teacher.name, 0, generator=GENERATOR)
        meta = {name: seed.meta[name] for name in CARRIED if name in seed.meta}
        return self._written.take(text, made, meta, found) is not None


def _line(line: str, kind: Kind) -> str:
    return f"{kind}: {line}"


def _settings(how: Write) -> Settings:
    by = Sampling(temperature=how.temperature, max_tokens=how.max_tokens)
    found = settings("evolve", "fixed", how.form).changed(by)
    return replace(found, stop=(END,)) if how.form == "base" else found
