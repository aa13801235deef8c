"""Record filters `answer` (the completion's answer is the target) and `consistent`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from limbeck.errors import UserError
from limbeck.filters.answer.check import check, consistent
from limbeck.filters.answer.ended import unfinished
from limbeck.filters.answer.kinds import KINDS, Kind
from limbeck.record import Record, Verdict


@dataclass
class Answer:
    """Keeps records whose completion asserts the record's target. Reasons: "wrong",
    "unparseable", "truncated", "refused".

    `kind` says what the targets are; "auto" takes the record's own kind, else its target's form.
    The options of a multiple choice question are in `meta["options"]`. What was cut at the token
    limit, or held back by the server, never passes. `keep` "answered" lets wrong answers pass with
    the reason "wrong": a control that shows what verification is worth. Raises UserError for a
    record without a target.
    """

    kind: Kind = "auto"
    keep: Literal["correct", "answered"] = "correct"
    stateless = True
    name: str = field(default="answer", init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        if record.target is None:
            raise UserError(
                f"record {record.id} has no target, and the filter 'answer' compares with one; "
                "the filter 'vote' takes the majority of the paths instead"
            )
        ended = unfinished(record.meta.get("finish_reason"))
        if ended:
            return Verdict(record.id, self.name, False, 0.0, ended)
        options = record.meta.get("options")
        made = check(record.completion, record.target, own_kind(self.kind, record), options=options)
        if made.reason == "truncated":
            return Verdict(record.id, self.name, False, 0.0, "truncated")
        if made.status == "correct":
            return Verdict(record.id, self.name, True, 1.0)
        passes = self.keep == "answered" and made.status == "wrong"
        return Verdict(record.id, self.name, passes, 0.0, made.status)


@dataclass
class Consistent:
    """Refuses records whose rationale concludes something else than the kept answer. Reason:
    "inconsistent".

    Reads `meta["rationale"]` and `meta["answer"]`, the target where there is no answer; a record
    without a rationale, whose rationale concludes nothing, or whose answer cannot be read back as
    its kind, is kept.
    """

    kind: Kind = "auto"
    stateless = True
    name: str = field(default="consistent", init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        rationale = record.meta.get("rationale")
        answer = record.meta.get("answer", record.target)
        agreed = (
            consistent(
                str(rationale),
                str(answer),
                own_kind(self.kind, record),
                options=record.meta.get("options"),
            )
            if rationale and answer
            else None
        )
        if agreed is False:
            return Verdict(record.id, self.name, False, 0.0, "inconsistent")
        return Verdict(record.id, self.name, True, 1.0 if agreed else None)


def own_kind(kind: Kind, record: Record) -> Kind:
    """The kind to judge a record by: its own where a filter's is "auto"."""
    own = record.meta.get("kind")
    return own if kind == "auto" and own in KINDS else kind
