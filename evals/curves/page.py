"""A curve as one HTML page and as Markdown: no network, no script, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.curves.plot import panels
from limbeck.evals.curves.tables import NOTES, tables
from limbeck.evals.pages import plain, wording
from limbeck.evals.pages.environment import environment
from limbeck.evals.pages.markdown import escape


def html(curve: Mapping[str, Any]) -> str:
    """The whole page of a curve.json (limbeck.evals.curves.curve), in light and in dark."""
    tasks = [
        {"table": table, "panels": panels(task), "id": place}
        for place, (task, table) in enumerate(zip(curve["tasks"], tables(curve), strict=True))
    ]
    page = {"title": _title(curve), "facts": _facts(curve), "tasks": tasks, "notes": NOTES}
    return environment().get_template("curves.html.j2").render(page)


def markdown(curve: Mapping[str, Any]) -> str:
    """The same tables and sentences as Markdown."""
    parts = [f"# Curve: {escape(_title(curve))}"]
    parts.append("\n".join(f"- {name}: {escape(value)}" for name, value in _facts(curve)))
    for table in tables(curve):
        parts += plain.markdown(table)
    parts.append("## How to read it")
    parts.append("\n".join(f"- {note}" for note in NOTES))
    return "\n\n".join(parts) + "\n"


def _title(curve: Mapping[str, Any]) -> str:
    return wording.visible(curve["name"], one_line=True)


def _facts(curve: Mapping[str, Any]) -> list[tuple[str, str]]:
    students = [
        f"{one['student']} ({wording.count(one['parameters'])} parameters)"
        for one in curve["students"]
    ]
    facts = [
        ("Teacher", curve["teacher"] or wording.MISSING),
        ("Students", ", ".join(students)),
        ("Rows", ", ".join(wording.count(rows) for rows in curve["rows"])),
        ("Seeds of the training", ", ".join(map(str, curve["seeds"]))),
        ("limbeck", curve["limbeck_version"]),
    ]
    return [(name, wording.visible(value, one_line=True)) for name, value in facts]
