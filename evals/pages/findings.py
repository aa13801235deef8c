"""What a transfer report found, in plain sentences: style against substance, then kind by kind.

A claim on one task, one feature or one mean is "measurable" where its 95% interval excludes the
value it is held against. A claim that picks among several tasks also needs Holm's adjusted p below
0.05 (`wording.moved`). A mean over tasks never stands alone: the counts by task follow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from limbeck.evals.pages import clauses, endings, giveaway, pools, wording
from limbeck.evals.pages.style_words import style_clause, style_findings, style_state
from limbeck.evals.pages.wording import Escape, Task, visible

NOTHING = "Nothing was measured: this report holds no tasks."
_BOUNDED = ("part", "reaches", "past", "none", "open", "away", "teacher_worse")


def verdict(report: Mapping[str, Any], *, escape: Escape = visible) -> list[str]:
    """One headline, then what was found: each line after its kind and a colon."""
    tasks = pools.main_view(report)
    if not tasks and not report.get("style") and not report.get("judge"):
        return [NOTHING]
    lines = [headline(report, escape)]
    for label, group in wording.by_kind(tasks):
        pool = pools.of_kind(report, label)
        if label == wording.LABELS["forgetting"]:
            lines += [f"{label}: {line}." for line in _forgetting(group, escape)]
        else:
            lines += [
                f"{label}: {line}." for line in (*_pooled(pool, escape), *_clauses(group, escape))
            ]
    lines += [f"Style: {line}." for line in style_findings(report.get("style"), escape)]
    lines += [f"Format: {line}." for line in endings.findings(tasks, escape)]
    lines += [f"Copied errors: {line}." for line in _copied(tasks, escape)]
    lines += [f"Judge: {line}." for line in _judge(report.get("judge"), escape)]
    if found := giveaway.leak(report):
        lines.append(f"Caution: {found}.")
    return lines


def headline(report: Mapping[str, Any], escape: Escape = visible) -> str:
    """Style against substance; then on how many tasks ability, and what was there before, moved."""
    tasks = pools.main_view(report)
    groups = dict(wording.by_kind(tasks))
    ability, style = groups.get("Ability", []), report.get("style")
    pool = pools.of_kind(report, "Ability")
    if quiet := _nothing_moved(tasks, style, pool):
        return quiet
    first = style_clause(style) if style else _imitation(groups.get("Imitation", []))
    substance = _pool_clause(pool) if pool else ""
    counted = _found(ability, "grew measurably", "fell measurably")
    if not substance:
        return " ".join(filter(None, [f"{first}; ability {counted}.", _forgot(groups)]))
    by_task = f"By task, ability {counted}." if len(ability) > 1 else ""
    return " ".join(filter(None, [f"{first}; {substance}.", by_task, _forgot(groups)]))


def reading(report: Mapping[str, Any]) -> str:
    """What the headline counts, for a caption below it; "" where nothing was measured."""
    tasks = pools.main_view(report)
    if not tasks and not report.get("style"):
        return ""
    closed = "“Closed” is the share of the way from base (0%) to teacher (100%)"
    if report.get("style"):
        closed += ", for style to a second sample of the teacher's answers"
    counted = (
        "and, where tasks are counted, that Holm's adjusted p is below 0.05"
        if any(map(adjusted, tasks))
        else "task by task, with no adjustment for their number"
    )
    return f"{closed}. “Measurably” means that a 95% interval excludes no change, {counted}."


def adjusted(task: Task) -> bool:
    """Whether its p was adjusted for the number of tasks."""
    return wording.finite((task.get("student_minus_base") or {}).get("p_holm")) is not None


def _nothing_moved(
    tasks: Sequence[Task], style: Mapping[str, Any] | None, pool: Task | None
) -> str:
    """A headline for the case that nothing did; "" where something did or nothing is known."""
    states = [wording.moved(task) for task in (*tasks, *([pool] if pool else []))]
    told = [*(label.lower() for label, _ in wording.by_kind(tasks) if label != "Forgetting")]
    if style:
        states.append("flat" if style_state(style) in ("none", "open", "unbounded") else "better")
        told.insert(0, "style")
    if not told or set(states) != {"flat"}:
        return ""
    listed = " or ".join(filter(None, [", ".join(told[:-1]), told[-1]]))
    return f"Nothing moved measurably in {listed}."


def _imitation(tasks: Sequence[Task]) -> str:
    """What stands for style in a report without style statistics."""
    if not tasks:
        return "Style was not measured"
    return f"Imitation {_found(tasks, 'improved measurably', 'became measurably worse')}"


def _pool_clause(pool: Task) -> str:
    """Substance in the headline: the mean over the ability tasks."""
    state, number = wording.gap_state(pool), len(pool["names"])
    over = f" (mean over {number} tasks)" if number > 1 else ""
    gap = wording.gap_text(pool.get("gap_closed") or {})
    change = wording.against_base(pool)
    moved = ""
    if change in ("better", "worse"):
        size = wording.difference(pool["student_minus_base"], pool.get("unit"))
        moved = f", though the student is measurably {change} than base: {size}"
    return {
        "part": f"ability {gap} closed{over}",
        "reaches": f"ability {gap} closed{over}",
        "past": f"ability {gap} closed, past the teacher{over}",
        "none": f"no measurable part of the ability gap closed, {gap}{over}",
        "open": f"ability undecided, {gap} closed{over}",
        "away": f"ability moved away from the teacher's, {gap} closed{over}",
        "teacher_worse": f"in ability the teacher is worse than base, and the student went {gap} "
        f"of the way to it{over}",
        "unbounded": f"ability gap not measurable, {wording.NOT_BETTER} than base{over}{moved}",
    }.get(state, "")


def _found(tasks: Sequence[Task], better: str, worse: str) -> str:
    """How many tasks moved, each way; never a mean over tasks, which would hide both."""
    states = [wording.moved(task) for task in tasks]
    moved = [(better, states.count("better")), (worse, states.count("worse"))]
    share = " on {} of {} tasks" if len(tasks) > 1 else ""
    found = [words + share.format(number, len(tasks)) for words, number in moved if number]
    if found:
        return " but ".join(found)
    if "flat" in states:
        none = f" on any of {len(tasks)} tasks" if len(tasks) > 1 else ""
        return f"did not measurably change{none}"
    return "could not be compared with base" if tasks else "was not measured"


def _forgot(groups: Mapping[str, Sequence[Task]]) -> str:
    """Only where it is measurable: that a fall was not found stands among the findings."""
    tasks = groups.get("Forgetting", [])
    worse = [task for task in tasks if wording.moved(task) == "worse"]
    return f"Forgetting is measurable on {len(worse)} of {len(tasks)} tasks." if worse else ""


def _pooled(pool: Task | None, escape: Escape) -> Iterator[str]:
    """The mean over several tasks, its gain, and what leaving one out does to it."""
    if pool is None or len(pool["names"]) < 2:
        return
    state = wording.gap_state(pool)
    moved = wording.difference(pool.get("student_minus_base"), pool.get("unit"))
    size = "" if moved == wording.MISSING or pool["mixed"] else f" (student − base {moved})"
    if state in _BOUNDED or state in ("unbounded", "no_teacher"):
        told = clauses.clause(state, [pool], visible)
        size = size if state in _BOUNDED else ""
        fewer = pool["compared"]
        note = f"; the gap is that of the {fewer} tasks with a teacher's score" if fewer else ""
        yield f"{told}{size}{_left_out(pool, escape)}{note}"


def _left_out(pool: Task, escape: Escape) -> str:
    known = [
        (wording.finite((one.get("gap_closed") or {}).get("value")), one)
        for one in pool.get("left_out") or []
        if (one.get("gap_closed") or {}).get("bounded")
    ]
    values = sorted((value, str(one.get("task"))) for value, one in known if value is not None)
    if len(values) < 2:
        return ""
    (low, least), (high, most) = values[0], values[-1]
    ends = [wording.gap_text({"value": end}) for end in (low, high)]
    names = [escape(visible(name, one_line=True)) for name in (least, most)]
    told = [f"{end} (without {name})" for end, name in zip(ends, names, strict=True)]
    return f"; leaving out one task it is {told[0]} to {told[1]}"


def _clauses(tasks: Iterable[Task], escape: Escape) -> list[str]:
    shared: dict[tuple[str, str], list[Task]] = {}
    for place, task in enumerate(tasks):
        state, change = wording.gap_state(task), wording.against_base(task)
        if state in wording.SHARED:
            alone = change in ("better", "worse")
        else:
            alone, change = bool(clauses.borderline(task, state)), ""
        shared.setdefault((state, f"{place}" if alone else change), []).append(task)
    # What was measured comes first; a stable sort keeps the report's order otherwise.
    ordered = sorted(shared.items(), key=lambda item: item[0][0] in wording.SHARED)
    return [clauses.clause(state, group, escape) for (state, _), group in ordered]


def _forgetting(tasks: Sequence[Task], escape: Escape) -> Iterator[str]:
    """What the student can do less well than base, outside the domain; then what is as before."""
    words = {"worse": "measurably worse than base", "better": "measurably better than base"}
    for state, told in words.items():
        if found := [_sized(task, escape) for task in tasks if wording.moved(task) == state]:
            yield f"{told} on {', '.join(found)}"
    if flat := [_sized(task, escape) for task in tasks if wording.moved(task) == "flat"]:
        yield f"no measurable change on {', '.join(flat)}"
    if unknown := [_name(task, escape) for task in tasks if wording.moved(task) == "unknown"]:
        yield f"not compared on {', '.join(unknown)}"


def _sized(task: Task, escape: Escape) -> str:
    size = wording.difference(task.get("student_minus_base"), task.get("unit"))
    return f"{_name(task, escape)} ({size})"


def _name(task: Task, escape: Escape) -> str:
    return escape(wording.named(task.get("task")))


def _copied(tasks: Sequence[Task], escape: Escape) -> Iterator[str]:
    """Tasks on which the teacher's own mistakes come back measurably more often than from base.

    Among items that base and student both have wrong, where the report counts these: elsewhere a
    student that only errs more often, or can be read more often, would seem to copy.
    """
    known = []
    for task in tasks:
        copied = (task.get("flips") or {}).get("copied") or {}
        if found := copied.get("both_wrong", copied):
            known.append((task, found, "both_wrong" in copied))
    p_values = holm([wording.finite(copied.get("p_value")) for _, copied, _ in known])
    for (task, copied, both), p in zip(known, p_values, strict=True):
        low = wording.finite((copied.get("difference") or {}).get("low"))
        if low is None or low <= 0 or p is None or p >= wording.ALPHA:
            continue
        keys = ("rate", "base_rate")
        rates = [wording.score({"value": copied.get(key)}, "share") for key in keys]
        more = wording.difference(copied["difference"], "share")
        where = " that base and student have wrong as well," if both else ","
        yield (
            f"of the teacher's {wording.count(copied.get('of'))} readable wrong answers on "
            f"{_name(task, escape)}{where} the student gives {rates[0]}, the base {rates[1]}: "
            f"{more}"
        )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm (1979): p adjusted for how many there are; those that are null stay null."""
    ordered = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    made, least = list(p_values), 0.0
    for rank, (p, place) in enumerate(ordered):
        least = max(least, min(1.0, p * (len(ordered) - rank)))
        made[place] = least
    return made


def _judge(judge: Mapping[str, Any] | None, escape: Escape) -> Iterator[str]:
    for pair in (judge or {}).get("pairs") or []:
        rate = pair.get("win_rate") or {}
        if wording.finite(rate.get("value")) is None:
            continue
        one, other = (escape(wording.role(pair.get(key))) for key in ("one", "other"))
        low, high = wording.finite(rate.get("low")), wording.finite(rate.get("high"))
        told = "no measurable preference"
        if low is not None and low > 0.5:
            told = "measurably preferred"
        elif high is not None and high < 0.5:
            told = "measurably not preferred"
        more = ""
        if pair.get("controlled"):
            more = f"; with length and style held equal {wording.share(pair['controlled'])}"
        yield f"{one} against {other}: {told}, wins {wording.share(rate)} (ties half){more}"
