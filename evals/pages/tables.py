"""The smaller tables of a report, the same cells for page and Markdown: style, judge, outcomes,
flips, gain by support. Texts from outside are made visible and passed through `escape`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.in_context.cells import NONE, Cell, Row, Table, without_empty_columns
from limbeck.evals.pages import endings, pools, wording
from limbeck.evals.pages.plots.support import between, slope
from limbeck.evals.pages.style_words import ROLES
from limbeck.evals.pages.wording import Escape, Task, visible

AGAIN = "Second teacher sample"
_APART = ("complete", "truncated", "refused", "empty", "failed")


def style(report: Mapping[str, Any], escape: Escape = visible) -> list[Table]:
    """Every feature with its ceiling; then how well a classifier tells the answers apart."""
    found = report.get("style") or {}
    rows: list[Row] = []
    for one in found.get("features") or []:
        unit = one.get("unit")
        said = [visible(one.get("about") or "", one_line=True)]
        said += [visible(unit, one_line=True)] if unit not in (None, "", "share") else []
        said += ["not in the mean"] if one.get("counts") is False else []
        values = [(wording.score({"value": one.get(role)}, unit), "") for role in ROLES]
        name = escape(wording.named(one.get("name")))
        rows.append(((name, escape(", ".join(filter(None, said)))), (*values, _closed(one))))
    if found.get("closed"):
        rows.append((("Mean over features", ""), (NONE, NONE, NONE, NONE, _closed(found))))
    caption = (
        f"Answers to {wording.count(found.get('prompts'))} prompts{_asked(found, escape)}. Closed: "
        "0% is the base's distance to the teacher, 100% that of a second sample of the teacher, "
        "the ceiling."
    )
    head = ("Feature", "Base", "Student", "Teacher", AGAIN, "Closed")
    made = [Table("Features", caption, head, tuple(rows))]
    return [table for table in (*made, _apart(found)) if table.rows]


def _asked(found: Mapping[str, Any], escape: Escape) -> str:
    setting = found.get("setting") or {}
    known = [("temperature", setting.get("temperature")), ("at most", setting.get("max_tokens"))]
    told = [
        f"{name} {escape(visible(value, one_line=True))}"
        for name, value in known
        if value is not None
    ]
    told = [f"{text} tokens" if text.startswith("at most") else text for text in told]
    return f" ({', '.join(told)})" if told else ""


def _closed(one: Mapping[str, Any]) -> Cell:
    closed = one.get("closed") or {}
    if closed and not closed.get("bounded", True):
        return "not measurable", "base is not measurably apart"
    return (wording.gap_text(closed), "") if closed else NONE


def _apart(found: Mapping[str, Any]) -> Table:
    auc, ends = found.get("auc") or {}, found.get("outcomes") or {}
    rows: list[Row] = []
    for role in ROLES:
        name = AGAIN if role == "teacher_again" else role.capitalize()
        told = (wording.ranged(auc[role], ""), "") if auc.get(role) else NONE
        counts = ends.get(role) or {}
        cells = [_ended(counts, kind) for kind in _APART]
        if auc.get(role) or counts:
            rows.append(((name, ""), (told, *cells)))
    caption = (
        "AUC of a classifier that tells these answers from the teacher's: 1 is always, 0.5 is no "
        "better than a coin. Then how many were complete, cut at the limit, refusals or empty."
    )
    head: tuple[str, ...] = ("Answers of", "AUC", *(kind.capitalize() for kind in _APART))
    head, kept = without_empty_columns(head, rows)
    return Table("Told apart from the teacher", caption, head, kept)


def _ended(counts: Mapping[str, Any], kind: str) -> Cell:
    """Failed calls are rare, so that a column of noughts is not shown for them."""
    known = wording.finite(counts.get(kind))
    return NONE if known is None or (kind == "failed" and not known) else (wording.count(known), "")


def judge(report: Mapping[str, Any], escape: Escape = visible) -> list[Table]:
    """Win rates of each pair; that the order changed a verdict is a measure of the judge."""
    found = report.get("judge") or {}
    rows: list[Row] = []
    for pair in found.get("pairs") or []:
        one, other = (escape(wording.role(pair.get(key))) for key in ("one", "other"))
        weights = pair.get("coefficients") or {}
        told = ", ".join(
            f"{escape(visible(name, one_line=True))} {wording.fixed(known, 2, signed=True)}"
            for name, value in weights.items()
            if (known := wording.finite(value)) is not None
        )
        controlled = (wording.share(pair["controlled"]), told) if pair.get("controlled") else NONE
        flips = (wording.share(pair["flip_rate"]), "") if pair.get("flip_rate") else NONE
        cells = ((wording.share(pair.get("win_rate")), ""), controlled, flips)
        counts = ((wording.count(pair.get(key)), "") for key in ("n", "unreadable"))
        rows.append(((f"{one} against {other}", ""), (*cells, *counts)))
    caption = (
        f"{escape(visible(found.get('judge') or 'A judge', one_line=True))} on "
        f"{wording.count(found.get('prompts'))} prompts, each pair in both orders. Ties count "
        "half. “Controlled” is the win rate at equal length, headers, bold and lists, with their "
        "weights. A high share of verdicts that the order changed makes a win rate worth little."
    )
    head: tuple[str, ...] = (
        "Pair",
        "Win rate",
        "Controlled",
        "Order changed it",
        "n",
        "Unreadable",
    )
    head, kept = without_empty_columns(head, rows)
    return [Table("Judge", caption, head, kept)] if rows else []


def changed(report: Mapping[str, Any], escape: Escape = visible) -> list[Table]:
    """Outcomes and flips as tables of numbers."""
    return [table for table in (_outcomes(report, escape), _flips(report, escape)) if table.rows]


def _outcomes(report: Mapping[str, Any], escape: Escape) -> Table:
    rows: list[Row] = []
    for task in pools.main_view(report):
        for role in ("base", "student", "teacher"):
            if found := endings.counts(task, role):
                cells = tuple((wording.count(found[kind]), "") for kind in endings.KINDS)
                rows.append(((_name(task, escape), role), cells))
    caption = "Items by what became of the answer. Only right and wrong answers could be read."
    head = ("Task", *(kind.capitalize() for kind in endings.KINDS))
    return Table("Outcomes", caption, head, tuple(rows))


def _flips(report: Mapping[str, Any], escape: Escape) -> Table:
    rows: list[Row] = []
    for task in pools.main_view(report):
        flips = task.get("flips")
        if not flips:
            continue
        cells = [(of(flips.get(key)), "") for key in ("acquired", "forgotten", "past_teacher")]
        copied = flips.get("copied")
        both = _copied((copied or {}).get("both_wrong"))
        rows.append(((_name(task, escape), ""), (*cells, *_copied(copied), *both)))
    caption = (
        "Acquired: of what base has wrong and the teacher right, what the student has right. "
        "Forgotten: of what base has right, what the student has wrong. Past the teacher: of what "
        "the teacher has wrong, what the student has right. Copied errors: of the teacher's "
        "readable wrong answers, those that the student gives as well; base gives some by chance. "
        "Both wrong: the same where base and student are wrong and readable, which shows copying."
    )
    head: tuple[str, ...] = (
        "Task",
        "Acquired",
        "Forgotten",
        "Past the teacher",
        "Copied errors",
        "Copied − base",
        "Both wrong",
        "Both wrong − base",
    )
    head, kept = without_empty_columns(head, rows)
    return Table("Flips", caption, head, kept)


def _copied(copied: Mapping[str, Any] | None) -> tuple[Cell, Cell]:
    """How often the teacher's wrong answer comes back, and how much more often than from base."""
    if not copied:
        return NONE, NONE
    base = wording.score({"value": copied.get("base_rate")}, "share")
    more = wording.difference(copied.get("difference"), "share")
    return (of(copied), f"base {base}"), (more, wording.p_value(copied))


