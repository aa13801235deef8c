"""Near duplicates of more rows than one machine holds: the same verdicts from other engines."""
