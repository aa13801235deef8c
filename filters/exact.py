"""Record filter `exact`: the same text again. The first one stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from limbeck.record import Record, Verdict, content_hash
from limbeck.text import squeezed


@dataclass
class Exact:
    """Refuses a row whose text was there before, up to Unicode form and white space.

    `on` says what is compared: "pair" (prompt and completion: the same answer to another prompt
    is no duplicate), "completion", or "prompt". `nearest` names the row that stays.
    """

    on: Literal["pair", "completion", "prompt"] = "pair"
    name: str = field(default="exact", init=False)
    _seen: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        first = self._seen.setdefault(self._key(record), record.id)
        if first == record.id:
            return Verdict(record.id, self.name, keep=True, score=0.0)
        return Verdict(record.id, self.name, False, 1.0, "duplicate", first)

    def _key(self, record: Record) -> str:
        completion = squeezed(record.completion)
        if self.on == "completion":
            return content_hash(completion)
        turns = [[m.role, squeezed(m.content)] for m in record.messages if m.role != "system"]
        prompt = content_hash(turns)
        return prompt if self.on == "prompt" else content_hash([prompt, completion])
