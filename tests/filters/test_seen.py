"""The table of what was seen, against a dict."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.filters.seen import Seen


def key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


IDS = st.one_of(
    st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
    st.text(max_size=5),
    st.sampled_from(["f" * 32, "F" * 32, "0" * 32, "ff" * 8 + "00" * 8, "00 " * 16]),
)


@given(st.lists(st.tuples(st.binary(min_size=16, max_size=16), IDS), max_size=60))
def test_the_first_id_of_a_key_stays(pairs: list[tuple[bytes, str]]) -> None:
    seen, known = Seen(), dict[bytes, str]()
    for digest, id in [*pairs, *pairs]:
        assert seen.first(digest, id) == known.setdefault(digest, id)
    assert len(seen) == len(known)


def test_it_grows_and_forgets_nothing() -> None:
    seen = Seen()
    for number in range(5000):
        assert seen.first(key(str(number)), f"{number:032x}") == f"{number:032x}"
    for number in range(5000):
        assert seen.first(key(str(number)), "other") == f"{number:032x}"
    assert len(seen) == 5000
    assert len(seen._table) <= 86 * 5000


def test_keys_that_begin_alike_are_told_apart() -> None:
    seen = Seen()
    keys = [b"\x07" * 8 + number.to_bytes(8, "big") for number in range(50)]
    for number, digest in enumerate(keys):
        assert seen.first(digest, str(number)) == str(number)
    assert [seen.first(digest, "x") for digest in keys] == [str(number) for number in range(50)]


def test_the_key_of_zeros_is_a_key() -> None:
    seen = Seen()
    assert seen.first(bytes(16), "a") == "a"
    assert seen.first(bytes(16), "b") == "a"


def test_a_key_of_another_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="a key has 16 bytes, got 3"):
        Seen().first(b"abc", "a")
