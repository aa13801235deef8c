"""Do the training rows give the test away? The report's words and numbers for it.

Plain text, as in `wording`: escaping is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.in_context.cells import Cell, Row, Table
from limbeck.evals.pages import pools, wording
from limbeck.evals.pages.wording import Escape, visible

QUESTION = "Do the training rows give the test away?"
NOTE = (
    "Items whose question a training row asks: word for word; masked, which is without numbers, "
    "dates and names; or masked but for the last sentence (the context). Each of these counts "
    "includes the one before it. Short questions of knowledge can be one when masked and still "
    "have other answers. 8 words in a row in common are the usual test, which questions made from "
    "templates nearly all fail."
)
REST = "“The rest” are the items whose masked question no training row asks."
RULES = (
    "Also counted, in prompts and in completions: items whose whole text a training text is; those "
    "of which one training text has more than half of the 8 words in a row; and those near one by "
    "their words (TF-IDF cosine above 0.4; above 0.6 where the item has one or two numbers, 0.8 "
    "where it has none) with the same numbers, which finds rephrased problems. Rephrased questions "
    "without numbers mostly stay unseen. “Flagged” counts each item once; the context alone does "
    "not count."
)
EVIDENCE = 20  # hits of a task shown; report.json holds all
TEXT_CHARS = 500  # of one text of the evidence
_COUNTS = (
    ("same", "Word for word"),
    ("template", "Masked question"),
    ("context", "Masked context"),
    ("ngram", "8 words in a row"),
    ("exact", "Equal text"),
    ("coverage", "8-grams cover half"),
    ("cosine", "Words and numbers"),
    ("flagged", "Flagged"),
)
_ALWAYS = 4  # of the counts, those of limbeck.report/1
_NAMED = {
    "same": "word for word",
    "template": "masked question",
    "context": "masked context",
    "exact": "equal text",
    "coverage": "8-gram coverage",
    "cosine": "words and numbers",
    "ngram": "8 words in a row",
}


def answer(report: Mapping[str, Any]) -> str:
    """The question's answer over all tasks that were compared."""
    entries = _entries(report)
    if entries is not None and not entries:
        return "No task but imitation was evaluated, so nothing could be compared."
    items = _sum(entries or [], "items")
    if not entries or not items:
        return "The training rows were not compared with the test."
    if found := leak(report):
        whole = _sum(entries, _counted(entries)) == items
        rest = "" if whole else ", and the rest what it can do beyond"
        practised = f"The score on those shows what the student practised{rest}."
        return f"{'Yes' if whole else 'In part'}: {found}. {practised}"
    none = "no item is a training question, word for word or but for numbers, dates and names"
    if _counted(entries) == "flagged":
        none = "no item is found in the training rows, in the same words or nearly"
    held = _sum(entries, "context")
    if not held:
        return f"No: {none}, and none has the context of one."
    return (
        f"In part: {none}, but {wording.count(held)} of {wording.count(items)} have the context "
        "of one, so that only what they ask of it is new."
    )


def leak(report: Mapping[str, Any]) -> str:
    """How many items the training rows give away; "" for none."""
    entries = _entries(report) or []
    keys = ("same", _counted(entries), "items")
    same, found, items = (_sum(entries, key) for key in keys)
    if not found:
        return ""
    copies = f", {wording.count(same)} of them word for word" if same else ""
    share = f"{wording.count(found)} of {wording.count(items)}"
    if _counted(entries) == "flagged":
        what = (
            "item is found in a training row" if items == 1 else "items are found in training rows"
        )
        return f"{share} {what}, in the same words or nearly{copies}"
    what = "item is a training question" if items == 1 else "items are training questions"
    return f"{share} {what} but for numbers, dates and names{copies}"


