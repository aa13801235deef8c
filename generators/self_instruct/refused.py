"""Why a rule refused an instruction or an instance."""

from __future__ import annotations

from dataclasses import dataclass

from limbeck.record import Record, Verdict

RULES = "rules"  # the judge's name, as a filter has one


@dataclass(frozen=True, slots=True)
class Refused:
    """The rule that refused, and the value that it saw. Each rule's module says what that is."""

    rule: str
    value: str | float | int

    def verdict(self, record: Record) -> Verdict:
        """The verdict on the record: a number is its score, a text stands with the reason."""
        if isinstance(self.value, int | float):
            return Verdict(record.id, RULES, False, float(self.value), self.rule)
        reason = f"{self.rule}: {self.value}" if self.value else self.rule
        return Verdict(record.id, RULES, False, None, reason)
