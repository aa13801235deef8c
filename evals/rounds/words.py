"""What a loop found, in plain words: whether it beat its control, and all that belongs beside it.

Plain text without raw control characters; escaping is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator

from limbeck.evals.pages import wording
from limbeck.evals.referee import words as referee
from limbeck.evals.rounds import names
from limbeck.evals.rounds.names import Found
from limbeck.evals.rounds.runs import LOOP


def lead(found: Found) -> str:
    """Whether the loop beat its control, for each control."""
    task = names.first_task(found)
    if task is None:
        return "No task could be compared, so the rounds cannot be told apart."
    arms = names.controls(found)
    if not arms:
        if names.last_loop(found) == 1:
            return (
                "The loop has one round, which is plain imitation: what a loop brings shows from "
                "round 2 on."
            )
        return (
            "No control was run, so what the loop itself brought cannot be told from what more "
            "rows alone would have brought."
        )
    return " ".join(_against(task, arm, found) for arm in arms)


def _against(task: Found, arm: str, found: Found) -> str:
    who = names.control(arm, found)
    number = names.last_both(found, arm)
    entry = next(
        (one for one in task["against"] if (one["arm"], one["number"]) == (arm, number)), None
    )
    if entry is None:
        return f"The loop and its control, {who}, have no round in common to be compared at."
    size = f"{names.sized(task, entry)}, on {names.of_task(task)}"
    state = names.state(task, entry)
    if state == "better":
        return f"After round {number} the loop is measurably better than {who}: {size}."
    if state == "worse":
        return f"After round {number} the loop is measurably worse than {who}: {size}."
    told = f"After round {number} the loop is not measurably different from {who}: {size}"
    return "; ".join(filter(None, [told, names.unseen(task, entry)])) + "."


def findings(found: Found) -> list[tuple[str, list[str]]]:
    """The findings under their kinds, in order; kinds with nothing to say are not there."""
    task = names.first_task(found)
    made = [
        ("Tasks", list(_tasks(found, task))),
        ("Gap", [] if task is None else list(_gap(found, task))),
        ("Rounds", [] if task is None else list(_rounds(found, task))),
        ("Referee", list(_referee(found, task))),
        ("Hard share", list(_hard(found))),
        ("Cost", list(_cost(found))),
        ("Stop", list(_stop(found))),
        ("Left out", list(_left_out(found))),
    ]
    return [(kind, lines) for kind, lines in made if lines]


def _tasks(found: Found, first: Found | None) -> Iterator[str]:
    """Task by task against each control, after Holm's adjustment."""
    several = [task for task in found["tasks"] if task is not first and not task["of"]]
    for arm in names.controls(found):
        number = names.last_both(found, arm)
        told: dict[str, list[str]] = {"better": [], "worse": [], "flat": []}
        for task in several:
            for entry in task["against"]:
                if (entry["arm"], entry["number"]) == (arm, number):
                    state = names.state(task, entry, adjusted=True)
                    size = wording.difference(entry, task["unit"])
                    if state != "flat":
                        size += f", Holm's p {wording.bare_p(entry['p_holm'])}"
                    told[state].append(f"{names.of_task(task)} ({size})")
        parts = [
            f"{word} on {', '.join(told[state])}"
            for state, word in (
                ("better", "measurably better"),
                ("worse", "measurably worse"),
                ("flat", "not measurably different"),
            )
            if told[state]
        ]
        if parts:
            who = names.control(arm, found)
            yield f"task by task, round {number} of the loop against {who}: {'; '.join(parts)}."


