"""The files of an audit: audit.json, audit.md, index.html and the sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.audit import markdown, page
from limbeck.audit.sheet import Marked, has_marks, write_sheet
from limbeck.reading.forms import Row
from limbeck.store import write_json, write_text

SHEET = "sheet.csv"
JUDGED = "judged.csv"


def write_audit(
    folder: Path,
    report: Mapping[str, Any],
    rows: Sequence[Row],
    judged: Marked | None = None,
) -> bool:
    """Write everything; a judge's marks go into a sheet of their own.

    Returns False where sheet.csv holds marks already: nobody's work is written over, the old
    sheet stays.
    """
    write_json(folder / "audit.json", _valid(report))
    write_text(folder / "audit.md", markdown.render(report))
    write_text(folder / "index.html", page.render(report))
    if judged is not None:
        write_sheet(folder / JUDGED, rows, judged)
    sheet = folder / SHEET
    if sheet.exists() and has_marks(sheet):
        return False
    write_sheet(sheet, rows)
    return True


def _valid(value: Any) -> Any:
    """JSON with no half characters (lone surrogates), which no other program could read."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {key: _valid(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_valid(item) for item in value]
    return value
