"""Which rows of a report count where: the main view, and the means over tasks as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Task


def main_view(report: Mapping[str, Any]) -> list[Task]:
    """The rows that the verdict is about."""
    return [task for task in report.get("tasks") or [] if task.get("view") != "likelihood"]


def second_view(report: Mapping[str, Any]) -> list[Task]:
    """The student-only rows, by the likelihood of each option."""
    return [task for task in report.get("tasks") or [] if task.get("view") == "likelihood"]


def of_kind(report: Mapping[str, Any], label: str) -> Task | None:
    """The mean over the tasks of a kind, by its label, as a row that `wording.gap_state` reads."""
    kinds = {name: kind for kind, name in wording.LABELS.items()}
    group = kinds.get(label)
    found = [one for one in report.get("pooled") or [] if one.get("group") == group]
    return as_task(found[0], main_view(report)) if found and group else None


def others(report: Mapping[str, Any]) -> list[Task]:
    """The means over groups of another name."""
    every = report.get("pooled") or []
    return [
        as_task(one, main_view(report)) for one in every if one.get("group") not in wording.LABELS
    ]


def as_task(pool: Mapping[str, Any], tasks: Sequence[Task]) -> Task:
    """A mean over tasks as a row: no scores of its own, since only differences are averaged.

    `mixed` says that the tasks do not share a unit, so that a mean difference has no meaning;
    `compared`, of how many tasks the gap is, where these are not all.
    """
    names = [str(name) for name in pool.get("tasks") or []]
    members = [task for task in tasks if str(task.get("task")) in names]
    units = {str(task.get("unit") or "") for task in members}
    lower = [task.get("higher_is_better") is False for task in members]
    mixed = len(units) > 1 or len(set(lower)) > 1
    several = pool.get("with_teacher") or []
    known = {"value": 0.0}
    return {
        "task": f"the mean over {len(names)} tasks" if len(names) > 1 else "".join(names),
        "names": names,
        "group": pool.get("group"),
        "unit": units.pop() if len(units) == 1 else "",
        "mixed": mixed,
        "higher_is_better": not (lower and all(lower)),
        "n": pool.get("n"),
        "base": known,
        "student": known if pool.get("student_minus_base") else None,
        "teacher": known if pool.get("teacher_minus_base") else None,
        "student_minus_base": pool.get("student_minus_base"),
        "teacher_minus_base": pool.get("teacher_minus_base"),
        "gap_closed": pool.get("gap_closed"),
        "left_out": pool.get("left_out"),
        "compared": len(several) if 0 < len(several) < len(names) else 0,
    }