def _gap(found: Found, task: Found) -> Iterator[str]:
    """How much of the gap the last round closed, and how much a control's did."""
    number = names.last_loop(found)
    own = names.at(task, LOOP, number)
    if own is None:
        return
    moved = own["student_minus_base"]
    state = names.state(task, moved)
    change = {
        "better": "the student is measurably better than base",
        "worse": "the student is measurably worse than base",
        "flat": "the student is not measurably different from base",
    }[state]
    change += f": {names.sized(task, moved)}"
    if state == "flat" and (unseen := names.unseen(task, moved)):
        change += f"; {unseen}"
    gap, where = own["gap_closed"], f"on {names.of_task(task)}"
    if gap is None:
        yield f"no gap can be told {where}, since the teacher has no score; {change}."
    elif not gap["bounded"]:
        lead_of = wording.difference(task["teacher_minus_base"], task["unit"])
        yield (
            f"the gap closed cannot be told {where}, since the teacher is "
            f"{_not_better(task)} than base (teacher − base {lead_of}); {change}."
        )
    else:
        others = [
            f"{names.arm(arm)}{f' of round {last}' if last != number else ''}: "
            f"{wording.gap_text(one['gap_closed'])}"
            for arm in names.controls(found)
            if (last := names.last_both(found, arm)) is not None
            and (one := names.at(task, arm, last)) is not None
        ]
        beside = f" ({'; '.join(others)})" if others else ""
        yield (
            f"round {number} closed {wording.gap_text(gap)} of the gap between base and teacher "
            f"{where}{beside}; {change}."
        )


def _not_better(task: Found) -> str:
    worse = names.state(task, task["teacher_minus_base"]) == "worse"
    return "measurably worse" if worse else "not measurably better"


def _rounds(found: Found, task: Found) -> Iterator[str]:
    """Whether rounds after the first brought anything, and the last one alone."""
    number = names.last_loop(found)
    own = names.at(task, LOOP, number)
    if number < 2 or own is None or own["from_first"] is None:
        return
    rounds = "round 2" if number == 2 else f"rounds 2 to {number}"
    yield f"{rounds} {_step(task, own['from_first'], 'round 1')}."
    if number > 2 and own["from_before"] is not None:
        yield f"round {number} {_step(task, own['from_before'], f'round {number - 1}')}."


def _step(task: Found, entry: Found, to: str) -> str:
    size, where = names.sized(task, entry), f"on {names.of_task(task)}"
    state = names.state(task, entry)
    if state == "better":
        return f"measurably improved on {to} {where}: {size}"
    if state == "worse":
        return f"made it measurably worse than {to} {where}: {size}"
    told = f"brought nothing measurable over {to} {where}: {size}"
    return "; ".join(filter(None, [told, names.unseen(task, entry)]))


def _referee(found: Found, task: Found | None) -> Iterator[str]:
    """What the referee says beside what the tasks say."""
    if found["referee"] == found["teacher"] and names.was_asked(found):
        yield referee.OWN
    runs = [run for run in found["runs"] if run["arm"] == LOOP and run["held_out"]]
    if not runs:
        return
    run = runs[-1]
    scored = run["held_out"]
    who = f"the student of round {run['number']}"
    text = referee.finding(scored, found["referee"], role=who, prompts="held-out prompt")
    if _relative(scored) is not None:
        base = found["base_held_out"]
        if _relative(base) is not None:
            text += f"; the untrained base has {names.range_of(base['relative'], 'share')}"
        own = None if task is None else names.at(task, LOOP, run["number"])
        if task is not None and own is not None:
            text += f"; {_tasks_say(task, own)}"
    yield f"{text}."
    yield from referee.doubts(scored)


def _relative(summary: Found | None) -> float | None:
    return wording.finite(((summary or {}).get("relative") or {}).get("value"))


def _tasks_say(task: Found, own: Found) -> str:
    where = f"on {names.of_task(task)}"
    gap, ratio = own["gap_closed"], own["of_teacher"]
    told = []
    if ratio is not None and ratio["bounded"]:
        told.append(f"has {wording.share(ratio)} of the teacher's score")
    if gap is not None and gap["bounded"]:
        told.append(f"closed {wording.gap_text(gap)} of the gap between base and teacher")
        return f"{where} that student {' and '.join(told)}"
    if told:
        return f"{where} that student {told[0]}, and the gap closed cannot be told"
    return f"{where} the gap closed cannot be told"


