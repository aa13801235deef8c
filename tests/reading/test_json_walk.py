"""The walk finds the same values as a parser, however the bytes come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.reading.json_walk import Walk, elements, members
from limbeck.reading.unreadable import Unreadable

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def pieces(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


@settings(max_examples=60, deadline=None)
@given(st.lists(_JSON, max_size=6), st.integers(1, 9), st.sampled_from([None, 1]), st.booleans())
def test_elements_of_a_list(values: list[Any], size: int, indent: int | None, ascii_: bool) -> None:
    content = json.dumps(values, indent=indent, ensure_ascii=ascii_).encode()
    refused: list[str] = []
    walk = Walk(pieces(content, size))
    found = list(elements(walk, lambda _, bad: refused.append(bad.reason)))
    assert [json.loads(text) for _, text in found] == values
    assert [place for place, _ in found] == [*range(1, len(values) + 1)]
    assert (walk.ended, refused, walk.peek()) == (True, [], b"")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), _JSON), st.integers(1, 9), st.booleans())
def test_members_of_an_object_taken_or_passed_over(
    value: dict[str, Any], size: int, taken: bool
) -> None:
    walk = Walk(pieces(json.dumps(value).encode(), size))
    found = {}
    for key, first in members(walk):
        assert first == json.dumps(value[key]).encode()[:1]
        found[key] = json.loads(walk.value()) if taken else value[key]
    assert found == value
    assert walk.peek() == b""


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_broken_inside_has_its_end(size: int) -> None:
    content = b'[{"a": NaN}, {"b" 1}, 7, "t\\"]", {"c": "\xff"}, [1], {"d": 1}]'
    found = [text for _, text in elements(Walk(pieces(content, size)), lambda _, bad: None)]
    assert found == [
        b'{"a": NaN}', b'{"b" 1}', b"7", b'"t\\"]"', b'{"c": "\xff"}', b"[1]", b'{"d": 1}',
    ]  # fmt: skip


@pytest.mark.parametrize("end", [b"", b',{"b": 2', b',{"b": "2', b',"b', b","])
def test_a_list_that_ends_early_is_told_once(end: bytes) -> None:
    refused: list[str] = []
    walk = Walk([b'[{"a": 1}', end])
    found = list(elements(walk, lambda _, bad: refused.append(bad.reason)))
    assert ([text for _, text in found], refused) == ([b'{"a": 1}'], ["cut_short"])


def test_a_value_above_the_bound_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limbeck.reading.json_walk.MOST_BYTES", 1000)
    read = 0

    def parts() -> Any:
        nonlocal read
        yield b'["'
        for _ in range(1000):
            read += 100
            yield b"x" * 100

    refused: list[str] = []
    assert list(elements(Walk(parts()), lambda _, bad: refused.append(bad.reason))) == []
    assert refused == ["too_long"]
    assert read <= 5000


def test_a_key_without_a_value_is_no_object() -> None:
    for content in (b'{"a"}', b'{"a" 1}', b"{a: 1}", b'{"a":}', b'{"a": 1'):
        with pytest.raises(Unreadable):
            list(members(Walk([content])))
