"""An audit as Markdown: what the page says, in the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from limbeck.audit import sentences, tables
from limbeck.audit.grades import Example, Grade, grades, headline, source_sentence
from limbeck.evals.pages.markdown import SAMPLE_CHARS, escape, fence
from limbeck.evals.pages.wording import visible

TEXT_CHARS = 500  # of one text; audit.json holds the whole


def render(report: Mapping[str, Any]) -> str:
    """The whole audit."""
    made = grades(report)
    parts = [
        f"# Audit: {escape(report['name'])}",
        escape(source_sentence(report)),
        _bullets(map(escape, sentences.reading(report))),
        f"**{escape(headline(report))}**",
        escape(sentences.marks_line(report)),
        "## Grade sheet",
        _sheet(made),
    ]
    for grade in made:
        if grade.has_section:
            parts += _section(grade)
    for table in tables.tables(report):
        parts += [f"## {table.title}", _table(table.head, table.rows), escape(table.note)]
    if (report.get("verb_noun") or {}).get("missing"):
        parts.append(escape(tables.verb_note(report)))
    if unread := sentences.unread(report):
        parts += ["## Rows that could not be read", _bullets(map(escape, unread))]
    parts += ["## What these numbers cannot say", _bullets(map(escape, sentences.limits(report)))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sheet(made: Sequence[Grade]) -> str:
    if not made:
        return ""
    head = ("Level", "Finding", "Count", "Share", "What was found", "What to do")
    rows = [
        (f"{grade.mark} {grade.word}", grade.title, grade.counted, grade.share, grade.says,
         grade.advice)
        for grade in made
    ]  # fmt: skip
    return _table(head, rows, numbers=(2, 3))


def _section(grade: Grade) -> Iterator[str]:
    yield f"## {escape(grade.title)}"
    yield f"{grade.mark} {grade.word}. {escape(grade.says)}"
    if grade.details:
        yield _table(("", ""), grade.details)
    for example in grade.examples:
        yield from _example(example)


def _example(example: Example) -> Iterator[str]:
    yield f"**{escape(example.head or 'Example')}**"
    for label, text in example.texts:
        yield f"{escape(label)}:"
        yield _said(text)


def _said(text: str) -> str:
    if not text:
        return "(empty)"
    left_out = len(text) - TEXT_CHARS
    more = f"\n\n{left_out:,} more characters are in audit.json." if left_out > 0 else ""
    return fence(visible(text[:TEXT_CHARS])[:SAMPLE_CHARS]) + more


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] | None = None
) -> str:
    """`numbers` are the columns set to the right: by default all but the first."""
    right = range(1, len(head)) if numbers is None else numbers
    rule = ["--:" if place in right else ":--" for place in range(len(head))]
    cells = [[escape(cell) for cell in row] for row in (head, *rows)]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
