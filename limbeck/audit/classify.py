"""Whether an instruction is a classification task: what its rows say, else an estimate."""

from __future__ import annotations

from limbeck.audit.words import word_set
from limbeck.words import unicode_tokens

RULE = (
    "estimated: every output has at most 5 words, and one of them is named in the instruction or "
    "is yes, no, true, false, positive, negative or neutral"
)
_LONGEST_LABEL = 5
_MOST_CHARACTERS = 500  # no label of five words is longer, and long texts take long
_LABELS = word_set("yes no true false positive negative neutral")


def label_of(instruction: str, output: str) -> tuple[bool, bool]:
    """Whether an output could be a label, and whether it is one of RULE's or the instruction's."""
    if len(output) > _MOST_CHARACTERS:
        return False, False
    label = unicode_tokens(output)
    if not 1 <= len(label) <= _LONGEST_LABEL:
        return False, False
    return True, (len(label) == 1 and label[0] in _LABELS) or _occurs(
        label, unicode_tokens(instruction)
    )


def _occurs(part: list[str], whole: list[str]) -> bool:
    size = len(part)
    return any(whole[start : start + size] == part for start in range(len(whole) - size + 1))
