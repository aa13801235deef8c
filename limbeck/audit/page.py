"""An audit as one HTML page, in the dress of the transfer report: no network and no script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

from limbeck.audit import sentences, tables
from limbeck.audit.markdown import unread
from limbeck.evals.pages import wording
from limbeck.evals.pages.environment import templates

TEXT_CHARS = 1200  # of one text; audit.json holds the whole


def render(report: Mapping[str, Any]) -> str:
    """The whole page."""
    missing = report["verb_noun"]["missing"]
    page = {
        "title": wording.visible(report["name"], one_line=True),
        "about": report["about"],
        "counts": report["counts"],
        "findings": sentences.findings(report),
        "tables": tables.tables(report),
        "verb_note": tables.verb_note(report) if missing else "",
        "examples": sentences.examples(report),
        "unread": unread(report),
        "limits": sentences.limits(report),
        "options": report["options"],
        "version": report["limbeck_version"],
        "text_chars": TEXT_CHARS,
    }
    return _environment().get_template("audit.html.j2").render(page)


@cache
def _environment() -> jinja2.Environment:
    return templates("limbeck.audit", "limbeck.evals.pages")  # style and macros are the report's
