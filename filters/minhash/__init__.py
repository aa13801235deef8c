"""Near duplicates by MinHash: candidates from sketches, each verified by exact Jaccard."""

from __future__ import annotations

from limbeck.filters.minhash.bands import Bands, band_keys
from limbeck.filters.minhash.clusters import clusters
from limbeck.filters.minhash.filter import MinHashDedup
from limbeck.filters.minhash.index import Near, NearIndex
from limbeck.filters.minhash.shingles import Shingles, word_shingles, words
from limbeck.filters.minhash.shingles import shingles as hashed_shingles
from limbeck.filters.minhash.signatures import estimates
from limbeck.filters.minhash.signatures import signatures as minhash_signatures
from limbeck.filters.minhash.verify import Decisions, jaccard, jaccards

# The modules `shingles` and `signatures` keep their names here, so their functions have others.
__all__ = [
    "Bands",
    "Decisions",
    "MinHashDedup",
    "Near",
    "NearIndex",
    "Shingles",
    "band_keys",
    "clusters",
    "estimates",
    "hashed_shingles",
    "jaccard",
    "jaccards",
    "minhash_signatures",
    "word_shingles",
    "words",
]
