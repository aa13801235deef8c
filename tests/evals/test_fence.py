"""A fence's code stands in no text that it parts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.evals.fence import fenced
from limbeck.evals.pages.wording import visible


def test_a_code_that_stands_in_a_text_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["0000000a", "0000000b", "0000000c"])
    monkeypatch.setattr("limbeck.evals.fence.content_hash", lambda value, size: next(codes))
    assert fenced(["Name a sea.", "0000000A", "[0000000b]"])[0] == "0000000c"


def test_the_code_is_of_all_texts_in_their_order() -> None:
    codes = {fenced(texts)[0] for texts in (["a", "b"], ["b", "a"], ["a", "c"], ["海", "🌊"])}
    assert len(codes) == 4
    assert fenced(["a", "b"])[0] == fenced(["a", "b"])[0]


@given(st.lists(st.text(), max_size=4))
@settings(deadline=None)
def test_texts_are_shown_as_a_person_would_see_them(texts: list[str]) -> None:
    code, shown = fenced(texts)
    assert shown == [visible(text) for text in texts]
    assert len(code) == 8
    assert code not in "\n".join(shown).casefold()
