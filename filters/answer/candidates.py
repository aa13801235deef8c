"""A candidate: a place in a text that could be the answer, with its typed value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[V]):
    """`text[start:end]` reads as `value`. A weak one counts only where an answer is expected."""

    start: int
    end: int
    value: V
    weak: bool = False
