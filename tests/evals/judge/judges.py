"""Simulated judges behind a FakeTeacher: they see the prompt as a real one does."""

from __future__ import annotations

import re
from collections.abc import Callable

from limbeck.protocols import Request
from limbeck.testing import FakeTeacher

Rule = Callable[[str, str, str], str]


def shown(request: Request) -> tuple[str, str, str]:
    """(request, answer A, answer B) of a judge's prompt; an empty answer reads "(empty)"."""
    text = request.messages[0].content
    found = re.findall(r"\] [A-Z ]+ BEGINS\n(.*?)\n\[\w+\] [A-Z ]+ ENDS", text, re.DOTALL)
    asked, first, second = found
    return asked, first, second


def judge(rule: Rule, fail: Callable[[Request], Exception | None] = lambda r: None) -> FakeTeacher:
    """A judge that says `rule(request, A, B)`."""
    return FakeTeacher(lambda request: {rule(*shown(request)): 1.0}, name="judge", fail=fail)


def longer(asked: str, first: str, second: str) -> str:
    if len(first) == len(second):
        return "Verdict: tie"
    return "Verdict: A" if len(first) > len(second) else "Verdict: B"


def first_one(asked: str, first: str, second: str) -> str:
    return "Verdict: A"


def named(word: str) -> Rule:
    """Prefers the answer with the word; a tie where both or none has it."""

    def rule(asked: str, first: str, second: str) -> str:
        if (word in first) == (word in second):
            return "Verdict: tie"
        return "Verdict: A" if word in first else "Verdict: B"

    return rule
