"""What is said of a referee's scores: what it finds, what stands against it, and how to read it.

Plain text without raw control characters; escaping is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.pages import wording

Found = Mapping[str, Any]

HALF = 0.5  # of the pairs: what a coin between the two answers would change; more are most

_POINTS = "points"

OWN = "the referee is the teacher itself, and may favour what is like its own."

NOTES = (
    "A referee's points are an opinion and no measure of ability. They stand beside what was "
    "measured on tasks and never in its place: the 7B student of Lion (Jiang et al. 2023) had 94% "
    "of its teacher's points by a judge, and 56% of its score on AGIEval.",
    "The referee scored every pair in both orders, from 1 to 10, and the mean over both counts. A "
    "review that could not be read was asked for once more; after that the pair is left out and "
    "counted, and is in no mean.",
    "A referee's intervals are over pairs: of mean points by Student's t, of the student's share "
    "of the teacher's points by Fieller's method, of shares of pairs by Wilson's. Points of "
    "another referee, or on other prompts, are on another scale.",
)
"""How its points are to be read."""


def finding(found: Found, referee: str | None, *, role: str, prompts: str = "prompt") -> str:
    """What `referee` says of the model in that role and of the teacher, a clause without its stop;
    `found` is the `summary`, and `prompts` says what one of them is."""
    who = wording.named(referee or "the referee")
    if _value(found, "relative") is None:
        return f"{who} gave no scores on the {prompts}s that could be used"
    n = wording.count(found.get("n"))
    return (
        f"on {n} {prompts}{'' if found.get('n') == 1 else 's'} {who} gives {role} "
        f"{wording.share(found['relative'])} of the teacher's points, {_told(found['relative'])} "
        f"({_points(found, 'student')} against {_points(found, 'teacher')} of 10)"
    )


def _told(relative: Found) -> str:
    """Against equal points, where the quotient is one: there Fieller's test is the paired t."""
    low, high = wording.finite(relative.get("low")), wording.finite(relative.get("high"))
    if low is None or high is None:
        return "too few to tell them apart"
    if low <= 1 <= high:
        return "which is no measurable difference"
    return "measurably more" if low > 1 else "measurably less"


def doubts(found: Found) -> list[str]:
    """Sentences on why its scores may say little, and on what they leave out; none for nothing."""
    told = [unsure(found), _place(found), _left_out(found)]
    return [sentence for sentence in told if sentence]


def unsure(found: Found) -> str:
    """That it ties on most pairs, or that the order decides as a coin would; else nothing."""
    return _ties(found) or _order(found)


def _ties(found: Found) -> str:
    ties = found.get("tie_rate") or {}
    value, low = wording.finite(ties.get("value")), wording.finite(ties.get("low"))
    if value is None or value <= HALF:
        return ""
    is_sure = low is not None and low > HALF
    told = "cannot tell these answers apart" if is_sure else "may not tell these answers apart"
    return (
        f"the referee gave both answers the same points, in either order, on "
        f"{wording.share(ties)} of the pairs: it {told}, and its hard share, its share of the "
        f"teacher's points and a low flip rate say {'nothing' if is_sure else 'little'}, since "
        "ties are easy, equal, and never flip."
    )


def _order(found: Found) -> str:
    flips = found.get("flip_rate") or {}
    most = wording.finite(flips.get("high"))
    if most is None or most < HALF:
        return ""
    return (
        f"the order of the two answers changed who was better on {wording.share(flips)} of the "
        "pairs, which is not measurably below a coin's half: its points say little."
    )


def _place(found: Found) -> str:
    first = found.get("first_place") or {}
    low, high = wording.finite(first.get("low")), wording.finite(first.get("high"))
    if low is None or high is None or low <= 0 <= high:
        return ""
    place = "first" if low > 0 else "second"
    size = wording.difference(first, _POINTS)
    return (
        f"the referee favours the answer that stands {place} (first less second place: {size} "
        "points); the mean over both orders evens that out."
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


def _points(found: Found, key: str) -> str:
    return wording.ranged(found.get(key), _POINTS)


def _value(found: Found, key: str) -> float | None:
    return wording.finite((found.get(key) or {}).get("value"))
