"""Record filter `score`: a threshold on what a judge or a reward model gave."""

from __future__ import annotations

import hashlib
import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from limbeck.errors import DataError
from limbeck.record import Record, Verdict
from limbeck.store import read_jsonl


@dataclass
class Score:
    """Keeps rows whose score is at least `least` and at most `most`: "low", "high".

    Scores come from `scores`, a JSONL file with a row {"id": record id, "score": number} each;
    without it, from the record's pass rate (`meta["pass_rate"]`, the share of its question's
    paths that verification passed). `top` keeps that share of the rows that have a score and lie
    in these bounds, the best ones, rounded up to a row: "not_in_top". Rows of one score are told
    apart by a hash of their ids, so their order in the file decides nothing. What is best is
    known once all rows came through `survey`; without one each batch is a set of its own.

    Rows without a score are refused as "no_score", or kept where `missing` is "keep". The
    verdict's score is the row's. Raises ValueError where nothing is asked for, DataError for a
    file that cannot be read, a row that is none, or an id with two scores.
    """

    scores: Path | None = None
    least: float | None = None
    most: float | None = None
    top: Annotated[float, Field(gt=0, le=1)] | None = None
    missing: Literal["keep", "refuse"] = "refuse"
    name: str = field(default="score", init=False)
    stateless: bool = field(default=False, init=False)
    survey: Callable[[Sequence[Record]], None] = field(init=False, repr=False)  # with `top` alone
    _given: _Scores | None = field(default=None, init=False, repr=False)
    _surveyed: _Best = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.least is None and self.most is None and self.top is None:
            raise ValueError("nothing is asked for: set least, most or top")
        for name in ("least", "most"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, got {value}")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"least is {self.least:g} and most is {self.most:g}: no score is both")
        self.stateless = self.top is None
        self._surveyed = _Best(self.top or 1.0)
        if self.top is not None:
            self.survey = self._survey

    def _survey(self, records: Sequence[Record], /) -> None:
        self._look(records, self._surveyed)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        best = self._surveyed
        if self.top is not None and not len(best):
            best = _Best(self.top)
            self._look(records, best)
        return [self._judge(record, best) for record in records]

    def _look(self, records: Sequence[Record], best: _Best) -> None:
        for record in records:
            score = self._score(record)
            if score is not None and not self._outside(score):
                best.add(score, _digest(record.id))

    def _judge(self, record: Record, best: _Best) -> Verdict:
        score = self._score(record)
        if score is None:
            keep = self.missing == "keep"
            return Verdict(record.id, self.name, keep, None, "" if keep else "no_score")
        reason = self._outside(score)
        if not reason and self.top is not None and not best.has(score, _digest(record.id)):
            reason = "not_in_top"
        return Verdict(record.id, self.name, not reason, score, reason)

    def _outside(self, score: float) -> str:
        if self.least is not None and score < self.least:
            return "low"
        return "high" if self.most is not None and score > self.most else ""

    def _score(self, record: Record) -> float | None:
        if self.scores is None:
            return _number(record.meta.get("pass_rate"))
        if self._given is None:
            self._given = _Scores(self.scores)
        return self._given.of(record.id)


class _Best:
    """The best share of (score, digest) pairs: higher scores first, then smaller digests."""

    def __init__(self, share: float) -> None:
        self._share = Fraction(str(share))  # 0.1 of 30 rows is 3
        self._scores = array("d")
        self._digests = array("Q")
        self._last: tuple[float, int] | None = None

    def __len__(self) -> int:
        return len(self._scores)

    def add(self, score: float, digest: int) -> None:
        self._scores.append(score)
        self._digests.append(digest)
        self._last = None

    def has(self, score: float, digest: int) -> bool:
        if self._last is None:
            scores, digests = np.frombuffer(self._scores), np.frombuffer(self._digests, np.uint64)
            place = math.ceil(self._share * len(scores)) - 1
            last = np.lexsort((digests, -scores))[place]
            self._last = float(scores[last]), int(digests[last])
        return (-score, digest) <= (-self._last[0], self._last[1])


class _Scores:
    """The scores of a file by the hash of their ids: 16 bytes a row."""

    def __init__(self, path: Path) -> None:
        digests, scores = array("Q"), array("d")
        for line, row in read_jsonl(path):
            id, score = row.get("id"), _number(row.get("score"))
            if not isinstance(id, str) or score is None:
                raise _bad(
                    path, line, 'a row has an "id", a record\'s, and a "score", a finite number'
                )
            digests.append(_digest(id))
            scores.append(score)
        if not digests:
            raise DataError(f"{path} has no score", path=path)
        found = np.frombuffer(digests, np.uint64)
        order = np.argsort(found, kind="stable")
        self._digests, self._scores = found[order], np.frombuffer(scores)[order]
        same = self._digests[1:] == self._digests[:-1]
        if (same & (self._scores[1:] != self._scores[:-1])).any():
            place = int((same & (self._scores[1:] != self._scores[:-1])).argmax())
            one, other = self._scores[place], self._scores[place + 1]
            raise DataError(
                f"{path} gives one id two scores, {one:g} and {other:g}; keep one of them",
                path=path,
            )

    def of(self, id: str) -> float | None:
        digest = np.uint64(_digest(id))
        place = int(np.searchsorted(self._digests, digest))
        if place < len(self._digests) and self._digests[place] == digest:
            return float(self._scores[place])
        return None


def _digest(id: str) -> int:
    whole = id.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(whole, digest_size=8).digest(), "little")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _bad(path: Path, line: int, reason: str) -> DataError:
    return DataError(f"{path}, line {line}: {reason}", path=path, line=line)
