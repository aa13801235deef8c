"""docs/report.md is true: it names every key that the example has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.evals.report_example import example
from tests.evals.report_parts import judge, style

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "report.md").read_text("utf-8")
NAMED = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", PAGE))))


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_every_key_is_named() -> None:
    report = example(versions={}, in_context=None)
    assert set(keys(report)) - NAMED == set()
    assert {*style(), *judge()} <= NAMED


def test_its_schema_is_that_of_the_example() -> None:
    assert f"schema `{example()['schema']}`" in PAGE
