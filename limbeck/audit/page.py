"""An audit as one HTML page, in the dress of the transfer report: no network and no script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from limbeck.audit import sentences, tables
from limbeck.audit.grades import grades, groups, headline, source_sentence
from limbeck.evals.pages import wording
from limbeck.evals.pages.environment import templates

TEXT_CHARS = 1200  # of one text; audit.json holds the whole
_OPTION = re.compile(r"--[a-z][a-z-]{1,20}(?: [A-Z]{1,20}\b)?")
OPEN = 3  # examples of a finding that are not folded away


def render(report: Mapping[str, Any]) -> str:
    """The whole page."""
    made = grades(report)
    page = {
        "title": wording.visible(report["name"], one_line=True),
        "about": source_sentence(report),
        "reading": sentences.reading(report),
        "counts": report["counts"],
        "headline": headline(report),
        "marks_line": sentences.marks_line(report),
        "groups": groups(made),
        "grades": made,
        "numbers": {grade.key: place for place, grade in enumerate(made, 1)},  # ids of sections
        "tables": tables.tables(report),
        "verb_note": tables.verb_note(report) if _no_verbs(report) else "",
        "unread": sentences.unread(report),
        "limits": sentences.limits(report),
        "options": report["options"],
        "version": report["limbeck_version"],
        "text_chars": TEXT_CHARS,
        "open": OPEN,
    }
    return _environment().get_template("audit.html.j2").render(page)


def _no_verbs(report: Mapping[str, Any]) -> bool:
    return bool((report.get("verb_noun") or {}).get("missing"))


@cache
def _environment() -> jinja2.Environment:
    made = templates("limbeck.audit", "limbeck.evals.pages")  # style and macros are the report's
    made.globals["kept_whole"] = _kept_whole
    return made


def _kept_whole(text: str) -> Markup:
    """The text, escaped, in which no option ("--targets COLUMN") is torn at the end of a line."""
    safe = str(escape(wording.visible(text)))
    return Markup(_OPTION.sub(r'<span class="bracket">\g<0></span>', safe))
