"""`Known`: the rules that mask: questions that are one word for word, or made from one template.

Word for word, or made from one template: then the questions are equal where numbers, dates and
names are masked (`limbeck.questions.masking`). What prompts put around a question, and options
behind it, are set aside first (`limbeck.questions.affixes`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from limbeck.questions.affixes import Asked, asked
from limbeck.questions.likeness import REASONS, Likeness, Reason


@dataclass(frozen=True, slots=True)
class Hit:
    """A known question, and how another is the same."""

    reason: Reason
    nearest: str


class Known:
    """Questions that others are compared with, given as (name, text or what is `asked` in it).

    How they are compared is said at `limbeck.questions.likeness.Likeness`.
    """

    def __init__(self, questions: Iterable[tuple[str, str | Asked]]) -> None:
        self._questions = list(questions)
        self._likeness = Likeness(question for _, question in self._questions)

    def find(self, text: str | Asked, by: Reason = "template") -> Hit | None:
        """The first known question that is like `text`, in the strictest way there is up to `by`;
        None for none."""
        question = asked(text) if isinstance(text, str) else text
        for reason in REASONS[: REASONS.index(by) + 1]:
            place = self._likeness.find(question, reason)
            if place is not None:
                return Hit(reason, self._questions[place][0])
        return None
