"""What is said of a task, or of several in the same case of gap closed (`wording.gap_state`).

Plain text; `escape` is applied to names and units from outside.
"""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import NOT_BETTER, SHARED, Escape, Task, visible

_CLOSED = "{gap} of the gap to the teacher closed on {names}"
CASES = {
    "part": _CLOSED,
    "reaches": _CLOSED + "; the interval reaches the teacher's level",
    "past": _CLOSED + "; the student is measurably past the teacher",
    "none": "no measurable part of the gap to the teacher closed on {names}: {gap}",
    "open": "undecided on {names}: {gap} of the gap closed fits both no change and the whole gap",
    "away": "the student moved away from the teacher on {names}: {gap} of the gap closed",
    "teacher_worse": "the teacher is worse than base on {names}, "
    "and the student went {gap} of the way to it",
    "unbounded": f"gap closed not measurable on {{names}} ({NOT_BETTER} than base){{change}}",
    "no_teacher": "no teacher score on {names}{change}",
    "no_gap": "gap closed not computed on {names}{change}",
    "unmeasured": "base and student not both measured on {names}",
}
# Tasks of one of these cases share a sentence, each with its own numbers.
_SEVERAL = {
    "part": "part of the gap to the teacher closed on {names}",
    "reaches": "the gap closed up to the teacher's level, as far as intervals tell, on {names}",
    "past": "the student is measurably past the teacher on {names}",
    "none": "no measurable part of the gap to the teacher closed on {names}",
    "open": "undecided, since both no change and the whole gap fit, on {names}",
    "away": "the student moved away from the teacher on {names}",
    "teacher_worse": "the teacher is worse than base, and the student went towards it, on {names}",
}


def clause(state: str, tasks: Sequence[Task], escape: Escape) -> str:
    """What is said of tasks in the same `gap_state`."""
    names = [escape(wording.named(task.get("task"))) for task in tasks]
    if len(tasks) > 1 and state in _SEVERAL:
        each = zip(names, tasks, strict=True)
        told = [f"{name} ({wording.gap_text(task['gap_closed'])})" for name, task in each]
        return _SEVERAL[state].format(names=", ".join(told))
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    gap = wording.gap_text(tasks[0].get("gap_closed") or {})
    text = CASES[state].format(gap=gap, names=listed, change=_change(tasks, escape))
    return text + ("" if state in SHARED else borderline(tasks[0], state))


def _change(tasks: Sequence[Task], escape: Escape) -> str:
    """What the student did against base, where there is no gap to put it into."""
    task, state = tasks[0], wording.against_base(tasks[0])
    if state == "unknown":
        return ""
    if state != "flat":
        size = wording.difference(task["student_minus_base"], task.get("unit"))
        size += _unit(task, escape)
        if wording.moved(task) == "flat":
            alone = f"the student is {state} than base there by itself ({size})"
            return f"; {alone}, {_unadjusted(task)}"
        return f"; the student is measurably {state} than base there: {size}"
    smallest = wording.amount(task.get("smallest_detectable"), task.get("unit"))
    smallest += _unit(task, escape)
    known = len(tasks) == 1 and wording.finite(task.get("smallest_detectable")) is not None
    return "; the student is not measurably different from base there" + (
        f" (smallest detectable change {smallest})" if known else ""
    )


def _unadjusted(task: Task) -> str:
    return f"not after Holm's adjustment (p {wording.bare_p(task['student_minus_base']['p_holm'])})"


def _unit(task: Task, escape: Escape) -> str:
    unit = visible(task.get("unit") or "", one_line=True)
    return f" {escape(unit)}" if unit not in ("", "share") else ""


def borderline(task: Task, state: str) -> str:
    """Intervals and tests are computed differently; where they disagree, the reader is told."""
    change = wording.against_base(task)
    if change in ("better", "worse") and wording.moved(task) == "flat":
        return f" (borderline: student − base is {change} by itself, {_unadjusted(task)})"
    if state in ("part", "reaches", "past", "away") and change == "flat":
        return " (borderline: the interval of student − base includes zero)"
    if state in ("none", "open") and change in ("better", "worse"):
        return f" (borderline: student − base by itself is measurably {change})"
    return ""
