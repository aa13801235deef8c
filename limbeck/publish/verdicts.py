"""What every filter thought of every record, held small: verdicts are looked up while rows are
written, and a million rows have several million of them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from math import isnan, nan
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.record import Verdict
from limbeck.store import read_jsonl

_ABSENT = 0  # the code of a verdict that was never given


class Verdicts:
    """The verdicts of filter/verdicts.jsonl by record id.

    `filters` are the filters in the order in which they judged. A record of whose id one was kept
    and another refused is a kept one. Raises DataError for a file that holds no verdicts.
    """

    def __init__(self, path: Path) -> None:
        self.filters: list[str] = []
        self.judged: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()  # by filter and reason
        self._place: dict[str, int] = {}
        self._names: list[str] = []
        self._reasons: list[str] = []
        self._columns: dict[str, tuple[array[float], array[int], array[int], array[int]]] = {}
        for number, row in read_jsonl(path):
            try:
                self._add(Verdict.from_json(row))
            except (KeyError, TypeError, ValueError) as error:
                where = f"{path}, line {number}"
                raise DataError(f"{where}: not a verdict ({error})", path=path) from error

    def of(self, record: str) -> list[dict[str, Any]]:
        """The verdicts of one record, in the filters' order, as the column `verdicts` has them."""
        place = self._place.get(record)
        found = []
        for name in self.filters if place is not None else ():
            scores, reasons, nearest, _ = self._columns[name]
            if place is None or place >= len(reasons) or reasons[place] == _ABSENT:
                continue
            near = nearest[place]
            found.append(
                {
                    "filter": name,
                    "score": None if isnan(scores[place]) else scores[place],
                    "reason": self._reasons[reasons[place] - 1],
                    "nearest": None if near < 0 else self._names[near],
                }
            )
        return found

    def refusal(self, record: str) -> dict[str, Any] | None:
        """The verdict that refused a record; None for one that was kept."""
        place = self._place.get(record)
        if place is None:
            return None
        for verdict in self.of(record):
            if not self._columns[verdict["filter"]][3][place]:
                return verdict
        return None

    def refusals(self) -> Iterator[dict[str, Any]]:
        """One row for every record that was refused: its id, and the verdict that refused it."""
        for name in self._names:
            verdict = self.refusal(name)
            if verdict is not None:
                yield {"id": name, **verdict}

    def _add(self, verdict: Verdict) -> None:
        if verdict.filter not in self._columns:
            self.filters.append(verdict.filter)
            self._columns[verdict.filter] = (array("d"), array("i"), array("i"), array("b"))
        self.judged[verdict.filter] += 1
        if not verdict.keep:
            self.refused[verdict.filter, verdict.reason] += 1
        place = self._known(verdict.record)
        near = -1 if verdict.nearest is None else self._known(verdict.nearest)
        scores, reasons, nearest, keeps = self._columns[verdict.filter]
        if (short := place + 1 - len(reasons)) > 0:
            scores.extend([nan] * short)
            reasons.extend([_ABSENT] * short)
            nearest.extend([-1] * short)
            keeps.extend([1] * short)
        if reasons[place] != _ABSENT and keeps[place]:
            return
        if verdict.reason not in self._reasons:
            self._reasons.append(verdict.reason)
        scores[place] = nan if verdict.score is None else verdict.score
        reasons[place] = self._reasons.index(verdict.reason) + 1
        nearest[place] = near
        keeps[place] = verdict.keep

    def _known(self, name: str) -> int:
        place = self._place.setdefault(name, len(self._names))
        if place == len(self._names):
            self._names.append(name)
        return place
