"""Counts of replies as a distribution: unbiased, bounded, and taken back from a temperature."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import Transient
from limbeck.labels.contracts import Labelled
from limbeck.labels.reading import reader
from limbeck.labels.sampled import Sampled, from_counts, label_of, normal_quantile
from limbeck.protocols import Reply, Request
from limbeck.record import user
from limbeck.testing import FakeTeacher
from limbeck.wilson import Z95, wilson

MOODS = ("positive", "negative", "neutral")


def ask(text: str = "Bof.") -> Request:
    return Request((user(text),))


def estimate(teacher: FakeTeacher, request: Request | None = None, **how: Any) -> Labelled:
    return asyncio.run(Sampled(**how).estimate(request or ask(), MOODS, teacher))


def test_several_looks_share_the_level() -> None:
    assert normal_quantile(0.95) == pytest.approx(1.959964, abs=1e-6)
    assert normal_quantile(0.95, looks=5) == pytest.approx(2.575829, abs=1e-6)  # 99 %
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        normal_quantile(1.0)


def test_counts_become_frequencies_and_smoothed_probabilities() -> None:
    found = from_counts({"oui": 3, "non": 1}, invalid=1)
    assert found.frequencies == {"oui": 0.75, "non": 0.25}
    assert dict(found.probabilities) == pytest.approx({"oui": 0.7, "non": 0.3})
    assert (found.lower["oui"], found.upper["oui"]) == pytest.approx(wilson(3, 4, Z95))
    assert (found.n, found.observed_mass, found.invalid_rate) == (5, 0.8, 0.2)
    assert found.detail["counts"] == [3, 1]


def test_a_label_that_was_not_drawn_is_0_among_frequencies_alone() -> None:
    found = from_counts({"a": 1, "b": 0, "c": 0})
    assert found.targets() == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert list(found.probabilities.values()) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert found.upper["b"] == pytest.approx(Z95 * Z95 / (1 + Z95 * Z95))


def test_no_valid_reply_is_of_no_use() -> None:
    found = from_counts({"a": 0, "b": 0}, invalid=4)
    assert found.why_unusable()
    assert found.frequencies is None
    assert (found.observed_mass, found.invalid_rate, found.n) == (0.0, 1.0, 4)
    assert dict(found.upper) == {"a": 1.0, "b": 1.0}


def test_few_valid_replies_are_good_for_a_hard_label() -> None:
    assert from_counts({"a": 9, "b": 0}, invalid=1).is_soft()
    assert from_counts({"a": 7, "b": 1}, invalid=2).targets() == {"a": 1.0, "b": 0.0}


counts_of_labels = st.lists(st.integers(0, 60), min_size=2, max_size=30)


@settings(deadline=None)
@given(counts_of_labels, st.integers(0, 9), st.sampled_from([0.3, 0.5, 1.0, 1.7, 2.0]))
def test_probabilities_are_a_distribution_within_their_bounds(
    counts: list[int], invalid: int, temperature: float
) -> None:
    named = {f"L{place}": count for place, count in enumerate(counts)}
    found = from_counts(named, invalid, temperature=temperature)  # it refuses what is outside
    assert math.fsum(found.probabilities.values()) == pytest.approx(1, abs=1e-9)
    for label, p in found.probabilities.items():
        assert 0 <= found.lower[label] <= p <= found.upper[label] <= 1
        assert p > 0


def test_a_temperature_is_taken_back() -> None:
    found = from_counts({"a": 8, "b": 2}, temperature=0.5)  # q = 8.5 : 2.5, and p ~ sqrt(q)
    assert found.probabilities["a"] == pytest.approx(0.648371, abs=1e-6)
    low, high = wilson(8, 10, Z95)
    two = [math.sqrt(q) / (math.sqrt(q) + math.sqrt(1 - q)) for q in (low, high)]
    assert [found.lower["a"], found.upper["a"]] == pytest.approx(two)
    assert found.frequencies is None
    assert found.targets() == dict(found.probabilities)


@pytest.mark.parametrize("temperature", [0.4, 0.5, 1.6])
@pytest.mark.parametrize("truth", [(0.7, 0.2, 0.1), (0.34, 0.33, 0.33), (0.96, 0.03, 0.01)])
def test_bounds_that_were_taken_back_hold_where_those_of_the_shares_do(
    temperature: float, truth: tuple[float, ...]
) -> None:
    powers = [p ** (1 / temperature) for p in truth]
    drawn = [power / sum(powers) for power in powers]
    for counts in compositions(12):
        found = from_counts(dict(zip("abc", counts, strict=True)), temperature=temperature)
        for label, p, q, count in zip("abc", truth, drawn, counts, strict=True):
            low, high = wilson(count, 12, Z95)
            if low <= q <= high:
                assert found.lower[label] - 1e-12 <= p <= found.upper[label] + 1e-12


def compositions(n: int) -> list[tuple[int, int, int]]:
    return [(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)]


def test_a_teacher_is_asked_n_times_with_seeds_of_its_own() -> None:
    teacher = FakeTeacher({"Positive": 0.6, "Label: negative": 0.3, "It is neutral": 0.1})
    labelled = estimate(teacher, n=30, seed=1)
    assert len({request.seed for request in teacher.asked}) == 30
    assert [request.index for request in teacher.asked] == list(range(30))
    assert {r.temperature for r in teacher.asked} == {1.0}
    assert {r.max_tokens for r in teacher.asked} == {16 + 8}
    assert teacher.asked == list(Sampled(n=30, seed=1).requests(ask(), MOODS))
    texts = [reply.text for reply in labelled.replies]
    assert labelled.distribution.detail["counts"] == [
        texts.count("Positive"),
        texts.count("Label: negative"),
        0,
    ]
    assert labelled.distribution.detail["invalid"] == ["It is neutral"]
    assert labelled.distribution.n == 30
    again = estimate(FakeTeacher(teacher.probabilities(ask())), n=30, seed=1)
    assert again.distribution == labelled.distribution
    other = estimate(FakeTeacher(teacher.probabilities(ask())), n=30, seed=2)
    assert [reply.text for reply in other.replies] != texts


def test_prompts_and_indices_draw_apart() -> None:
    sampled = Sampled(n=4)
    one, two, again = (
        sampled.requests(r, MOODS) for r in (ask("好"), ask("坏"), Request((user("好"),), index=1))
    )
    assert len({request.seed for request in (*one, *two, *again)}) == 12
    assert [request.index for request in again] == [4, 5, 6, 7]


def test_many_replies_come_to_the_truth() -> None:
    truth = {"positive": 0.54, "negative": 0.27, "neutral": 0.09, "who knows": 0.1}
    found = estimate(FakeTeacher(truth), n=3000).distribution
    assert found.invalid_rate == pytest.approx(0.1, abs=0.02)
    for label, p in {"positive": 0.6, "negative": 0.3, "neutral": 0.1}.items():
        assert found.probabilities[label] == pytest.approx(p, abs=0.03)
        assert found.upper[label] - found.lower[label] < 0.05


def test_frequencies_are_unbiased_at_any_n_and_intervals_hold() -> None:
    truth = {"positive": 0.7, "negative": 0.2, "neutral": 0.1}
    teacher = FakeTeacher(truth)

    async def rows(number: int, n: int) -> list[Labelled]:
        return [
            await Sampled(n=n).estimate(ask(f"row {row}"), MOODS, teacher) for row in range(number)
        ]

    ones = [row.distribution.targets() for row in asyncio.run(rows(2000, 1))]
    for label, p in truth.items():
        assert math.fsum(row[label] for row in ones) / 2000 == pytest.approx(p, abs=0.03)
    found = [row.distribution for row in asyncio.run(rows(150, 20))]
    held = sum(row.lower[x] <= p <= row.upper[x] for row in found for x, p in truth.items())
    assert 0.92 < held / 450 < 0.99


def test_a_sharpened_teacher_is_taken_back_to_the_truth() -> None:
    truth = {"positive": 0.6, "negative": 0.3, "neutral": 0.1}
    teacher = FakeTeacher(truth, tempered=True)
    found = estimate(teacher, n=3000, temperature=0.5).distribution
    for label, p in truth.items():
        assert found.probabilities[label] == pytest.approx(p, abs=0.03)
        assert found.lower[label] <= p <= found.upper[label]
    raw = found.detail["counts"][0] / 3000
    assert raw == pytest.approx(0.36 / 0.46, abs=0.03)  # what was heard is far from it


def test_temperature_0_gives_a_hard_label() -> None:
    teacher = FakeTeacher({"positive": 0.6, "negative": 0.4})
    found = estimate(teacher, n=1, temperature=0).distribution
    assert "temperature 0" in found.why_hard()
    assert found.targets() == {"positive": 1.0, "negative": 0.0, "neutral": 0.0}
    assert teacher.asked[0].seed is None
    with pytest.raises(ValueError, match="8 replies at temperature 0 would all be the same"):
        Sampled(temperature=0)


def test_it_stops_early_where_the_label_is_plain() -> None:
    plain = estimate(FakeTeacher({"positive": 1}), n=40, stop_early=True)
    assert len(plain.replies) == 8  # at z = 2.807: 4 / (4 + z²) < 1/2 < 8 / (8 + z²)
    assert plain.distribution.settled
    assert plain.distribution.frequencies is None
    assert plain.distribution.detail["looks"] == 10
    even = estimate(FakeTeacher({"positive": 1, "negative": 1}), n=40, stop_early=True)
    assert len(even.replies) == 40
    uneven = estimate(FakeTeacher({"Positive.": 1}), n=10, stop_early=True, batch=16)
    assert len(uneven.replies) == 10


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        (Reply("Positive."), "positive"),
        (Reply("positive", "length"), None),  # what would have followed?
        (Reply("positive", "content_filter"), None),
        (Reply(" "), None),
    ],
)
def test_a_reply_counts_if_it_is_whole(reply: Reply, label: str | None) -> None:
    assert label_of(reply, reader(MOODS)) == label


def test_a_failure_is_raised() -> None:
    def third(request: Request) -> Exception | None:
        return Transient("gone") if request.index == 2 else None

    with pytest.raises(Transient, match="gone"):
        estimate(FakeTeacher({"positive": 1}, fail=third))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"width": 0}, "width must be at least 1"),
        ({"temperature": math.inf}, "temperature must be 0 or more"),
        ({"level": 0.0}, "level must be between 0 and 1"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sampled(**options)


def test_counts_are_checked() -> None:
    with pytest.raises(ValueError, match="must not be below 0"):
        from_counts({"a": -1, "b": 2})
    with pytest.raises(ValueError, match="temperature must be 0 or more"):
        from_counts({"a": 1, "b": 2}, temperature=-1)


def test_max_tokens_is_enough_for_every_label() -> None:
    (request,) = Sampled(n=1).requests(ask(), ["是", "不一定是这样"])
    assert request.max_tokens == 16 + 18
    (request,) = Sampled(n=1, max_tokens=3).requests(ask(), ["是", "否"])
    assert request.max_tokens == 3
    assert Sampled().method == "sampled"
