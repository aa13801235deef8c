"""How the numbers of a loop are to be read. Plain text; escaping is the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.referee import words as referee
from limbeck.evals.rounds import names


def notes(found: Mapping[str, Any]) -> list[str]:
    """Sentences, those that fit this loop."""
    has_control = bool(names.controls(found))
    over = "items"
    if any(task["clusters"] for task in found["tasks"]):
        over += ", of those that vary together (one template's) over their groups"
    lines = [
        f"Square brackets hold 95% intervals over {over}. Every student was trained once, with one "
        "seed; another seed would move every score too, and of that the intervals know nothing.",
        "All students answered the same items, and are compared item by item; only items that all "
        "answered count.",
        "Gap closed: 0% is the base, 100% the teacher. It cannot be told where the teacher is not "
        "measurably better than the base.",
    ]
    if has_control:
        lines += [
            "The first sentence rests, for each control, on one comparison chosen before it was "
            "seen: the last round that both have, and its own p. Holm's p is over all rounds of an "
            "arm and all tasks; that of means over its rounds and the means.",
            "The rows that each student was trained on stand in a table above: where one "
            "arm got fewer, a part of the difference may be the rows'.",
        ]
    if names.last_loop(found) > 1:
        watched = "that the stop rule watches" if names.has_stop_rule(found) else "by round"
        lines.append(
            f"The score {watched} also chooses the best round, and the best of several is "
            "optimistic. A fair score is that of tasks which chose nothing."
        )
    if names.was_asked(found):
        lines += referee.NOTES
    if any(run["cost"] for run in found["runs"]):
        lines.append(
            "Calls and tokens are of replies that were used, each counted once in an arm, whether "
            "or not the ledger already had it. Dollars are missing where a model has no price."
        )
    return lines
