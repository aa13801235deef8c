"""Means over prompts: masses, bounds and frequencies combined, and the spread told."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.labels.averaged import Averaged, average
from limbeck.labels.distribution import LabelDistribution
from limbeck.labels.exact import Exact, from_scores
from limbeck.labels.sampled import Sampled, from_counts
from limbeck.labels.top_logprobs import TopLogprobs, from_top
from limbeck.protocols import Request
from limbeck.record import user
from limbeck.testing import FakeLikelihoods, FakeTeacher, words


def exact(p: float) -> LabelDistribution:
    return from_scores({"oui": math.log(p), "non": math.log(1 - p)})


def test_it_is_the_mean_of_everything() -> None:
    one = from_counts({"oui": 3, "non": 1})
    two = from_counts({"oui": 1, "non": 1}, invalid=2)
    found = average([one, two])
    assert found.frequencies == {"oui": 0.625, "non": 0.375}
    assert found.probabilities["oui"] == pytest.approx((0.7 + 0.5) / 2)
    assert found.lower["oui"] == pytest.approx((one.lower["oui"] + two.lower["oui"]) / 2)
    assert found.upper["non"] == pytest.approx((one.upper["non"] + two.upper["non"]) / 2)
    assert (found.observed_mass, found.invalid_rate) == (0.75, 0.25)
    assert (found.n, found.method) == (8, "averaged")
    assert found.detail == {"parts": 2, "methods": ["sampled"], "spread": 0.1}


def test_the_order_of_labels_is_the_first_ones() -> None:
    turned = exact(0.9).relabelled({"non": "non", "oui": "oui"})
    found = average([turned, exact(0.5)])
    assert found.labels == ("non", "oui")
    assert found.probabilities["oui"] == pytest.approx(0.7)
    assert found.lower["oui"] == pytest.approx(0.7)


def test_a_part_that_says_nothing_has_no_say_but_widens_the_bounds() -> None:
    found = average([exact(0.9), from_counts({"oui": 0, "non": 0}, invalid=3)])
    assert found.probabilities["oui"] == pytest.approx(0.9)
    assert (found.lower["oui"], found.upper["oui"]) == pytest.approx((0.45, 0.95))
    assert (found.observed_mass, found.detail["empty"]) == (0.5, 1)
    assert not found.is_soft()
    nothing = average([from_counts({"oui": 0, "non": 0}, invalid=3)] * 2)
    assert nothing.why_unusable()
    assert nothing.probabilities["oui"] == 0.5


def test_frequencies_stand_beside_what_is_known_better() -> None:
    drawn = from_counts({"oui": 1, "non": 0})
    mixed = average([drawn, exact(0.5)])
    assert mixed.frequencies == {"oui": 0.75, "non": 0.25}
    assert average([exact(0.5), exact(0.6)]).frequencies is None
    early = from_counts({"oui": 1, "non": 0}, fixed_n=False)
    assert average([drawn, early]).frequencies is None


def test_one_hard_part_makes_it_hard() -> None:
    found = average([exact(0.5), exact(0.6).hard("so it is"), exact(0.7)])
    assert found.why_hard() == "1 of 3 parts: so it is"


def test_what_cannot_be_averaged_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to average"):
        average([])
    with pytest.raises(ValueError, match="cannot be averaged"):
        average([exact(0.5), from_scores({"a": -1, "b": -1})])


parts = st.lists(
    st.one_of(
        st.floats(0.01, 0.99).map(exact),
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 3)).map(
            lambda c: from_counts({"oui": c[0], "non": c[1]}, invalid=c[2])
        ),
        st.floats(0.01, 0.9).map(lambda p: from_top(("oui", "non"), [("Oui", math.log(p))])),
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(parts)
def test_a_mean_is_a_distribution_within_its_bounds(several: list[LabelDistribution]) -> None:
    found = average(several)  # it refuses what is outside its bounds
    assert math.fsum(found.probabilities.values()) == pytest.approx(1, abs=1e-9)
    assert found.n == sum(part.n for part in several)
    assert LabelDistribution.of_json(found.to_json()) == found


def ordered(request: Request) -> dict[str, float]:
    """A teacher that repeats the last demo's label now and then: recency bias."""
    last = request.messages[0].content.split()[-1]
    return {
        label: 0.6 * p + 0.4 * (label == last)
        for label, p in {"pos": 0.6, "neg": 0.3, "neu": 0.1}.items()
    }


ORDERS = ("neg neu pos", "pos neu neg", "pos neg neu")


@pytest.mark.parametrize(
    ("teacher", "estimator"),
    [
        (FakeLikelihoods(ordered), Exact()),
        (FakeTeacher(ordered, tokens=words), TopLogprobs(k=5)),
    ],
)
def test_a_bias_of_order_is_averaged_out(teacher: FakeTeacher, estimator: Any) -> None:
    prompts = [Request((user(order),)) for order in ORDERS]
    options = ("pos", "neg", "neu")
    one = asyncio.run(estimator.estimate(prompts[1], options, teacher)).distribution
    assert one.label == "neg"
    found = asyncio.run(Averaged(estimator).estimate(prompts, options, teacher)).distribution
    expected = {x: 0.6 * p + 0.4 / 3 for x, p in {"pos": 0.6, "neg": 0.3, "neu": 0.1}.items()}
    assert dict(found.probabilities) == pytest.approx(expected)
    assert found.label == "pos"
    # Each part lies 0.4 * (1 - 1/3) from the mean in one label, and 0.4 / 3 in two.
    assert found.detail["spread"] == pytest.approx(0.8 / 3, abs=1e-6)
    assert len(set(found.detail["prompts"])) == 3


def test_a_prompt_that_comes_twice_is_asked_for_other_samples() -> None:
    teacher = FakeTeacher({"pos": 0.5, "neg": 0.5})
    prompts = [Request((user("x"),)), Request((user("x"),)), Request((user("x"),), index=1)]
    estimator = Averaged(Sampled(n=10), width=1)
    labelled = asyncio.run(estimator.estimate(prompts, ("pos", "neg"), teacher))
    assert len({request.seed for request in teacher.asked}) == 30
    assert teacher.asked == estimator.requests(prompts, ("pos", "neg"))
    assert len(labelled.replies) == labelled.distribution.n == 30
