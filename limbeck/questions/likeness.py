"""`Likeness`: which of many questions another one is, for the filter, the report and --overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from limbeck.questions.affixes import Asked, asked
from limbeck.questions.masking import context, masked
from limbeck.text import folded

Reason = Literal["same", "template", "context"]
REASONS: tuple[Reason, ...] = ("same", "template", "context")
"""How two questions are one, the strictest first."""

_KEYS: dict[Reason, Callable[[str], str]] = {
    "same": folded,
    "template": masked,
    "context": lambda text: masked(context(text)),
}
_Key = tuple[Reason, str, str | None]
# Beside an option's text: of a question that has none, and of any question.
_NONE, _ANY = "", None


class Likeness:
    """Questions that others are compared with, without their affixes (`asked`).

    `same`: equal but for case, width and spacing. `template`: the masked texts are equal.
    `context`: the masked texts of all sentences but the last are. Two questions that both have
    options are the same, or of one template, only where one option is, too: "Which is true?" is
    another question with other options. A text without words has no template, and a single
    sentence no context.
    """

    def __init__(self, questions: Iterable[str | Asked]) -> None:
        self._places: dict[_Key, int] = {}
        for place, text in enumerate(questions):
            for reason in REASONS:
                if found := _key_of(text, reason):
                    key, options = found
                    for option in (_ANY, *(options or {_NONE})):
                        self._places.setdefault((reason, key, option), place)

    def find(self, text: str | Asked, reason: Reason) -> int | None:
        """The place of the first question that `text` is like in that way; None for none."""
        found = _key_of(text, reason)
        if found is None:
            return None
        key, options = found
        keys = [(reason, key, option) for option in ((_NONE, *options) if options else (_ANY,))]
        return min((self._places[key] for key in keys if key in self._places), default=None)


def _key_of(text: str | Asked, reason: Reason) -> tuple[str, set[str]] | None:
    """What is equal in questions that are alike, and the options of which one must be."""
    question, options = asked(text) if isinstance(text, str) else text
    key = _KEYS[reason](question)
    if not key:
        return None
    if reason == "context":  # another question about the same has other options
        return key, set()
    return key, {_KEYS[reason](option) or folded(option) for option in options}
