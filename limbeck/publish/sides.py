"""Which side a kept record is on: that of the format stage, group by group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from limbeck.errors import DataError
from limbeck.pipeline.format import SPLITS

PUBLISHED = {"train": "train", "valid": "validation", "test": "test"}


def formatted(folder: Path) -> dict[str, str]:
    """The side of every record in format/*.parquet by its id. Raises DataError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sides: dict[str, str] = {}
    for name in SPLITS:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            continue
        try:
            ids = pq.read_table(path, columns=["id"])["id"].to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"cannot read {path}: {error}", path=path) from error
        sides |= dict.fromkeys(ids, PUBLISHED[name])
    return sides


def sides_of(ids: Iterable[str], groups: Sequence[str], known: dict[str, str]) -> list[str]:
    """The published side of each record, by its group.

    A record that format left out (`format.rows`, or no text of the form) goes where its group is,
    and where the whole group was left out, to train. Raises DataError for a group on two sides.
    """
    of_group: dict[str, str] = {}
    for name, group in zip(ids, groups, strict=True):
        side = known.get(name)
        if side is not None and of_group.setdefault(group, side) != side:
            raise DataError(
                f"the row {name} is on the side {side} and another one of its group is on "
                f"{of_group[group]}; the split leaks. Run limbeck filter again"
            )
    return [of_group.get(group, "train") for group in groups]
