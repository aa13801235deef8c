"""How the numbers of the style section are to be read.

Plain text, as in `wording`: escaping is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.pages import wording

Found = Mapping[str, Any]

LIMIT = (
    "Style is that of these prompts, sampled once from base and student and twice from the "
    "teacher; it says nothing about whether an answer is right."
)
_ROLES = ("base", "student", "teacher", "teacher_again")
_SAMPLED = {"teacher_again": "second sample"}
_TRUNCATED = 0.1  # a share of answers from which on their endings are not to be trusted


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
