"""What several loops found together, as cells and sentences for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.plain import Table
from limbeck.evals.rounds import names
from limbeck.evals.rounds.runs import LOOP
from limbeck.evals.rounds.tables import standings

Found = Mapping[str, Any]

READING = (
    "Scores are means over the loops, with the lowest and the highest of them in brackets; other "
    "intervals are at 95%, over items and loops."
)


def tables(found: Found) -> list[Table]:
    """A table for each task, the means first, with what each loop showed below. All texts are
    plain, and are to be escaped."""
    return [
        standings(task)._replace(notes=list(_notes(task, found["loops"])))
        for task in found["tasks"]
    ]


def lines(found: Found) -> list[str]:
    """Whether the loop beat each control, and what is not here, a sentence each."""
    return [*_leads(found), *_limits(found)]


def _leads(found: Found) -> Iterator[str]:
    task, arms = names.first_task(found), names.controls(found)
    if task is None:
        yield "No task could be compared, so the rounds cannot be told apart."
    elif not arms:
        yield "The loops have no control in common, so what a loop itself brings is not told."
    else:
        yield from (_against(task, arm, found) for arm in arms)


def _against(task: Found, arm: str, found: Found) -> str:
    who, number = names.control(arm, found), names.last_both(found, arm)
    entry = next((e for e in task["against"] if (e["arm"], e["number"]) == (arm, number)), None)
    if entry is None:
        return f"The loops and their control, {who}, have no round in common to be compared at."
    told = {"better": "better than", "worse": "worse than", "flat": "different from"}
    state = names.state(task, entry)
    how = "not measurably" if state == "flat" else "measurably"
    count = wording.count(len(found["loops"]))
    still = entry["low"] == entry["high"]
    return (
        f"Over {count} seeds, after round {number}, the loop is {how} {told[state]} "
        f"{who}: {names.sized(task, entry)}, on {names.of_task(task)}"
        f"{'; no spread was seen, so the interval says nothing' if still else ''}."
    )


def _notes(task: Found, loops: Sequence[Found]) -> Iterator[str]:
    unit, own = task["unit"], [one["name"] for one in loops]
    for entry in task["against"]:
        each = (
            f"{wording.visible(name, one_line=True)} {wording.amount(value, unit, signed=True)}"
            for name, value in zip(own, entry["loops"], strict=True)
        )
        who = names.arm(entry["arm"])
        yield f"{LOOP} − {who} at round {entry['number']}: {', '.join(each)}."
    if left := task["asked"] - task["n"]:
        yield f"Items that not every model answered are left out: {wording.count(left)}."


def _limits(found: Found) -> Iterator[str]:
    if found["missing"]:
        rounds = (f"round {one['number']} ({names.arm(one['arm'])})" for one in found["missing"])
        yield f"Not here, since not every loop has it: {', '.join(rounds)}."
    if len({one["seed"] for one in found["loops"]}) == 1:
        yield (
            "The loops have one seed and differ in train.seed alone: what was drawn and sampled "
            "first is the same in all, and other draws are not in the intervals."
        )
    for one in found["left_out"]:
        yield f"Left out: {wording.named(one['task'])}, since {wording.named(one['why'])}."
