"""Style in words: how much of the way to the teacher's own second sample the student went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Escape, visible

ROLES = ("base", "student", "teacher", "teacher_again")
_NAMED = 3  # features named in the verdict; the table has all


def closed_state(closed: Mapping[str, Any] | None) -> str:
    """What an interval of style closed says: none, open, part, reaches, past, away, unbounded or
    unknown; as `wording.gap_state` does for a task."""
    known = closed or {}
    low, high = wording.finite(known.get("low")), wording.finite(known.get("high"))
    if wording.finite(known.get("value")) is None and known.get("bounded", True):
        return "unknown"
    if not known.get("bounded", True) or low is None or high is None:
        return "unbounded"
    if low > 0:
        return "past" if low > 1 else "reaches" if high >= 1 else "part"
    if high < 0:
        return "away"
    return "open" if high >= 1 else "none"


def style_state(style: Mapping[str, Any]) -> str:
    return closed_state(style.get("closed"))


def style_clause(style: Mapping[str, Any]) -> str:
    """The headline's half."""
    gap = wording.gap_text(style.get("closed") or {})
    return {
        "part": f"Style {gap} closed",
        "reaches": f"Style {gap} closed",
        "past": f"Style {gap} closed, past a second sample of the teacher",
        "none": f"No measurable part of the style gap closed, {gap}",
        "open": f"Style undecided, {gap} closed",
        "away": f"Style moved away from the teacher's, {gap} closed",
        "unbounded": "Style gap not measurable, the base's style is not measurably another",
        "unknown": "Style was not measured",
    }[style_state(style)]


def style_findings(style: Mapping[str, Any] | None, escape: Escape = visible) -> Iterator[str]:
    """What lags, and whether a classifier still tells the student from the teacher."""
    if not style:
        return
    if features := style.get("features") or []:
        yield _features(style, features, escape)
    if told := _apart(style.get("auc") or {}):
        yield told


def _features(style: Mapping[str, Any], features: list[Mapping[str, Any]], escape: Escape) -> str:
    features = [one for one in features if one.get("counts") is not False]
    number = len(features)
    over = f"{number} feature{'s' * (number != 1)} on {wording.count(style.get('prompts'))} prompts"
    text = f"{style_clause(style).removeprefix('Style ')}, {over}"
    text = text[:1].lower() + text[1:]
    short = []
    for one in features:
        high = wording.finite((one.get("closed") or {}).get("high"))
        if closed_state(one.get("closed")) in ("part", "none", "away") and high is not None:
            value = wording.finite(one["closed"].get("value"))
            short.append((high if value is None else value, one))
    short.sort(key=lambda pair: pair[0])
    if not short:
        return text
    named = [
        f"{escape(wording.named(one.get('name')))} {wording.gap_text(one['closed'])}"
        for _, one in short[:_NAMED]
    ]
    count = f"{len(short)} of them measurably short of the teacher"
    return f"{text}; {count}, {'least ' if len(short) > 1 else ''}{', '.join(named)}"


def _apart(auc: Mapping[str, Any]) -> str:
    student = auc.get("student") or {}
    if wording.finite(student.get("value")) is None:
        return ""
    low = wording.finite(student.get("low"))
    still = "still tells" if low is not None and low > 0.5 else "does not measurably tell"
    others = [
        f"{name} {wording.ranged(auc[key], '')}"
        for key, name in (("base", "base"), ("teacher_again", "a second sample of the teacher"))
        if wording.finite((auc.get(key) or {}).get("value")) is not None
    ]
    beside = f" ({', '.join(others)})" if others else ""
    return (
        f"a classifier {still} the student's answers from the teacher's: AUC "
        f"{wording.ranged(student, '')}{beside}; 0.5 is no difference"
    )
