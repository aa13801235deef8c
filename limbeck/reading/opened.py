"""A spec opened: the raw rows of a file, a folder of files, a run, or a dataset of the hub."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.kept import RECORDS
from limbeck.reading.card import licence_beside
from limbeck.reading.formats import form_of
from limbeck.reading.json_file import Form
from limbeck.reading.run import run_rows
from limbeck.reading.shards import Shards, is_of_split, shards_of
from limbeck.reading.unreadable import Unreadable

Refused = Callable[[str, Unreadable], None]
Raw = Iterator[tuple[int, Mapping[str, Any]]]


@dataclass(slots=True)
class Opened:
    """Where rows come from. `rows` takes what is told the place in words and the reason; `told`
    says a row's place in words, while it is being read."""

    name: str
    about: str
    rows: Callable[[Refused], Raw]
    told: Callable[[int], str]
    licence: str = ""
    notes: tuple[str, ...] = field(default=())


def opened(spec: str | Path, split: str | None) -> Opened:
    """Raises DataError, UserError and MissingExtra, as `open_source`."""
    if str(spec).startswith("hf:"):
        from limbeck.reading.hub import hub

        return hub(str(spec), split)
    if not str(spec):
        raise DataError("the name of the data is empty; the current folder is .")
    path = Path(spec)
    if path.is_dir():
        if (path / RECORDS).is_file():
            if split is not None:
                raise UserError(f"{path} is a run and has no split {split!r}; its records are one")
            return _run(path)
        if (path / "recipe.yaml").is_file() and not (path / "limbeck.json").is_file():
            raise DataError(
                f"{path} is a run folder and has no {RECORDS.as_posix()}; run limbeck generate "
                "first",
                path=path,
            )
        return _folder(path, split)
    form = form_of(path, split)
    if split is not None and split not in form.splits and not is_of_split(path, split):
        held = f"; it holds {', '.join(form.splits)}" if form.splits else ""
        raise UserError(f"{path} is one file and has no split {split!r}{held}")
    return _file(path, form)


def _file(path: Path, form: Form) -> Opened:
    def told(place: int) -> str:
        return f"{path}, line {place}" if place else str(path)

    def rows(refused: Refused) -> Raw:
        def refuse(place: int, bad: Unreadable) -> None:
            refused(told(place), bad)

        try:
            yield from form.rows(refuse)
        except Unreadable as bad:  # the rest of the file
            refuse(0, bad)

    return Opened(path.name, form.about, rows, told, licence_beside(path.parent))


def _run(path: Path) -> Opened:
    records = path / RECORDS
    kept, about = run_rows(path)

    def told(place: int) -> str:
        return f"{records}, line {place}"

    def rows(refused: Refused) -> Raw:
        yield from kept(lambda place, bad: refused(told(place), bad))

    return Opened(path.resolve().name, about, rows, told)


def _folder(path: Path, split: str | None) -> Opened:
    shards: Shards = shards_of(path, split)
    now = {"file": path, "before": 0}

    def told(place: int) -> str:
        return f"{now['file']}, line {place - int(str(now['before']))}"

    def rows(refused: Refused) -> Raw:
        for where, bad in shards.refused:
            refused(str(where), bad)
        before = last = 0
        for file in shards.files:
            now["file"], now["before"] = file, before
            try:
                one = _file(file, form_of(file, split))
            except DataError as error:
                refused(str(file), Unreadable("not_read", str(error)))
                continue
            for place, raw in one.rows(refused):
                last = before + place
                yield last, raw
            before = last

    return Opened(
        Path(os.path.abspath(path)).name,
        shards.about,
        rows,
        told,
        licence_beside(path),
        shards.notes,
    )
