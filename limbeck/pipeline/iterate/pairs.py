"""Pairs of answers: the teacher's beside the student's to one seed, their scores, and what follows.

A row of pairs.jsonl has the keys seed, prompt, by, teacher, student, teacher_score, student_score,
gap, kind, why, orders. What could not be scored is "excluded" and says why; it counts in no mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from limbeck.errors import DataError
from limbeck.evals.statistics.clusters import clusters_of
from limbeck.evals.statistics.share import share
from limbeck.record import Record
from limbeck.store import read_jsonl

By = Literal["target", "referee"]
Kind = Literal["hard", "easy", "excluded"]
Orders = Sequence[tuple[float, float] | None]

LOW, HIGH = 1.0, 10.0
"""The scale of both scores: by a target, of none and of all answers right."""

PAIRS = "pairs.jsonl"


@dataclass(frozen=True, slots=True)
class Pair:
    """The answers of teacher and student to a seed, and their scores from 1 to 10.

    `by` says who scored, or would have, None for nobody; `why` is the reason why there is no score,
    "" where there is one. `orders` are the referee's reviews as (teacher, student): with the
    teacher's answer first, then with the student's; None for one that could not be read.
    """

    seed: Record
    by: By | None
    teacher: str | None = None
    student: str | None = None
    teacher_score: float | None = None
    student_score: float | None = None
    orders: Orders | None = None
    why: str = ""

    @property
    def gap(self) -> float | None:
        """Teacher minus student, in points of 10; None without scores. Rounded, so that 4.1 - 3.1
        is 1 and not a little less."""
        if self.teacher_score is None or self.student_score is None:
            return None
        return round(self.teacher_score - self.student_score, 9)

    def kind(self, tau: float) -> Kind:
        """Hard where the teacher is better by `tau` points or more, else easy, also where the
        student is the better one (Lion, section 3.2)."""
        if self.gap is None:
            return "excluded"
        return "hard" if self.gap >= tau else "easy"

    def to_json(self, tau: float) -> dict[str, Any]:
        return {
            "seed": self.seed.id,
            "prompt": transcript(self.seed),
            "by": self.by,
            "teacher": self.teacher,
            "student": self.student,
            "teacher_score": self.teacher_score,
            "student_score": self.student_score,
            "gap": self.gap,
            "kind": self.kind(tau),
            "why": self.why,
            "orders": None if self.orders is None else [one and list(one) for one in self.orders],
        }


class Difficulty(NamedTuple):
    """How a seed was found: hard or easy for the student, by a gap in points of 10."""

    seed: str
    kind: Literal["hard", "easy"]
    gap: float


def read_pairs(folder: Path) -> list[Difficulty]:
    """The seeds that were scored, in the order of the pairs; excluded ones are not among them.
    Raises DataError for what is not there or was not written by limbeck."""
    path, found = folder / PAIRS, []
    for number, row in read_jsonl(path):
        try:
            if row["kind"] in ("hard", "easy"):
                found.append(Difficulty(str(row["seed"]), row["kind"], float(row["gap"])))
            elif row["kind"] != "excluded":
                raise ValueError(f"the kind {row['kind']!r}")
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}, line {number}: not a pair that limbeck wrote ({error})",
                path=path,
                line=number,
            ) from error
    return found


def transcript(seed: Record) -> str:
    """What a seed asks, whole: a single user turn as it is, else every turn after its role."""
    if len(seed.messages) == 1 and seed.messages[0].role == "user":
        return seed.messages[0].content
    return "\n\n".join(f"{turn.role.capitalize()}: {turn.content}" for turn in seed.messages)


def summary(
    pairs: Sequence[Pair], *, cache: int, tau: float, referee: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The content of summary.json. `cache` is the size of the pool that the pairs' seeds are drawn
    from, `referee` what `limbeck.evals.referee.summary` says.

    `hard_share` is of those scored, with its interval, over templates where they have some; its
    value is None where none was. The four counts of who was right are of those scored by target,
    None where none was; the teacher is right where more than half of its answers are.
    """
    kinds = Counter(pair.kind(tau) for pair in pairs)
    scored = [pair for pair in pairs if pair.gap is not None]
    by = Counter(pair.by for pair in scored)
    middle = (LOW + HIGH) / 2
    right = Counter(
        (cast(float, pair.teacher_score) > middle, cast(float, pair.student_score) > middle)
        for pair in scored
        if pair.by == "target"
    )
    excluded = Counter(pair.why for pair in pairs if pair.gap is None)

    def count(teacher: bool, student: bool) -> int | None:
        return right[teacher, student] if right else None

    return {
        "sampled": len(pairs),
        "cache": cache,
        "by": {"target": by["target"], "referee": by["referee"]},
        "hard": kinds["hard"],
        "easy": kinds["easy"],
        "excluded": dict(sorted(excluded.items(), key=lambda item: (-item[1], item[0]))),
        "hard_share": _hard_share(scored, tau),
        "both_right": count(True, True),
        "teacher_only": count(True, False),
        "student_only": count(False, True),
        "neither": count(False, False),
        "referee": referee,
        "tau": tau,
    }


def _hard_share(scored: Sequence[Pair], tau: float) -> dict[str, float | None]:
    if not scored:
        return {"value": None, "low": 0.0, "high": 1.0}
    templates = clusters_of([{"cluster": pair.seed.meta.get("template")} for pair in scored], "")
    return dict(share([pair.kind(tau) == "hard" for pair in scored], templates))
