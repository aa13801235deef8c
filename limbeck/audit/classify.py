"""Whether an instruction is a classification task: what its rows say, else an estimate."""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.audit.words import word_set
from limbeck.words import unicode_tokens

RULE = (
    "estimated: every output has at most 5 words, and one of them is named in the instruction or "
    "is yes, no, true, false, positive, negative or neutral"
)
_LONGEST_LABEL = 5
_LABELS = word_set("yes no true false positive negative neutral")


def looks_like_classification(instruction: str, outputs: Sequence[str]) -> bool:
    """The estimate that RULE states, in every script."""
    labels = [unicode_tokens(output) for output in outputs]
    if not labels or not all(1 <= len(label) <= _LONGEST_LABEL for label in labels):
        return False
    asked = unicode_tokens(instruction)
    return any(label[0] in _LABELS and len(label) == 1 for label in labels) or any(
        _occurs(label, asked) for label in labels
    )


def _occurs(part: list[str], whole: list[str]) -> bool:
    size = len(part)
    return any(whole[start : start + size] == part for start in range(len(whole) - size + 1))