def _entries(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """Under the name that limbeck.report/1 has for them, too; None where nothing was compared."""
    found = report.get("contamination")
    return report.get("given_away") if found is None else found


def _counted(entries: Sequence[Mapping[str, Any]]) -> str:
    """The count that decides: of the items that any rule flags, in limbeck.report/1 of one rule."""
    flags = any(wording.finite(entry.get("flagged")) is not None for entry in entries)
    return "flagged" if flags else "template"


def _sum(entries: Sequence[Mapping[str, Any]], key: str) -> float:
    return sum(wording.finite(entry.get(key)) or 0 for entry in entries)


def note(report: Mapping[str, Any]) -> str:
    """What the columns mean."""
    entries = _entries(report) or []
    flags = _counted(entries) == "flagged"
    if flags:
        return f"{NOTE} {RULES}"
    return f"{NOTE} {REST}" if _has_rest(entries) else NOTE


def _has_rest(entries: Sequence[Mapping[str, Any]]) -> bool:
    return any(entry.get("clean") for entry in entries)


def cells(report: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For every task its name and (column, cell), the same columns in each.

    The student's scores stand there where some items are given away and some are not.
    """
    entries = _entries(report) or []
    tasks = {str(task.get("task")): task for task in report.get("tasks") or []}
    given = {key for entry in entries for key, value in entry.items() if value is not None}
    shown = [pair for pair in _COUNTS if pair[0] in given or pair in _COUNTS[:_ALWAYS]]
    rows = []
    for entry in entries:
        name = wording.named(entry.get("task"))
        row = [("Items", wording.count(entry.get("items")))]
        row += [(label, _count(entry, key)) for key, label in shown]
        if _has_rest(entries) and _counted(entries) != "flagged":
            clean = entry.get("clean") or {}
            row.append(("Student", _student(tasks.get(name) or {})))
            row.append(("Student, the rest", f"{_student(clean)}{_of(clean)}" if clean else "–"))
        rows.append((name, row))
    return rows


def against_clean(report: Mapping[str, Any], escape: Escape = visible) -> list[Table]:
    """What the student gained on all items, on those that no rule flags, and the difference."""
    tasks = {str(task.get("task")): task for task in pools.main_view(report)}
    rows: list[Row] = []
    for entry in _entries(report) or []:
        task, clean = tasks.get(str(entry.get("task"))), entry.get("clean")
        if not task or not clean or wording.finite(entry.get("flagged")) is None:
            continue
        unit = task.get("unit")
        cells: list[Cell] = []
        for row in (task, clean):
            moved = row.get("student_minus_base")
            cells.append(
                (wording.score(row.get("student"), unit), f"n = {wording.count(row.get('n'))}")
            )
            cells.append((wording.difference(moved, unit), wording.p_value(moved)))
        cells.append((wording.difference(entry.get("difference"), unit), ""))
        name = escape(wording.named(entry.get("task")))
        rows.append(((name, ""), tuple(cells)))
    caption = "Where the difference excludes zero, the flagged items carry part of the gain."
    head = (
        "Task",
        "Student",
        "Student − base",
        "Student, clean",
        "Student − base, clean",
        "Difference",
    )
    return [Table("All items against clean ones", caption, head, tuple(rows))] if rows else []


def evidence(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """For every task with texts to show: its name, hits (what was found, training text, item) and
    how many more there are."""
    made = []
    for entry in _entries(report) or []:
        found = [hit for hit in entry.get("found") or [] if hit.get("text") is not None]
        if found:
            hits = [_hit(hit) for hit in found[:EVIDENCE]]
            more = len(found) - len(hits)
            made.append({"task": wording.named(entry.get("task")), "hits": hits, "more": more})
    return made


def _hit(hit: Mapping[str, Any]) -> dict[str, str]:
    """The texts are not escaped and made visible here: page and Markdown do that to all texts."""
    rule = str(hit.get("rule") or hit.get("reason") or "")
    value = wording.finite(hit.get("score"))
    told = [f"found by {_NAMED.get(rule, wording.visible(rule, one_line=True))}"] if rule else []
    told += [wording.fixed(value, 2)] if value is not None else []
    side = wording.visible(hit.get("side") or "text", one_line=True)
    return {
        "about": ", ".join(told),
        "item": wording.visible(hit.get("item", ""), one_line=True),
        "row": wording.visible(hit.get("row", ""), one_line=True),
        "side": side,
        "text": _cut(hit.get("text")),
        "question": _cut(hit.get("question")),
    }


def _cut(text: object) -> str:
    whole = "" if text is None else str(text)
    return whole if len(whole) <= TEXT_CHARS else f"{whole[:TEXT_CHARS]}…"


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
