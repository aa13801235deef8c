"""Histograms of ROUGE-L, with scores worked out by hand."""

from __future__ import annotations

import pytest

from limbeck.audit import nearest
from limbeck.audit.nearest import drawn, histogram, to_others, to_seeds


def test_the_nearest_seed_of_each_text() -> None:
    seeds = ["sort the list", "name a fruit"]
    texts = [
        "sort the list",  # 1
        "Sort the long list",  # 3 of 4 and of 3: 6/7
        "name fruit trees",  # 2 of 3 and of 3: 2/3
        "翻译",  # nothing in common: 0
    ]
    found = to_seeds(texts, seeds, "unicode", 0.7)
    assert found["bins"] == [1, 0, 0, 0, 0, 0, 1, 0, 1, 1]
    assert found["mean"] == pytest.approx((1 + 6 / 7 + 2 / 3 + 0) / 4)
    assert (found["above_threshold"], found["same_words"]) == (2, 1)
    assert (found["measured"], found["of"], found["seeds"]) == (4, 4, 2)


def test_a_text_is_not_its_own_neighbour() -> None:
    found = to_others(["a b c d", "A B C D!", "a b x y", "你好"], "unicode", 0.7)
    # The first two have the same words, the third shares two of four: 1/2.
    assert found["bins"] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert found["same_words"] == 2
    assert to_others(["alone"], "unicode", 0.7)["mean"] == 0.0


def test_bins_hold_their_lower_end_and_the_last_one_both() -> None:
    found = histogram([0.0, 0.1, 0.7, 0.7000001, 0.95, 1.0], 0.7)
    assert found["bins"] == [1, 1, 0, 0, 0, 0, 0, 2, 0, 2]
    assert found["above_threshold"] == 3
    assert histogram([], 0.7)["mean"] is None


def test_a_large_set_is_sampled_the_same_in_every_order(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"word{n} 字" for n in range(30)]
    back = texts[::-1]
    assert {texts[n] for n in drawn(texts, 10)} == {back[n] for n in drawn(back, 10)}
    assert drawn(texts, 30) == list(range(30))
    monkeypatch.setattr(nearest, "PAIRS", 300)
    found = to_others(texts, "unicode", 0.7)
    assert (found["measured"], found["of"]) == (10, 30)
