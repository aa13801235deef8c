"""What a curve found, as cells and sentences: the same on a page, in Markdown and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.plain import Table, title

NOTES = (
    "Scores are means over training seeds, with the lowest and the highest of them in brackets.",
    "Other intervals are at 95%, over items and seeds; of one seed alone they are over items.",
    "A doubling is the slope of the best line on a logarithmic axis, whether or not the curve is "
    "straight.",
    "The smaller sets of rows are part of the larger ones, and all students answer the same items.",
)


def tables(curve: Mapping[str, Any]) -> list[Table]:
    """One for each task, the means first. All texts are plain, and are to be escaped."""
    return [_table(task, len(curve["students"]) > 1) for task in curve["tasks"]]


def gap(entry: Mapping[str, Any] | None) -> str:
    """The gap closed, or why there is none."""
    if entry is None:
        return wording.MISSING
    return wording.gap_text(entry) if entry["bounded"] else wording.NOT_BETTER


def doubling(
    slope: Mapping[str, Any] | None, unit: str, teacher: float | None, base: float | None
) -> str:
    """ "+3.1 points [+1.2, +5.0], p = 0.004": what one doubling changes, with its share of the gap
    between base and teacher; "" for no slope."""
    if slope is None or slope["value"] is None:
        return ""
    text = wording.amount(slope["value"], unit, signed=True)
    if slope["low"] is not None:
        text = ", ".join(filter(None, [wording.difference(slope, unit), wording.p_value(slope)]))
    if teacher is not None and base is not None and teacher != base:
        share = 100 * slope["value"] / (teacher - base)
        text += f"; {wording.fixed(share, 1, signed=True)}% of the gap between base and teacher"
    return text


def _table(task: Mapping[str, Any], several: bool) -> Table:
    unit = task["unit"]
    head = ["student"] if several else []
    head += ["rows", "score", "student − base", "gap closed"]
    rows, notes = [], []
    for curve in task["curves"]:
        student = wording.visible(curve["student"], one_line=True)
        own = [student] if several else []
        base = wording.score({"value": curve["base"]}, unit)
        rows.append([*own, "0, the base", base, "", ""])
        measurable = all((p["gap_closed"] or {}).get("bounded") for p in curve["points"])
        rows += [
            [
                *own,
                wording.count(point["rows"]),
                spread(point["score"], unit),
                wording.difference(point["student_minus_base"], unit),
                gap(point["gap_closed"]),
            ]
            for point in curve["points"]
        ]
        teacher = task["teacher"] if measurable else None
        told = doubling(curve["per_doubling"], unit, teacher, curve["base"])
        if told:
            whose = f"{student}, each" if several else "Each"
            notes.append(f"{whose} doubling of the rows: {told}.")
    sizes = task["sizes"]
    if sizes is not None and (told := doubling(sizes["per_doubling"], unit, None, None)):
        count = wording.count(sizes["rows"])
        notes.append(f"Each doubling of the student's parameters, with {count} rows: {told}.")
    return Table(title(task), head, rows, notes)


def spread(score: Mapping[str, Any], unit: str) -> str:
    """A mean over seeds with the lowest and the highest of them; of one seed its score."""
    value, low, high = (
        wording.score({"value": score[key]}, unit) for key in ("value", "low", "high")
    )
    if len(score["seeds"]) < 2:
        return value
    return f"{value} [{low.removesuffix('%')}, {high.removesuffix('%')}]"
