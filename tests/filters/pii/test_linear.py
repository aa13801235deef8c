"""No text, however hostile, makes the search slow: a property of the patterns, not of a clock."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import limbeck.filters.pii as package
from limbeck.filters.pii import find_pii

BOUND = 8000  # repetitions, of the middle of a web token; all others are far below


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern that the package holds, in lists and objects too."""
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for name, value in sorted(vars(loaded).items()):
            for found in held(value):
                yield f"{module.name}.{name}", found


def held(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from held(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from held(item)
    elif hasattr(value, "_pattern"):
        yield value._pattern


def repeats(tree: Any, depth: int = 0) -> Iterator[tuple[str, int, int]]:
    """(kind, most, how many repeats it stands in) of every repeat of a parsed pattern."""
    for kind, argument in tree:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, inside = argument
            yield name, int(most), depth
            yield from repeats(inside, depth + (most > 1))
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from repeats(branch, depth)
        elif isinstance(argument, tuple):
            for part in argument:
                if hasattr(part, "data"):
                    yield from repeats(part, depth)
        elif hasattr(argument, "data"):
            yield from repeats(argument, depth)


def test_nothing_without_a_bound_is_ever_given_back() -> None:
    parser: Any = importlib.import_module("re._parser")
    seen = 0
    for name, pattern in patterns():
        for kind, most, depth in repeats(parser.parse(pattern.pattern, pattern.flags & ~re.U)):
            seen += 1
            if kind == "POSSESSIVE_REPEAT":
                continue
            if name in ("addresses._LABEL", "around._GROUPS"):
                continue  # one class, over 253 characters or what a bounded pattern found
            assert kind == "MAX_REPEAT", (name, "a lazy repeat")
            assert most <= 255, (name, most)
            assert depth == 0 or most <= 4, (name, "a repeat in a repeat")
    assert seen > 80


def test_the_test_sees_a_pattern_that_is_not_linear() -> None:
    parser: Any = importlib.import_module("re._parser")
    found = list(repeats(parser.parse(r"(?:[a-z]+\.)+x|a{2,9}+")))
    assert [(kind, depth) for kind, _, depth in found] == [
        ("MAX_REPEAT", 0),
        ("MAX_REPEAT", 1),
        ("POSSESSIVE_REPEAT", 0),
    ]
    assert found[0][1] > 10**6


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        ("7", 0),
        ("0", 0),
        ("0 1", 0),
        ("-", 0),
        ("a@", 0),
        ("a@a.", 0),
        ("://a:", 0),
        (":", 0),
        ("2001:", 0),
        ("eyJ", 0),
        ("eyJaaaaaaaaaaa.", 0),
        ("-----BEGIN PRIVATE KEY-----", 0),
        ("GB82", 0),
        ("(0", 0),
        ("+1", 0),
        ("1.1.", 0),
        ("k", 0),
        ("sk-", 0),
        (" 617-248-9071", 20000),
    ],
)
def test_a_long_text_of_one_thing_ends(unit: str, found: int) -> None:
    assert len(find_pii(unit * 20000)) == found
