"""`Index`: a task's items, and the three rules that compare training texts with them by words.

`exact`: the texts are equal but for case, width and spacing. `coverage`: one training text has more
than half of the item's 8 words in a row. `cosine`: the TF-IDF vectors of both are near and the
numbers in them agree, which finds what a teacher reworded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from limbeck.contamination.coding import Coded, Vocabulary
from limbeck.contamination.numbers import numbers
from limbeck.contamination.products import Floats, Ints, Product, Sparse, sparse
from limbeck.contamination.texts import Item, Text, with_options
from limbeck.questions.affixes import Asked
from limbeck.text import folded

COVERED = 0.5
AGREE = 0.75
# Numbers say that two problems are one, the more of them the surer. Without any, questions of one
# kind are too near each other: see docs/contamination.md for what each of these would flag.
NEAR = 0.4
NEAR_FEW = 0.6
NEAR_NONE = 0.8
FEW = 2


class Look(NamedTuple):
    """What a block of texts is to a task's items; every matrix is [texts, items].

    `similar` is the cosine; `cosine` the same where it counts, and `coverage` the share of the
    item's 8 words in a row, 0 where it does not reach the threshold; None where nothing does.
    `exact` are pairs of a text and an item. `common` are the items of which a prompt has any 8
    words in a row.
    """

    similar: Floats
    cosine: Floats | None
    coverage: Floats | None
    exact: list[tuple[int, int]]
    common: Ints


class Variants(NamedTuple):
    """The texts of the items: each question; then those with their options; then long targets.

    `item` is the item of each; `options` the items that have options.
    """

    asks: list[Asked]
    texts: list[str]
    item: Ints
    options: Ints
    compared: int
    """How many of the texts are compared as wholes: all but the targets."""


def variants_of(items: Sequence[Item]) -> Variants:
    """The texts that are compared, without affixes; options that stand in a question are parted."""
    asks = [with_options(item.question, item.options) for item in items]
    listed = [place for place, ask in enumerate(asks) if ask.options]
    full = ["\n".join((asks[place].question, *asks[place].options)) for place in listed]
    told = [place for place, item in enumerate(items) if item.target.strip()]
    texts = [ask.question for ask in asks] + full
    places = [*range(len(items)), *listed, *told]
    return Variants(
        asks,
        texts + [items[place].target for place in told],
        np.array(places, dtype=np.int64),
        np.array(listed, dtype=np.int64),
        len(texts),
    )


class Index:
    """One task's items. The weights of terms follow from them alone: what else is evaluated, or
    trained on, moves no number."""

    def __init__(self, variants: Variants, vocabulary: Vocabulary) -> None:
        self.count = len(variants.asks)
        self._variants = variants
        self._listed = np.zeros(self.count, dtype=bool)
        self._listed[variants.options] = True
        compared = variants.texts[: variants.compared]
        coded = vocabulary.code(compared)
        self._weights, self._unseen = self._inverse(coded, vocabulary)
        self._product = Product(self._vectors(coded), vocabulary.terms)
        sets = [numbers(text) for text in compared]
        self._numbers: dict[str, int] = {}
        rows = [[self._number(one) for one in sorted(found)] for found in sets]
        self._sizes = np.array([len(row) for row in rows], dtype=np.float64)
        self._shared = Product(sparse(rows), len(self._numbers))
        self._near = np.where(
            self._sizes > FEW, NEAR, np.where(self._sizes > 0, NEAR_FEW, NEAR_NONE)
        )
        self._grams = _Grams(vocabulary.code(variants.texts).grams, vocabulary.grams, variants)
        self._keys: dict[str, list[int]] = {}
        for text, item in zip(compared, variants.item.tolist(), strict=False):
            self._keys.setdefault(folded(text), []).append(item)

    @property
    def short(self) -> NDArray[np.bool_]:
        """Which items have fewer than 8 words, options included: `coverage` never flags them."""
        found: NDArray[np.bool_] = self._grams.sizes_of(self.count) == 0
        return found

    def _number(self, value: str) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def _inverse(self, coded: Coded, vocabulary: Vocabulary) -> tuple[Floats, float]:
        """ln((1 + n) / (1 + df)) + 1 for every term, over the items with their options; and for a
        term that none has."""
        whole = np.ones(len(coded.rest), dtype=bool)
        whole[self._variants.options] = False  # the question alone, where there are options
        kept = coded.terms.ids[whole[coded.terms.rows]]
        often = np.bincount(kept, minlength=vocabulary.terms)
        return np.log((1 + self.count) / (1 + often)) + 1, float(np.log(1 + self.count)) + 1

    def _vectors(self, coded: Coded) -> Sparse:
        starts, ids, values = coded.terms
        weighed = values * self._weights[ids]
        rows = coded.terms.rows
        squares = np.bincount(rows, weighed**2, minlength=len(coded.rest))
        norms = np.sqrt(squares + coded.rest * self._unseen**2)
        norms[norms == 0] = 1
        return Sparse(starts, ids, weighed / norms[rows])

    def look(self, coded: Coded, texts: Sequence[Text]) -> Look:
        """Compare a block. `texts` are those that were coded, without affixes."""
        listed = np.array([text.listed for text in texts], dtype=bool)
        prompt = np.array([text.side == "prompt" for text in texts], dtype=bool)
        scores = self._product(self._vectors(coded))
        agreed = self._agreed(scores, coded.texts)
        coverage, common = self._grams.look(
            coded.grams, prompt, lambda found: self._join(found, listed)
        )
        exact = [
            (place, item)
            for place, text in enumerate(texts)
            for item in dict.fromkeys(self._keys.get(folded(text.text), ()))
            if not (text.listed and not self._listed[item])
        ]
        cosine = None if agreed is None else self._join(agreed, listed)
        return Look(self._join(scores, listed), cosine, coverage, exact, common)

    def _join(self, found: Floats, listed: NDArray[np.bool_]) -> Floats:
        """The larger of an item's variants. A prompt with options is not compared with the question
        alone of an item that has options, too: "Which is true?" asks what its options ask."""
        best = found[:, : self.count].copy()
        options = self._variants.options
        if len(options):
            best[np.ix_(listed, options)] = 0
            full = found[:, self.count : self.count + len(options)]
            best[:, options] = np.maximum(best[:, options], full)
        return best

    def _agreed(self, scores: Floats, texts: Sequence[str]) -> Floats | None:
        """The scores that are near enough, where the numbers agree; None for none."""
        near = scores > self._near
        rows = np.flatnonzero(near.any(axis=1))
        if not len(rows):
            return None
        sets = [numbers(texts[row]) for row in rows.tolist()]
        ids = [
            sorted(self._numbers[one] for one in found if one in self._numbers) for found in sets
        ]
        both = self._shared(sparse(ids))
        either = np.array([[len(found)] for found in sets]) + self._sizes - both
        agree = np.where(either > 0, both / np.maximum(either, 1), 1) >= AGREE
        found = np.zeros_like(scores)
        found[rows] = np.where(near[rows] & agree, scores[rows], 0)
        return found if found.any() else None


class _Grams:
    """The 8 words in a row of every variant."""

    def __init__(self, grams: Sparse, count: int, variants: Variants) -> None:
        self._variants = variants
        self._sizes = np.diff(grams.starts).astype(np.float64)
        order = np.argsort(grams.ids, kind="stable")
        self._posting = grams.rows[order]
        self._length = np.bincount(grams.ids, minlength=count)
        self._begin = np.concatenate([[0], np.cumsum(self._length)])
        # A target of fewer runs ("so the answer is 5 and not 6") is anybody's.
        self._judged = self._sizes > 0
        self._judged[variants.compared :] = self._sizes[variants.compared :] >= 8

    def sizes_of(self, items: int) -> Floats:
        """The runs of each item's question with its options."""
        sizes = self._sizes[:items].copy()
        full = self._sizes[items : self._variants.compared]
        sizes[self._variants.options] = full
        return sizes

    def look(
        self, grams: Sparse, prompt: NDArray[np.bool_], join: Callable[[Floats], Floats]
    ) -> tuple[Floats | None, Ints]:
        """The coverage of every item where it is above the threshold, None for none; and the items
        of which any prompt has a run."""
        lengths = self._length[grams.ids]
        into = np.repeat(self._begin[grams.ids] - np.cumsum(lengths) + lengths, lengths)
        into += np.arange(len(into))
        rows, cells = np.repeat(grams.rows, lengths), self._posting[into]
        compared = self._variants.compared
        common = np.unique(self._variants.item[cells[prompt[rows] & (cells < compared)]])
        width, texts = len(self._sizes), len(grams.starts) - 1
        pairs, counts = np.unique(rows * width + cells, return_counts=True)
        shares = counts / self._sizes[pairs % width]
        kept = (shares > COVERED) & self._judged[pairs % width]
        # What answers an item stands in completions; in prompts it would be the question.
        kept &= (pairs % width < compared) | ~prompt[pairs // width]
        if not kept.any():
            return None, common
        found = np.zeros((texts, width))
        found.reshape(-1)[pairs[kept]] = shares[kept]
        best = join(found)
        if width > compared:
            told = self._variants.item[compared:]
            best[:, told] = np.maximum(best[:, told], found[:, compared:])
        return (best if best.any() else None), common
