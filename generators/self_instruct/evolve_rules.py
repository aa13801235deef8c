"""Which evolved prompts are eliminated (WizardLM, Xu et al. 2023, section 3.2): besides those that
gain nothing, for which the teacher is asked."""

from __future__ import annotations

import re
import unicodedata

from limbeck.generators.self_instruct.refused import Refused
from limbeck.text import folded, word_count

SORRY_WORDS = 80  # a shorter answer that says sorry is taken for one that is none

# What the evolving prompts say of themselves, and a lazy teacher copies.
_LEAKED = re.compile(
    r"\b(?:given|rewritten|original|created|new|evolved) prompt\b|\bprompt (?:above|below)\b", re.I
)
_SORRY = re.compile(
    r"\bsorry\b|\bapologi[sz]e\b|抱歉|对不起|對不起|申し訳|\bdésolé|\blo siento\b|\btut mir leid\b",
    re.I,
)
_WORDS = """
a an and are as at be but by for from had has have he her his i if in is it its me my no not of on
or our she so than that the their them then there these they this those to too us was we were what
when where which who will with yes you your
"""
_STOP_WORDS = frozenset(_WORDS.split())


def leaked(prompt: str) -> Refused | None:
    """The words of the evolving prompt in what should be a prompt of its own; value: the words."""
    found = _LEAKED.search(prompt)
    return Refused("leaked", found[0]) if found else None


def useless(answer: str) -> Refused | None:
    """Why the answer shows that the prompt is none.

    sorry: it apologises in under 80 words (value: words); wordless: nothing but punctuation and
    stop words (value: words).
    """
    words = word_count(answer)
    if words < SORRY_WORDS and _SORRY.search(answer):
        return Refused("sorry", words)
    said = [
        "".join(c for c in word if unicodedata.category(c)[0] in "LMN")
        for word in folded(answer).split()
    ]
    if not [word for word in said if word and word not in _STOP_WORDS]:
        return Refused("wordless", words)
    return None
