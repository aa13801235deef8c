"""Simulated referees behind a FakeTeacher: they see the prompt as a real one does."""

from __future__ import annotations

import re
from collections.abc import Callable

from limbeck.protocols import Request
from limbeck.testing import FakeTeacher

Rule = Callable[[Request, str, str], str]


def shown(request: Request) -> tuple[str, str, str]:
    """(request, answer A, answer B) of a referee's prompt; an empty answer reads "(empty)"."""
    text = request.messages[0].content
    found = re.findall(r"\] [A-Z ]+ BEGINS\n(.*?)\n\[\w+\] [A-Z ]+ ENDS", text, re.DOTALL)
    asked, first, second = found
    return asked, first, second


def referee(
    rule: Rule, fail: Callable[[Request], Exception | None] = lambda r: None
) -> FakeTeacher:
    """A referee that says `rule(request, A, B)`."""
    return FakeTeacher(
        lambda request: {rule(request, *shown(request)[1:]): 1.0}, name="referee", fail=fail
    )


def review(one: float, other: float) -> str:
    return f"I compared both.\nScore A: {one}\nScore B: {other}"


def by_length(request: Request, first: str, second: str) -> str:
    """A point for each character, of 10 at the most."""
    return review(*(min(10, max(1, len(text))) for text in (first, second)))
