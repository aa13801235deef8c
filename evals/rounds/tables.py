"""What the rounds found, as cells: the same on a page, in Markdown and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.plain import Table, title
from limbeck.evals.rounds import names
from limbeck.evals.rounds.runs import LOOP, PHASES

Found = Mapping[str, Any]

_PHASES = {
    "imitate": "imitation",
    "discriminate": "discrimination",
    "write": "generation",
    "held_out": "held out",
}


def tables(found: Found) -> list[Table]:
    """A table for each task, the means first; then what each round was trained on, told apart,
    wrote and cost, and what the referee gave it. All texts are plain, and are to be escaped."""
    made = [*map(task_table, found["tasks"]), *round_tables(found)]
    return [table for table in made if table.rows]


def round_tables(found: Found) -> list[Table]:
    """Those that are about no task; the ones with nothing in them are not there."""
    made = [_filled(part(found)) for part in (_data, _discriminated, _steady, _scored, _cost)]
    return [table for table in made if table.rows]


def _filled(table: Table) -> Table:
    """Without the columns in which nothing stands."""
    kept = [n for n, _ in enumerate(table.head) if any(row[n] for row in table.rows)]
    rows = [[row[n] for n in kept] for row in table.rows]
    return Table(table.title, [table.head[n] for n in kept], rows, table.notes)


def task_table(task: Found) -> Table:
    """Base, then every round and arm, and what could not be seen."""
    return standings(task)._replace(notes=_task_notes(task))


def standings(task: Found) -> Table:
    """Base, then every round and arm, without notes."""
    unit = task["unit"]
    head = ["student", "score", "student − base", "gap closed", "− round before"]
    against = {(one["arm"], one["number"]): one for one in task["against"]}
    if against:
        head += ["loop − this control", "p", "Holm's p"]
    base = wording.score({"value": task["base"]}, unit)
    rows = [["base", base, *[""] * (len(head) - 2)]]
    for own in task["rounds"]:
        row = [
            _round(own),
            wording.ranged(own["score"], unit),
            wording.difference(own["student_minus_base"], unit),
            _gap(task, own["gap_closed"]),
            "" if own["from_before"] is None else wording.difference(own["from_before"], unit),
        ]
        if against:
            entry = against.get((own["arm"], own["number"]))
            row += [""] * 3 if entry is None else [wording.difference(entry, unit), *_p(entry)]
        rows.append(row)
    return _filled(Table(title(task), head, rows, []))


def _task_notes(task: Found) -> list[str]:
    notes = []
    last = {one["arm"]: one for one in task["against"]}
    for arm, entry in last.items():
        if unseen := names.unseen(task, entry):
            who = names.arm(arm)
            notes.append(f"Loop against {who} at round {entry['number']}: {unseen}.")
    if left := task["asked"] - task["n"]:
        what = (
            "1 item that not every model answered is"
            if left == 1
            else (f"{wording.count(left)} items that not every model answered are")
        )
        notes.append(f"{what} left out.")
    return notes


def _round(run: Found) -> str:
    """ "round 1", "round 2, loop", "round 2, control (as many instructions)"; the first round is of
    all arms."""
    number = f"round {wording.count(run['number'])}"
    return number if run["number"] == 1 else f"{number}, {names.arm(run['arm'])}"


def _gap(task: Found, gap: Found | None) -> str:
    """The gap closed, or why it cannot be told."""
    if gap is None:
        return "no teacher score"
    if gap["bounded"]:
        return wording.gap_text(gap)
    lead = task["teacher_minus_base"]
    if lead is not None and names.state(task, lead) == "worse":
        return "cannot be told: teacher worse"
    return f"cannot be told: {wording.NOT_BETTER}" if lead is not None else wording.MISSING


def _p(entry: Found) -> list[str]:
    """The difference's p, and Holm's."""
    told = [wording.bare_p(entry[key]).removeprefix("= ") for key in ("p_value", "p_holm")]
    return [text.replace(" ", "\u00a0") for text in told]  # "< 0.001" is not torn


def _data(found: Found) -> Table:
    """What every student was trained on, and what its round wrote for the next."""
    head = ["run", "train pool", "rows", "tokens trained on", "new instructions"]
    head += ["from hard", "from easy", "refused"]
    rows = []
    for run in found["runs"]:
        written, new = run["written"], [""] * 4
        if written is not None:
            kept, wanted = (wording.count(written[key]) for key in ("kept", "wanted"))
            kinds = [wording.count(written[key]) for key in ("hard", "easy")]
            refused = wording.count(sum((written.get("refused") or {}).values()))
            new = [f"{kept} of {wanted}", *(kinds if run["arm"] == LOOP else ["", ""]), refused]
        rows.append(
            [_round(run), *(wording.count(run[k]) for k in ("seeds", "rows", "tokens")), *new]
        )
    notes = [
        f"Refused in {_round(run)}: {told}."
        for run in found["runs"]
        if (told := _counted((run["written"] or {}).get("refused")))
    ]
    return Table("What each round was trained on", head, rows, notes)


def _discriminated(found: Found) -> Table:
    told = [run for run in found["runs"] if run["discriminated"]]
    head = ["run", "scored", "hard", "easy", "hard share", "excluded"]
    right = ("both_right", "teacher_only", "student_only", "neither")
    has_targets = any(run["discriminated"].get(right[0]) is not None for run in told)
    head += ["both right", "teacher only", "student only", "neither"] if has_targets else []
    rows, notes = [], []
    for run in told:
        one = run["discriminated"]
        of = f"{wording.count(one['hard'] + one['easy'])} of {wording.count(one['sampled'])}"
        row = [_round(run), of, wording.count(one["hard"]), wording.count(one["easy"])]
        row.append(names.range_of(one.get("hard_share"), "share"))
        row.append(wording.count(sum((one.get("excluded") or {}).values())))
        if has_targets:
            row += [wording.count(one[k]) if one.get(k) is not None else "" for k in right]
        rows.append(row)
        if why := _counted(one.get("excluded")):
            notes.append(f"Excluded in {_round(run)}: {why}.")
    return Table("What the teacher does better", head, rows, notes)


def _steady(found: Found) -> Table:
    """How far the order of the two answers decides what the referee says in the loop."""
    told = [
        (run, run["discriminated"]["referee"])
        for run in found["runs"]
        if (run["discriminated"] or {}).get("referee")
    ]
    rows = [
        [
            _round(run),
            wording.count(one.get("n")),
            names.range_of(one.get("flip_rate"), "share"),
            names.range_of(one.get("tie_rate"), "share"),
            _points(one.get("first_place"), signed=True),
            wording.count(one.get("asked_again")),
        ]
        for run, one in told
    ]
    head = ["run", "pairs", "order flips", "ties", "points for standing first", "asked again"]
    return Table("How steady the referee is", head, rows, [])


def _scored(found: Found) -> Table:
    """The referee's points on the prompts that the loop never saw."""
    head = ["student", "prompts", "teacher", "student", "student of teacher"]
    head += ["order flips", "ties"]
    base = found["base_held_out"]
    several = [("base", base)] if base else []
    several += [(_round(run), run["held_out"]) for run in found["runs"] if run["held_out"]]
    rows = [
        [
            name,
            wording.count(one["n"]),
            _points(one.get("teacher")),
            _points(one.get("student")),
            names.range_of(one.get("relative"), "share"),
            names.range_of(one.get("flip_rate"), "share"),
            names.range_of(one.get("tie_rate"), "share"),
        ]
        for name, one in several
    ]
    notes = [
        f"{name}: {told}, not averaged in."
        for name, one in several
        if (told := _counted({key: one.get(key) or 0 for key in ("unparsed", "failed")}))
    ]
    return Table("What the referee gives on held-out prompts", head, rows, notes)


