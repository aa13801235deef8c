"""Longest common subsequences, and the F-measure in the very floats of rouge_score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Masks = dict[int, int]


def position_masks(tokens: Iterable[int]) -> Masks:
    """For each token, an integer with a bit at each of its positions."""
    masks: Masks = {}
    bit = 1
    for token in tokens:
        masks[token] = masks.get(token, 0) | bit
        bit <<= 1
    return masks


def lcs_length(masks: Masks, length: int, other: Sequence[int]) -> int:
    """The length of the longest common subsequence, of texts of any length.

    `masks` and `length` are of the first text, `other` has the second one's tokens. Bit-parallel
    (Hyyrö 2004): a row of the table is one integer, whose zeros count the matches.
    """
    full = (1 << length) - 1
    row = full
    for token in other:
        match = row & masks.get(token, 0)
        if match:
            row = ((row + match) | (row - match)) & full
    return length - row.bit_count()


def fmeasure(lcs: int, n: int, m: int) -> float:
    """ROUGE-L's F-measure from the LCS and the lengths of the two texts, in tokens.

    The order of operations is rouge_score's: 7 of 7 and 13 tokens is 0.7000000000000001.
    """
    if not lcs:
        return 0.0
    precision, recall = lcs / n, lcs / m
    return 2 * precision * recall / (precision + recall)


def fmeasures(
    lcs: npt.NDArray[np.unsignedinteger], n: int, m: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """`fmeasure` of many texts of `m` tokens with one of `n`, bit for bit the same."""
    longest = int(m.max(initial=0))
    if (n + 1) * (longest + 1) > 4 * len(lcs):
        return _fmeasures(lcs, n, m)
    lengths = np.arange(longest + 1)
    table = _fmeasures(np.arange(n + 1, dtype=np.uint32)[:, None], n, lengths[None, :])
    return table.ravel().take(lcs * np.int32(longest + 1) + m)  # few scores, many texts


def _fmeasures(
    lcs: npt.NDArray[np.unsignedinteger], n: int, m: npt.NDArray[np.signedinteger]
) -> npt.NDArray[np.float64]:
    length = np.maximum(lcs, 1).astype(np.float64)
    precision, recall = length / max(n, 1), length / np.maximum(m, 1)
    scores = 2 * precision * recall / (precision + recall)
    return np.where(lcs == 0, 0.0, scores)
