"""Gap closed, its interval and its p-values, against simulation, hand calculation and scipy."""

from __future__ import annotations

import math
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from limbeck.evals.transfer import (
    GapClosed,
    chi_square_quantile,
    difference,
    gap_closed,
    mcnemar,
    paired_p_value,
    smallest_detectable,
    standard_error,
    t_p_value,
    t_quantile,
)

REPEATS = 400


def three_models(seed: int, n: int, base: float, student: float, teacher: float) -> Any:
    """0/1 scores of three models on items of shared difficulty: (3, n)."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=n)
    own = random.normal(size=(3, n))
    latent = math.sqrt(0.6) * shared + math.sqrt(0.4) * own  # standard normal
    bars = stats.norm.ppf([base, student, teacher])
    return (latent < bars[:, None]).astype(float)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    covered = widths = 0.0
    for seed in range(REPEATS):
        found = gap_closed(*three_models(seed, 200, 0.20, 0.30, 0.60))
        assert found.bounded
        covered += found.low <= 0.25 <= found.high
        widths += found.high - found.low
    assert 0.93 <= covered / REPEATS <= 0.97
    assert widths / REPEATS < 0.5  # it says something, too


def test_the_interval_of_a_difference_covers_the_truth_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(REPEATS):
        base, student, _ = three_models(seed, 200, 0.20, 0.30, 0.60)
        found = difference(base, student)
        covered += found.low <= 0.10 <= found.high
    assert 0.93 <= covered / REPEATS <= 0.97


def test_without_a_gap_the_interval_is_unbounded_as_often_as_it_should_be() -> None:
    bounded = sum(
        gap_closed(*three_models(seed, 200, 0.3, 0.3, 0.3)).bounded for seed in range(REPEATS)
    )
    # The test of the gap is one at 5%.
    assert bounded / REPEATS < 0.09


def test_an_unbounded_interval_has_no_ends() -> None:
    found = gap_closed([0, 1, 0, 1], [1, 0, 0, 1], [1, 0, 1, 0])
    assert not found.bounded
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_the_ends_are_where_the_t_test_of_gain_minus_g_gap_is_just_significant() -> None:
    random = np.random.default_rng(1)
    base = random.normal(size=40)
    teacher = base + 1 + random.normal(size=40)
    student = base + 0.4 + random.normal(size=40)
    found = gap_closed(base, student, teacher)
    for end in (found.low, found.high):
        # Fieller's interval is the set of g that this test does not reject.
        p = stats.ttest_1samp((student - base) - end * (teacher - base), 0).pvalue
        assert p == pytest.approx(0.05, abs=1e-9)
    assert found.low < found.value < found.high


def test_a_hand_calculation() -> None:
    # gains 1 0 1 0, gaps 1 1 1 0: means 1/2 and 3/4;
    # sums of squares 1 and 3/4, of products 1/2, each over n(n-1) = 12; t(.975, 3) = 3.182446.
    found = gap_closed([0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0])
    q2 = 3.182446305284263**2
    a = 9 / 16 - q2 * (3 / 4) / 12
    assert a < 0
    assert not found.bounded
    assert found.value == pytest.approx(2 / 3)
    assert found.student_minus_base.stderr == pytest.approx(math.sqrt(1 / 12))
    assert found.teacher_minus_base.stderr == pytest.approx(1 / 4)
    assert found.teacher_minus_base.low == pytest.approx(0.75 - 3.182446305284263 / 4)
    assert found.n == 4
    # The same items nine times: the parts shrink, and the interval closes.
    more = gap_closed([0] * 36, [1, 0, 1, 0] * 9, [1, 1, 1, 0] * 9)
    q2 = 2.0301079282503425**2
    a = 9 / 16 - q2 * (9 * 3 / 4) / (36 * 35)
    b = 3 / 8 - q2 * (9 * 1 / 2) / (36 * 35)
    c = 1 / 4 - q2 * 9 / (36 * 35)
    root = math.sqrt(b * b - a * c)
    assert more.bounded
    assert (more.low, more.high) == pytest.approx(((b - root) / a, (b + root) / a))


def test_the_value_is_never_clipped() -> None:
    random = np.random.default_rng(0)
    base, noise = random.normal(size=300), random.normal(size=(2, 300)) / 10
    teacher = base + 1 + noise[0]
    past = gap_closed(base, base + 1.5 + noise[1], teacher)
    away = gap_closed(base, base - 0.5 + noise[1], teacher)
    assert past.value == pytest.approx(1.5, abs=0.05)
    assert past.low > 1
    assert away.value == pytest.approx(-0.5, abs=0.05)
    assert away.high < 0


def test_lower_is_better_scores_give_the_same_gap_as_their_negation() -> None:
    random = np.random.default_rng(0)
    base = 14 + random.normal(size=80)
    student, teacher = base - 9 + random.normal(size=80), base - 13 + random.normal(size=80)
    down, up = gap_closed(base, student, teacher), gap_closed(-base, -student, -teacher)
    assert (down.value, down.low, down.high) == pytest.approx((up.value, up.low, up.high))
    assert down.student_minus_base.value == pytest.approx(-up.student_minus_base.value)
    assert down.p_value == up.p_value


def test_a_teacher_equal_to_base_has_no_gap_at_all() -> None:
    found = gap_closed([1, 2, 3], [2, 3, 5], [1, 2, 3])
    assert math.isnan(found.value)
    assert not found.bounded


def test_a_teacher_ahead_by_the_same_on_every_item_is_certain() -> None:
    found = gap_closed([0, 1, 2], [1, 2, 3], [2, 3, 4])
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_each_item_as_its_own_cluster_is_no_cluster() -> None:
    scores = three_models(0, 60, 0.2, 0.3, 0.6)
    plain, clustered = gap_closed(*scores), gap_closed(*scores, clusters=range(60))
    for key in ("value", "low", "high"):
        assert asdict(plain)[key] == pytest.approx(asdict(clustered)[key])
    assert plain.student_minus_base.low == pytest.approx(clustered.student_minus_base.low)


def repeated(times: int) -> GapClosed:
    """Items that only repeat each other: `times` copies of every one of 60, known as clusters."""
    scores = three_models(0, 60, 0.2, 0.3, 0.6)
    copies = np.repeat(scores, times, axis=1)
    return gap_closed(*copies, clusters=np.repeat(np.arange(60), times).tolist())


def test_clusters_widen_the_interval() -> None:
    scores = np.repeat(three_models(0, 60, 0.2, 0.3, 0.6), 4, axis=1)
    naive, clustered = gap_closed(*scores), repeated(4)
    assert clustered.value == naive.value
    assert clustered.low < naive.low
    assert clustered.high > naive.high
    ratio = clustered.student_minus_base.stderr / naive.student_minus_base.stderr
    assert ratio == pytest.approx(2, rel=0.02)
    assert clustered.p_value > naive.p_value


def test_copies_of_items_say_no_more_than_the_items() -> None:
    once, four = repeated(1), repeated(4)
    assert (four.low, four.high) == pytest.approx((once.low, once.high))
    assert four.p_value == pytest.approx(once.p_value, abs=0.02)


@pytest.mark.parametrize(("won", "lost"), [*product(range(6), repeat=2), (30, 12), (800, 700)])
def test_mcnemar_is_the_exact_binomial_test(won: int, lost: int) -> None:
    expected = stats.binomtest(won, won + lost, 0.5).pvalue if won + lost else 1.0
    assert mcnemar(won, lost) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_counts_thousands_of_pairs() -> None:
    assert mcnemar(5000, 5000) == 1.0
    assert 0 <= mcnemar(6000, 4000) < 1e-80


def test_right_and_wrong_are_compared_by_mcnemar() -> None:
    one, two = [0, 0, 0, 1, 1, 0, 0, 0], [1, 1, 1, 0, 1, 1, 1, 0]
    assert paired_p_value(one, two) == pytest.approx(stats.binomtest(5, 6, 0.5).pvalue)
    assert paired_p_value(np.array(one, dtype=bool), two) == paired_p_value(one, two)


def test_other_scores_are_compared_by_sign_flips() -> None:
    random = np.random.default_rng(4)
    moved = random.normal(0.4, 1, size=12)
    signs = np.array(list(product([-1, 1], repeat=12)))
    exact = (np.abs(signs @ moved) >= abs(moved.sum()) - 1e-9).mean()  # all 4,096 of them
    found = paired_p_value(np.zeros(12), moved)
    assert 0.01 < exact < 0.5
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact / 10_000))
    assert paired_p_value(np.zeros(12), moved, seed=0) == found
    assert paired_p_value(np.zeros(12), -moved, seed=0) == found


def test_sign_flips_reject_as_often_as_they_say() -> None:
    random = np.random.default_rng(5)
    rejected = sum(
        paired_p_value(np.zeros(30), random.standard_t(3, size=30), seed=i) < 0.05
        for i in range(200)
    )
    assert rejected / 200 < 0.1


def test_a_p_value_is_never_zero_and_one_where_nothing_moved() -> None:
    assert paired_p_value(np.zeros(50), np.full(50, 0.5)) == pytest.approx(1 / 10_001)
    assert paired_p_value([0.5, 0.25], [0.5, 0.25]) == 1.0
    assert paired_p_value([0, 1], [0, 1]) == 1.0
    assert paired_p_value([0.0, 0.5], [0.5, 0.0]) == 1.0


def test_clusters_are_flipped_whole() -> None:
    # One cluster moved 40 items up, another one 1 item: two clusters cannot be significant.
    two = [1.0] * 40 + [1.0]
    clusters = ["passage"] * 40 + ["other"]
    assert paired_p_value(np.zeros(41), two) < 0.001
    assert paired_p_value(np.zeros(41), two, clusters=clusters) > 0.4


@pytest.mark.parametrize(
    ("n", "points"), [(80, 14.0), (252, 7.9), (500, 5.6), (1319, 3.4), (3610, 2.1)]
)
def test_the_smallest_detectable_difference_is_the_tables(n: int, points: float) -> None:
    assert 100 * smallest_detectable(n) == pytest.approx(points, abs=0.05)


def test_the_smallest_detectable_difference_is_found_four_times_in_five() -> None:
    random = np.random.default_rng(0)
    n, step = 500, smallest_detectable(500)
    won_share = (0.2 + step) / 2  # a fifth of the items discordant
    found = 0
    for _ in range(2000):
        won, lost, _ = random.multinomial(n, [won_share, 0.2 - won_share, 0.8])
        found += abs(won - lost) / math.sqrt(won + lost) > 1.96
    assert found / 2000 == pytest.approx(0.8, abs=0.03)


def test_a_known_standard_error_gives_the_smallest_detectable_difference() -> None:
    assert smallest_detectable(7, 0.5) == pytest.approx(0.5 * 2.8015852)


def test_a_standard_error_is_of_the_mean() -> None:
    values = [0.0, 1.0, 1.0, 5.0]
    assert standard_error(values) == pytest.approx(stats.sem(values))
    assert math.isnan(standard_error([1.0]))


def test_a_standard_error_of_copies_is_that_of_the_items() -> None:
    values, clusters = [0.0, 1.0, 1.0, 5.0] * 3, [0, 1, 2, 3] * 3
    assert standard_error(values, clusters=clusters) == pytest.approx(stats.sem(values[:4]))
    assert math.isnan(standard_error(values, clusters=["one"] * 12))


@pytest.mark.parametrize("degrees", [1, 2, 10, 1000])
def test_quantiles_are_students(degrees: int) -> None:
    assert t_quantile(0.975, degrees) == pytest.approx(stats.t.ppf(0.975, degrees))


BAD: list[tuple[Any, Any, Any]] = [
    ([0, 1, math.nan], [0, 1, 1], [1, 1, 1]),
    ([0, 1, 1], [0, 1, math.inf], [1, 1, 1]),
    ([0, 1], [0, 1, 1], [1, 1, 1]),
    ([0, 1, 1], [0, 1, 1], [1, 1]),
    ([0], [1], [1]),
    ([], [], []),
    ([[0, 1]], [[0, 1]], [[1, 1]]),
]


@pytest.mark.parametrize(("base", "student", "teacher"), BAD)
def test_scores_that_cannot_be_paired_are_refused(base: Any, student: Any, teacher: Any) -> None:
    with pytest.raises(ValueError, match=r"score|items"):
        gap_closed(base, student, teacher)


@pytest.mark.parametrize("function", [difference, paired_p_value])
@pytest.mark.parametrize("other", [[0.5], [0.5, 0.5, 0.5], [0.5, math.nan]])
def test_a_pair_that_is_none_is_refused(function: Any, other: list[float]) -> None:
    with pytest.raises(ValueError, match="score"):
        function([0.5, 0.25], other)


def test_one_item_has_no_interval() -> None:
    with pytest.raises(ValueError, match="at least two items"):
        difference([0.5], [0.25])


def test_clusters_must_be_two_and_one_for_each_item() -> None:
    scores = ([0, 1, 0], [1, 1, 0], [1, 1, 1])
    with pytest.raises(ValueError, match="3 items have 2 clusters"):
        gap_closed(*scores, clusters=["a", "b"])
    with pytest.raises(ValueError, match="two clusters"):
        gap_closed(*scores, clusters=["a", "a", "a"])


def test_less_than_one_degree_of_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="degree of freedom"):
        t_quantile(0.975, 0)


def test_one_large_cluster_does_not_make_the_interval_too_narrow() -> None:
    sizes = [1, 1, 2, 2, 3, 4, 6, 8, 12, 20, 40, 100]
    index = np.repeat(np.arange(12), sizes)
    covered = bounded = 0
    for seed in range(REPEATS):
        random = np.random.default_rng(seed)
        luck = 0.4 * random.normal(size=(3, 12))[:, index]
        base, student, teacher = luck + random.normal(size=(3, 199)) + [[0], [1], [3]]
        found = gap_closed(base, student, teacher, clusters=index.tolist())
        covered += found.low <= 1 / 3 <= found.high
        bounded += found.bounded
    assert 0.92 <= covered / REPEATS <= 0.98
    assert bounded / REPEATS > 0.9


@pytest.mark.parametrize("degrees", [1, 2.5, 40])
def test_p_values_and_quantiles_are_those_of_their_laws(degrees: float) -> None:
    assert t_p_value(-2.0, 0.8, degrees) == pytest.approx(2 * stats.t.sf(2.5, degrees))
    for p in (0.025, 0.5, 0.975):
        found = chi_square_quantile(p, degrees)
        assert found == pytest.approx(stats.chi2.ppf(p, degrees))


def test_a_value_without_error_is_certain() -> None:
    assert t_p_value(0.0, 0.0, 5) == 1
    assert t_p_value(0.1, 0.0, 5) == 0
