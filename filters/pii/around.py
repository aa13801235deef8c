"""What stands before a number, and how its digits are grouped."""

from __future__ import annotations

import re

_LOOK = 40  # characters before a number in which a word can say what it is
_GROUPS = re.compile(r"[0-9]+")
_TURN = "01234567890123456"
_COUNTED = re.compile("|".join(turn[n : n + 7] for turn in (_TURN, _TURN[::-1]) for n in range(10)))


class Cue:
    """Words that say what the number shortly behind them is, on the same line.

    `words` is an alternation of whole words ("call" is not seen in "recalled"); `parts` is one
    of words in scripts that write no spaces, or that are put together.
    """

    def __init__(self, words: str, parts: str = "") -> None:
        either = rf"(?<![^\W_])(?:{words})(?![^\W_])" + (f"|(?:{parts})" if parts else "")
        self._pattern = re.compile(rf"(?:{either})[^\n0-9]{{0,20}}\Z", re.IGNORECASE)

    def before(self, text: str, start: int) -> bool:
        """Whether one of the words stands before the place."""
        return self._pattern.search(text[max(0, start - _LOOK) : start]) is not None


def digits_of(text: str) -> str:
    """Its ASCII digits."""
    return "".join(_GROUPS.findall(text))


def groups_of(text: str) -> tuple[list[int], set[str]]:
    """How long the runs of digits are, and what stands between them."""
    sizes = [len(group) for group in _GROUPS.findall(text)]
    between = _GROUPS.split(text)[1:-1]
    return sizes, set(between)


def made_up(digits: str) -> bool:
    """Digits that nobody was given: one digit all along, or seven that count up or down."""
    return len(set(digits)) <= 1 or _COUNTED.search(digits) is not None
