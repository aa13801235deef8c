"""What is exported: the chats of a run, of a published folder, or of any dataset, by split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from limbeck.commands import command
from limbeck.errors import DataError, UserError
from limbeck.kept import RECORDS, kept_records
from limbeck.publish.export_chat import Chat, chat_of_record, chats_of_read
from limbeck.publish.sides import PUBLISHED
from limbeck.rundir import RunDir

if TYPE_CHECKING:
    from limbeck.reading.source import Source

SPLITS = tuple(PUBLISHED.values())
_NAMES = {**PUBLISHED, **{name: name for name in SPLITS}, "val": "validation", "dev": "validation"}


@dataclass(slots=True)
class Part:
    """The chats of one split, "" where the source has none; `source` is where what could not be
    read is counted, None for a run."""

    split: str
    chats: Callable[[], Iterator[Chat]]
    source: Source | None = None


@dataclass(slots=True)
class Exportable:
    """A source by its splits. `about` says what it is, `notes` what the user should know."""

    name: str
    about: str
    parts: list[Part]
    notes: list[str] = field(default_factory=list)


def exportable(spec: str, split: str | None) -> Exportable:
    """Open a run folder, or what `limbeck.reading.open_source` opens. Of a dataset of the hub that
    is the split train where none is named: its splits are not known before they are read.

    Raises UserError for a split that the source has not, and for a run that is not filtered or
    whose splits are not those of its records; and what `open_source` raises.
    """
    path = Path(spec)
    if not spec.startswith("hf:") and (path / RECORDS).is_file():
        return _run(path, split)
    if not spec.startswith("hf:") and path.is_dir():
        return _folder(path, split)
    if spec.startswith("hf:"):
        split = split or "train"
    return _opened(spec, {split or "": split})


def _run(path: Path, split: str | None) -> Exportable:
    from limbeck.pipeline import format as formatting
    from limbeck.pipeline.context import Context
    from limbeck.progress import Quiet

    run = RunDir.open(path)
    run.need("filter", by="format")
    done = run.done("format")
    if done is None:
        if split is not None:
            raise UserError(
                f"{path} has no splits yet, so there is no {split!r} to export. Run: "
                f"{command('filter', path)}"
            )
        return Exportable(
            path.resolve().name,
            "every record that the filters kept",
            [Part("", lambda: map(chat_of_record, kept_records(path)))],
            [f"the run has no splits yet; {command('filter', path)} makes them"],
        )
    if formatting.inputs(Context(run, Quiet())) != done.inputs:
        raise UserError(
            f"the splits of {path} are older than its verdicts or its recipe. Run: "
            f"{command('filter', path)}"
        )
    files = {PUBLISHED[name.partition(".")[0]]: path / "format" / name for name in done.files}
    wanted = list(files) if split is None else [_split(split, files, path)]
    parts = [Part(name, _reader(files[name])) for name in SPLITS if name in wanted]
    text = run.recipe.format.text
    return Exportable(path.resolve().name, f"the finished splits of a run, text {text}", parts)


def _split(name: str, known: dict[str, Path], path: Path) -> str:
    found = _NAMES.get(name.casefold(), name)
    if found not in known:
        raise UserError(f"{path} has no split {name!r}; its splits are {', '.join(known)}")
    return found


def _reader(path: Path) -> Callable[[], Iterator[Chat]]:
    from limbeck.pipeline.format import from_row
    from limbeck.publish.read import rows_of

    def chats() -> Iterator[Chat]:
        for number, row in enumerate(rows_of(path), start=1):
            try:
                record = from_row(row)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(
                    f"{path}, row {number}: not a row of limbeck ({error})", path=path, line=number
                ) from error
            yield chat_of_record(record)

    return chats


def _folder(path: Path, split: str | None) -> Exportable:
    from limbeck.reading.shards import shards_of

    every = shards_of(path, None).files
    named: dict[str, str | None] = {}
    count = 0
    for name in SPLITS if split is None else ():
        try:
            count += len(shards_of(path, name).files)
        except DataError:
            raise
        except UserError:
            continue
        named[name] = name
    if split is not None:
        named = {_NAMES.get(split.casefold(), split): split}
    found = _opened(str(path), named or {"": None})
    if named and split is None and count < len(every):
        found.notes.append(f"{len(every) - count:,} files of {path} name no split and are left out")
    return found


def _opened(spec: str, splits: dict[str, str | None]) -> Exportable:
    from limbeck.reading.source import open_source

    parts, notes = [], dict[str, None]()
    source = None
    for name, split in splits.items():
        source = open_source(spec, split=split)
        parts.append(Part(name, _chats_of(source), source))
        notes |= dict.fromkeys(source.notes)
    if source is None:
        raise UserError(f"{spec} has nothing to export")
    return Exportable(source.name, source.about, parts, list(notes))


def _chats_of(source: Source) -> Callable[[], Iterator[Chat]]:
    def chats() -> Iterator[Chat]:
        for raw, read in source.read():
            yield from chats_of_read(raw, read, source.licence)

    return chats
