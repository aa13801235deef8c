"""Export: a source into files of one form, split by split, and what the user is to be told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.publish.export_chat import Chat, whole
from limbeck.publish.export_entries import INFO, entry, entry_name, snippet, with_entries
from limbeck.publish.export_files import FILE_TYPES, FileType, Out, entries_text, row_writer
from limbeck.publish.export_sources import SPLITS, Exportable, Part, exportable
from limbeck.publish.exports import CannotHold, Form, Shape, Survey, dialogue, holds_all, to_row
from limbeck.store import write_text

# What pyarrow's reader of JSON, and with it `datasets`, takes for a time where all are so.
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?Z?)?")
# What pandas, and with it `datasets`, takes for a missing value in a CSV.
_MISSING = frozenset((
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How to export. `file_type` None is what the name of the file says, else JSON lines; `text`
    makes prompt and completion plain texts; `protect` keeps a CSV's cells from being formulas."""

    form: Form
    split: str | None = None
    file_type: FileType | None = None
    text: bool = False
    provenance: bool = False
    protect: bool = True
    force: bool = False


@dataclass(slots=True)
class Written:
    """One file. `left_out` counts the rows that the form cannot hold by reason, `replaced` those
    with half characters, `hidden` a CSV's cells with an apostrophe before them, `missing` rows
    whose text a reader of CSV takes for none, `unordered` rows of `messages` whose turns
    LLaMA-Factory leaves out, `raw` rows that are plain texts and no chats, `thoughtless` those
    whose reasoning the form has no place for."""

    split: str
    path: Path
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    replaced: int = 0
    hidden: int = 0
    missing: int = 0
    unordered: int = 0
    raw: int = 0
    thoughtless: int = 0
    times: bool = True  # no answer so far that is not a time


@dataclass(slots=True)
class Exported:
    """What was written. `entries` are LLaMA-Factory's, which stand in `info`; `axolotl` is YAML;
    `unreadable` counts by reason what could not be read, `reasons` has the first places."""

    about: str
    shape: Shape
    files: list[Written]
    notes: list[str]
    entries: dict[str, Any]
    info: Path | None
    axolotl: str
    unreadable: Counter[str]
    reasons: list[str]

    @property
    def raw(self) -> int:
        """The rows written that are plain texts and no chats."""
        return sum(file.raw for file in self.files)


def export(spec: str, to: Path, options: Options) -> Exported:
    """Write the source `spec` into the file, or the folder, `to`.

    A name that ends with .jsonl, .json, .parquet or .csv is a file: it holds one split, train
    where none is named. Else it is a folder with a file for each split. Every file appears whole,
    or not at all.

    Raises UserError for a file that is there already (without `force`), for options that do not go
    together, where there is no row to write; and what `exportable` raises.
    """
    file_type, is_file = _type_of(to, options)
    if file_type == "csv" and options.form in ("messages", "sharegpt"):
        raise UserError(
            f"a CSV holds texts and no lists, so the form {options.form} does not go into one; "
            "take --file-type jsonl, or the form alpaca or prompt_completion"
        )
    if not options.protect and file_type != "csv":
        raise UserError(f"--formulas is about the cells of a CSV, and this writes {file_type}")
    if options.text and options.form != "prompt_completion":
        raise UserError(f"--text is for the form prompt_completion, got {options.form}")
    found = exportable(spec, options.split)
    if is_file and len(found.parts) > 1:
        found = _one_split(found)
    files = _files(found, to, file_type, is_file)
    _free(spec, to, files, options, is_file)
    shape = Shape(options.form, text=options.text, about=options.provenance)
    firsts: dict[str, tuple[int, Chat]] = {}
    if options.form in ("alpaca", "prompt_completion") or file_type == "parquet":
        shape, firsts = _surveyed(found, shape, file_type)
    done = []
    for part, file in zip(found.parts, files, strict=True):
        _write(part, file, shape, file_type, options, firsts.get(part.split))
        if file.rows:
            done.append(file)
    exported = Exported(_about(found), shape, files, found.notes, {}, None, "", *_unread(found))
    if not done:
        why = [*exported.reasons[:1]]
        why += [f"rows {reason}" for file in files for reason in file.left_out]
        raise UserError(f"{spec} has no row to export; {'; '.join(why) or 'it has no rows'}")
    _tell_readers(exported, found, done, to, is_file, file_type, options)
    return exported


def _type_of(to: Path, options: Options) -> tuple[FileType, bool]:
    suffix = to.suffix.removeprefix(".").casefold()
    is_file = suffix in FILE_TYPES and not to.is_dir()
    if is_file:
        said = next(one for one in FILE_TYPES if one == suffix)
        if options.file_type not in (None, said):
            raise UserError(f"--file-type is {options.file_type}, and {to} is named .{said}")
        return said, True
    if to.is_file():
        known = ", ".join(f".{one}" for one in FILE_TYPES)
        raise UserError(f"{to} is a file; name one that ends with {known}, or a folder")
    return options.file_type or "jsonl", False


def _one_split(found: Exportable) -> Exportable:
    names = [part.split for part in found.parts]
    first = found.parts[0]
    others = ", ".join(names[1:])
    note = (
        f"one file holds one split: this is {first.split}, without {others}; --split names another"
    )
    notes = [one for one in found.notes if "are read together" not in one]
    return Exportable(found.name, found.about, [first], [*notes, note])


