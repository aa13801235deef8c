"""The relational steps on daft: bands -> groups -> pairs -> sets -> exact Jaccard, in rounds.

Everything is kept as Parquet in a work folder that all workers see. A round compares the pairs
that its guess of who is kept makes necessary: first every group's earliest row with the others,
then every row that is still kept with all later ones of its groups. When a round brings no new
pair, no two kept rows that share a band are near each other, and every removed row has a kept
twin: that is what a reader in order, first wins, would have decided (`greedy.py`). Comparing all
pairs of a group of m near copies would be m*m pairs; this is m.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from limbeck.filters.minhash.engines import work
from limbeck.filters.minhash.engines.greedy import Pairs, joined, removed
from limbeck.filters.minhash.engines.positions import Positions, files_of, range_of
from limbeck.filters.minhash.engines.runner import daft_on
from limbeck.store import fresh_folder

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """All pairs that were compared, and the rows of each file."""

    pairs: Pairs
    counts: list[int]
    unreadable: int
    rounds: int


def compare(
    files: Sequence[Path],
    sketch: work.Sketch,
    folder: Path,
    engine: Literal["daft", "ray"],
    *,
    address: str | None = None,
    say: Say = lambda text: None,
) -> Compared:
    """Compare all rows of all files. `folder` is for what lies between the steps; a job that was
    stopped goes on with what is there. Raises what `daft_on` and reading raise."""
    flow = Flow(daft_on(engine, address), [Path(f).resolve() for f in files], sketch, folder)
    counts, unreadable = flow.bands()
    say(f"{sum(counts):,} rows sketched in {len(files)} files")
    groups = flow.groups()
    known: list[Pairs] = []
    refused: Positions | None = None
    while (found := flow.round(groups, refused, len(known))) is not None:
        known.append(found)
        pairs = joined(known)
        refused = removed(pairs, sketch.threshold)
        say(f"round {len(known)}: {len(found.first):,} pairs compared, {len(refused):,} rows near")
    return Compared(joined(known), counts, unreadable, len(known))


@dataclass(frozen=True, slots=True)
class Flow:
    daft: Any
    files: list[Path]
    sketch: work.Sketch
    folder: Path

    def bands(self) -> tuple[list[int], int]:
        """Sketch every file; the rows of each, and how many of all could not be read."""
        sketch, into = self.sketch, self.folder / "bands"
        into.mkdir(parents=True, exist_ok=True)
        self._each_file(
            list(work.tasks_left(self.files, into)),
            lambda file, path, part: work.write_bands(Path(path), file, Path(part), sketch),
        )
        found = [work.rows_in(into / f"{n:08d}.parquet") for n in range(len(self.files))]
        return [rows for rows, _ in found], sum(bad for _, bad in found)

    def _each_file(
        self, tasks: Sequence[tuple[int, Path, Path]], do: Callable[[int, str, str], int]
    ) -> None:
        """`do` for every task, each on a worker."""
        if not tasks:
            return
        daft = self.daft
        frame = daft.from_pydict(
            {
                "file": [number for number, _, _ in tasks],
                "path": [str(path) for _, path, _ in tasks],
                "part": [str(part) for _, _, part in tasks],
            }
        )
        if daft.get_or_infer_runner_type() == "ray":
            frame = frame.into_partitions(len(tasks))

        @daft.func.batch(return_dtype=daft.DataType.int64(), batch_size=1)  # type: ignore[untyped-decorator]
        def one(file: Any, path: Any, part: Any) -> Any:
            told = zip(file.to_pylist(), path.to_pylist(), part.to_pylist(), strict=True)
            return [do(*task) for task in told]

        col = daft.col
        frame.select(one(col("file"), col("path"), col("part")).alias("rows")).collect()

    def groups(self) -> Any:
        """Rows that share a band: lists of positions, two and more."""
        daft, col, path = self.daft, self.daft.col, self.folder / "groups"
        if not path.is_dir():
            bands = daft.read_parquet(str(self.folder / "bands" / "*.parquet"))
            grouped = bands.groupby("key").agg(col("pos").list_agg().alias("pos"))
            with fresh_folder(path) as draft:
                several = grouped.where(col("pos").list_count() > 1).select("pos")
                several.write_parquet(str(draft), compression="zstd")
        return daft.read_parquet(f"{path}/*.parquet") if _parts(path) else None

    def round(self, groups: Any, refused: Positions | None, number: int) -> Pairs | None:
        """Pairs that were not compared before, compared; None where there are none."""
        if groups is None:
            return None
        path = self.folder / f"round-{number:03d}"
        if not (path / "done").is_dir():
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
            self._new_pairs(groups, refused, number, path)
            self._compare(path)
        found = _read(path / "done")
        return found if len(found.first) else None

    def _new_pairs(self, groups: Any, refused: Positions | None, number: int, path: Path) -> None:
        daft, col = self.daft, self.daft.col
        pair = daft.DataType.struct(
            {"first": daft.DataType.uint64(), "second": daft.DataType.uint64()}
        )
        out = path / "refused.npy"
        if refused is not None:
            np.save(out, refused)

        @daft.func.batch(return_dtype=daft.DataType.list(pair))  # type: ignore[untyped-decorator]
        def paired(group: Any) -> Any:
            gone = None if refused is None else np.load(out, mmap_mode="r")
            return work.pair_lists(group.to_arrow(), gone)

        exploded = groups.select(paired(col("pos")).alias("pair")).explode("pair")
        exploded = exploded.where(~col("pair").is_null())
        pairs = exploded.select(
            col("pair")["first"].alias("first"), col("pair")["second"].alias("second")
        ).distinct()
        for before in range(number):
            done = daft.read_parquet(f"{self.folder}/round-{before:03d}/done/*.parquet")
            pairs = pairs.join(done, on=["first", "second"], how="anti")
        pairs.write_parquet(str(path / "pairs"), compression="zstd")

    def _compare(self, path: Path) -> None:
        daft, col = self.daft, self.daft.col
        with fresh_folder(path / "done") as draft:
            pairs = daft.read_parquet(f"{path}/pairs/*.parquet") if _parts(path / "pairs") else None
            if pairs is None or not pairs.count_rows():
                return
            self._write_sets(pairs, path / "sets")
            sets = daft.read_parquet(f"{path}/sets/*.parquet")

            @daft.func.batch(return_dtype=daft.DataType.float64())  # type: ignore[untyped-decorator]
            def jaccard(one: Any, other: Any) -> Any:
                return work.jaccards(one.to_arrow(), other.to_arrow())

            left = sets.select(col("pos").alias("first"), col("hashes").alias("one"))
            right = sets.select(col("pos").alias("second"), col("hashes").alias("other"))
            both = pairs.join(left, on="first").join(right, on="second")
            verified = both.select(
                "first", "second", jaccard(col("one"), col("other")).alias("jaccard")
            )
            verified.write_parquet(str(draft), compression="zstd")
        shutil.rmtree(path / "sets", ignore_errors=True)

    def _write_sets(self, pairs: Any, into: Path) -> None:
        """The shingles of every row that is in a pair, read again from its file."""
        sketch = self.sketch
        into.mkdir(parents=True, exist_ok=True)
        wanted = into / "wanted.npy"
        table = pairs.select("first", "second").to_arrow()
        rows = np.unique(np.concatenate([table["first"].to_numpy(), table["second"].to_numpy()]))
        np.save(wanted, rows)
        has = np.unique(files_of(rows)).tolist()

        def write(file: int, path: str, part: str) -> int:
            every = np.load(wanted, mmap_mode="r")
            begin, end = np.searchsorted(every, range_of(file))
            return work.write_sets(Path(path), np.array(every[begin:end]), Path(part), sketch)

        tasks = work.tasks_left(self.files, into)
        self._each_file([task for task in tasks if task[0] in set(has)], write)


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _read(folder: Path) -> Pairs:
    """The compared pairs of a round, whatever the number of its parts."""
    import pyarrow.parquet as pq

    columns: dict[str, list[Any]] = {"first": [], "second": [], "jaccard": []}
    for part in _parts(folder):
        table = pq.read_table(part)
        for name, found in columns.items():
            found.append(table[name].to_numpy())
    joined = {
        name: np.concatenate(found) if found else np.empty(0) for name, found in columns.items()
    }
    return Pairs(
        joined["first"].astype(np.uint64),
        joined["second"].astype(np.uint64),
        joined["jaccard"].astype(np.float64),
    )