def _points(entry: Found | None, *, signed: bool = False) -> str:
    """Points of 10 with their interval: "7.32 [7.01, 7.63]"."""
    values = [wording.finite((entry or {}).get(key)) for key in ("value", "low", "high")]
    shown = [wording.fixed(v, 2, signed=signed) for v in values if v is not None]
    if values[0] is None:
        return wording.MISSING
    return f"{shown[0]} [{shown[1]}, {shown[2]}]" if len(shown) == 3 else shown[0]


def _cost(found: Found) -> Table:
    """Calls by phase, and what it took to have this round's student."""
    phases = [p for p in PHASES if any(p in run["cost"] for run in found["runs"])]
    if not phases:
        return Table("", [], [], [])
    head = ["run", *(f"calls, {_PHASES[phase]}" for phase in phases)]
    head += ["tokens", "dollars", "calls to this student", "tokens to it", "dollars to it"]
    rows = []
    for run in found["runs"]:
        calls = [wording.count(run["cost"][p]["calls"]) if p in run["cost"] else "" for p in phases]
        rows.append(
            [_round(run), *calls, *_spent(run["added"]), *_spent(run["to_here"], calls=True)]
        )
    notes = [
        f"In all, {_whose(one['arm'])}: {', '.join(_in_all(one['cost']))}." for one in found["arms"]
    ]
    return Table("What it cost", head, rows, notes)


def _whose(arm: str) -> str:
    return arm if arm == LOOP else f"{names.arm(arm)}, without the shared round 1"


def _spent(cost: Found | None, *, calls: bool = False) -> list[str]:
    if cost is None:
        return [wording.MISSING] * (3 if calls else 2)
    first = [wording.count(cost["calls"])] if calls else []
    return [*first, wording.count(names.tokens(cost)), names.dollars(cost["usd"])]


def _in_all(cost: Found) -> Sequence[str]:
    told = [f"{wording.count(cost['calls'])} calls", f"{wording.count(names.tokens(cost))} tokens"]
    return told if cost["usd"] is None else [*told, names.dollars(cost["usd"])]


def _counted(counts: Found | None) -> str:
    """ "3 unparsed, 1 failed", the most first; nothing for nothing."""
    known = [(int(number), str(why)) for why, number in (counts or {}).items() if number]
    ranked = sorted(known, key=lambda one: (-one[0], one[1]))
    return ", ".join(f"{wording.count(number)} {wording.named(why)}" for number, why in ranked)
