"""The controlled win rate: what judges that count leave of it, and how often its interval holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from limbeck.evals.judge.controlled import LEAST, PRIOR, Controlled, controlled

Floats = NDArray[np.float64]


def answers(n: int, longer: float, seed: int) -> tuple[Floats, Floats]:
    """Counts of n pairs of answers; the first is longer by `longer` standard deviations."""
    random = np.random.default_rng(seed)
    other = np.column_stack([random.integers(300, 900, n), random.poisson(1, (n, 3))])
    one = other + np.column_stack(
        [random.normal(longer, 1, n) * 200, random.poisson(0.4 * max(longer, 0), (n, 3))]
    )
    return np.maximum(one.round(), 0), other.astype(float)


def both(won: Floats) -> Floats:
    return np.column_stack([won, won])


def made(outcomes: Floats, one: Floats, other: Floats) -> Controlled:
    found = controlled(outcomes, one, other)
    assert found is not None
    assert 0 < found.low < found.value < found.high < 1
    return found


@pytest.mark.parametrize("longer", [-1.0, 0.6, 1.0])
def test_a_judge_that_counts_length_is_left_with_a_half(longer: float) -> None:
    values, held = [], 0
    for seed in range(20):
        one, other = answers(400, longer, seed)
        won = (one[:, 0] > other[:, 0]) + 0.5 * (one[:, 0] == other[:, 0])
        assert abs(won.mean() - 0.5) > 0.15
        found = made(both(won), one, other)
        assert found.coefficients[0] is not None
        assert found.coefficients[0] > 3
        values.append(found.value)
        held += found.low < 0.5 < found.high
    assert np.mean(values) == pytest.approx(0.5, abs=0.06)
    assert held >= 15  # of 20: such data is separated, and the prior bounds the term of length


def test_a_few_answers_that_run_on_do_not_set_the_scale() -> None:
    one, other = answers(400, 0.6, 11)
    other[:40, 0] = 30_000
    ratio = np.log((1 + one[:, 0]) / (1 + other[:, 0]))[:, None]
    chance = np.broadcast_to(logistic(2 * ratio), (400, 2))
    won = (np.random.default_rng(12).random((400, 2)) < chance).astype(float)
    found = made(won, one, other)
    assert won[40:].mean() > 0.57
    assert found.low < 0.5 < found.high


def test_a_judge_that_counts_lists_is_left_with_a_half() -> None:
    one, other = answers(500, 1.0, 2)
    chance = 1 / (1 + np.exp(-1.5 * np.sign(one[:, 3] - other[:, 3])))
    won = (np.random.default_rng(3).random((500, 2)) < chance[:, None]).astype(float)
    found = made(won, one, other)
    assert won.mean() > 0.58
    assert found.low < 0.5 < found.high
    length, headers, bold, lists = found.coefficients
    assert length is not None
    assert headers is not None
    assert bold is not None
    assert lists is not None
    assert lists > 0.6 > 0.35 > max(abs(length), abs(headers), abs(bold))


@pytest.mark.parametrize("rate", [0.3, 0.5, 0.7, 0.9])
def test_a_judge_of_quality_keeps_its_rate(rate: float) -> None:
    one, other = answers(600, 0.5, 4)
    won = both((np.random.default_rng(5).random(600) < rate).astype(float))
    found = made(won, one, other)
    assert found.value == pytest.approx(won.mean(), abs=0.05)
    assert found.low < rate < found.high


def test_a_judge_of_places_says_a_half_whatever_the_answers() -> None:
    one, other = answers(100, 1.0, 6)
    first = np.column_stack([np.ones(100), np.zeros(100)])
    found = made(first, one, other)
    assert found.value == pytest.approx(0.5, abs=0.01)
    # One that says B now and then is not far from a half either: places are averaged over.
    first[:10, 1] = 1
    assert made(first, one, other).value == pytest.approx(0.55, abs=0.05)


def test_without_differences_it_is_the_rate_with_a_win_and_a_loss_more() -> None:
    same = np.ones((30, 4))
    won = both(np.array([1.0] * 20 + [0.5] * 4 + [0.0] * 6))
    found = made(won, same, same)
    assert found.value == pytest.approx(23 / 32)
    assert found.coefficients == (None, None, None, None)
    # The sandwich by hand: 32 prompts, two terms; the scores of a prompt's orders add up.
    scores = np.concatenate([won[:, 0], [1.0, 0.0]]) - 23 / 32
    spread = np.sqrt((4 * scores**2).sum() * 32 / 30) / (64 * 23 / 32 * 9 / 32)
    centre = np.log(23 / 9)
    ends = [1 / (1 + np.exp(-(centre + side * 1.959964 * spread))) for side in (-1, 1)]
    assert (found.low, found.high) == pytest.approx(ends)


def test_where_everything_is_won_the_interval_has_a_width() -> None:
    one, other = answers(50, 0.2, 7)
    found = made(np.ones((50, 2)), one, other)
    assert 0.9 < found.value < 0.999
    assert 0.005 < found.high - found.low < 0.2


def test_the_terms_are_where_the_penalised_likelihood_is_highest() -> None:
    """By another method: a crude search downhill from another start."""
    one, other = answers(40, 0.5, 8)
    one[:, 1:] = other[:, 1:]
    won = (np.random.default_rng(9).random((40, 2)) < 0.6).astype(float)
    found = made(won, one, other)
    gap = np.log((1 + one[:, 0]) / (1 + other[:, 0]))
    x = np.tanh(gap / np.sqrt((gap**2).mean()))

    def loss(terms: Floats) -> float:
        models, place, length = terms
        total = float((place**2 + length**2) / (2 * PRIOR**2))
        for column, side in ((0, 1.0), (1, -1.0)):
            logit = models + side * place + length * x
            total += float((np.logaddexp(0, logit) - won[:, column] * logit).sum())
            prior = models + side * place
            total += float(np.logaddexp(0, prior) + np.logaddexp(0, -prior))
        return total

    terms, size = np.array([1.0, -1.0, 1.0]), 0.5
    while size > 1e-6:
        tries = [terms + size * side * np.eye(3)[k] for k in range(3) for side in (-1, 1)]
        best = min(tries, key=loss)
        if loss(best) < loss(terms):
            terms = best
        else:
            size /= 2
    assert found.coefficients[0] == pytest.approx(terms[2], abs=1e-4)
    places = 1 / (1 + np.exp(-(terms[0] + np.array([terms[1], -terms[1]]))))
    assert found.value == pytest.approx(places.mean(), abs=1e-4)


def test_what_cannot_be_told_apart_is_not_told() -> None:
    random = np.random.default_rng(10)
    other = np.column_stack([random.integers(300, 900, 80), np.zeros((80, 3))])
    one = other + np.array([500.0, 0, 0, 0])
    won = both((random.random(80) < 0.8).astype(float))
    assert controlled(won, one, other) is None, "always longer by as much"
    one[:40, 0] = other[:40, 0]
    assert controlled(won, one, other) is not None, "half of them equally long"
    few = slice(0, LEAST - 1)
    assert controlled(won[few], one[few], other[few]) is None


def test_shapes_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"do not fit each other: they have \(\(3, 2\), \(3, 4\)"):
        controlled(np.ones((3, 2)), np.ones((3, 4)), np.ones((2, 4)))
    with pytest.raises(ValueError, match="do not fit"):
        controlled(np.ones(3), np.ones((3, 4)), np.ones((3, 4)))


def logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)


def coverage(n: int, quality: float, length: float, place: float, seed: int) -> float:
    """How often the interval holds the truth: the mean at nought differences."""
    random = np.random.default_rng(seed)
    draws = random.normal(quality, 1, 20_000)
    truth = float(logistic(draws + place).mean() + logistic(draws - place).mean()) / 2
    held = 0
    for number in range(200):
        one, other = answers(n, 0.6, 1000 * seed + number)
        logit = random.normal(quality, 1, n) + length * np.tanh((one - other)[:, 0] / 200)
        logits = np.column_stack([logit + place, logit - place])
        won = (random.random((n, 2)) < logistic(logits)).astype(float)
        found = made(won, one, other)
        held += found.low <= truth <= found.high
    return float(held / 200)


@pytest.mark.parametrize(
    ("n", "quality", "length", "place"),
    [(60, 0.0, 1.5, 0.0), (60, 1.0, 1.0, 0.7), (200, 2.5, 1, 0)],
)
def test_the_interval_covers(n: int, quality: float, length: float, place: float) -> None:
    assert 0.905 <= coverage(n, quality, length, place, 1) <= 0.99


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.5, 1.0]),
            st.sampled_from([0.0, 0.5, 1.0]),
            *[st.integers(0, 10**6)] * 2,
            *[st.integers(0, 3)] * 6,
        ),
        min_size=LEAST,
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_exchanging_the_models_exchanges_the_rates(rows: list[tuple[float, ...]]) -> None:
    table = np.array(rows)
    won, one, other = table[:, :2], table[:, [2, 4, 5, 6]], table[:, [3, 7, 8, 9]]
    found, back = controlled(won, one, other), controlled(1 - won[:, ::-1], other, one)
    assert (found is None) == (back is None)
    if found is not None and back is not None:
        assert (found.value, found.low) == pytest.approx((1 - back.value, 1 - back.high), abs=1e-6)
        for term, opposite in zip(found.coefficients, back.coefficients, strict=True):
            assert term == (None if opposite is None else pytest.approx(opposite, abs=1e-5))
