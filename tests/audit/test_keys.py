"""Groups and samples of digests, beside dictionaries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.audit.keys import digest, drawn, firsts, groups, keys_of

LETTERS = st.lists(st.sampled_from("abcdeÉ字"), min_size=1, max_size=40)


@given(LETTERS)
def test_the_first_of_equal_keys(texts: list[str]) -> None:
    found = firsts(keys_of(digest([text]) for text in texts))
    assert found.tolist() == [texts.index(text) for text in texts]


@given(LETTERS)
def test_groups_are_the_places_of_what_is_there_twice(texts: list[str]) -> None:
    by_text: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        by_text.setdefault(text, []).append(place)
    found = groups(firsts(keys_of(digest([text]) for text in texts)))
    assert [group.tolist() for group in found] == [g for g in by_text.values() if len(g) > 1]


def test_texts_do_not_run_into_each_other() -> None:
    assert digest(["a b", "c"]) != digest(["a", "b c"])
    assert digest(["a", ""]) != digest(["", "a"]) != digest(["a"])
    assert len(digest(["\ud800"])) == 16


@pytest.mark.parametrize("most", [1, 7, 30])
def test_a_sample_is_the_same_in_every_order(most: int) -> None:
    texts = [f"字{number % 20}" for number in range(40)]  # each of 20 texts twice
    one = drawn(keys_of(digest([text]) for text in texts), most)
    back = drawn(keys_of(digest([text]) for text in texts[::-1]), most)
    assert len(one) == most
    assert one.tolist() == sorted(set(one.tolist()))
    assert sorted(texts[n] for n in one) == sorted(texts[::-1][n] for n in back)
    everything = drawn(keys_of(digest([text]) for text in texts), 40)
    assert everything.tolist() == list(range(40))


def test_another_seed_draws_others_and_no_copy_is_preferred() -> None:
    keys = keys_of(digest([str(number)]) for number in range(2000))
    samples = [frozenset(drawn(keys, 100, seed).tolist()) for seed in range(20)]
    assert len(set(samples)) == 20
    # 20 samples of 5% meet each place once on average: half of them could not be without luck.
    met = np.zeros(2000)
    for sample in samples:
        met[list(sample)] += 1
    assert 0.55 < (met > 0).mean() < 0.73  # 1 - 0.95**20 = 0.64
    equal = drawn(keys_of(digest(["same"]) for _ in range(1000)), 500)
    assert 200 < int((equal < 500).sum()) < 300
