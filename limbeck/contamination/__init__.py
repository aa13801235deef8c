"""Contamination: which items of an evaluation the training rows hold, and how near each one is.

The rules, their thresholds and what they were measured to find are in docs/contamination.md.
"""

from limbeck.contamination.compare import RULES, Comparison
from limbeck.contamination.texts import Item, Row

__all__ = ["RULES", "Comparison", "Item", "Row"]
