"""Who is taken in of what a teacher wrote: the same rules for the loop and for its control."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from limbeck.generators.adversarial.shown import texts
from limbeck.generators.self_instruct.instruction_rules import WHOLE_PROMPT
from limbeck.generators.self_instruct.pool import Instructions, Known
from limbeck.generators.self_instruct.refused import Refused
from limbeck.protocols import NewPool, Out
from limbeck.record import Provenance, Record, content_hash, user
from limbeck.words import unicode_tokens

Refuse = Callable[[str], str | None]
HELD_OUT = "held_out"
REPEATED = "repeated"
HALF = "half_character"
_SURROGATE = re.compile("[\ud800-\udfff]")


def never(text: str) -> str | None:
    """A guard that holds nothing out."""
    return None


class Written:
    """New instructions beside all that are known, each other included.

    Beside the rules and the novelty of `Instructions` are refused:

    | rule           | value                    | refuses                                      |
    |----------------|--------------------------|----------------------------------------------|
    | half_character | the character's number   | text with a lone surrogate                   |
    | repeated       | the id                   | a known instruction, where words say nothing |
    | held_out       | what `refuse` said       | what `refuse` gives a reason for             |
    """

    def __init__(
        self,
        known: Sequence[Record],
        threshold: float,
        new_pool: NewPool,
        refuse: Refuse,
        out: Out,
    ) -> None:
        self.instructions = Instructions(
            _known(known), new_pool("unicode", threshold), out, max_words=WHOLE_PROMPT
        )
        self._ids = {seed.id for seed in known}
        self._refuse = refuse
        self._out = out

    def take(
        self,
        text: str,
        made: Provenance,
        meta: Mapping[str, Any] | None = None,
        found: Refused | None = None,
    ) -> Known | None:
        """Judge an instruction and write down the verdict; one that is taken is emitted as a seed
        with the `meta` given beside its own. `found` is a rule that refused it already."""
        id_ = content_hash([["user", text]])  # as limbeck.seeds has it
        found = found or self._refused(text, id_)
        if found is not None:
            if found.rule == HALF:  # as it is, it could not be written down
                text = _SURROGATE.sub("\ufffd", text)
            self.instructions.refuse(text, made, found)
            return None
        known = self.instructions.admit(text, made)
        if known is not None:
            self._ids.add(id_)
            meta = {"instruction": text, "input": "", **(meta or {})}
            self._out.emit(Record((user(text),), "", made, meta=meta, id=id_))
        return known

    def _refused(self, text: str, id_: str) -> Refused | None:
        if half := _SURROGATE.search(text):
            return Refused(HALF, f"U+{ord(half[0]):04X}")
        if id_ in self._ids and not unicode_tokens(text):
            return Refused(REPEATED, id_)
        near = self._refuse(text)
        return None if near is None else Refused(HELD_OUT, near)


def _known(known: Sequence[Record]) -> list[Known]:
    """Each text of the records once."""
    found: dict[str, Known] = {}
    for seed in known:
        for text in texts(seed):
            found.setdefault(text, Known(seed.id, text, len(found)))
    return list(found.values())
