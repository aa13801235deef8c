"""Record filter `minhash`: near duplicates, by exact Jaccard of word shingles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from limbeck.errors import UserError
from limbeck.filters.minhash.engines.runner import Engine
from limbeck.filters.minhash.index import NearIndex
from limbeck.filters.minhash.shingles import words
from limbeck.filters.minhash.survey import Surveyed
from limbeck.filters.minhash.verify import Decisions
from limbeck.record import Record, Verdict

if TYPE_CHECKING:
    from limbeck.filters.minhash.engines.elsewhere import Elsewhere
    from limbeck.filters.minhash.shared import SharedIndex

Keep = Literal["first", "longest", "verified", "score"]
_CHECKED = {"correct": 0, None: 1}  # anything else comes last


@dataclass
class MinHashDedup:
    """Refuses a row whose text shares at least `threshold` of its word shingles with a kept row:
    "near_duplicate", with `nearest` and the exact Jaccard index as `score`.

    A shingle is `shingle` words in a row (`shingles.words`); shorter texts are one shingle, hence
    near duplicates only where their words are equal. `on` says what is compared: "pair" (all
    turns but the system's, and the completion), "completion", or "prompt" (the turns).

    A kept row's `score` is the greatest Jaccard index among the candidates that MinHash proposed,
    all below the threshold, with that row as `nearest`; 0.0 where it proposed none. So scores at
    or above the threshold are complete (but for what MinHash misses, `NearIndex.recall`), and
    those below are a sample that thins out: they show what a higher threshold would keep, and
    not what a lower one would refuse.

    `keep` says which of near copies stays: the "first", the "longest" (characters of what is
    compared), the "verified" (`meta["check"]` says "correct", then rows without a check, then the
    others), or the one with the best "score" (`meta["pass_rate"]`, the share of its question's
    paths that verification passed; then rows without one). Equal ones by position. All but
    "first" see all rows before they judge one (`survey`); without a survey, the first batch is all.
    Every refused row has a kept near copy that was preferred to it (see `survey.Surveyed`).

    `engine` "daft" compares on all cores of the machine, "ray" on the cluster at `address` (None:
    RAY_ADDRESS, else this machine), with the same verdicts; they need the extra `scale`, keep the
    first, and see all rows before they judge one. Between their steps they write to a new folder
    in `work`, which all nodes must see (None: where temporary files are).

    `index` names rows that runs and people share (`shared.SharedIndex`): a row near one of them is
    refused as "in_index", with "RUN/ID" as `nearest`. Rows that `run` itself put there do not
    count. `add` puts rows there, judging does not. It goes with keep "first" and engine "local".

    Memory: `NearIndex`, and the ids of kept rows.
    """

    threshold: Annotated[float, Field(gt=0, le=1)] = 0.8
    num_perm: Annotated[int, Field(ge=1, le=65_536)] = 128
    shingle: Annotated[int, Field(ge=1, le=1000)] = 5
    on: Literal["pair", "completion", "prompt"] = "pair"
    keep: Keep = "first"
    memory_mb: Annotated[int, Field(ge=0)] = 1024
    engine: Engine = "local"
    address: str | None = None
    work: Path | None = None
    index: str | None = None
    run: str = field(default="", init=False)
    name: str = field(default="minhash", init=False)
    survey: Callable[[Sequence[Record]], None] = field(init=False, repr=False)
    _ids: list[str] = field(default_factory=list, init=False, repr=False)
    _judged: int = field(default=0, init=False, repr=False)
    _removed: int = field(default=0, init=False, repr=False)
    _between: int = field(default=0, init=False, repr=False)
    _short: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        self._index = NearIndex(
            self.threshold, self.num_perm, self.shingle, memory_mb=self.memory_mb
        )
        self._surveyed: Surveyed | Elsewhere | None = None
        self._decided: Decisions | None = None
        if self.engine != "local" and self.keep != "first":
            raise ValueError(f"engine {self.engine} keeps the first; for others take engine local")
        self._at_once = self.keep == "first" and self.engine == "local"
        if not self._at_once:
            self.survey = self._survey
        self._shared: SharedIndex | None = None
        self._own: set[str] = set()
        self._in_index = self._rows_of_index = 0
        if self.index is not None:
            if not self._at_once:
                raise ValueError("index goes with keep first and engine local; leave them out")
            from limbeck.filters.minhash.shared import SharedIndex

            self._shared = SharedIndex(
                self.index, self.threshold, self.num_perm, self.shingle, self.on
            )
            self.survey = self._see

    def ready(self) -> None:
        """Raises UserError where the index cannot be asked."""
        if self._shared is not None:
            self._rows_of_index = self._shared.ready()

    def add(self, records: Iterable[Record]) -> int:
        """Adds rows of `run` to the index, and says how many were new."""
        if self._shared is None:
            raise ValueError("the filter has no index")
        return self._shared.add((self._key(record), self._text(record)) for record in records)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        if self._shared is None:
            return self._judge(records)
        self._see(records)
        keys = [self._key(record) for record in records]
        texts = [self._text(record) for record in records]
        found = self._shared.nearest(texts, keys, self._own.__contains__)
        self._in_index += sum(key in found for key in keys)
        pairs = [*zip(records, keys, strict=True)]
        rest = iter(self._judge([record for record, key in pairs if key not in found]))
        return [
            Verdict(record.id, self.name, False, found[key][1], "in_index", found[key][0])
            if key in found
            else next(rest)
            for record, key in pairs
        ]

    def _see(self, records: Sequence[Record], /) -> None:
        self._own.update(map(self._key, records))

    def _key(self, record: Record) -> str:
        return f"{self.run}/{record.id}"

    def _judge(self, records: Sequence[Record]) -> list[Verdict]:
        texts = [self._text(record) for record in records]
        if self._at_once:
            made = self._index.decide(texts)
            # Only kept rows are named as nearest.
            pairs = zip(records, made.refused.tolist(), strict=True)
            self._ids += ["" if refused else record.id for record, refused in pairs]
        else:
            made = self._of_survey(records)
        self._judged += len(records)
        self._removed += int(made.refused.sum())
        self._between += int((made.twins > 1).sum())
        self._short += sum(_is_short(text, self.shingle) for text in texts)
        return self._verdicts(records, made)

    def _verdicts(self, records: Sequence[Record], made: Decisions) -> list[Verdict]:
        rows = zip(
            records,
            made.refused.tolist(),
            made.jaccard.tolist(),
            made.nearest.tolist(),
            strict=True,
        )
        return [
            Verdict(
                record.id,
                self.name,
                not refused,
                score,
                "near_duplicate" if refused else "",
                None if nearest < 0 else self._ids[nearest],
            )
            for record, refused, score, nearest in rows
        ]

    def told(self) -> str:
        judged = self._judged + self._in_index
        if not judged:
            return ""
        parts = [f"{self._removed:,} of {judged:,} rows are near copies of kept ones"]
        if self._shared is not None:
            parts.append(
                f"{self._in_index:,} are near copies of the {self._rows_of_index:,} rows in "
                f"the index {self._shared.name}"
            )
        if self._between:
            parts.append(
                f"{self._between:,} of them are near to several kept rows, which are not near to "
                "each other"
            )
        if self._short:
            share = self._short / judged
            parts.append(
                f"{self._short:,} rows ({share:.1%}) have fewer than {self.shingle} words, and are "
                "near copies only where their words are equal"
            )
        return "; ".join(parts)

    def _survey(self, records: Sequence[Record], /) -> None:
        if self._surveyed is None:
            self._surveyed = self._new_survey()
        texts = [self._text(record) for record in records]
        if isinstance(self._surveyed, Surveyed):
            ranks = [self._rank(record, text) for record, text in zip(records, texts, strict=True)]
            self._surveyed.add(texts, ranks)
        else:
            self._surveyed.add(texts)
        self._ids += [record.id for record in records]

    def _new_survey(self) -> Surveyed | Elsewhere:
        parameters = (self.threshold, self.num_perm, self.shingle)
        if self.engine == "local":
            return Surveyed(*parameters, self.memory_mb)
        from limbeck.filters.minhash.engines.elsewhere import Elsewhere

        return Elsewhere(self.engine, *parameters, self.work, self.address)

    def _of_survey(self, records: Sequence[Record]) -> Decisions:
        if self._surveyed is None and self._decided is None:
            self._survey(records)
        if self._surveyed is not None:
            self._decided, self._surveyed = self._surveyed.decided(), None
        made = self._decided
        first, last = self._judged, self._judged + len(records)
        if made is None or self._ids[first:last] != [record.id for record in records]:
            raise UserError(
                "the filter 'minhash' was shown other rows before than it is to judge, "
                f"from row {first + 1:,} on; show all rows to survey first, in their order"
            )
        some = slice(first, last)
        return Decisions(
            made.nearest[some], made.jaccard[some], made.twins[some], made.refused[some]
        )

    def _rank(self, record: Record, text: str) -> float:
        """The less, the rather it stays."""
        if self.keep == "longest":
            return -len(text)
        if self.keep == "verified":
            check = record.meta.get("check")
            status = check.get("status") if isinstance(check, Mapping) else check
            return _CHECKED.get(status if isinstance(status, str) else None, 2)
        score = record.meta.get("pass_rate")
        if isinstance(score, int | float) and not isinstance(score, bool):
            return -float(score)
        return math.inf

    def _text(self, record: Record) -> str:
        if self.on == "completion":
            return record.completion
        turns = [message.content for message in record.messages if message.role != "system"]
        return "\n".join(turns if self.on == "prompt" else [*turns, record.completion])


def _is_short(text: str, n: int) -> bool:
    """Whether a text has fewer than `n` words, without counting the words of long ones."""
    return len(text) < 64 * n and len(words(text)) < n
