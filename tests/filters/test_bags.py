"""Texts as numbers: what is taken out of many, and what signatures promise."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters import bags as module
from limbeck.filters.bags import Bags, Growing, GrowingBags

TOKENS = st.lists(st.integers(0, 200) | st.integers(0, 2**31 - 1), max_size=80)


def bags(*texts: list[int]) -> Bags:
    tokens = np.array([token for text in texts for token in text], np.uint32)
    return Bags.of(tokens, np.array([len(text) for text in texts], np.int32))


@settings(max_examples=200, deadline=None)
@given(TOKENS, TOKENS)
def test_texts_differ_in_no_fewer_tokens_than_their_signatures_in_bits(
    one: list[int], other: list[int]
) -> None:
    other = other + one[: len(one) // 2]
    pair = bags(one, other)
    differ = (Counter(one) - Counter(other)) + (Counter(other) - Counter(one))
    for signature in (pair.low, pair.high):
        assert int(signature[0] ^ signature[1]).bit_count() <= differ.total()


def test_a_single_token_sets_one_bit_of_each_and_again_clears_it() -> None:
    for token in (0, 1, 63, 64, 12_345, 2**31 - 1):
        pair = bags([token], [token, token])
        assert int(pair.low[0]) == 1 << (token & 63)
        assert int(pair.high[0]).bit_count() == 1
        assert pair.low[1] == pair.high[1] == 0


def test_some_texts_are_taken_in_the_order_asked_for() -> None:
    many = bags([1, 2], [], [3], [4, 5, 6])
    tokens, lengths = many.take(np.array([3, 1, 0]))
    assert (tokens.tolist(), lengths.tolist()) == ([4, 5, 6, 1, 2], [3, 0, 2])
    tokens, lengths = many.take(np.array([], np.int64))
    assert (tokens.tolist(), lengths.tolist()) == ([], [])


def test_tokens_are_characters_surrogates_too_and_numbers_past_the_last() -> None:
    many = bags([65, 0xD800], [], [0x10FFFF])
    assert many.characters(np.arange(3)) == ["A\ud800", "", "\U0010ffff"]
    assert bags([65, 0x110000], [66]).characters(np.arange(2)) == [(65, 0x110000), (66,)]


@pytest.mark.parametrize("sizes", [[0], [1, 0, 70, 500, 3]])
def test_bags_grow_as_if_made_at_once(sizes: list[int]) -> None:
    texts = [list(range(size)) for size in sizes]
    growing, at_once = GrowingBags(), bags(*texts)
    for text in texts:
        growing.extend(bags(text))
    assert len(growing) == len(at_once) == len(texts)
    for name in ("tokens", "ends", "lengths", "low", "high"):
        assert getattr(growing.all, name).tolist() == getattr(at_once, name).tolist()


def test_an_array_has_little_room_to_spare() -> None:
    array = Growing(np.uint32)
    for _ in range(1_000):
        array.extend(np.arange(10))
    assert array.all.tolist() == list(range(10)) * 1_000
    assert array._room.nbytes <= array.all.nbytes * 9 // 8


def test_the_last_character_is_the_last() -> None:
    assert chr(module._LAST_CHARACTER)
    with pytest.raises(ValueError, match="range"):
        chr(module._LAST_CHARACTER + 1)
