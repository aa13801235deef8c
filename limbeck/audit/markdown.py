"""An audit as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from limbeck.audit import sentences, tables
from limbeck.evals.pages.markdown import escape, fence

TEXT_CHARS = 500  # of one text; audit.json holds the whole


def render(report: Mapping[str, Any]) -> str:
    """The whole audit."""
    parts = [
        f"# Audit: {escape(report['name'])}",
        f"{escape(report['about'])}.",
        _bullets(f"**{kind}:** {escape(line)}" for kind, line in sentences.findings(report)),
    ]
    for table in tables.tables(report):
        parts += [f"## {table.title}", _table(table.head, table.rows), escape(table.note)]
    if report["verb_noun"]["missing"]:
        parts.append(escape(tables.verb_note(report)))
    for title, found in sentences.examples(report):
        parts.append(f"## {title}")
        for one in found:
            for label, text in one:
                parts += [f"{label}:", _said(text)]
            parts.append("---")
    if report["unreadable"]["count"]:
        parts += ["## Lines that could not be read", _bullets(map(escape, unread(report)))]
    parts += ["## What these numbers cannot say", _bullets(map(escape, sentences.limits(report)))]
    return "\n\n".join(part for part in parts if part) + "\n"


def unread(report: Mapping[str, Any]) -> list[str]:
    """The reasons of the first unreadable lines, and how many more there are."""
    reasons = list(report["unreadable"]["reasons"])
    more = report["unreadable"]["count"] - len(reasons)
    return reasons + ([f"and {more:,} more"] if more else [])


def _said(text: str) -> str:
    if not text:
        return "(empty)"
    left_out = len(text) - TEXT_CHARS
    more = f"\n\n{left_out:,} more characters are in audit.json." if left_out > 0 else ""
    return fence(text[:TEXT_CHARS]) + more


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = [":--", *["--:"] * (len(head) - 1)]
    cells = [[escape(cell) for cell in row] for row in (head, *rows)]
    lines = [cells[0], rule, *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
