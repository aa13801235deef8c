"""Placeholders: the same value the same one, another value another, nothing left behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.filters.pii import find_pii, masked
from limbeck.filters.pii.mask import Masker

PIECES = [
    "ida@posta.hu",
    "617-248-9071",
    "DE44 5001 0517 5407 3249 31",
    "4539 0099 8877 6657",
    "91.203.144.27",
    "https://marta:tr0ub4dor@db.host.se/x",
    "AKIAQ7MXZ4LBRTYPK2DV",
    "[EMAIL_1]",
]


def test_equal_values_get_equal_placeholders() -> None:
    text = "From ida@posta.hu, kim@posta.hu; reply to Ida@Posta.HU or 617-248-9071, (617) 248-9071."
    assert masked(text) == (
        "From [EMAIL_1], [EMAIL_2]; reply to [EMAIL_1] or [PHONE_1], [PHONE_1]."
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("no data here", "no data here"),
        ("https://marta:tr0ub4dor@db.host.se/x", "https://[LOGIN_1]@db.host.se/x"),
        ("电话：０３－５２５３－８１０７。", "电话：[PHONE_1]。"),
        ("٠١٢ ٣٩٤٨ ٧٧٥٠ هو 012 3948 7750", "[PHONE_1] هو [PHONE_1]"),
        ("👩🏽‍💻 ida@posta.hu 👩🏽‍💻", "👩🏽‍💻 [EMAIL_1] 👩🏽‍💻"),
    ],
)
def test_masks_in_every_script(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_placeholder_that_is_there_already_is_not_given_again() -> None:
    assert masked("[EMAIL_1] and ida@posta.hu") == "[EMAIL_1] and [EMAIL_2]"


def test_only_the_kinds_that_were_asked_for() -> None:
    masker = Masker([], ["phone"])
    assert masker.masked("ida@posta.hu 617-248-9071") == "ida@posta.hu [PHONE_1]"


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=8))
def test_what_is_masked_is_clean_and_stays_as_it_is(parts: list[str]) -> None:
    once = masked("\n".join(parts))
    assert find_pii(once) == []
    assert masked(once) == once
