"""Do the training rows give the test away? The report's words and numbers for it.

Plain text, as in `wording`: escaping is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals import wording

QUESTION = "Do the training rows give the test away?"
NOTE = (
    "Items whose question a training row asks: word for word; masked, which is without numbers, "
    "dates and names; or masked but for the last sentence (the context). Each of these counts "
    "includes the one before it. Short questions of knowledge can be one when masked and still "
    "have other answers. 8 words in a row in common are the usual test, which questions made from "
    "templates nearly all fail."
)
REST = "“The rest” are the items whose masked question no training row asks."
_COUNTS = (
    ("same", "Word for word"),
    ("template", "Masked question"),
    ("context", "Masked context"),
    ("ngram", "8 words in a row"),
)


def answer(report: Mapping[str, Any]) -> str:
    """The question's answer over all tasks that were compared."""
    entries = report.get("given_away")
    if entries is not None and not entries:
        return "No task is a file of questions or items, so nothing could be compared."
    items = _sum(entries or [], "items")
    if not entries or not items:
        return "The training rows were not compared with the test."
    if leak := wording.leak(report):
        whole = _sum(entries, "template") == items
        rest = "" if whole else ", and the rest what it can do beyond"
        practised = f"The score on those shows what the student practised{rest}."
        return f"{'Yes' if whole else 'In part'}: {leak}. {practised}"
    none = "no item is a training question, word for word or but for numbers, dates and names"
    held = _sum(entries, "context")
    if not held:
        return f"No: {none}, and none has the context of one."
    return (
        f"In part: {none}, but {wording.count(held)} of {wording.count(items)} have the context "
        "of one, so that only what they ask of it is new."
    )


def _sum(entries: Sequence[Mapping[str, Any]], key: str) -> float:
    return sum(wording.finite(entry.get(key)) or 0 for entry in entries)


def note(entries: Sequence[Mapping[str, Any]]) -> str:
    """What the columns mean."""
    return f"{NOTE} {REST}" if _has_rest(entries) else NOTE


def _has_rest(entries: Sequence[Mapping[str, Any]]) -> bool:
    return any(entry.get("clean") for entry in entries)


def cells(report: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For every task its name and (column, cell), the same columns in each.

    The student's scores stand there where some items are given away and some are not.
    """
    entries: Sequence[Mapping[str, Any]] = report.get("given_away") or []
    tasks = {str(task.get("task")): task for task in report.get("tasks") or []}
    rows = []
    for entry in entries:
        name = str(entry.get("task", "unnamed"))
        row = [("Items", wording.count(entry.get("items")))]
        row += [(label, _count(entry, key)) for key, label in _COUNTS]
        if _has_rest(entries):
            clean = entry.get("clean") or {}
            row.append(("Student", _student(tasks.get(name) or {})))
            row.append(("Student, the rest", f"{_student(clean)}{_of(clean)}" if clean else "–"))
        rows.append((name, row))
    return rows


def _count(entry: Mapping[str, Any], key: str) -> str:
    number, items = wording.finite(entry.get(key)), wording.finite(entry.get("items"))
    text = wording.count(number)
    if number and items:
        text += f" ({wording.fixed(100 * number / items, 1)}%)"
    short = wording.finite(entry.get("short")) if key == "ngram" else None
    return f"{text}, {wording.count(short)} too short" if short else text


def _student(task: Mapping[str, Any]) -> str:
    return wording.score(task.get("student"), task.get("unit"))


def _of(clean: Mapping[str, Any]) -> str:
    return f" (n = {wording.count(clean.get('n'))})"
