"""Longest common subsequences, and the F-measure in the very floats of rouge_score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cpdist

from limbeck.filters.bags import Bags, Ints

_PAIRS = 1 << 15  # compared in one go


def pair_scores(query: Bags, q: Ints, pool: Bags, item: Ints) -> npt.NDArray[np.float64]:
    """The F-measure of each pair (q, item)."""
    texts = query.characters(np.arange(len(query)))
    scores = np.empty(len(q))
    for start in range(0, len(q), _PAIRS):
        some = slice(start, start + _PAIRS)
        ours = [texts[place] for place in q[some].tolist()]
        theirs = pool.characters(item[some])
        lcs = cpdist(ours, theirs, scorer=LCSseq.similarity, dtype=np.uint32)
        scores[some] = fmeasures(lcs, query.lengths[q[some]], pool.lengths[item[some]])
    return scores


def row_scores(
    lcs: npt.NDArray[np.unsignedinteger], n: int, m: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """The F-measures of one text of `n` tokens with many of `m`."""
    longest = int(m.max(initial=0))
    if (n + 1) * (longest + 1) > 4 * len(lcs):
        return fmeasures(lcs, np.array(n), m)
    lengths = np.arange(longest + 1)
    table = fmeasures(np.arange(n + 1)[:, None], np.array(n), lengths[None, :])
    return table.ravel().take(lcs * np.int32(longest + 1) + m)  # few scores, many texts


def fmeasures(
    lcs: npt.NDArray[np.integer], n: npt.NDArray[np.integer], m: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """ROUGE-L's F-measure from LCS and the lengths of the two texts, in tokens.

    The order of operations is rouge_score's: 7 of 7 and 13 tokens is 0.7000000000000001.
    """
    length = np.maximum(lcs, 1).astype(np.float64)
    precision, recall = length / np.maximum(n, 1), length / np.maximum(m, 1)
    scores = 2 * precision * recall / (precision + recall)
    return np.where(lcs == 0, 0.0, scores)
