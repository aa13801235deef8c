"""Which option a written answer chose. A doubtful answer chose none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from limbeck.evals.items import LETTERS
from limbeck.text import folded


def chosen_option(text: str, options: Sequence[str]) -> int | None:
    """The place of the option that `text` gives as its answer, or None where it is not clear.

    A letter counts alone, in brackets, before a full stop or after "answer"; otherwise the one
    option whose whole text occurs. Two options named is no answer.
    """
    letters = LETTERS[: len(options)]
    answer = text.strip().strip("*_`\"' ")
    alone = re.match(rf"^[(\[]?([{letters}])[)\].:]*(?:\s|$)", answer)
    if alone and not re.match(r"^A\s+[a-z]", answer):  # "A cat" is an article, not a letter
        rest = {m for m in re.findall(rf"\b([{letters[1:]}])\b[.):]", answer[1:]) if m != alone[1]}
        return None if rest else letters.index(alone[1])
    said = re.findall(
        rf"(?i:answer|option|choice)(?i:\s+is)?\s*:?\s*[\"'*(\[]*([{letters}])\b", answer
    )
    if said:
        return letters.index(said[0]) if len(set(said)) == 1 else None
    whole = folded(answer)
    named = [
        place
        for place, option in enumerate(options)
        if re.search(rf"(?<!\w){re.escape(folded(option))}(?!\w)", whole)
    ]
    # "New York" also names the option "York": the longer one is what was said.
    named = [
        place
        for place in named
        if not any(
            other != place and folded(options[place]) in folded(options[other]) for other in named
        )
    ]
    return named[0] if len(named) == 1 else None