def of(entry: Mapping[str, Any] | None) -> str:
    """ "14 of 63 (22.2%)"."""
    count, whole = (wording.finite((entry or {}).get(key)) for key in ("count", "of"))
    if count is None or whole is None:
        return wording.MISSING
    share = f" ({wording.fixed(100 * count / whole, 1)}%)" if whole else ""
    return f"{wording.count(count)} of {wording.count(whole)}{share}"


def support(report: Mapping[str, Any], escape: Escape = visible) -> list[Table]:
    """Gain in each quartile of similarity to the training rows."""
    rows: list[Row] = []
    for task in pools.main_view(report):
        for part in (task.get("support") or {}).get("quartiles") or []:
            unit = task.get("unit")
            moved, lead = (
                (wording.difference(part.get(key), unit), "")
                for key in ("student_minus_base", "teacher_minus_base")
            )
            row = {"base": {"value": 0.0}, "student": {"value": 0.0}, "teacher": {"value": 0.0}}
            gap = wording.gap_cell({**task, **row, **part})
            note = f"similarity {between(part)}"
            cells = ((wording.count(part.get("n")), ""), moved, lead, (gap[0], ""))
            rows.append(((_name(task, escape), note), cells))
    caption = "Quartiles of the items by similarity to the training row nearest to them."
    head = ("Task", "n", "Student − base", "Teacher − base", "Gap closed")
    return [Table("Gain by similarity", caption, head, tuple(rows))] if rows else []


def slopes(report: Mapping[str, Any], escape: Escape = visible) -> list[str]:
    """A line for every task with a slope."""
    tasks = pools.main_view(report)
    return [f"{_name(task, escape)}: {told}" for task in tasks if (told := slope(task))]


def _name(task: Task, escape: Escape) -> str:
    return escape(wording.named(task.get("task")))
