"""The sheet: sampled rows as CSV for a human to mark, and the marks read back.

Text in a dataset may be a formula ("=1+1", "@SUM(A1)"), which a spreadsheet would run. An
apostrophe in front keeps it text: at the beginning of a cell, and where a spreadsheet that parts
cells at semicolons, tabs or line ends (as many countries' do) would begin one inside of ours.
`meant` undoes what `shown` did, exactly.
"""

from __future__ import annotations

import csv
import heapq
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from limbeck.audit.marks import NOT_MARKED, QUESTIONS, Marks
from limbeck.errors import DataError
from limbeck.reading.forms import Row
from limbeck.record import content_hash
from limbeck.store import write_text

TEXTS = ("instruction", "input", "output")
MARKER = "marked_by"  # for whoever wants to sign; a judge model does
COLUMNS = ("id", *TEXTS, *QUESTIONS, MARKER)
LONGEST = 30_000  # characters: a spreadsheet's cell holds 32,767
_BOM = "\ufeff"
_YES = frozenset(("yes", "y", "1", "1.0", "true", "t", "✓", "✔", "☑", "✅"))
_CROSS = frozenset(("x", "×"))  # "no" beside a tick; alone it may well be one
_NO = frozenset(("no", "n", "0", "0.0", "false", "f", "✗", "✘", "❌"))
_SIGNS = "=+\\-@＝＋－＠"
# A cell that begins so is hidden always. Within a cell a line that begins with + or - is mostly a
# list, and does nothing as a formula unless it calls (), reads another file ! or a program |.
_FIRST = rf"(?:'| )*[{_SIGNS}\t\r]"
_WITHIN = r"(?:'| )*(?:[=@＝＠]|[+\-＋－][^;\t\r\n]*[(|!])"
_HIDE = re.compile(rf"\A(?={_FIRST})|(?<=[;\t\r\n])(?={_WITHIN})")
_SHOW = re.compile(rf"\A'(?={_FIRST})|(?<=[;\t\r\n])'(?={_WITHIN})")


def shown(text: str) -> str:
    """Text as it stands in a cell, where no spreadsheet takes any part of it for a formula."""
    return _HIDE.sub("'", text)


def meant(cell: str) -> str:
    """The text that `shown` made a cell of."""
    return _SHOW.sub("", cell)


def sampled(rows: Iterable[Row], count: int, seed: int) -> list[Row]:
    """`count` rows (all, if there are fewer) by the hash of seed and row.

    Neither the order of the dataset nor rows added elsewhere change how one row is drawn.
    """
    return heapq.nsmallest(count, rows, key=lambda row: (content_hash([seed, row.id]), row.id))


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of a sheet by row id, and who signed rows that have any."""

    marks: dict[str, Marks]
    by: tuple[str, ...]


def write_sheet(path: Path, rows: Sequence[Row], marked: Marked | None = None) -> None:
    """Write the rows as UTF-8 CSV with a byte-order mark, by which spreadsheets know UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        texts = [_cell(getattr(row, name)) for name in TEXTS]
        marks = marked.marks[row.id] if marked else NOT_MARKED
        signed = ", ".join(marked.by) if marked and marks != NOT_MARKED else ""
        writer.writerow([row.id, *texts, *(_mark(marks[q]) for q in QUESTIONS), shown(signed)])
    write_text(path, _BOM + text.getvalue())


def _cell(text: str) -> str:
    left_out = len(text) - LONGEST
    more = f" … [{left_out} more characters in the dataset]" if left_out > 0 else ""
    return shown(text.replace("\x00", "\u2400")[:LONGEST] + more)


def _mark(mark: bool | None) -> str:
    return "" if mark is None else "yes" if mark else "no"


def read_marks(path: Path, known: Iterable[str]) -> Marked:
    """The marks of every row on the sheet; `known` are the ids of the dataset.

    Takes what spreadsheets make of the file: semicolons or tabs, UTF-16, columns in another
    order or added. Raises DataError, with row and column, for an unknown mark, an id that the
    dataset does not have, a row that is there twice, and a file that is no sheet. An x is "no"
    on a sheet that has a "yes", and refused on one that has none: people tick boxes with it.
    """
    table = _table(path)
    ids, marked, signed = frozenset(known), dict[str, Marks](), dict[str, None]()
    ticked = any(_word(cells[q]) in _YES for _, cells in table for q in QUESTIONS)
    for number, cells in table:
        name = cells["id"].strip()
        if not any(value.strip() for value in cells.values()):
            continue
        if name not in ids:
            raise DataError(
                f"{path}, row {number}: no row of the dataset has the id {name!r}. The sheet is of "
                "another dataset, or the dataset changed after the sheet was made",
                path=path,
                line=number,
            )
        if name in marked:
            raise DataError(f"{path}, row {number}: the row {name} is there twice", path=path)
        marked[name] = {q: _read_mark(cells[q], ticked, path, number, q) for q in QUESTIONS}
        signature = " ".join(meant(cells.get(MARKER, "")).split())
        if signature and marked[name] != NOT_MARKED:
            signed[signature] = None
    if not marked:
        raise DataError(f"{path} has no rows under its heading", path=path)
    return Marked(marked, tuple(signed))


def has_marks(path: Path) -> bool:
    """Whether somebody put a mark into the sheet; also when it cannot be read as one."""
    try:
        return any(cells[q].strip() for _, cells in _table(path) for q in QUESTIONS)
    except DataError:
        return True


def _word(cell: str) -> str:
    return cell.strip().strip("'").strip().casefold()


def _read_mark(cell: str, ticked: bool, path: Path, number: int, column: str) -> bool | None:
    word = _word(cell)
    if not word:
        return None
    if word in _YES or word in _NO or (word in _CROSS and ticked):
        return word in _YES
    reason = "is no mark"
    if word in _CROSS:
        reason = "may mean both where no row has a ✓"
    raise DataError(
        f"{path}, row {number}, column {column}: {cell.strip()!r} {reason}; write yes or no "
        "(or 1 and 0, y and n, true and false, ✓ and x), or leave it empty",
        path=path,
        line=number,
    )


def _table(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(row number as a spreadsheet counts, cells by column) of every row."""
    text = _decoded(path)
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DataError(f"{path} is not CSV: {error}", path=path) from error
    names = [name.strip().casefold() for name in lines[0]] if lines else []
    missing = [name for name in ("id", *QUESTIONS) if name not in names]
    if missing:
        raise DataError(
            f"{path} is no sheet to mark: its first row has no column {missing[0]!r}", path=path
        )
    table = []
    for number, cells in enumerate(lines[1:], start=2):
        padded = [*cells, *[""] * (len(names) - len(cells))]
        table.append((number, dict(zip(names, padded, strict=False))))
    return table


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text; save it as CSV UTF-8", path=path) from error
