"""Near duplicates by MinHash: candidates from sketches, each verified by exact Jaccard."""
