"""The prompt: how it is written, and which demos fit."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.demos import Template, fit, messages, render
from limbeck.errors import UserError
from limbeck.record import Message, user
from tests.demos.pools import demo

DEMOS = [demo("a", "Très bon"), demo("b", "糟糕", "差"), demo("c", "meh ☕", "bad")]


def words(text: str) -> int:
    return len(text.split())


def test_the_raw_prompt_is_metaicls() -> None:
    prompt = "Très bon\ngood\n\n\n糟糕\n差\n\n\nmeh ☕\nbad\n\n\nBon ?\n"
    assert render(DEMOS, "Bon ?") == prompt
    assert render(DEMOS, "Bon ?", "good") == prompt + "good"
    assert render([], "Bon ?") == "Bon ?\n"


def test_the_separators_can_be_others() -> None:
    template = Template(to_output=" => ", to_example="\n")
    assert render(DEMOS[:2], "q", template=template) == "Très bon => good\n糟糕 => 差\nq => "


def test_in_a_chat_every_demo_is_two_turns() -> None:
    expected = (user("Très bon"), Message("assistant", "good"), user("q"))
    assert messages(DEMOS[:1], "q") == expected
    assert messages(DEMOS[:1], "q", "差", "Be kind.") == (
        Message("system", "Be kind."),
        *expected,
        Message("assistant", "差"),
    )


def test_whole_demos_go_from_the_front() -> None:
    """Words: a 3, b 2, c 3, the query 2, the option 1."""
    for limit, kept in ((11, "abc"), (10, "bc"), (8, "bc"), (7, "c"), (6, "c"), (5, ""), (3, "")):
        found = fit(DEMOS, "is it", ["good"], words, limit)
        assert "".join(demo.id for demo in found.demos) == kept
        assert found.dropped == 3 - len(kept)
        assert found.tokens == words(render(found.demos, "is it", "good")) <= limit


def test_the_same_demos_stay_for_every_option() -> None:
    """Trimmed label by label, "good" would be scored with three demos, and the longest with two."""
    options = ["good", "not so very good", "bad"]
    found = fit(DEMOS, "is it", options, words, 11)
    assert [demo.id for demo in found.demos] == ["b", "c"]
    assert found.tokens == 11
    assert fit(DEMOS, "is it", options[::-1], words, 11) == found
    assert all(words(render(found.demos, "is it", option)) <= 11 for option in options)


def test_the_longest_option_is_the_one_of_the_most_tokens() -> None:
    """Characters and tokens disagree: the count decides."""
    found = fit(DEMOS, "is it", ["supercalifragilistic", "a b c"], words, 9)
    assert found.tokens == 8
    assert [demo.id for demo in found.demos] == ["c"]


def test_an_option_that_is_longer_behind_demos_is_not_overlooked() -> None:
    """A tokenizer for which "bad" takes more after a demo: all options are counted in the end."""

    def count(text: str) -> int:
        return words(text) + (5 if text.endswith("bad") and "meh" in text else 0)

    found = fit(DEMOS, "is it", ["very good", "bad"], count, 8)
    assert (found.demos, found.dropped, found.tokens) == ((), 3, 4)


def test_demos_go_in_the_order_that_is_said() -> None:
    for order in (DEMOS, DEMOS[::-1]):
        found = fit(order, "is it", ["good"], words, 8, drop=["b", "c", "a"])
        assert [demo.id for demo in found.demos] == ["a"]
    found = fit(DEMOS, "is it", ["good"], words, 9, drop=["b", "c", "a"])
    assert [demo.id for demo in found.demos] == ["a", "c"]


def test_chats_are_counted_as_chats() -> None:
    def count(turns: tuple[Message, ...]) -> int:
        return sum(4 + words(turn.content) for turn in turns)

    form = partial(messages, system="Be kind.")
    found = fit(DEMOS, "is it", ["good", "差"], count, 28, form)
    assert [demo.id for demo in found.demos] == ["c"]
    assert found.tokens == 6 + 11 + 6 + 5


def test_without_options_the_prompt_alone_is_counted() -> None:
    assert fit(DEMOS, "is it", (), words, 10).tokens == 10


def test_a_query_that_does_not_fit_alone_is_an_error_with_its_numbers() -> None:
    with pytest.raises(UserError) as caught:
        fit(DEMOS, "is it", ["good", "so so"], words, 3)
    assert str(caught.value) == (
        "the query 'is it' takes 4 tokens with its longest option and without any demo, more than "
        "the limit of 3; shorten it, or raise the limit"
    )
    with pytest.raises(UserError, match="takes 2 tokens and without any demo"):
        fit([], "is it", [], words, 1)


def test_a_drop_of_other_ids_is_refused() -> None:
    for drop in (["a"], ["a", "b", "x"], ["a", "a", "b", "c"]):
        with pytest.raises(UserError, match="drop names every demo"):
            fit(DEMOS, "q", ["good"], words, 99, drop=drop)


@given(
    st.lists(st.integers(1, 6), max_size=6),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.integers(1, 40),
)
def test_no_more_are_dropped_than_must_be(
    lengths: list[int], options: list[int], limit: int
) -> None:
    demos = [demo(str(n), "x " * length) for n, length in enumerate(lengths)]
    names = ["y " * length for length in options]
    room = limit - 1 - max(options)
    if room < 0:
        with pytest.raises(UserError, match="more than the limit"):
            fit(demos, "q", names, words, limit)
        return
    found = fit(demos, "q", names, words, limit)
    most = max(k for k in range(len(demos) + 1) if sum(lengths[len(demos) - k :]) + k <= room)
    assert found.demos == tuple(demos[len(demos) - most :])
    assert found.dropped == len(demos) - most
