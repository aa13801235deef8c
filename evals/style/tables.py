"""The tables of the style section, the same cells for page, Markdown and terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.in_context.cells import NONE, UNKNOWN, Cell, Row, Table
from limbeck.evals.in_context.words import ranged
from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Escape, visible
from limbeck.evals.style import words

Found = Mapping[str, Any]

NAMES = {
    "base": "Base",
    "student": "Student",
    "teacher": "Teacher",
    "teacher_again": "Second sample",
}
_UNSEEN = 0.5e-3  # a share that would show as nought for everybody


def tables(found: Found, escape: Escape = visible) -> list[Table]:
    """Those that have a row: features, told apart, how answers ended."""
    made = [features(found, escape), told_apart(found), outcomes(found)]
    return [table for table in made if table.rows]


def features(found: Found, escape: Escape = visible) -> Table:
    """A row for each feature that anybody shows."""
    rows: list[Row] = []
    for entry in found.get("features") or []:
        values = [wording.finite(entry.get(role)) for role in NAMES]
        if not any(value is not None and abs(value) > _UNSEEN for value in values):
            continue
        cells = [_value(value, entry.get("unit")) for value in values]
        name = visible(entry.get("name") or "unnamed", one_line=True)
        unit = visible(entry.get("unit") or "", one_line=True)
        rows.append(
            (
                (escape(name), "" if unit == "share" else escape(unit)),
                (*cells, closed_cell(entry.get("closed"))),
            )
        )
    caption = (
        "Closed: 0% is as far from the teacher's answer to the same prompt as base, 100% as near "
        "as a second sample of the teacher."
    )
    return Table("Features", caption, ("Feature", *NAMES.values(), "Closed"), tuple(rows))


def told_apart(found: Found) -> Table:
    """What a classifier tells from the teacher's answers."""
    auc = found.get("auc") or {}
    cells: list[Cell] = [(ranged(auc.get(role), ""), "") for role in NAMES if role != "teacher"]
    known = any(cell != UNKNOWN for cell in cells)
    caption = (
        "1 is told apart from the teacher's answers every time, 0.5 not at all (AUC of a "
        "classifier of character n-grams that saw none of the prompts it judges)."
    )
    head = ("Told apart from the teacher", *(NAMES[role] for role in NAMES if role != "teacher"))
    return Table("Told apart", caption, head, ((("AUC", ""), tuple(cells)),) if known else ())


def outcomes(found: Found) -> Table:
    """How the answers ended, in numbers of prompts."""
    ends = found.get("outcomes") or {}
    kinds = [kind for kind in ("complete", "truncated", "refused", "empty", "failed")]
    kept = [kind for kind in kinds if any((ends.get(role) or {}).get(kind) for role in NAMES)]
    rows: list[Row] = [
        ((name, ""), tuple((wording.count((ends.get(role) or {}).get(kind)), "") for kind in kept))
        for role, name in NAMES.items()
        if ends.get(role)
    ]
    head = ("Answers", *(kind.capitalize() for kind in kept))
    return Table("How answers ended", "", head, tuple(rows) if kept else ())


def closed_cell(entry: Mapping[str, Any] | None) -> Cell:
    """The share of the way, where base is measurably farther than the second sample."""
    if not entry or not entry.get("bounded"):
        return (words.NO_GAP, "") if entry else UNKNOWN
    return wording.gap_text(entry), ""


def _value(value: float | None, unit: object) -> Cell:
    return NONE if value is None else (wording.score({"value": value}, unit), "")
