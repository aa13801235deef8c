"""What became of the answers: right, wrong, or not readable at all; and what of a gain is format.

A score is (share of answers that can be read) x (share of those that are right). A change of the
score is split between the two by the symmetric decomposition (Kitagawa, 1955): each factor's
change times the mean of the other, so that the two parts add up exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Escape, Task, visible

KINDS = ("right", "wrong", "unparseable", "truncated", "refused", "failed")
MOST = 0.5


class Split(NamedTuple):
    """A change of a score, the part of it that is format, and each model's readable share and
    share right of the readable: base, then student."""

    change: float
    by_format: float
    readable: tuple[float, float]
    right: tuple[float, float]


def counts(task: Task, role: str) -> dict[str, float] | None:
    """The counts of a role by `KINDS`, those that are not there 0; None where none are known."""
    known = ((task.get("outcomes") or {}).get(role)) or {}
    made = {kind: max(0.0, wording.finite(known.get(kind)) or 0.0) for kind in KINDS}
    return made if sum(made.values()) else None


def split(task: Task) -> Split | None:
    """None where a role has no answer, or none that can be read. Failed calls are no answers."""
    shares = []
    for role in ("base", "student"):
        found = counts(task, role)
        answers = sum(found.values()) - found["failed"] if found else 0.0
        if not found or not answers:
            return None
        read = found["right"] + found["wrong"]
        shares.append((read / answers, found["right"] / read if read else 0.0))
    (base, base_right), (student, student_right) = shares
    return Split(
        change=student * student_right - base * base_right,
        by_format=(student - base) * (student_right + base_right) / 2,
        readable=(base, student),
        right=(base_right, student_right),
    )


def findings(tasks: Iterable[Task], escape: Escape = visible) -> Iterator[str]:
    """Where a measurable change is mostly of answers that became, or ceased to be, readable; and
    where worked examples alone, which show the form, take base measurably up."""
    for task in tasks:
        name = escape(wording.named(task.get("task")))
        told = _of_items(task, name) if task.get("readable") else _of_counts(task, name)
        yield from filter(None, [told, _few_shot(task, name)])


def _of_items(task: Task, name: str) -> str:
    """From the items themselves, where the report has the parts of the change with intervals."""
    moved, part = wording.moved(task), task["readable"].get("format") or {}
    whole = wording.finite((task.get("student_minus_base") or {}).get("value"))
    value, low, high = (wording.finite(part.get(key)) for key in ("value", "low", "high"))
    if moved not in ("better", "worse") or not whole or value is None:
        return ""
    if low is None or high is None or low <= 0 <= high or value / whole <= MOST:
        return ""
    how = "more than the whole" if value / whole > 1 else "most of the"
    what = "gain" if moved == "better" else "loss"
    size = wording.amount(whole, task.get("unit"), signed=True)
    found = split(task)
    shares = "" if found is None else f"; {_pair(found.readable)} can be read"
    return (
        f"{how} {what} on {name} ({size}) is on items that base or student left unreadable: "
        f"{wording.difference(part, task.get('unit'))}{shares}"
    )


def _few_shot(task: Task, name: str) -> str:
    """A control: what base gains when it is only shown the form."""
    shown, unit = task.get("few_shot_base") or {}, task.get("unit")
    low = wording.finite((shown.get("minus_base") or {}).get("low"))
    if low is None or low <= 0 or task.get("higher_is_better") is False:
        return ""
    before, after = (
        wording.score({"value": (entry or {}).get("value")}, unit)
        for entry in (task.get("base"), shown)
    )
    return (
        f"{wording.count(shown.get('shots'))} worked examples alone take base from {before} to "
        f"{after} on {name} ({wording.difference(shown['minus_base'], unit)})"
    )


def _of_counts(task: Task, name: str) -> str:
    """From the counts alone."""
    found, moved = split(task), wording.moved(task)
    if found is None or moved not in ("better", "worse") or not found.change:
        return ""
    if found.by_format / found.change <= MOST or (found.change > 0) != (moved == "better"):
        return ""
    what, became = ("gain", "became") if moved == "better" else ("loss", "ceased to be")
    part, whole = (
        wording.amount(value, "share", signed=True) for value in (found.by_format, found.change)
    )
    how = f"most of the {what} on {name} ({whole}) is answers that {became} readable ({part})"
    if found.by_format / found.change > 1:
        how = (
            f"answers that {became} readable ({part}) are more than the whole {what} on {name} "
            f"({whole})"
        )
    read, right = _pair(found.readable), _pair(found.right)
    return f"{how}: {read} can be read, and of those {right} are right"


def _pair(pair: Sequence[float]) -> str:
    """Base's and the student's share."""
    one, two = (wording.score({"value": value}, "share") for value in pair)
    return f"{one} of the base's and {two} of the student's"


def bar(found: Mapping[str, float]) -> list[dict[str, Any]]:
    """The parts of a stacked bar, in percent of all items, none that is empty."""
    whole = sum(found.values())
    return [
        {
            "kind": kind,
            "count": wording.count(found[kind]),
            "share": round(100 * found[kind] / whole, 3),
        }
        for kind in KINDS
        if found[kind]
    ]
