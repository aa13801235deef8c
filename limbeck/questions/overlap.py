"""How much of a test set its training set gives away: masked templates, and 8-grams beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from limbeck.questions.affixes import asked
from limbeck.questions.likeness import Likeness, Reason
from limbeck.questions.masking import masked
from limbeck.text import folded

NGRAM = 8


@dataclass(frozen=True, slots=True)
class Overlap:
    """What was found, as positions of test questions, compared as `Likeness` does.

    `shared`: the masked text is that of a training question. `context`: the masked text of all
    sentences but the last is that of a training question's, so that only what is asked is new.
    `same`: it is a training question, word for word. Templates are counted without options.

    `ngram` counts the test questions with any 8 words in a row in common with a training question:
    the usual test, which templated questions nearly all fail. `short` counts those with fewer than
    8 words, of which that test says nothing.
    """

    test: int
    train: int
    test_templates: int
    train_templates: int
    shared: tuple[int, ...]
    context: tuple[int, ...]
    same: tuple[int, ...]
    ngram: int
    short: int

    @property
    def share(self) -> float:
        """The share of the test questions whose template is in train; 0 for no questions."""
        return len(self.shared) / self.test if self.test else 0.0

    def to_json(self) -> dict[str, Any]:
        lists = {key: list(getattr(self, key)) for key in ("shared", "context", "same")}
        return {**asdict(self), **lists, "share": self.share}


def masked_overlap(train: Sequence[str], test: Sequence[str]) -> Overlap:
    """Compare the questions of a test set with those of its training set."""
    train_asked, test_asked = [asked(text) for text in train], [asked(text) for text in test]
    known = Likeness(train_asked)

    def places(reason: Reason) -> tuple[int, ...]:
        return tuple(
            place for place, one in enumerate(test_asked) if known.find(one, reason) is not None
        )

    runs: set[tuple[str, ...]] = set()
    for text in train:
        runs.update(word_runs(text))
    test_runs = [word_runs(text) for text in test]
    return Overlap(
        test=len(test),
        train=len(train),
        test_templates=len({masked(one.question) for one in test_asked}),
        train_templates=len({masked(one.question) for one in train_asked}),
        shared=places("template"),
        context=places("context"),
        same=places("same"),
        ngram=sum(not runs.isdisjoint(found) for found in test_runs),
        short=sum(not found for found in test_runs),
    )


def word_runs(text: str) -> set[tuple[str, ...]]:
    """All 8 words in a row, whatever their case and width; none for a shorter text."""
    words = re.findall(r"\w+", folded(text))
    return {tuple(words[i : i + NGRAM]) for i in range(len(words) - NGRAM + 1)}
