"""Texts that another engine compares, with the answers that one NearIndex would give."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from limbeck.errors import UserError
from limbeck.filters.minhash.engines import compared_rows
from limbeck.filters.minhash.engines.greedy import nearest, removed
from limbeck.filters.minhash.engines.positions import Positions, files_of, rows_of
from limbeck.filters.minhash.engines.runner import Engine
from limbeck.filters.minhash.letters import I64
from limbeck.filters.minhash.verify import Decisions
from limbeck.store import dump_line

PART = 50_000  # texts a file


class Elsewhere:
    """Texts are written to files of a new folder in `work` (None: where temporary files are; a
    cluster needs one that all of its nodes see), compared there by the engine, and decided on
    here: first wins. The folder goes afterwards.

    Raises UserError where it cannot be made, and what `near_rows` raises.
    """

    def __init__(
        self,
        engine: Engine,
        threshold: float,
        num_perm: int,
        shingle: int,
        work: Path | None = None,
        address: str | None = None,
    ) -> None:
        try:
            if work is not None:
                work.mkdir(parents=True, exist_ok=True)
            self._temporary = tempfile.TemporaryDirectory(prefix="limbeck-minhash-", dir=work)
        except OSError as error:
            raise UserError(
                f"the filter minhash cannot make a folder in {work}: {error.strerror}"
            ) from error
        self._work = Path(self._temporary.name)
        self._texts = self._work / "texts"
        self._texts.mkdir()
        self._options = (engine, threshold, num_perm, shingle, address)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, texts: Sequence[str]) -> None:
        left = list(texts)
        while left:
            room = PART - self._count % PART
            with (self._texts / f"{self._count // PART:08d}.jsonl").open("ab") as file:
                file.writelines(dump_line({"text": text}) for text in left[:room])
            self._count += len(left[:room])
            left = left[room:]

    def decided(self) -> Decisions:
        """The decision for each text by its number; `nearest` are numbers too. Asked once."""
        with self._temporary:
            return self._decide()

    def _decide(self) -> Decisions:
        engine, threshold, num_perm, shingle, address = self._options
        pairs = compared_rows(
            sorted(self._texts.glob("*.jsonl")),
            ["text"],
            engine=engine,
            threshold=threshold,
            num_perm=num_perm,
            shingle=shingle,
            folder=self._work / "steps",
            address=address,
        ).pairs
        gone = removed(pairs, threshold)
        found = nearest(pairs, gone)
        near, index = np.full(self._count, -1, np.int64), np.zeros(self._count)
        rows = _numbers(found.row)
        near[rows], index[rows] = _numbers(found.nearest), found.jaccard
        twins = pairs.above(threshold).with_kept(gone).second
        refused = np.zeros(self._count, bool)
        refused[_numbers(gone)] = True
        count = np.bincount(_numbers(twins), minlength=self._count).astype(np.int64)
        return Decisions(near, index, count, refused)


def _numbers(positions: Positions) -> I64:
    return (files_of(positions) * np.uint64(PART) + rows_of(positions)).astype(np.int64)
