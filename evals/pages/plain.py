"""Tables of plain text, one for each task of a study: the same on a page, in Markdown and in a
terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from limbeck.evals.pages import wording
from limbeck.evals.pages.markdown import escape


class Table(NamedTuple):
    """`rows` of as many cells as `head` has, the first of a row being its name, and sentences
    below. All texts are plain, and are to be escaped."""

    title: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str]


def title(task: Mapping[str, Any]) -> str:
    """Name, metric, how many items there are, and where the teacher stands."""
    name = wording.visible(task["task"], one_line=True)
    groups = f" in {wording.count(task['clusters'])} groups" if task["clusters"] else ""
    metric = wording.visible(task["metric"], one_line=True)
    better = "" if task["higher_is_better"] else ", lower is better"
    teacher = wording.score({"value": task["teacher"]}, task["unit"])
    return f"{name}: {metric}{better}, {wording.count(task['n'])} items{groups}; teacher {teacher}"


def markdown(table: Table) -> list[str]:
    """The blocks of a table in Markdown, every cell escaped."""
    rule = [":--" if place == 0 else "--:" for place in range(len(table.head))]
    lines = [table.head, rule, *([escape(cell) for cell in row] for row in table.rows)]
    return [
        f"## {escape(table.title)}",
        "\n".join(f"| {' | '.join(cells)} |" for cells in lines),
        *(escape(note) for note in table.notes),
    ]
