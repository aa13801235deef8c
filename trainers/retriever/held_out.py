"""What training bought: the first demo of every scheme, shown to rows that nothing learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from limbeck.trainers.retriever.scores import Worth

BASE = "bm25"


@dataclass(frozen=True, slots=True)
class Standing:
    """One scheme, on so many `rows`. `score` is the mean worth of its demos in nats, `right` the
    share of rows with options whose label was then the likeliest (None without such rows).
    `minus_bm25` is the mean difference to BM25 on the same rows with its standard error, None for
    BM25 itself; the error is None for one row."""

    rows: int
    score: float
    right: float | None
    minus_bm25: tuple[float, float | None] | None

    def to_json(self) -> dict[str, Any]:
        moved = self.minus_bm25
        return {
            "rows": self.rows,
            "score": round(self.score, 6),
            "right": None if self.right is None else round(self.right, 6),
            "minus_bm25": None if moved is None else [_rounded(number) for number in moved],
        }


def standings(found: Mapping[str, Sequence[Worth]]) -> dict[str, Standing]:
    """Every scheme's, from the worth of its demo to each row, the same rows in the same order."""
    base = np.array([worth.score for worth in found[BASE]])
    made = {}
    for name, worths in found.items():
        scores = np.array([worth.score for worth in worths])
        right = [worth.right for worth in worths if worth.right is not None]
        moved = None if name == BASE else _moved(scores - base)
        made[name] = Standing(
            len(worths), float(scores.mean()), float(np.mean(right)) if right else None, moved
        )
    return made


def _moved(differences: Any) -> tuple[float, float | None]:
    count = len(differences)
    error = float(differences.std(ddof=1) / np.sqrt(count)) if count > 1 else None
    return float(differences.mean()), error


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)
