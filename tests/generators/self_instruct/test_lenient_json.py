"""JSON as models write it: what is JSON is read as JSON, and much of what nearly is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.lenient_json import MAX_DEPTH, Found, read

# Before a letter, backspace and form feed are taken for LaTeX that was not escaped.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\b\f"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.text("\",:[]{}\\' \n“”，"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def whole(text: str) -> Any:
    found = read(text, 0)
    assert found is not None
    assert found.whole
    assert found.end == len(text)
    return found.value


@given(st.lists(JSON, max_size=4) | st.dictionaries(TEXT, JSON, max_size=4), st.booleans())
def test_what_is_json_is_read_as_json(value: Any, ascii_only: bool) -> None:
    assert whole(json.dumps(value, ensure_ascii=ascii_only)) == value
    assert whole(json.dumps(value, ensure_ascii=ascii_only, indent=1)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a", "b",]', ["a", "b"]),
        ('["a",, "b"]', ["a", "b"]),
        ('["a"\n"b"]', ["a", "b"]),
        ('{"a": 1, "b": [2,],}', {"a": 1, "b": [2]}),
        ('["line\nbreak\ttab"]', ["line\nbreak\ttab"]),
        ("['it's', \"b\"]", ["it's", "b"]),
        (r"['don\'t']", ["don't"]),
        ('[ // two\n"a", // one\n /* so */ "b" # c\n]', ["a", "b"]),
        (
            '{"a": 1, // it\'s "x"\n "b": "http://x.org/#y" // z\n}',
            {"a": 1, "b": "http://x.org/#y"},
        ),
        ('["a", "b", ...]', ["a", "b"]),
        ('["a", …]', ["a"]),
        (r'["\frac{1}{2} \times \beta \neq \theta"]', [r"\frac{1}{2} \times \beta \neq \theta"]),
        (r'["\\frac a\nabc\tis\right"]', ["\\frac a\nabc\tis\\right"]),
        (r'["\nequal\texts"]', ["\nequal\texts"]),
        ("{'a': True, 'b': None}", {"a": True, "b": None}),
        ("{a: 1, b_2: false}", {"a": 1, "b_2": False}),
        ("[“写诗”，“翻译”]", ["写诗", "翻译"]),
        ('{"问"："答"}', {"问": "答"}),
        (r'["\d+ \\ \u00e9 \( \ud83d\ude00"]', ["\\d+ \\ é \\( 😀"]),
        ('["Say "hello" to her", "b"]', ['Say "hello" to her', "b"]),
        ('["He said "hi", then left"]', ['He said "hi", then left']),
        ('{"a": "the "b": c", "d": 1}', {"a": 'the "b": c', "d": 1}),
    ],
)
def test_what_nearly_is_json(text: str, value: Any) -> None:
    assert whole(text) == value


def test_a_lone_surrogate_is_no_text() -> None:
    assert whole(r'["\ud83d x"]') == ["\ufffd x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a", "b", "c is cu', ["a", "b"]),
        ('[{"a": 1}, {"a": 2, "b"', [{"a": 1}]),
        ('[{"a": 1}, {"a": [2, 3', [{"a": 1}]),
        ('["a", "b"', ["a", "b"]),
        ('{"x": "y", "z": ["a", "b', {"x": "y", "z": ["a"]}),
        ('["a", {oops}, "b"]', ["a"]),
    ],
)
def test_what_breaks_off_keeps_its_whole_items(text: str, value: Any) -> None:
    found = read(text, 0)
    assert found is not None
    assert (found.value, found.whole) == (value, False)


@pytest.mark.parametrize(
    "text",
    ["", "x", '"a"', "[do]", "[", '["a', "{", "{1: 2}", '{"a"', "[-", "[3d]", "[1.2.3]", "[٣]"],
)
def test_what_is_none(text: str) -> None:
    assert read(text, 0) is None


def test_it_begins_where_it_is_told_and_says_where_it_ended() -> None:
    assert read('see ["a"] there', 4) == Found(["a"], 9, True)


def test_depth_and_digits_have_a_limit() -> None:
    assert whole("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) is not None
    assert read("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), 0) is None
    assert read("[" * 100_000, 0) is None
    assert read("[" + "9" * 10_000 + "]", 0) is None


@given(st.text("[]{}\",:\\ua1 \n'“”"))
def test_it_never_raises(text: str) -> None:
    found = read(text, 0)
    assert found is None or 0 < found.end <= len(text)
