"""How the numbers of a loop are to be read. Plain text; escaping is the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.rounds import names


def notes(found: Mapping[str, Any]) -> list[str]:
    """Sentences, those that fit this loop."""
    has_control = bool(names.controls(found))
    lines = [
        "Square brackets hold 95% intervals over items. Every student was trained once, with one "
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
            "The rows that each student was trained on stand beside each other below: where one "
            "arm got fewer, a part of the difference may be the rows'.",
        ]
    if names.last_loop(found) > 1:
        lines.append(
            "The score that the stop rule watches also chooses the best round, and the best of "
            "several is optimistic. A fair score is that of tasks which chose nothing."
        )
    if found["referee"] is not None:
        lines.append(
            "A referee's points are an opinion, and no measure of ability: Lion (Jiang et al. "
            "2023) has 94% of its teacher's points by such a judge, and 56% of its score on "
            "AGIEval."
        )
    if any(run["cost"] for run in found["runs"]):
        lines.append(
            "Calls and tokens are of replies that were used, each counted once in an arm, whether "
            "or not the ledger already had it. Dollars are missing where a model has no price."
        )
    return lines
