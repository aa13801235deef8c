"""Stands in for filters that are written at the same time; goes when they are there."""

from __future__ import annotations

from typing import Any, NamedTuple

MISSING: list[str] = []
try:
    from limbeck.filters.format import format_errors
except ImportError:
    MISSING.append("format")

    def format_errors(text: str) -> list[str]:
        return []


try:
    from limbeck.filters.pii import find_pii
except ImportError:
    MISSING.append("pii")

    def find_pii(text: str) -> list[Any]:
        return []


try:
    from limbeck.filters.repetition import repetition_of
except ImportError:
    MISSING.append("repetition")

    class _Repetition(NamedTuple):
        reason: str = ""

    def repetition_of(text: str) -> Any:
        return _Repetition()


try:
    from limbeck.filters.language import languages_of
except ImportError:
    MISSING.append("language")

    def languages_of(texts: list[str]) -> list[tuple[str, float]]:
        return [("und", 0.0) for _ in texts]


try:
    from limbeck.filters.minhash import NearIndex
except ImportError:
    MISSING.append("near_duplicates")

    class NearIndex:
        def __init__(self, threshold: float, num_perm: int, shingle: int) -> None: ...

        def add(self, texts: list[str]) -> list[Any]:
            return [None for _ in texts]
