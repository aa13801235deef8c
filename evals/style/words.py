"""The words of the style section: what was found, in a sentence, and how to read the numbers.

Plain text, as in `wording`: escaping is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.in_context.words import ranged
from limbeck.evals.pages import wording

Found = Mapping[str, Any]

TITLE = "Style"
NO_GAP = "no measurable gap"
SHOWN = ("lists", "closing summary", "word overlap")
LIMIT = (
    "Style is that of these prompts, sampled once from base and student and twice from the "
    "teacher; it says nothing about whether an answer is right."
)
_ROLES = ("base", "student", "teacher", "teacher_again")
_SAMPLED = {"teacher_again": "second sample"}
_TRUNCATED = 0.1  # a share of answers from which on their endings are not to be trusted


def finding(found: Found) -> str:
    """One sentence for the verdict: "Style: 71% [60%, 83%] of the way to a second sample of the
    teacher's; ..."."""
    if not wording.finite(found.get("prompts")):
        return "Style: no prompt was answered by all models."
    parts = [_closed(found.get("closed") or {}), _told_apart(found.get("auc") or {})]
    return f"Style: {'; '.join(part for part in parts if part)}."


def notes(found: Found) -> list[str]:
    """How the numbers are to be read."""
    lines = [
        _asked(found),
        "Prompts are drawn anew in the intervals, with all answers to them. The mean over features "
        "is the sum of what the student gained on each over the sum of what base lacks, in "
        "standard deviations of the feature's distances.",
        "A student that always writes the likeliest answer can come nearer than a second sample "
        "does: more than 100% is no better imitation. Read it beside the classifier.",
        _truncated(found),
        _same(found),
    ]
    return [line for line in lines if line]


def values(found: Found, names: Sequence[str] = SHOWN) -> list[str]:
    """A line a feature: "lists: base 12.0%, student 67.0%, teacher 81.0%, second sample 83.0%"."""
    lines = []
    for entry in found.get("features") or []:
        told = [
            f"{_SAMPLED.get(role, role)} {wording.score({'value': entry[role]}, entry.get('unit'))}"
            for role in _ROLES
            if wording.finite(entry.get(role)) is not None
        ]
        if entry.get("name") in names and told:
            lines.append(f"{wording.visible(entry['name'], one_line=True)}: {', '.join(told)}")
    return lines


def _closed(closed: Mapping[str, Any]) -> str:
    low, high = wording.finite(closed.get("low")), wording.finite(closed.get("high"))
    if not closed.get("bounded") or low is None or high is None:
        return "base is not measurably farther from the teacher than a second sample of it is"
    text = f"{wording.gap_text(closed)} of the way to a second sample of the teacher's"
    if high < 0:
        return f"{text}, measurably farther from it than base"
    if low <= 0:
        return f"{text}, not measurably nearer than base"
    if low > 1:
        return f"{text}, past it: likelier answers than the teacher's own"
    return text


def _told_apart(auc: Mapping[str, Any]) -> str:
    names = {"student": "the student's", "base": "base's", "teacher_again": "the second sample's"}
    told = [
        f"{name} {shown}"
        for role, name in names.items()
        if (shown := ranged(auc.get(role), "")) != wording.MISSING
    ]
    if not told:
        return ""
    return f"a classifier tells {', '.join(told)} from the teacher's answers (AUC, 0.5 is not)"


def _asked(found: Found) -> str:
    setting, protocol = found.get("setting") or {}, found.get("protocol") or {}
    dropped, trained = found.get("dropped"), protocol.get("trained_on")
    known = {
        "{} prompts": wording.finite(found.get("prompts")),
        "{} more were not answered by all and are left out": wording.finite(dropped),
        "{} of the file were training prompts and were not asked": wording.finite(trained),
        "temperature {}": wording.finite(setting.get("temperature")),
        "{} tokens at most": wording.finite(setting.get("max_tokens")),
    }
    told = [text.format(f"{number:,g}") for text, number in known.items() if number]
    return f"Asked: {'; '.join(told)}." if told else ""


def _truncated(found: Found) -> str:
    ends = found.get("outcomes") or {}
    told = []
    for role in _ROLES:
        counts = {key: wording.finite(n) or 0 for key, n in (ends.get(role) or {}).items()}
        share = counts.get("truncated", 0) / max(1, sum(counts.values()))
        if share >= _TRUNCATED:
            told.append(f"{_SAMPLED.get(role, role)} {wording.score({'value': share}, 'share')}")
    if not told:
        return ""
    return (
        f"Answers cut off by the limit of tokens: {', '.join(told)}. They are compared as they "
        "are: their lengths and endings are the limit's."
    )


def _same(found: Found) -> str:
    same, prompts = wording.finite(found.get("same")) or 0, wording.finite(found.get("prompts"))
    if not prompts or same / prompts <= 0.5:
        return ""
    return (
        f"The teacher's second answer is its first one for {wording.count(same)} of "
        f"{wording.count(prompts)} prompts: its server may ignore seeds or keep answers. Then 100% "
        "is the very same text, and no student reaches it."
    )
