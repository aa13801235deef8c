"""Record filter `paths`: which of the many answers to one question stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from limbeck.filters.by_question import by_question
from limbeck.filters.rouge_pool import RougePool
from limbeck.record import Record, Verdict


@dataclass
class Paths:
    """Refuses near copies among a question's rationales, and all but `at_most` of them.

    A rationale whose ROUGE-L with a kept one of the same question is above `similar` is refused as
    "similar" (`score` and `nearest` say to which; at 1 none is). Of those left, `at_most` stay, so
    that questions that the teacher finds easy do not crowd out the others: "over". Questions
    whose pass rate lies outside `band` (inclusive) go altogether: "pass_rate"; those without a
    pass rate stay.

    Rows of one question must stand together, as generators write them. Words of every script
    count.
    """

    at_most: Annotated[int, Field(ge=1)] | None = None
    similar: Annotated[float, Field(ge=0, le=1)] = 0.9
    band: tuple[float, float] = (0.0, 1.0)
    name: str = field(default="paths", init=False)

    def __post_init__(self) -> None:
        low, high = self.band
        if not 0 <= low <= high <= 1:
            raise ValueError(f"band must be two shares, the lower one first, got {[low, high]}")

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for group in by_question(records):
            verdicts += self._question(group)
        return verdicts

    def _question(self, records: list[Record]) -> list[Verdict]:
        pool = RougePool("unicode", self.similar)
        kept: list[Record] = []
        verdicts = []
        for record in records:
            rate = record.meta.get("pass_rate")
            if isinstance(rate, int | float) and not self.band[0] <= rate <= self.band[1]:
                verdicts.append(Verdict(record.id, self.name, False, float(rate), "pass_rate"))
                continue
            text = _rationale(record)
            hit = pool.novel(text)
            if hit is not None:
                near = kept[hit[0]].id
                verdicts.append(Verdict(record.id, self.name, False, hit[1], "similar", near))
            elif self.at_most is not None and len(kept) >= self.at_most:
                verdicts.append(Verdict(record.id, self.name, False, None, "over"))
            else:
                pool.add(text)
                kept.append(record)
                verdicts.append(Verdict(record.id, self.name, keep=True))
        return verdicts


def _rationale(record: Record) -> str:
    rationale = record.meta.get("rationale")
    return rationale if isinstance(rationale, str) else record.completion
