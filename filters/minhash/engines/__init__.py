"""Near duplicates over many files: banding, groups by band, verified pairs, on one core or many.

Three engines, one answer: `local` reads the files one after another into a NearIndex, `daft` runs
the same as relational steps on the cores of one machine, `ray` on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from limbeck.filters.minhash.bands import bands_for
from limbeck.filters.minhash.engines.runner import ENGINES, Engine
from limbeck.filters.minhash.engines.tables import check_files
from limbeck.filters.minhash.engines.verdicts import Decided
from limbeck.filters.minhash.engines.work import Sketch

__all__ = ["ENGINES", "Decided", "Engine", "near_rows"]


def near_rows(
    files: Sequence[Path],
    columns: Sequence[str],
    *,
    engine: Engine = "local",
    threshold: float = 0.8,
    num_perm: int = 128,
    shingle: int = 5,
    folder: Path,
    address: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Decided:
    """Which rows of the files, in their order, nearly repeat an earlier one that stays.

    `folder` is for what lies between the steps; on a cluster all nodes must see it and the files.
    `address` is the Ray cluster's. Raises DataError for files that cannot be read, MissingExtra,
    UserError.
    """
    check_files(files, columns)
    bands, rows = bands_for(threshold, num_perm)
    sketch = Sketch(tuple(columns), threshold, num_perm, shingle, bands, rows)
    if engine == "local":
        from limbeck.filters.minhash.engines.local import decide

        return decide(files, sketch)
    from limbeck.filters.minhash.engines.dataflow import compare
    from limbeck.filters.minhash.engines.greedy import decided

    compared = compare(files, sketch, folder, engine, address=address, say=say)
    return decided(compared.pairs, threshold, compared.counts)
