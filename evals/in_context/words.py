"""The small texts of an in-context report: conditions, values with intervals, how to read them.

Plain text, as in `wording`: escaping is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.in_context import lookup
from limbeck.evals.in_context.lookup import Found
from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import visible

TITLE = "In-context ability"


def with_demos(select: str, shots: int) -> str:
    """ "after 4 random demos", "after 1 bm25 demo", "without demos"."""
    if not shots:
        return "without demos"
    noun = "demo" if shots == 1 else "demos"
    return f"after {shots} {visible(select, one_line=True)} {noun}"


def demos_of(point: Mapping[str, Any]) -> str:
    """A condition in few words: "none", "4 random", "4 random, labels flipped"."""
    select, shots, control = lookup.key_of(point)
    labels = f", labels {control.replace('_', ' ')}" if control else ""
    return visible(f"{shots} {select}{labels}", one_line=True) if shots else "none"


def tasks(found: Found) -> str:
    """How many they are: "6 tasks"."""
    number = len(lookup.tasks(found))
    return f"{number} task" if number == 1 else f"{number} tasks"


def mean_of(found: Found) -> str:
    """What the mean is called: "Mean over 6 tasks"."""
    return f"Mean over {tasks(found)}"


def ranged(entry: Mapping[str, Any] | None, unit: str = "share") -> str:
    """A value and its interval: "47.3% [40.1%, 55.0%]"."""
    return wording.ranged(entry, unit)


def share(value: float | None) -> str:
    """A share alone: "25.0%"."""
    return wording.score({"value": value}, "share")


def sentences(parts: Sequence[str]) -> str:
    """The parts that are not empty, each a sentence; the first begins as it is."""
    first, *rest = [part for part in parts if part] or [""]
    return ". ".join([first, *(part[:1].upper() + part[1:] for part in rest)]) + "."


def notes(found: Found) -> list[str]:
    """How the numbers are to be read."""
    protocol = found.get("protocol") or {}
    near = wording.finite(protocol.get("near"))
    like = "" if near is None else f" (a resemblance of {wording.fixed(near, 2)} or more)"
    apart = sum(wording.finite(task.get("near")) or 0 for task in lookup.tasks(found))
    lines = [
        "Square brackets hold 95% intervals: rows and draws of demos are both drawn anew "
        "(pigeonhole bootstrap). The tasks are fixed: intervals say nothing about other tasks.",
        "The demos of a draw are the same for all rows of a task; retrieved demos are each row's "
        f"own. A near copy of a row{like} is never its demo: {wording.count(apart)} such pairs "
        "were kept apart.",
        _asked(protocol),
        _failed(found.get("failed_calls") or {}),
    ]
    return [line for line in lines if line]


def _asked(protocol: Mapping[str, Any]) -> str:
    """The protocol in a sentence; what is not known is left out."""
    shots = ", ".join(wording.count(k) for k in protocol.get("shots") or [])
    names = ", ".join(visible(name, one_line=True) for name in protocol.get("select") or [])
    known = {
        "{} demos": shots,
        "chosen by {}": names,
        "{} draws where they are drawn": protocol.get("seeds"),
        "prompts of the form {}": protocol.get("form"),
        "labels read by {}": protocol.get("labels"),
        "protocol {}": protocol.get("hash"),
    }
    told = [text.format(visible(one, one_line=True)) for text, one in known.items() if one]
    return f"Asked: {'; '.join(told)}." if told else ""


def _failed(calls: Mapping[str, Any]) -> str:
    told = [
        f"{visible(role, one_line=True)} {wording.count(number)}"
        for role, number in calls.items()
        if wording.finite(number)
    ]
    if not told:
        return ""
    return (
        f"Calls that failed: {', '.join(told)}. A row of such a call is left out of its condition "
        "for all models."
    )
