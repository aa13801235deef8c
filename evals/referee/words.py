"""What the report says of a referee: a finding in plain words, and how to read it.

Plain text, as in `wording`: `escape` is applied to names from outside, and not to `notes`, which
are escaped whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Escape, visible

Found = Mapping[str, Any]

COIN = 0.5  # of the pairs: what a coin between the two answers would change

_POINTS = "points"


def finding(found: Found, referee: str, *, role: str = "student", escape: Escape = visible) -> str:
    """What `referee` says of the model in that role and the teacher, beside what its scores are
    worth; `found` is the `summary`."""
    who = escape(visible(referee or "the referee", one_line=True))
    left_out = _left_out(found)
    if _value(found, "relative") is None:
        return " ".join(filter(None, [f"{who} gave no scores that could be used.", left_out]))
    n = wording.count(found.get("n"))
    prompts = "prompt" if found.get("n") == 1 else "prompts"
    parts = [
        f"{who} scores the {role} {_points(found, 'student')} of 10 and the teacher "
        f"{_points(found, 'teacher')}, on {n} {prompts}: {wording.share(found['relative'])} of the "
        f"teacher's score, {_told(found['relative'])}; the order of the two answers changed who "
        f"was better on {wording.share(found.get('flip_rate'))} of them.",
        _order(found),
        _place(found),
        left_out,
    ]
    return " ".join(filter(None, parts))


def _told(relative: Found) -> str:
    """Against equal scores, where the quotient is one: there Fieller's test is the paired t."""
    low, high = wording.finite(relative.get("low")), wording.finite(relative.get("high"))
    if low is None or high is None:
        return "too few to tell them apart"
    if low <= 1 <= high:
        return "which is no measurable difference"
    return "measurably more" if low > 1 else "measurably less"


def _order(found: Found) -> str:
    most = wording.finite((found.get("flip_rate") or {}).get("high"))
    if most is None or most < COIN:
        return ""
    return "That is not measurably below a coin's half: the scores say little about the answers."


def _place(found: Found) -> str:
    first = found.get("first_place") or {}
    low, high = wording.finite(first.get("low")), wording.finite(first.get("high"))
    if low is None or high is None or low <= 0 <= high:
        return ""
    place = "first" if low > 0 else "second"
    size = wording.difference(first, _POINTS)
    return (
        f"It favours the answer that stands {place} (first less second place: {size} points); the "
        "mean over both orders evens that out."
    )


def _left_out(found: Found) -> str:
    unparsed = wording.finite(found.get("unparsed")) or 0
    failed = wording.finite(found.get("failed")) or 0
    if not unparsed + failed:
        return ""
    why = [
        f"{wording.count(number)} {text}"
        for number, text in (
            (unparsed, "with a review that could not be read in two tries"),
            (failed, "with a call that had no reply"),
        )
        if number
    ]
    noun = "pair is" if unparsed + failed == 1 else "pairs are"
    return f"{wording.count(unparsed + failed)} {noun} left out: {', '.join(why)}."


def notes(referee: str, teacher: str) -> list[str]:
    """How the scores are to be read; the two are the models' names, which may be the same."""
    lines = [
        "A referee's score is an opinion and no measure of ability. It stands beside what was "
        "measured on tasks and never in its place: the 7B student of Lion (Jiang et al. 2023) had "
        "94% of its teacher's score by a judge, and 56% of its score on AGIEval.",
        "Every pair was scored in both orders, from 1 to 10, and the mean over both counts. A "
        "review that cannot be read in one of them was asked for once more; then the pair is left "
        "out and counted, and is in no mean.",
        "Intervals are over pairs: of means by Student's t, of the student's share of the "
        "teacher's score by Fieller's method, of shares by Wilson's. Scores of another referee, or "
        "on other prompts, are on another scale.",
    ]
    if referee and referee == teacher:
        lines.insert(1, "The referee is the teacher itself, and may favour what is like its own.")
    return lines


def _points(found: Found, key: str) -> str:
    return wording.ranged(found.get(key), _POINTS)


def _value(found: Found, key: str) -> float | None:
    return wording.finite((found.get(key) or {}).get("value"))
