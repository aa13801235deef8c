"""The names of arms, rounds and amounts, and what of a difference can be claimed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from limbeck.evals.pages import wording
from limbeck.evals.rounds.runs import LOOP

Found = Mapping[str, Any]
State = Literal["better", "worse", "flat"]

_SAME = {"control_rows": "as many instructions", "control_cost": "as many tokens"}
_KINDS = ("ability", "forgetting", "imitation")


def arm(name: object) -> str:
    """ "loop", "control (as many instructions)"."""
    if name == LOOP:
        return LOOP
    same = _SAME.get(str(name))
    return f"control ({same})" if same else wording.named(name)


def control(name: object, found: Found) -> str:
    """What the control is: "plain Self-Instruct with as many instructions"."""
    same = _SAME.get(str(name))
    if same is None:
        return wording.named(name)
    what = "a random draw from the reserve" if found["settings"].get("reserve") else ""
    # A reserve is written down already: its tokens are those of the teacher's answers.
    return f"{what or 'plain Self-Instruct'} with {same}"


def of_task(task: Found) -> str:
    """ "the mean of 3 ability tasks", "gsm8k"."""
    if task["of"]:
        return f"the mean of {len(task['of'])} {wording.named(task['kind'])} tasks"
    return wording.named(task["task"])


def first_task(found: Found) -> Found | None:
    """The task, or the mean, that the loop is judged by: of ability where there is one, and the
    mean where there is one."""
    known = {kind: place for place, kind in enumerate(_KINDS)}
    ranked = sorted(found["tasks"], key=lambda t: (known.get(t["kind"], 1), not t["of"]))
    return ranked[0] if ranked else None


def at(task: Found, arm_name: str, number: int) -> Found | None:
    """The task's entry of one round of one arm."""
    own = (one for one in task["rounds"] if (one["arm"], one["number"]) == (arm_name, number))
    return next(own, None)


def last_loop(found: Found) -> int:
    """The number of the loop's last round."""
    return max(int(n) for one in found["arms"] if one["arm"] == LOOP for n in one["rounds"])


def last_both(found: Found, arm_name: str) -> int | None:
    """The last round that both the loop and a control have, from 2 on."""
    by_arm = {one["arm"]: set(one["rounds"]) for one in found["arms"]}
    both = by_arm[LOOP] & by_arm.get(arm_name, set())
    return max(both, default=None)


def has_stop_rule(found: Found) -> bool:
    """Whether a score may have ended the loop; where nothing is known of it, too."""
    rule = found["settings"].get("stop")
    return rule is None or rule.get("patience") is not None


def was_asked(found: Found) -> bool:
    """Whether the referee scored anything; one that a recipe names may have had nothing to."""
    asked = [found["base_held_out"], *(run["held_out"] for run in found["runs"])]
    asked += [(run["discriminated"] or {}).get("referee") for run in found["runs"]]
    return any(asked)


def controls(found: Found) -> list[str]:
    return [one["arm"] for one in found["arms"] if one["arm"] != LOOP]


def state(task: Found, entry: Found, *, adjusted: bool = False) -> State:
    """What a difference shows: "flat" where the interval holds 0, or p (Holm's where `adjusted`)
    is not below 0.05."""
    side = wording.against_base({**task, "moved": entry}, "moved")
    p = wording.finite(entry["p_holm" if adjusted else "p_value"])
    if side not in ("better", "worse") or (p is not None and p >= wording.ALPHA):
        return "flat"
    return "better" if side == "better" else "worse"


def sized(task: Found, entry: Found) -> str:
    """ "+4.2 points [+1.0, +7.4], p = 0.012"."""
    return f"{wording.difference(entry, task['unit'])}, p {wording.bare_p(entry['p_value'])}"


def unseen(task: Found, entry: Found) -> str:
    """ "a difference under 4.1 points would probably not have been seen", or that no spread was
    seen to tell it by."""
    smallest = wording.finite(entry["smallest_detectable"])
    if smallest is None:
        return "no spread was seen, so the interval says nothing"
    size = wording.amount(smallest, task["unit"])
    return f"a difference under {size} would probably not have been seen"


def range_of(entry: Found | None, unit: str) -> str:
    """A value with its interval where it has one."""
    return wording.ranged(entry, unit) if _has_ends(entry) else wording.score(entry, unit)


def _has_ends(entry: Found | None) -> bool:
    return all(wording.finite((entry or {}).get(key)) is not None for key in ("low", "high"))


def dollars(value: object) -> str:
    """ "$3.20", "$0.0041"; n/a without a price."""
    number = wording.finite(value)
    if number is None:
        return wording.MISSING
    return f"${wording.fixed(number, 2)}"


def tokens(cost: Found) -> int:
    """Those of prompts and of completions."""
    return int(cost["prompt_tokens"]) + int(cost["completion_tokens"])
