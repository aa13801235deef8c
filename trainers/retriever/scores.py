"""What a demo is worth to a row: how likely its target is to a model after this demo alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from limbeck.demos import Demo, Template, render
from limbeck.demos.learned import document
from limbeck.errors import UserError
from limbeck.progress import Bar
from limbeck.record import content_hash
from limbeck.trainers.retriever.book import Book
from limbeck.trainers.retriever.settings import LabelScore

CHUNK = 256  # pairs that are scored together, and kept together
ENDS = Template().to_example  # as every output of a prompt ends: no label begins another one
_SEAMS = 8  # tokens that joining texts may bring, and those that a tokenizer adds


class TargetScorer(Protocol):
    """A model that scores continuations of texts.

    Called with (context, continuation) pairs it gives the log-likelihood of each continuation, in
    nats, summed over its tokens. `identity` says what the numbers hang on, `tokens(text)` how many
    tokens a text has, `window` how many the model reads (None: no limit).
    """

    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def window(self) -> int | None: ...
    def tokens(self, text: str, /) -> int: ...
    def __call__(self, pairs: Sequence[tuple[str, str]], /) -> list[float]: ...


class Pair(NamedTuple):
    """A demo that is shown, and the row that is asked after it."""

    demo: Demo
    row: Demo


class Worth(NamedTuple):
    """`score` in nats, greater for better; `right`: whether the row's label is likelier than all
    others, None where these were not scored."""

    score: float
    right: bool | None


class Scores:
    """The worth of pairs, each computed once and kept in a book.

    Rows with options, where `how` is normalised: ln p(target) - ln sum p(option), p of whole
    strings. All others: the mean of the log-likelihoods of the target's tokens, as in LLM-R.
    """

    def __init__(self, scorer: TargetScorer, book: Book, how: LabelScore = "normalised") -> None:
        self._scorer = scorer
        self._book = book
        self._how = how
        self._lengths: dict[str, int] = {}

    def fits(self, pair: Pair) -> bool:
        """Whether demo, row and the longest continuation are within the model's window."""
        if self._scorer.window is None:
            return True
        longest = max(map(self._tokens, self._texts(pair.row)))
        asked = self._tokens(document(pair.demo)) + self._tokens(pair.row.input)
        return asked + longest + self._tokens(ENDS) + _SEAMS <= self._scorer.window

    def of(self, pairs: Sequence[Pair], bar: Bar) -> list[Worth]:
        """The worth of each pair. Raises UserError for what is no log-likelihood."""
        keys = [self._key(pair) for pair in pairs]
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        order = self._by_demo([pairs[place] for place in sorted(first.values())])
        for start in range(0, len(order), CHUNK):
            chunk = order[start : start + CHUNK]
            self._book.add(self._scored([p for p in chunk if self._book.get(self._key(p)) is None]))
            bar.advance(len(chunk))
        return [self._worth(pair, key) for pair, key in zip(pairs, keys, strict=True)]

    def _by_demo(self, pairs: Sequence[Pair]) -> list[Pair]:
        """All pairs of a demo beside each other: what they begin with is the same."""
        met = {demo: n for n, demo in enumerate(dict.fromkeys(pair.demo for pair in pairs))}
        return sorted(pairs, key=lambda pair: met[pair.demo])

    def _scored(self, pairs: Sequence[Pair]) -> Mapping[str, list[float]]:
        asked = [
            (render([pair.demo], pair.row.input), text)
            for pair in pairs
            for text in self._texts(pair.row)
        ]
        if not asked:
            return {}
        found = self._scorer(asked)
        if len(found) != len(asked):
            raise UserError(f"the scorer gave {len(found)} numbers for {len(asked)} continuations")
        left: Iterator[float] = iter(found)
        scores: dict[str, list[float]] = {}
        for pair in pairs:
            numbers = [float(next(left)) for _ in self._texts(pair.row)]
            if not all(map(math.isfinite, numbers)):
                raise UserError(
                    f"the scorer gave {numbers} for the row {pair.row.id!r} after the demo "
                    f"{pair.demo.id!r}, which is no log-likelihood; take another scorer, or "
                    "float32"
                )
            scores[self._key(pair)] = numbers
        return scores

    def _worth(self, pair: Pair, key: str) -> Worth:
        numbers = self._book.get(key)
        assert numbers is not None
        if not self._chooses(pair.row):
            return Worth(numbers[0] / max(1, self._tokens(pair.row.output)), None)
        target = pair.row.options.index(pair.row.output)
        others = [*numbers[:target], *numbers[target + 1 :]]
        whole = float(np.logaddexp.reduce(numbers))
        return Worth(numbers[target] - whole, all(number < numbers[target] for number in others))

    def _chooses(self, row: Demo) -> bool:
        return bool(row.options) and self._how == "normalised"

    def _texts(self, row: Demo) -> tuple[str, ...]:
        if self._chooses(row):
            return tuple(option + ENDS for option in row.options)
        return (row.output,)

    def _key(self, pair: Pair) -> str:
        demo = [pair.demo.input, pair.demo.output]
        return content_hash(
            [self._scorer.identity, demo, pair.row.input, list(self._texts(pair.row))]
        )

    def _tokens(self, text: str) -> int:
        if text not in self._lengths:
            self._lengths[text] = self._scorer.tokens(text)
        return self._lengths[text]
