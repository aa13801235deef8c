"""Record filters judge records: batch in, verdicts out, same order. No network, no torch."""
