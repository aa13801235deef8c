"""Near duplicates by MinHash: candidates from sketches, each verified by exact Jaccard."""

from __future__ import annotations

from limbeck.filters.minhash.bands import Bands, band_keys
from limbeck.filters.minhash.index import Near, NearIndex
from limbeck.filters.minhash.shingles import Shingles, shingles, word_shingles, words
from limbeck.filters.minhash.signatures import estimates, signatures
from limbeck.filters.minhash.verify import Decisions, jaccard, jaccards

__all__ = [
    "Bands",
    "Decisions",
    "Near",
    "NearIndex",
    "Shingles",
    "band_keys",
    "estimates",
    "jaccard",
    "jaccards",
    "shingles",
    "signatures",
    "word_shingles",
    "words",
]