def _hard(found: Found) -> Iterator[str]:
    """Over the rounds: of a pool that grows, so it is not one question asked again."""
    runs = [run for run in found["runs"] if run["arm"] == LOOP and run["discriminated"]]
    told = []
    for run in runs:
        share = names.range_of(run["discriminated"].get("hard_share"), "share")
        known = share != wording.MISSING
        told.append(
            f"{share if known else 'not known, since nothing was scored,'} in round {run['number']}"
        )
    if not told:
        return
    text = f"the hard share is {', '.join(told)}"
    if len(told) > 1:
        text += "; the pool grows by what each round adds, so a change is not the student's alone"
    yield text + "."
    for run in runs:
        if doubt := referee.unsure(run["discriminated"].get("referee") or {}):
            yield f"in round {run['number']} {doubt}"


def _cost(found: Found) -> Iterator[str]:
    """What it took to have the last student, of the loop and of each control at the same round."""
    runs = {(run["arm"], run["number"]): run for run in found["runs"]}
    last = names.last_loop(found)
    pairs = [(arm, names.last_both(found, arm)) for arm in names.controls(found)]
    shared = [number for _, number in pairs if number is not None]
    wanted = sorted({last, *shared})
    for number in wanted:
        own = runs.get((LOOP, number))
        arms = [runs[arm, number] for arm, at in pairs if at == number]
        told = [_took(run) for run in ([own] if own else []) + arms if run["to_here"] is not None]
        if told:
            yield f"for the student of round {number} {'; '.join(told)}."


def _took(run: Found) -> str:
    cost = run["to_here"]
    price = "" if cost["usd"] is None else f" ({names.dollars(cost['usd'])})"
    return (
        f"the {names.arm(run['arm'])} took {wording.count(cost['calls'])} calls and "
        f"{wording.count(names.tokens(cost))} tokens{price}, and trained on "
        f"{wording.count(run['rows'])} rows"
    )


def _stop(found: Found) -> Iterator[str]:
    stop = found["stop"]
    if why := wording.visible(stop["why"] or "", one_line=True):
        yield why if why.endswith((".", "!", "?", "。")) else f"{why}."
    known = [one for one in stop["scores"] if one["score"] is not None]
    if len(known) < 2:
        return
    told = [f"{wording.fixed(one['score'], 3)} in round {one['number']}" for one in known]
    watched = "the stop rule watches " if names.has_stop_rule(found) else "round by round, "
    text = f"{watched}{_stop_score(found)}: {', '.join(told)}"
    best = max(one["score"] for one in known)
    if min(one["score"] for one in known) == best:
        yield f"{text}; no round is better than another."
        return
    first = [str(one["number"]) for one in known if one["score"] == best]
    which = f"round {first[0]} is the best"
    if len(first) > 1:
        which = f"rounds {', '.join(first[:-1])} and {first[-1]} are the best"
    yield f"{text}; {which} of {len(known)}, and as the best of several its score is optimistic."


def _stop_score(found: Found) -> str:
    """What the stop rule compares, more being better (`held_out_score`)."""
    task = found["stop"]["task"]
    own = [one for one in found["tasks"] if not one["of"]]
    own = [one for one in own if one["task"] == task or (task is None and one["kind"] == "ability")]
    minus = "minus " if any(not one["higher_is_better"] for one in own) else ""
    if task is not None:
        return f"{minus}{wording.named(task)}"
    return (
        f"{minus}{names.of_task(own[0])}"
        if len(own) == 1 and not found["left_out"]
        else "the mean over tasks"
    )


def _left_out(found: Found) -> Iterator[str]:
    for one in found["left_out"]:
        yield f"nothing is compared on {wording.named(one['task'])}: {wording.named(one['why'])}."
