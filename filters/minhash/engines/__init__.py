"""Near duplicates over many files: banding, groups by band, verified pairs, on one core or many.

Three engines, one answer: `local` reads the files one after another into a NearIndex, `daft` runs
the same as relational steps on the cores of one machine, `ray` on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from limbeck.errors import UserError
from limbeck.filters.minhash.engines.runner import ENGINES, Engine
from limbeck.filters.minhash.engines.tables import check_files
from limbeck.filters.minhash.engines.verdicts import Decided
from limbeck.filters.minhash.engines.work import Sketch
from limbeck.registry import did_you_mean
from limbeck.store import read_json, write_json

if TYPE_CHECKING:
    from limbeck.filters.minhash.engines.dataflow import Compared

JOB = "job.json"
__all__ = ["ENGINES", "Decided", "Engine", "compared_rows", "near_rows"]


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
    if engine == "local":
        from limbeck.filters.minhash.engines.local import decide

        check_files(files, columns)
        return decide(files, Sketch(tuple(columns), threshold, num_perm, shingle))
    from limbeck.filters.minhash.engines.greedy import decided

    compared = compared_rows(
        files,
        columns,
        engine=engine,
        threshold=threshold,
        num_perm=num_perm,
        shingle=shingle,
        folder=folder,
        address=address,
        say=say,
    )
    return decided(compared.pairs, threshold, compared.counts, compared.unreadable)


def compared_rows(
    files: Sequence[Path],
    columns: Sequence[str],
    *,
    engine: Engine,
    threshold: float,
    num_perm: int,
    shingle: int,
    folder: Path,
    address: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Compared:
    """The pairs of rows that `near_rows` decides by, on daft or Ray."""
    if engine not in ("daft", "ray"):
        raise UserError(f"unknown engine {engine!r}{did_you_mean(engine, ENGINES)}")
    from limbeck.filters.minhash.engines.dataflow import compare

    check_files(files, columns)
    if set("*?[]{}") & set(str(folder)):  # daft reads them as patterns
        raise UserError(
            f"daft cannot work in {folder}: choose a folder without any of * ? [ ] {{ }}"
        )
    sketch = Sketch(tuple(columns), threshold, num_perm, shingle)
    _check_job(folder / JOB, files, sketch)
    return compare(files, sketch, folder, engine, address=address, say=say)


def _check_job(path: Path, files: Sequence[Path], sketch: Sketch) -> None:
    """Note what is compared; refuse to go on with what lies there from another job."""
    said = [[str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    job = {"files": said, "sketch": asdict(sketch) | {"columns": list(sketch.columns)}}
    if path.is_file() and read_json(path) != job:
        raise UserError(
            f"{path.parent} is of another job: other files, columns or parameters, or a file "
            "changed since. Give another folder, or remove that one"
        )
    write_json(path, job)
