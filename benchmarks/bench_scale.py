"""What near-duplicate removal on daft costs a row: core seconds and bytes of every step.

    python benchmarks/bench_scale.py                    # 50,000 rows and 200,000, some minutes
    python benchmarks/bench_scale.py --rows 20000       # one size

The corpus is that of bench_filters.py, in files of 25,000 rows. Seconds are CPU seconds of this
process with all of its threads (daft's own runner), so they are core seconds, and other work on
the machine changes them little; bytes are those of the Parquet files that a step leaves for the
next, compressed by zstd, and of the rows that daft has to move between workers, which are counted
and not seen: (key, pos) of a band 16 bytes, a pair 16, a set 8 for every shingle of its text.
The last rows are the same texts through the one reader (`local`).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from bench_filters import corpus  # type: ignore[import-not-found]  # beside this file

from limbeck.filters.minhash.engines import local
from limbeck.filters.minhash.engines.dataflow import Flow
from limbeck.filters.minhash.engines.greedy import Pairs, decided, joined, removed
from limbeck.filters.minhash.engines.runner import daft_on
from limbeck.filters.minhash.engines.work import Sketch
from limbeck.filters.minhash.index import NearIndex

PART = 25_000
SKETCH = Sketch(("text",), 0.8, 128, 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 200_000])
    args = parser.parse_args()
    texts = corpus(max(args.rows))
    daft = daft_on("daft")
    NearIndex(engine="numba").add(texts[:10])  # what numba compiles or loads is counted nowhere
    for rows in args.rows:
        with tempfile.TemporaryDirectory(prefix="limbeck-bench-") as folder:
            measure(texts[:rows], Path(folder), daft)


def measure(texts: list[str], folder: Path, daft: Any) -> None:
    rows = len(texts)
    files = written(texts, folder / "in")
    flow = Flow(daft, files, SKETCH, folder / "work")
    spent: dict[str, float] = {}
    counts, _ = timed(spent, "read, shingle, sign, bands", flow.bands)
    groups = timed(spent, "group by band", flow.groups)
    known: list[Pairs] = []
    pairs, refused = None, None
    while found := timed(spent, "pairs, sets, verify", flow.round, groups, refused, len(known)):
        known.append(found)
        pairs = timed(spent, "decide", joined, known)
        refused = timed(spent, "decide", removed, pairs, SKETCH.threshold)
    assert pairs is not None
    made = timed(spent, "decide", decided, pairs, SKETCH.threshold, counts)
    one: dict[str, float] = {}
    alone = timed(one, "local", local.decide, files, SKETCH)
    assert alone.removed.tolist() == made.removed.tolist()
    compared = sorted({*pairs.first.tolist(), *pairs.second.tolist()})
    print(f"scale | {rows:,} rows | {len(made.removed):,} removed, {len(known)} rounds")
    for name, seconds in spent.items():
        print(f"scale | {rows:,} rows | {name} | {1e6 * seconds / rows:.1f} core us a row")
    print(f"scale | {rows:,} rows | all | {1e6 * sum(spent.values()) / rows:.1f} core us a row")
    print(f"scale | {rows:,} rows | local | {1e6 * one['local'] / rows:.1f} core us a row")
    for name in ("bands", "groups"):
        size = sum(path.stat().st_size for path in (folder / "work" / name).glob("*.parquet"))
        print(f"scale | {rows:,} rows | {name} on disk | {size / rows:.0f} bytes a row")
    bands = 16 * SKETCH.bands.count
    print(
        f"scale | {rows:,} rows | moved | bands {bands} bytes a row, "
        f"{len(pairs.first) / rows:.2f} pairs a row, sets of {len(compared) / rows:.1%} of the rows"
    )


def timed(spent: dict[str, float], name: str, do: Callable[..., Any], *args: Any) -> Any:
    before = cpu()
    found = do(*args)
    spent[name] = spent.get(name, 0.0) + cpu() - before
    return found


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def written(texts: list[str], folder: Path) -> list[Path]:
    folder.mkdir()
    files = []
    for start in range(0, len(texts), PART):
        files.append(folder / f"part-{start // PART:04d}.parquet")
        pq.write_table(pa.table({"text": texts[start : start + PART]}), files[-1])
    return files


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"scale | {time.perf_counter() - began:.0f} s")
