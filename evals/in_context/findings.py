"""The verdict on in-context ability, in the same sentences for page, Markdown and terminal.

"Measurably" always means that a 95% interval excludes what a value is held against. Plain text;
`escape` is applied to names from outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limbeck.evals.in_context import lookup, words
from limbeck.evals.in_context.conditions import AT_RANDOM
from limbeck.evals.in_context.lookup import ROLES, Found, Point
from limbeck.evals.pages import clauses, wording
from limbeck.evals.pages.wording import Escape, visible

Key = tuple[str, int, str | None]

_THAN_BASE = {
    "better": "measurably more accurate than base",
    "worse": "measurably less accurate than base",
    "flat": "not measurably different from base",
}
_NO_MEAN = "the tasks share no condition, so that there is no mean over them"
_NO_GAP = f"gap closed not measurable ({wording.NOT_BETTER} than base)"
_BOUNDED = ("part", "reaches", "past", "none", "open", "away", "teacher_worse")
_MOVED = {
    "falls": "falls measurably, ",
    "rises": "rises measurably, ",
    "flat": "does not change measurably, ",
    "unknown": "goes ",
}
_READS = {
    "falls": ": it reads its demos' labels",
    "rises": ": it does not follow its demos' labels",
    "flat": ": that it reads its demos' labels is not shown",
    "unknown": "",
}


def headline(found: Found, escape: Escape = visible) -> str:
    """Whether the student is more accurate than base at the end of the curve."""
    if not any(lookup.points(task) for task in lookup.tasks(found)):
        return "In-context ability was asked for, but nothing of it was measured."
    how = f"In context, {_how(found, escape)}"
    state = _against_base(_lead(found))
    if state != "unknown":
        over = f" (mean over {words.tasks(found)})" if len(lookup.tasks(found)) > 1 else ""
        return f"{how}, the student is {_THAN_BASE[state]}{over}."
    if counts := _counts(found):
        return f"{how}, the student is {counts}."
    return f"{how}, the student could not be compared with base."


def findings(found: Found, escape: Escape = visible) -> list[str]:
    """One line a finding, after its kind and a colon; nothing is said of what is not there."""
    made = {
        "In context": [_scores(found, escape), _by_task(found), _gap(found, escape)],
        "Demos": list(_demos(found, escape)),
        "Controls": [*_flipped(found), _random_words(found)],
        "Agreement": [_agreement(found, escape)],
    }
    return [f"{kind}: {words.sentences(parts)}" for kind, parts in made.items() if any(parts)]


def _lead(found: Found) -> Point:
    return lookup.at(lookup.mean(found), *lookup.lead(found))


def _how(found: Found, escape: Escape) -> str:
    return escape(words.with_demos(*lookup.lead(found)))


def _against_base(point: Point) -> str:
    return wording.against_base(lookup.as_task("", point))


def _counts(found: Found) -> str:
    """On how many tasks the student moved, each way; "" where none could be compared."""
    key = lookup.lead(found)
    states = [_against_base(lookup.at(lookup.points(t), *key)) for t in lookup.tasks(found)]
    if set(states) <= {"unknown"}:
        return ""
    told = [
        f"{_THAN_BASE[state]} on {states.count(state)}"
        for state in ("better", "worse")
        if state in states
    ]
    none = "measurably different from base on none"
    return f"{' and '.join(told) or none} of {words.tasks(found)}"


def _scores(found: Found, escape: Escape) -> str:
    """What the three models score, and what is had without any."""
    point, several = _lead(found), lookup.tasks(found)
    told = []
    for role in ROLES:
        if lookup.metric(point, role) is not None:
            moved = wording.difference(point.get("student_minus_base"), "share")
            more = f" ({moved})" if role == "student" and moved != wording.MISSING else ""
            told.append(f"{role} {words.share(lookup.value(point, role))}{more}")
    if not told:
        return _NO_MEAN if len(several) > 1 and not lookup.mean(found) else ""
    bars = lookup.bars(several)
    named = [("the most frequent label", "majority")]
    named += [("the vote of the nearest demos", vote) for vote in lookup.VOTES]
    without = [f"{name} {words.share(bars[bar])}" for name, bar in named if bar in bars]
    bar = f"; without a model, {' and '.join(without)}" if without else ""
    what = f"accuracy on {escape(lookup.name_of(lookup.tasks(found)[0]))}"
    if len(several) > 1:
        what = f"mean accuracy over {words.tasks(found)}"
    return f"{what} {_how(found, escape)}: {', '.join(told)}{bar}"


def _by_task(found: Found) -> str:
    """What the mean may hide. A report without a mean has it in its headline."""
    if len(lookup.tasks(found)) < 2 or not _lead(found):
        return ""
    counts = _counts(found)
    return f"by task, the student is {counts}" if counts else ""


def _gap(found: Found, escape: Escape) -> str:
    alone = len(lookup.tasks(found)) == 1
    name = (
        lookup.name_of(lookup.tasks(found)[0]) if alone else f"the mean over {words.tasks(found)}"
    )
    task = lookup.as_task(name, _lead(found))
    state = wording.gap_state(task)
    if state == "unbounded":
        return _NO_GAP
    return clauses.clause(state, [task], escape) if state in _BOUNDED else ""


def _demos(found: Found, escape: Escape) -> Iterator[str]:
    """The curve's end against its beginning. Their intervals are not paired, so that only those
    that do not meet are called measurable: this asks for more than 95%."""
    last, first = _lead(found), lookup.at(lookup.mean(found), "", 0)
    after, before = lookup.metric(last, "student"), lookup.metric(first, "student")
    if not lookup.most(found) or after is None or before is None:
        return
    told = "the intervals overlap, so that a gain from demos is not shown"
    if _end(after, "low") > _end(before, "high"):
        told = "demos help it measurably"
    elif _end(after, "high") < _end(before, "low"):
        told = "demos harm it measurably"
    yield (
        f"{_how(found, escape)} the student's accuracy is {words.ranged(after)}, "
        f"without demos {words.ranged(before)}: {told}"
    )
    base = [lookup.metric(point, "base") for point in (last, first)]
    if all(base):
        yield f"the base's is {words.ranged(base[0])}, and {words.ranged(base[1])} without"


def _end(entry: Mapping[str, Any], key: str) -> float:
    known = wording.finite(entry.get(key))
    return float(entry["value"]) if known is None else known


def _flipped(found: Found) -> Iterator[str]:
    """A model that reads its demos' labels loses accuracy where these are exchanged."""
    key = (AT_RANDOM, lookup.most(found), "flipped")
    point = lookup.at(lookup.mean(found), *key)
    if not point:
        states = [_moved(lookup.at(lookup.points(t), *key), "student") for t in lookup.tasks(found)]
        if known := [state for state in states if state != "unknown"]:
            yield (
                "with exchanged labels in the demos the student's accuracy falls measurably on "
                f"{known.count('falls')} of {len(known)} tasks"
            )
    for role in ("student", "base"):
        if lookup.metric(point, role) is not None:
            end = _READS[_moved(point, role)] if role == "student" else ""
            where = "with exchanged labels in the demos " if role == "student" else ""
            yield f"{where}the {role}'s accuracy {_change(found, key, role)}{end}"


