"""The transfer table as texts, the same for page, Markdown and terminal: under each kind its
tasks, what is left of a task without the items that training rows give away, and the mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from limbeck.evals.pages import pools, wording
from limbeck.evals.pages.wording import Task, visible

ROLES = ("base", "student", "teacher")
ONLY_CLEAN = "without flagged items"
NONE = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """`kind` is "task", "clean" (of the task above) or "mean". `name` and `about` are from outside
    and not escaped. `shown` stands below base's score: what it has
    after worked examples. `after` stands below the difference, `note` below the gap closed; `p` is
    Holm's where the report has it, for where there is little room."""

    kind: str
    name: str
    about: str
    metric: str
    scores: tuple[str, ...]
    shown: str
    change: str
    after: str
    p: str
    gap: str
    note: str
    n: str
    detectable: str
    before: str


def groups(report: Mapping[str, Any]) -> list[tuple[str, list[Row]]]:
    """The main view."""
    clean = {
        str(entry.get("task")): entry
        for entry in report.get("contamination") or []
        if entry.get("clean")
    }
    made = []
    for label, tasks in wording.by_kind(pools.main_view(report)):
        rows = [row for task in tasks for row in _of_task(task, clean)]
        pool = pools.of_kind(report, label)
        if pool and len(pool["names"]) > 1:
            rows.append(_mean(pool))
        made.append((label, rows))
    others = [_mean(pool) for pool in pools.others(report)]
    return [*made, ("Other means", others)] if others else made


def second_view(report: Mapping[str, Any]) -> list[Row]:
    """The rows by likelihood."""
    return [_row(task) for task in pools.second_view(report)]


def _of_task(task: Task, clean: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    yield _row(task)
    entry = clean.get(str(task.get("task")))
    if entry:
        yield _row({**entry["clean"], "unit": task.get("unit")}, "clean", entry.get("difference"))


def _row(task: Task, kind: str = "task", moved: Mapping[str, Any] | None = None) -> Row:
    """`moved` is what the flagged items add to the gain, of a row without them."""
    unit, change = task.get("unit"), task.get("student_minus_base")
    gap, note = wording.gap_cell(task)
    after = [wording.p_value(change)]
    if moved:
        after.append(f"flagged items add {wording.difference(moved, unit)}")
    before = wording.finite(task.get("smallest_detectable_before"))
    return Row(
        kind=kind,
        name=wording.named(task.get("task")),
        about=str(task.get("about") or ""),
        metric=wording.metric_line(task),
        scores=tuple(wording.score(task.get(role), unit) for role in ROLES),
        shown=_shown(task),
        change=wording.difference(change, unit),
        after=", ".join(filter(None, after)),
        p=wording.decisive_p(change),
        gap=gap,
        note=note,
        n=wording.count(task.get("n")),
        detectable=wording.amount(task.get("smallest_detectable"), unit),
        before="" if before is None else f"{wording.amount(before, unit)} before the run",
    )


def _shown(task: Task) -> str:
    known = task.get("few_shot_base") or {}
    told = wording.score(known, task.get("unit"))
    return "" if told == wording.MISSING else f"{told} after {wording.count(known['shots'])} shown"


def _mean(pool: Task) -> Row:
    names = [visible(name, one_line=True) for name in pool["names"]]
    gap, note = wording.gap_cell(pool)
    lead = note.startswith("teacher − base")
    fewer = f"over {pool['compared']} of them" if pool["compared"] else ""
    group = pool.get("group")
    named = "" if group in wording.LABELS else f" ({wording.named(group)})"
    return Row(
        kind="mean",
        name=f"Mean over {len(names)} tasks{named}",
        about="",
        metric="",
        scores=(NONE, NONE, NONE),
        shown="",
        change="units differ"
        if pool["mixed"]
        else wording.difference(pool.get("student_minus_base"), pool["unit"]),
        after="",
        p="",
        gap=gap,
        note=", ".join(filter(None, ["" if lead and pool["mixed"] else note, fewer])),
        n=wording.count(pool.get("n")),
        detectable=NONE,
        before="",
    )
