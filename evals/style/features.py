"""What is measured of every single answer. Each is a number per text; a share is 0 or 1."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from limbeck.evals.style.phrases import closes_with_summary, hedges
from limbeck.evals.style.text import LIST_ITEM, Text
from limbeck.refusals import is_boilerplate, is_refusal

Floats = NDArray[np.float64]

SHARE = "share"
_HEADER = re.compile(
    r"^ {0,3}#{1,6}[ \t]+\S|^(?=[^\n]*\S)[^\n]++\n {0,3}={3,}[ \t]*$", re.MULTILINE
)
_BOLD = re.compile(r"\*\*(?=\S)[^*\n]+?\*\*|(?<!\w)__(?=\S)[^_\n]+?__(?!\w)")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*\|[ \t|:-]*$", re.MULTILINE)
# Not `!=`, and not the mark of a Markdown picture.
_EXCLAMATION = re.compile(r"[!！](?![=\[])")
_EMOJI = re.compile(
    "[\U0001f300-\U0001faff\U0001f1e6-\U0001f1ff\u231a\u231b\u23e9-\u23f3\u2600-\u27bf\u2b50\u2b55]"
)


def _mean(values: Floats) -> float:
    return float(values.mean())


def _geometric(values: Floats) -> float:
    """The mean of logs of 1 + x, as an x."""
    return float(np.expm1(values.mean()))


def _ratio(values: Floats) -> float:
    """The mean of logs of x, as an x."""
    return float(np.exp(values.mean()))


@dataclass(frozen=True, slots=True)
class Feature:
    """`of` gives a text's number; `shown` makes of all numbers of a model the one to read."""

    name: str
    about: str
    unit: str
    of: Callable[[Text], float]
    shown: Callable[[Floats], float] = _mean

    def values(self, texts: list[Text]) -> Floats:
        """A number per text (n,)."""
        return np.array([self.of(text) for text in texts], np.float64)


def _length(text: Text) -> float:
    return math.log1p(text.words)


def _sentence_length(text: Text) -> float:
    return math.log1p(text.words / text.sentences) if text.sentences else 0.0


def _distinct(text: Text) -> float:
    pairs = len(text.tokens) - 1
    return len(set(zip(text.tokens, text.tokens[1:], strict=False))) / pairs if pairs > 0 else 1.0


def _compression(text: Text) -> float:
    raw = text.text.encode("utf-8", "surrogatepass")
    return math.log(len(raw) / len(zlib.compress(raw, 6))) if raw else 0.0


def _hedges(text: Text) -> float:
    return 100 * hedges(text) / len(text.tokens) if text.tokens else 0.0


FEATURES = (
    Feature(
        "length",
        "words of an answer, as a geometric mean; distances are of log(1 + words)",
        "words",
        _length,
        _geometric,
    ),
    Feature(
        "sentence length",
        "words a sentence, as a geometric mean; distances are of log(1 + words)",
        "words",
        _sentence_length,
        _geometric,
    ),
    Feature(
        "lists",
        "answers with two list items or more",
        SHARE,
        lambda text: float(len(LIST_ITEM.findall(text.text)) >= 2),
    ),
    Feature(
        "headers",
        "answers with a Markdown header",
        SHARE,
        lambda text: float(_HEADER.search(text.text) is not None),
    ),
    Feature(
        "bold",
        "answers with bold words in Markdown",
        SHARE,
        lambda text: float(_BOLD.search(text.text) is not None),
    ),
    Feature(
        "code fences",
        "answers with a fenced block of code",
        SHARE,
        lambda text: float(_FENCE.search(text.text) is not None),
    ),
    Feature(
        "tables",
        "answers with a Markdown table",
        SHARE,
        lambda text: float(_TABLE.search(text.text) is not None),
    ),
    Feature(
        "closing summary",
        "answers that end by summing up (“Overall”, “In summary”, “总之”)",
        SHARE,
        lambda text: float(closes_with_summary(text)),
    ),
    Feature("hedges", "words and phrases of doubt in 100 words", "of 100 words", _hedges),
    Feature(
        "“as an AI”",
        "answers in which the author says that it is an AI",
        SHARE,
        lambda text: float(is_boilerplate(text.text)),
    ),
    Feature(
        "refusals",
        "answers that open by declining",
        SHARE,
        lambda text: float(is_refusal(text.text)),
    ),
    Feature(
        "distinct pairs",
        "different pairs of neighbouring words, as a share of all (distinct-2)",
        SHARE,
        _distinct,
    ),
    Feature(
        "compression",
        "bytes of an answer for each byte that zlib makes of it, as a geometric mean: more where "
        "it repeats itself; distances are of the log",
        "times",
        _compression,
        _ratio,
    ),
    Feature(
        "emoji",
        "answers with an emoji",
        SHARE,
        lambda text: float(_EMOJI.search(text.text) is not None),
    ),
    Feature(
        "exclamation marks",
        "answers with an exclamation mark",
        SHARE,
        lambda text: float(_EXCLAMATION.search(text.text) is not None),
    ),
)
"""Features of one text. What compares texts is in `limbeck.evals.style.distances`."""
