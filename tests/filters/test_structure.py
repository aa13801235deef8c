"""Data that does not parse, and what is expected of a completion."""

from __future__ import annotations

import pytest

from limbeck.filters.format import Expected, format_errors


@pytest.mark.parametrize(
    ("expected", "text", "found"),
    [
        ("json", '{"a": 1}', []),
        ("json", '```json\n{"a": 1}\n```', []),
        ("json", "```\n[1, 2]\n```\n", []),
        ("json", '"text"', []),
        ("json", 'Here it is: {"a": 1}', ["broken_json"]),
        ("json", 'Sure:\n```json\n{"a": 1}\n```', ["broken_json"]),
        ("json", '{"a": ...}', ["broken_json"]),
        ("json", "", ["broken_json"]),
        ("json", "[" * 100_000, ["broken_json"]),
        ("xml", "<a><b x='1'/>text &amp; more</a>", []),
        ("xml", "```xml\n<a/>\n```", []),
        ("xml", "<a><b></a>", ["broken_xml"]),
        ("xml", "text", ["broken_xml"]),
        ("xml", "<a/>\n```xml\n<a/>\n```", ["broken_xml"]),
        ("xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ["broken_xml"]),
        ("code", "Here:\n```python\nprint(1)\n```", []),
        ("code", "print(1)", ["no_code"]),
        ("code", "```\n\n```", ["no_code"]),
        ("none", '```json\n{"a"\n```', []),
        ("none", '{"a"', []),
    ],
)
def test_what_is_expected_is_looked_for(expected: Expected, text: str, found: list[str]) -> None:
    assert format_errors(text, expected) == found
