"""The runs that a loop is made of: one for every round of every arm, and what each cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

LOOP = "loop"
ARMS = (LOOP, "control_rows", "control_cost")
PHASES = ("imitate", "discriminate", "write", "held_out")

Key = tuple[str, int]  # arm, number of the round


@dataclass(frozen=True, slots=True)
class RoundRun:
    """One round of one arm.

    `arm` is "loop", "control_rows" or "control_cost"; `number` counts from 1, and round 1, which
    all arms share, stands once, as the loop's. `seeds` are the instructions of its train pool,
    `rows` and `tokens` what the student was trained on; `roles` the results of its eval stage.
    `cost` is by phase (`PHASES`) what this round added, each reply counted once in an arm:
    {"calls", "prompt_tokens", "completion_tokens", "usd"}, usd None where there is no price.
    `discriminated`, `written` and `held_out` are the summaries of those phases, None where the
    round had none.
    """

    arm: str
    number: int
    name: str
    seeds: int
    rows: int
    tokens: int
    roles: Mapping[str, Mapping[str, Any]]
    cost: Mapping[str, Mapping[str, Any]]
    discriminated: Mapping[str, Any] | None
    written: Mapping[str, Any] | None
    held_out: Mapping[str, Any] | None

    @property
    def key(self) -> Key:
        return self.arm, self.number


def added(costs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Costs as one. `usd` is None where a part that was asked for anything has no price."""
    parts = list(costs)
    names = ("calls", "prompt_tokens", "completion_tokens")
    total: dict[str, Any] = {name: sum(int(part[name]) for part in parts) for name in names}
    dollars = [part["usd"] for part in parts if part["calls"]]
    known = [value for value in dollars if value is not None]
    return total | {"usd": sum(known, 0.0) if len(known) == len(dollars) else None}


def cost_to(grid: Mapping[Key, RoundRun], arm: str, number: int) -> dict[str, Any] | None:
    """What it took to have the student of this round: every round's imitation so far, and what was
    discriminated and written before it. What was only measured (`held_out`) is not in it. A
    control's round 1 is the loop's imitation. None where a round on the way is missing.
    """
    parts = []
    for before in range(1, number + 1):
        run = grid.get((LOOP if before == 1 else arm, before))
        if run is None:
            return None
        phases = ["imitate"]
        if arm != LOOP:
            phases += ["discriminate", "write"] if before > 1 else []
        elif before < number:
            phases += ["discriminate", "write"]
        parts += [run.cost[phase] for phase in phases if phase in run.cost]
    return added(parts)


def held_out_score(roles: Mapping[str, Mapping[str, Any]], task: str | None) -> float | None:
    """What the stop rule compares, more being better: the student's mean score of `task`, or the
    mean over those of ability in the main view, which are eval.tasks without imitation, each over
    the items that it answered; where less is better it is negated.

    None where the task was not asked, none was, or one has no score at all: then a mean over the
    others would be of other tasks than in the rounds before.
    """
    values = []
    for one in roles["student"]["tasks"]:
        is_main = one.get("view", "main") == "main"
        if not is_main or (one["kind"] != "ability" if task is None else one["task"] != task):
            continue
        scores = [item["score"] for item in one["items"] if item["score"] is not None]
        if not scores:
            return None
        values.append(float(np.mean(scores)) * (1 if one["higher_is_better"] else -1))
    return float(np.mean(values)) if values else None