def _change(found: Found, key: Key, role: str) -> str:
    several = lookup.mean(found)
    point, right = lookup.at(several, *key), lookup.value(lookup.at(several, *key[:2]), role)
    text = f"is {words.share(lookup.value(point, role))}"
    if right is not None:
        text = f"{_MOVED[_moved(point, role)]}from {words.share(right)} to {text[3:]}"
    if (moved := lookup.metric(point, role, "minus_random")) is not None:
        text += f" ({wording.difference(moved, 'share')})"
    followed = lookup.average(found, key, role, "followed")
    said = f", and it says the exchanged label in {words.share(followed)} of the rows"
    return text if followed is None else text + said


def _moved(point: Point, role: str) -> str:
    """falls, rises, flat, or unknown: accuracy with exchanged labels against right ones."""
    moved = lookup.metric(point, role, "minus_random")
    if moved is None:
        return "unknown"
    low, high = _end(moved, "low"), _end(moved, "high")
    return "flat" if low <= 0 <= high else "rises" if low > 0 else "falls"


def _random_words(found: Found) -> str:
    """Labels without a meaning can be learned from the demos only."""
    most = lookup.most(found)
    point = lookup.at(lookup.mean(found), AT_RANDOM, most, "random_words")
    entry, guess = lookup.metric(point, "student"), lookup.bars(lookup.tasks(found)).get("random")
    if entry is None:
        return ""
    text = f"with random words for labels the student's accuracy is {words.ranged(entry)}"
    if guess is None:
        return text
    more = "measurably" if _end(entry, "low") > guess else "not measurably"
    return f"{text}, {more} above guessing ({words.share(guess)})"


def _agreement(found: Found, escape: Escape) -> str:
    """Beside accuracy: a student can be right as often as its teacher, on other rows."""
    shares: Mapping[str, Any] = _lead(found).get("agreement") or {}
    known: Sequence[str] = [
        role
        for role in ("student", "base")
        if wording.finite((shares.get(role) or {}).get("value")) is not None
    ]
    if not known:
        return ""
    told = [f"the {role}'s is the teacher's in {words.ranged(shares[role])}" for role in known]
    return f"of the labels predicted {_how(found, escape)}, {', '.join(told)} of the rows"
