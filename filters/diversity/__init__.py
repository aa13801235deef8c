"""The N rows that stand best for all of them: facility location and k-centre."""

from limbeck.filters.diversity.record_filter import Diversity

__all__ = ["Diversity"]
