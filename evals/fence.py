"""Texts that a model is to judge, set apart by a code that none of them can write."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from limbeck.evals.pages.wording import visible
from limbeck.record import content_hash


def fenced(texts: Sequence[str]) -> tuple[str, list[str]]:
    """A code, and the texts as they are to stand between lines that hold it.

    The code is a hash of all texts and occurs in none of them: a text cannot close its fence, since
    writing the code would change it. Control characters are shown and not sent, so that what a
    judge reads is what a person would.
    """
    shown = [visible(text) for text in texts]
    together = "\n".join(shown).casefold()
    codes = (content_hash([*shown, number], size=4) for number in count())
    return next(code for code in codes if code not in together), shown
