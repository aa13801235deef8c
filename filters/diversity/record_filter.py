"""Record filter `diversity`: of many rows, the N that stand best for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from limbeck.errors import UserError
from limbeck.filters.diversity.picking import By, Picked, at_random, cover, picked
from limbeck.filters.diversity.vectors import Encoded, Vectors
from limbeck.record import Record, Verdict

Share = Annotated[float, Field(gt=0, lt=1)]


@dataclass
class Diversity:
    """Keeps `pick` rows (a number, or a share below 1) and refuses the others as "covered".

    `by` "facility_location" picks so that the rows are near to a picked one on average: dense
    regions get more picks, outliers wait. "k_centre" picks what lies farthest from all picks:
    an even net over the whole set, outliers first. `vectors` is the name of an encoder ("ngrams",
    a retriever's folder, a model), `on` the text that is encoded; its first 4,096 characters.

    The score of a kept row is what it added when it was picked (facility location: cosines summed
    over rows; k-centre: the distance from the picks before it, 2 for the first); that of a refused
    one is its cosine with the nearest kept row, which `nearest` names. Rows are picked among all
    that `survey` has seen; `judge` wants the same rows in the same order, and raises UserError for
    others. Where `survey` was never called, the first batch is the whole set. `seed` draws only
    the random rows that `told` compares with.
    """

    pick: Annotated[int, Field(ge=1)] | Share
    by: By = "facility_location"
    vectors: str = "ngrams"
    on: Literal["pair", "completion", "prompt"] = "pair"
    seed: int = 0
    name: str = field(default="diversity", init=False)
    _encoded: Encoded | None = field(default=None, init=False, repr=False)
    _ids: list[str] = field(default_factory=list, init=False, repr=False)
    _all: Vectors | None = field(default=None, init=False, repr=False)
    _picked: Picked | None = field(default=None, init=False, repr=False)
    _at: int = field(default=0, init=False, repr=False)

    def survey(self, records: Sequence[Record], /) -> None:
        """See rows before any is judged. A kilobyte or less is kept of each."""
        if self._all is not None:
            raise UserError("diversity has begun to judge; survey all rows before the first judge")
        if self._encoded is None:
            self._encoded = Encoded(self.vectors)
        self._encoded.add([self._text(record) for record in records])
        self._ids += [record.id for record in records]

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        if self._all is None:
            if not self._ids:
                self.survey(records)
            self._choose()
        end = self._at + len(records)
        if [record.id for record in records] != self._ids[self._at : end]:
            raise UserError(
                "diversity was given other rows to judge than it has surveyed, or in another order"
            )
        verdicts = [self._verdict(row) for row in range(self._at, end)]
        self._at = end
        return verdicts

    def told(self) -> str:
        """How well the picks stand for all rows, beside as many random ones."""
        if self._all is None or not self._ids:
            return ""
        if self._picked is None:
            return f"kept all {len(self._ids):,} rows, since as many were to be picked"
        count = len(self._picked.picks)
        ours = cover(self._all, self._picked.picks, self.seed)
        theirs = cover(self._all, at_random(len(self._ids), count, self.seed), self.seed)
        sample = "" if ours.rows == len(self._ids) else f", measured on {ours.rows:,} rows"
        return (
            f"picked {count:,} of {len(self._ids):,} rows. The cosine of a row with the nearest "
            f"picked one is {ours.mean:.3f} on average and {ours.least:.3f} at least; with as many "
            f"random ones it is {theirs.mean:.3f} and {theirs.least:.3f}{sample}"
        )

    def _choose(self) -> None:
        self._all = (self._encoded or Encoded(self.vectors)).all()
        self._encoded = None
        total = len(self._ids)
        count = self.pick if isinstance(self.pick, int) else max(1, round(self.pick * total))
        if count < total:
            self._picked = picked(self._all, count, self.by)

    def _verdict(self, row: int) -> Verdict:
        if self._picked is None:
            return Verdict(self._ids[row], self.name, True)
        nearest, score = int(self._picked.nearest[row]), float(self._picked.scores[row])
        if nearest == row:
            return Verdict(self._ids[row], self.name, True, score)
        return Verdict(self._ids[row], self.name, False, score, "covered", self._ids[nearest])

    def _text(self, record: Record) -> str:
        if self.on == "completion":
            return record.completion
        turns = [message.content for message in record.messages if message.role != "system"]
        return "\n".join(turns if self.on == "prompt" else [*turns, record.completion])
