"""An audit in sentences: what the marks say, and what the numbers cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.audit.tables import PAPER_NAME, compared, interval, several
from limbeck.evals.pages.wording import visible

COLUMNS = 12  # columns that are not read and are named
_NAME_CHARS, _NOTE_CHARS = 60, 600


def marks_line(report: Mapping[str, Any]) -> str:
    """How good the rows are, as far as somebody marked them."""
    marks = report.get("marks")
    if report["outputs"] is None:
        return "Not marked: these are instructions alone, without outputs."
    if not marks:
        rows = several(report["sheet_rows"], "row")
        return f"Correctness was not judged: nobody has marked the {rows} of sheet.csv yet."
    entry = marks["questions"]["all_three"]
    if entry["share"] is None:
        return "Correctness was not judged: no row of the sheet has all three marks."
    paper = f" ({interval(entry['paper'])} in {PAPER_NAME})" if compared(report) else ""
    return (
        f"{interval(entry)} of {several(entry['marked'], 'marked row')} are right in all three "
        f"ways, marked by {marks['by']}{paper}."
    )


def reading(report: Mapping[str, Any]) -> list[str]:
    """What should be known of how the data was read: guesses, and columns that were not read."""
    left = [visible(name, one_line=True)[:_NAME_CHARS] for name in report["not_read"]]
    more = f" and {len(left) - COLUMNS:,} more" if len(left) > COLUMNS else ""
    said = [f"columns that are not read: {', '.join(left[:COLUMNS])}{more}"] if left else []
    notes = [visible(note, one_line=True)[:_NOTE_CHARS] for note in report["notes"]]
    return [f"{note[:1].upper()}{note[1:]}." for note in [*notes, *said]]


def unread(report: Mapping[str, Any]) -> list[str]:
    """The reasons of the first unreadable rows, and how many more there are."""
    found = report["unreadable"]
    reasons = list(found["reasons"])
    more = found["count"] - len(reasons)
    return reasons + ([f"and {more:,} more"] if more > 0 else [])


def limits(report: Mapping[str, Any]) -> list[str]:
    """What the numbers cannot say."""
    found = [
        "Square brackets hold Wilson's 95% intervals: how far a share is known from so many rows, "
        "taken as a sample of what their source makes.",
        "A dataset without any finding may still be wrong: answers are checked only against "
        "targets, or by whoever marks the sheet.",
        "Truncated rows are known by their finish_reason, or by a code fence or think tag that is "
        "never closed: an output that just stops is not found.",
        "Refusals are known by how they open, in thirteen languages.",
        "A paraphrase in other words is no near duplicate here.",
    ]
    marks = report.get("marks")
    if marks and not marks["human"]:
        found.insert(0, (
            "A model marked rows of the sheet. How often it agrees with people on this dataset is "
            "not known until people mark the same sheet."
        ))  # fmt: skip
    verbs = report.get("verb_noun")
    if verbs and not verbs["missing"]:
        found += [
            "Verbs and nouns come from a tagger and rules, where the paper used a parser. Of 100 "
            "instructions of two published sets a reader agreed with 93.",
            "Small sets have fewer different verb-noun pairs, and their commonest ones cover more: "
            "compare sets of one size.",
        ]
    return found
