"""Distances against values by hand and against the same statistics computed the slow way."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from limbeck.evals.style.distances import (
    correlation,
    f1,
    jensen_shannon,
    measured,
    pseudo_values,
)
from limbeck.evals.style.text import Text

ROLES = ("base", "student", "teacher", "teacher_again")


def slow_distance(ones: list[str], twos: list[str]) -> float:
    """By the definition: entropies of the mean and of each."""

    def entropy(shares: dict[str, float]) -> float:
        return -sum(p * float(np.log2(p)) for p in shares.values() if p)

    p, q = ({k: c / len(x) for k, c in Counter(x).items()} for x in (ones, twos))
    middle = {k: (p.get(k, 0) + q.get(k, 0)) / 2 for k in {**p, **q}}
    return float(np.sqrt(max(0.0, entropy(middle) - (entropy(p) + entropy(q)) / 2)))


def test_jensen_shannon_by_hand() -> None:
    assert jensen_shannon(["a", "a"], ["b", "b"])[0] == pytest.approx(1)
    assert jensen_shannon(["a", "b"], ["b", "a"])[0] == pytest.approx(0, abs=1e-7)
    # P = (1/2, 1/2), Q = (1, 0): H(3/4, 1/4) - 1/2 = 0.811278 - 0.5
    assert jensen_shannon(["a", "b"], ["a", "a"])[0] == pytest.approx(0.31127812445913283**0.5)


def test_jensen_shannon_without_each_place_is_that_of_the_others() -> None:
    random = np.random.default_rng(3)
    ones, twos = ([str(x) for x in random.integers(0, 6, 25)] for _ in range(2))
    whole, left = jensen_shannon(ones, twos)
    assert whole == pytest.approx(slow_distance(ones, twos))
    slow = [slow_distance(ones[:i] + ones[i + 1 :], twos[:i] + twos[i + 1 :]) for i in range(25)]
    assert left == pytest.approx(slow)


def test_correlation_without_each_pair_is_that_of_the_others() -> None:
    random = np.random.default_rng(4)
    one = random.normal(size=20)
    two = one + random.normal(size=20)
    whole, left = correlation(one, two)
    assert whole == pytest.approx(np.corrcoef(one, two)[0, 1])
    for place in range(20):
        rest = np.arange(20) != place
        assert left[place] == pytest.approx(np.corrcoef(one[rest], two[rest])[0, 1])


def test_what_does_not_vary_is_not_correlated() -> None:
    whole, left = correlation(np.ones(5), np.arange(5.0))
    assert whole == 0
    assert not left.any()


def test_pseudo_values_of_a_mean_are_its_values() -> None:
    values = np.array([1.0, 4.0, 10.0])
    left = (values.sum() - values) / 2
    assert pseudo_values(5.0, left) == pytest.approx(values)


def test_rouge_1_by_hand() -> None:
    one, two = Counter(["the", "cat", "sat"]), Counter(["the", "the", "dog", "sat", "on"])
    assert f1(one, two) == pytest.approx(2 * 2 / 8)
    assert f1(Counter(), Counter()) == 1
    assert f1(Counter(), two) == 0


def test_binary_features_disagree_by_prompt_and_not_by_rate() -> None:
    listed, plain = "- a\n- b", "a b"
    said = {
        "base": [plain, listed, plain, listed],  # half, but on the other prompts
        "student": [listed, plain, listed, listed],
        "teacher": [listed, plain, listed, plain],
        "teacher_again": [listed, plain, listed, plain],
    }
    texts = {role: [Text.of(one) for one in said[role]] for role in ROLES}
    lists = next(one for one in measured(texts) if one.name == "lists")
    assert [lists.shown[role] for role in ROLES] == [0.5, 0.75, 0.5, 0.5]
    means = {role: float(several.mean()) for role, several in lists.distances.items()}
    assert means == {"base": 1.0, "student": 0.25, "teacher_again": 0.0}


def test_openings_are_words_without_marks_and_case_in_every_script() -> None:
    said = {
        "base": ["好的，我来", "Sure! Here is"],
        "student": ["好的我还有", "**sure**, here IS"],
        "teacher": ["好的我来了", "Sure: here is it"],
        "teacher_again": ["不，我来", "No way, José"],
    }
    texts = {role: [Text.of(one) for one in said[role]] for role in ROLES}
    found = next(one for one in measured(texts) if one.name == "opening words")
    assert found.shown == {
        "base": pytest.approx(0, abs=1e-7),
        "student": pytest.approx(0, abs=1e-7),
        "teacher": None,
        "teacher_again": pytest.approx(1),
    }
