"""Excerpts are short and show the match."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from limbeck.contamination.evidence import excerpt


def test_a_short_text_is_whole_in_one_line() -> None:
    assert excerpt("Ada has\n\n 3 kites.", "x") == "Ada has 3 kites."


def test_a_long_text_is_cut_around_the_match() -> None:
    text = "filler words " * 60 + "Ada flew three kites over Lyon. " + "more of it " * 60
    found = excerpt(text, "Ada flew three kites over Lyon", 60)
    assert "Ada flew three kites over Lyon" in found
    assert found[0] == found[-1] == "…"
    assert len(found) <= 60


def test_text_without_spaces_is_cut_too() -> None:
    found = excerpt("字" * 500 + "苹果和香蕉" + "词" * 500, "苹果和香蕉", 80)
    assert "苹果和香蕉" in found
    assert len(found) <= 80


@given(st.text(max_size=700), st.text(max_size=40))
def test_it_is_never_longer_than_it_may_be(text: str, item: str) -> None:
    found = excerpt(text, item, 100)
    assert len(found) <= 100
    assert found.strip("…").strip() in " ".join(text.split())
