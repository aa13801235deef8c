"""The rounds of an adversarial loop beside its control."""
