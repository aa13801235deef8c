"""A run as a dataset for others: shards, card, splits without leakage, and their check."""
