"""A run folder that is to be merged: opened, found whole, and left alone.

It may come from another machine, copied by whatever tool, so nothing in it is believed: no link is
followed out of it, no name in it is taken for a path, its files are what its marker says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.commands import command
from limbeck.errors import DataError, StageError, UserError
from limbeck.pipeline.output import DRAFTS, FAILURES, RECORDS
from limbeck.recipe_changes import changed
from limbeck.recipe_seeds import Share
from limbeck.rundir import Done, RunDir, lock
from limbeck.store import file_hash, read_json

MERGED = "merge.json"
SCHEMA = "limbeck.merge/1"
MANIFEST = "limbeck.manifest/1"
FILES = (RECORDS, FAILURES, DRAFTS)
_ID = re.compile(r"[\w-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """A run whose stage generate is done. `place` is where it stands among those named, from 0;
    `payers` are the ids under which the ledger has what its rows cost."""

    run: RunDir
    done: Done
    payers: tuple[str, ...]
    place: int

    @property
    def path(self) -> Path:
        return self.run.path

    @property
    def share(self) -> Share | None:
        return self.run.recipe.seeds.share

    def file(self, name: str) -> Path:
        return self.run.folder("generate") / name

    def count(self, name: str) -> int:
        return int(self.done.counts.get(name, 0))


def open_part(path: Path, place: int, sets: Sequence[str] = ()) -> Part:
    """The run in a folder, its recipe changed as `--set` says.

    Raises UserError (and its kinds) for what is no run folder, not finished, another limbeck's, or
    not as the run wrote it.
    """
    for name in ("recipe.yaml", "id", "manifest.json", MERGED, "generate", "generate/done.json"):
        _inside(path, path / name)
    run = RunDir.open(path)
    run = RunDir(path, changed(run.recipe, sets, Path.cwd()))
    _same_schema(path / "manifest.json", MANIFEST)
    done = _done(run)
    for name in done.files:
        _inside(path, path / "generate" / name)
        if file_hash(path / "generate" / name) != done.files[name]:
            raise DataError(
                f"{path / 'generate' / name} is not what the run wrote; copy the folder again, or "
                f"run: {command('generate', path)}"
            )
    return Part(run, done, payers(path), place)


def _inside(root: Path, path: Path) -> None:
    """Raises UserError for a link that leads out of the run folder."""
    try:
        real = path.resolve()
        out = not real.is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    if out:
        raise UserError(
            f"{path} is a link that leads out of the run folder, to {real}; it is not followed. "
            "Copy the files themselves"
        )


def _same_schema(path: Path, known: str) -> None:
    if not path.is_file():
        return
    row = read_json(path)
    schema = row.get("schema") if isinstance(row, dict) else None
    if schema != known:
        raise DataError(
            f"{path} is of the schema {schema!r}, and this limbeck reads {known}; merge with the "
            "version that wrote it",
            path=path,
        )


def _done(run: RunDir) -> Done:
    path = run.folder("generate") / "done.json"
    done = run.done("generate")
    if done is None:
        row = read_json(path) if path.is_file() else {}
        unknown = sorted(set(row) - {"inputs", "counts", "files"}) if isinstance(row, dict) else []
        if unknown:
            raise DataError(
                f"{path} has the key {unknown[0]!r}, which this limbeck does not know; merge with "
                "the version that wrote it",
                path=path,
            )
        raise StageError(
            f"{run.path} is not finished: its stage generate is not done. "
            f"Run: {command('generate', run.path)}"
        )
    plain = isinstance(done.inputs, str) and isinstance(done.counts, dict)
    plain = plain and all(map(_is_count, done.counts.values())) and isinstance(done.files, dict)
    if not plain or not {RECORDS, FAILURES} <= set(done.files):
        raise DataError(f"{path} is no marker of a finished stage generate", path=path)
    strange = sorted(name for name in done.files if name not in FILES)
    if strange:
        raise DataError(
            f"{path} names the file {strange[0]!r}, which this limbeck does not know; merge with "
            "the version that wrote it",
            path=path,
        )
    return done


def _is_count(value: Any) -> bool:
    """A number, or the lines of a funnel."""
    return isinstance(value, int) or (
        isinstance(value, dict) and all(isinstance(number, int) for number in value.values())
    )


def read_merged(path: Path) -> dict[str, Any] | None:
    """What `limbeck merge` wrote about a folder; None for a run that is no merge. Raises DataError
    for another version's."""
    file = path / MERGED
    if not file.is_file():
        return None
    _same_schema(file, SCHEMA)
    row: dict[str, Any] = read_json(file)
    parts = row.get("parts")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise DataError(f"{file} lists no parts; it is no file of limbeck merge", path=file)
    return row


def payers(path: Path) -> tuple[str, ...]:
    """The ids by which the ledger knows who paid for a run's rows: its own, and those of the runs
    that it was merged of. Empty where it never asked anybody."""
    file, found = path / "id", []
    if file.is_file():
        found.append(file.read_bytes()[:200].decode("utf-8", "replace").strip())
    row = read_merged(path)
    for part in row["parts"] if row else ():
        named = part.get("payers")
        found += [str(one) for one in named] if isinstance(named, list) else []
    return tuple(dict.fromkeys(one for one in found if _ID.fullmatch(one)))


@contextmanager
def left_alone(path: Path) -> Iterator[None]:
    """Keep every limbeck out of a run folder, within which nothing is written. Raises UserError
    while one is at work there."""
    held = path / ".lock"
    _inside(path, held)
    if not held.is_file():  # whoever works in a run folder makes it first
        yield
        return
    try:
        file = held.open("rb")
    except OSError as error:
        raise UserError(f"cannot read {held}: {error.strerror}") from error
    with file:
        lock(file, path, shared=True)
        yield
