"""Record filter `refusal`: completions that decline, and those that speak of being an AI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from limbeck.filters.complete import was_refused
from limbeck.record import Record, Verdict
from limbeck.refusals import is_boilerplate


@dataclass
class Refusal:
    """Refuses completions that open by declining, or that the teacher's own filter stopped:
    "refused", by the rule of the filter `complete`.

    With `boilerplate` also those that say anywhere that an AI wrote them ("As an AI language
    model, ..."): "boilerplate". A text about AI is none; an answer to "What are you?" is, so
    switch it off where students shall answer that. `score` is 1 for what is found, else 0.
    """

    boilerplate: bool = True
    name: str = field(default="refusal", init=False)
    stateless = True

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        reason = ""
        if was_refused(record):
            reason = "refused"
        elif self.boilerplate and is_boilerplate(record.completion):
            reason = "boilerplate"
        return Verdict(record.id, self.name, not reason, float(bool(reason)), reason)
