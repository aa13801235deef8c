"""Record filter `exact`: the same text again, once normalised. The first one stays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from limbeck.filters.seen import Seen
from limbeck.record import Record, Verdict
from limbeck.text import folded, squeezed


@dataclass
class Exact:
    """Refuses a row whose normalised text was there before, as "duplicate".

    Texts are compared up to Unicode form and white space; with `fold` also up to case and width
    (NFKC: "Ｐaris" is "paris", but 2⁵ is 25 too, so leave it off where formulas are answers).
    `on` says what is compared: "pair" (prompt and completion: the same answer to another prompt
    is no duplicate), "completion", or "prompt". `nearest` names the row that stays, and `score` is
    1 for a duplicate, else 0. A row that was judged before is no duplicate of itself. Remembers
    at most 85 bytes a row.
    """

    on: Literal["pair", "completion", "prompt"] = "pair"
    fold: bool = False
    name: str = field(default="exact", init=False)
    _seen: Seen = field(default_factory=Seen, init=False, repr=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        first = self._seen.first(self._key(record), record.id)
        if first == record.id:
            return Verdict(record.id, self.name, keep=True, score=0.0)
        return Verdict(record.id, self.name, False, 1.0, "duplicate", first)

    def _key(self, record: Record) -> bytes:
        normalised = folded if self.fold else squeezed
        texts: list[str] = []
        if self.on != "completion":
            for message in record.messages:
                if message.role != "system":
                    texts += message.role, normalised(message.content)
        if self.on != "prompt":
            texts.append(normalised(record.completion))
        digest = hashlib.blake2b(digest_size=16)
        for text in texts:  # with its length before it: two texts do not run together
            whole = text.encode("utf-8", "surrogatepass")
            digest.update(len(whole).to_bytes(8, "little") + whole)
        return digest.digest()
