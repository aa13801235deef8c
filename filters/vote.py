"""Record filter `vote`: without a target, the answer that most of a question's paths give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from limbeck.filters.answer import Kind, canonical
from limbeck.filters.answer.ended import unfinished
from limbeck.filters.answer.record_filter import own_kind
from limbeck.filters.by_question import by_question
from limbeck.record import Record, Verdict


@dataclass
class Vote:
    """Keeps the paths whose answer is the majority's (self-consistency, Wang et al. 2022,
    arXiv:2203.11171), counted over canonical typed answers: "1,200" and "1200.0" are one.

    The most frequent answer must lead the next one by `margin` of all paths of the question, and
    have `votes` of them; else the question goes altogether: "no_majority". Others are refused as
    "minority", "unparseable", "truncated" or "refused"; a path that was cut off has no vote but
    counts among all, and so do those that a filter before this one took (`meta["paths"]` says how
    many there were). `score` is the majority's share of all. `kind` "auto" takes the record's own
    kind where it has one. Rows of one question must stand together, as generators write them.
    """

    margin: Annotated[float, Field(ge=0, le=1)] = 0.25
    votes: Annotated[int, Field(ge=1)] = 2
    kind: Kind = "auto"
    name: str = field(default="vote", init=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for group in by_question(records):
            verdicts += self._question(group)
        return verdicts

    def _question(self, records: list[Record]) -> list[Verdict]:
        answers = [self._answer(record) for record in records]
        counts = Counter(answer for answer in answers if answer is not None)
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        best, first = ranked[0] if ranked else (None, 0)
        second = ranked[1][1] if len(ranked) > 1 else 0
        paths = max(len(records), *(_paths(record) for record in records))
        share = first / paths
        clear = first >= self.votes and first > second
        clear = clear and first - second >= self.margin * paths
        verdicts = []
        for record, answer in zip(records, answers, strict=True):
            reason = "" if clear and answer == best else "minority" if clear else "no_majority"
            if answer is None:
                reason = unfinished(record.meta.get("finish_reason")) or "unparseable"
            verdicts.append(Verdict(record.id, self.name, not reason, share, reason))
        return verdicts

    def _answer(self, record: Record) -> str | None:
        if unfinished(record.meta.get("finish_reason")):
            return None
        kind = own_kind(self.kind, record)
        return canonical(record.completion, kind, options=record.meta.get("options"))


def _paths(record: Record) -> int:
    paths = record.meta.get("paths")
    return paths if isinstance(paths, int) else 0