def _files(found: Exportable, to: Path, file_type: FileType, is_file: bool) -> list[Written]:
    if is_file:
        return [Written(found.parts[0].split, to)]
    return [
        Written(part.split, to / f"{part.split or 'train'}.{file_type}") for part in found.parts
    ]


def _free(spec: str, to: Path, files: list[Written], options: Options, is_file: bool) -> None:
    """Raises UserError where something would be written over."""
    source = Path(spec).resolve()
    for file in files:
        if file.path.resolve() == source:
            raise UserError(f"--to would write over the source, {spec}: name another file")
    if not is_file and to.resolve() == source:
        raise UserError(f"--to is the source, {spec}: name another folder")
    if options.force:
        return
    there = [file.path for file in files]
    if not is_file:  # a file of an earlier export would be loaded with these
        there += [to / f"{split}.{kind}" for split in SPLITS for kind in FILE_TYPES]
    for path in there:
        if path.exists() or path.is_symlink():
            raise UserError(f"{path} is there already; name another place, or give --force")


def _surveyed(
    found: Exportable, shape: Shape, file_type: FileType
) -> tuple[Shape, dict[str, tuple[int, Chat]]]:
    """The columns that the chats need; and for JSON lines, by split the first chat with earlier
    turns: `datasets` takes the types of columns from the first lines, and of empty lists it takes
    one that no pair fits, so that this chat is written first."""
    survey = Survey()
    firsts: dict[str, tuple[int, Chat]] = {}
    for part in found.parts:
        for at, chat in enumerate(part.chats()):
            if survey.add(chat) and part.split not in firsts:
                firsts[part.split] = (at, chat)
    made = survey.shape(shape, file_type)
    without = [part.split for part in found.parts if part.split not in firsts]
    if made.history and without and file_type != "parquet":
        found.notes.append(
            f"no row of {', '.join(without)} has earlier turns, so that a reader of JSON cannot "
            "tell the type of history there; --file-type parquet says it"
        )
    return made, firsts if made.history and file_type == "jsonl" else {}


def _write(
    part: Part,
    file: Written,
    shape: Shape,
    file_type: FileType,
    options: Options,
    first: tuple[int, Chat] | None,
) -> None:
    try:
        with row_writer(file.path, file_type, shape.columns, protect=options.protect) as out:
            for chat in _ordered(part, first):
                _add(chat, file, shape, file_type, out)
            file.hidden = out.hidden
            if not file.rows:
                raise _Empty
    except _Empty:
        return


class _Empty(Exception):
    """There is no row, so no file appears."""


def _ordered(part: Part, first: tuple[int, Chat] | None) -> Iterator[Chat]:
    """The chats, the first one with earlier turns before all others."""
    if first is None:
        yield from part.chats()
        return
    yield first[1]
    for at, chat in enumerate(part.chats()):
        if at != first[0]:
            yield chat


def _add(chat: Chat, file: Written, shape: Shape, file_type: FileType, out: Out) -> None:
    chat, had_half = whole(chat)
    try:
        row = to_row(chat, shape)
    except CannotHold as reason:
        file.left_out[str(reason)] += 1
        return
    out.write(row)
    file.rows += 1
    file.raw += chat.raw
    file.thoughtless += chat.thought and not holds_all(shape)
    file.replaced += had_half
    file.times = file.times and _TIME.fullmatch(chat.answer) is not None
    if file_type == "csv":
        file.missing += any(row[name] in _MISSING for name in row if name not in _MAY_BE_EMPTY)
    if shape.form == "messages":
        try:
            dialogue(chat)
        except CannotHold:
            file.unordered += 1


_MAY_BE_EMPTY = frozenset(("input", "system", "model", "origin", "request", "licence", "target"))


def _about(found: Exportable) -> str:
    """How the rows were read, with their number, now that they are."""
    source = found.parts[0].source
    return found.about if source is None or len(found.parts) > 1 else source.about


def _unread(found: Exportable) -> tuple[Counter[str], list[str]]:
    unreadable: Counter[str] = Counter()
    reasons: list[str] = []
    for part in found.parts:
        if part.source is not None:
            unreadable += part.source.unreadable
            reasons += part.source.reasons
    return unreadable, reasons[:10]


def _tell_readers(
    exported: Exported,
    found: Exportable,
    done: list[Written],
    to: Path,
    is_file: bool,
    file_type: FileType,
    options: Options,
) -> None:
    """Write dataset_info.json beside the files, and make axolotl's snippet."""
    folder = to.parent if is_file else to
    base = to.stem if is_file else Path(to.resolve()).name
    entries = {}
    for file in done:
        made = entry(exported.shape, file.path.name)
        if made is not None:
            name = base if is_file else f"{base}_{file.split or 'train'}"
            entries[entry_name(name)] = made
    exported.axolotl = snippet(exported.shape, done[0].path, file_type)
    exported.entries = entries
    if not entries:
        return
    try:
        whole_list = with_entries(folder / INFO, entries, force=options.force)
    except UserError as error:
        exported.notes.append(f"no entry for LLaMA-Factory was written: {error}")
        return
    write_text(folder / INFO, entries_text(whole_list))
    exported.info = folder / INFO
