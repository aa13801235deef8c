"""The exact distribution is the teacher's own."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import Malformed, UserError
from limbeck.labels.distribution import LabelDistribution
from limbeck.labels.exact import Exact, Normalise, Source, from_scores
from limbeck.protocols import Likelihoods, Request
from limbeck.record import Message, user
from limbeck.teachers.likelihoods import LikelihoodRequest
from limbeck.testing import FakeLikelihoods, FakeTeacher

ASK = Request((user("Wie ist die Stimmung?"),))


def estimate(teacher: FakeTeacher, *options: str, **how: Any) -> LabelDistribution:
    labelled = asyncio.run(Exact(**how).estimate(ASK, options, teacher))
    assert labelled.replies == ()
    return labelled.distribution


@pytest.mark.parametrize("source", ["label_scores", "prompt_logprobs"])
def test_it_is_the_truth_given_that_a_label_is_said(source: Source) -> None:
    truth = {"très bien": 0.4, "très mal": 0.2, "好": 0.1, "I cannot say": 0.3}
    teacher = FakeLikelihoods(truth)
    assert isinstance(teacher, Likelihoods)
    found = estimate(teacher, "好", "très bien", "très mal", source=source)
    expected = {"好": 1 / 7, "très bien": 4 / 7, "très mal": 2 / 7}
    assert dict(found.probabilities) == pytest.approx(expected, abs=1e-12)
    assert found.labels == tuple(expected)
    assert found.lower == found.probabilities == found.upper
    assert found.invalid_rate == pytest.approx(0.3)
    assert (found.method, found.n, found.observed_mass) == ("exact", 1, 1.0)
    assert found.detail["source"] == source
    assert found.is_soft()
    assert found.settled


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=2, max_size=8))
def test_any_truth_is_found(weights: list[float]) -> None:
    total = math.fsum(weights)
    scores = {f"label {place}": math.log(w / total) for place, w in enumerate(weights)}
    found = from_scores(scores)
    for w, p in zip(weights, found.probabilities.values(), strict=True):
        assert p == pytest.approx(w / total, abs=1e-12)


def test_means_are_taken_by_token_and_by_byte() -> None:
    by_token = from_scores({"a": -2.0, "b": -3.0}, normalise="token", lengths=[2, 1])
    assert by_token.probabilities["a"] == pytest.approx(1 / (1 + math.exp(-2)))
    by_byte = from_scores({"是": -3.0, "不是": -3.0}, normalise="byte")
    assert by_byte.probabilities["不是"] == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert by_byte.detail["normalise"] == "byte"
    with pytest.raises(ValueError, match="needs the length of every label"):
        from_scores({"a": -2.0, "b": -3.0}, normalise="token")


@pytest.mark.parametrize(
    ("normalise", "ratio"),
    [
        ("sum", 0.5),
        ("token", math.sqrt(0.6) / 0.3),  # "très bien" is two words of 0.6 in all
        ("byte", 0.6 ** (1 / 10) / 0.3 ** (1 / 3)),
    ],
)
def test_a_teacher_is_asked_for_what_the_normalisation_needs(
    normalise: Normalise, ratio: float
) -> None:
    found = estimate(
        FakeLikelihoods({"très bien": 0.6, "mal": 0.3, "?": 0.1}),
        "mal",
        "très bien",
        normalise=normalise,
    )
    p = found.probabilities
    expected = 2.0 if normalise == "sum" else ratio
    assert p["très bien"] / p["mal"] == pytest.approx(expected)


def test_a_label_that_begins_another_has_bounds_that_hold_the_truth() -> None:
    truth = {"no": 0.3, "not sure": 0.5, "yes": 0.2}
    found = estimate(FakeLikelihoods(truth), *truth)
    assert found.detail["nested"] == ["no"]
    assert found.probabilities["no"] == pytest.approx(0.8 / 1.5)
    for label, p in truth.items():
        assert found.lower[label] - 1e-12 <= p <= found.upper[label] + 1e-12
    assert found.lower["no"] < found.upper["no"]


def test_an_ending_keeps_labels_apart() -> None:
    truth = {" no\n": 0.3, " not sure\n": 0.5, " yes\n": 0.2}
    found = estimate(FakeLikelihoods(truth), "no", "not sure", "yes", before=" ", after="\n")
    assert list(found.probabilities.values()) == pytest.approx([0.3, 0.5, 0.2])
    assert "nested" not in found.detail


@pytest.mark.parametrize("never", [-math.inf, -2000.0])
def test_a_label_that_is_hardly_ever_said_is_not_0(never: float) -> None:
    found = from_scores({"a": -1.0, "b": never})
    assert 0 < found.probabilities["b"] < 1e-300
    assert math.isfinite(found.entropy)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"a": 0.0, "b": 0.0}, "sum to 2, more than 1"),  # what some servers give for echo
        ({"no": 0.0, "not": 0.0, "yes": 0.0}, "sum to 2, more than 1"),
        ({"a": math.nan, "b": -1.0}, "label 'a' is nan"),
        ({"a": 0.5, "b": -1.0}, "label 'a' is 0.5"),
        ({"a": -math.inf, "b": -math.inf}, "no label has a probability"),
    ],
)
def test_scores_that_are_none_are_refused(scores: dict[str, float], message: str) -> None:
    with pytest.raises(Malformed, match=message):
        from_scores(scores)


def test_a_teacher_of_texts_is_refused() -> None:
    with pytest.raises(UserError, match="fake:fake gives none; use a local model"):
        estimate(FakeTeacher({"a": 1}), "a", "b")


class Odd(FakeLikelihoods):
    """Trims what ends a prompt, as some chat templates do."""

    async def prompt_logprobs(self, request: Request, /) -> list[tuple[str, float | None]]:
        return [("Hi", None), (request.messages[-1].content.strip(), -1.0)]


def test_a_prompt_that_changes_with_its_label_is_refused() -> None:
    with pytest.raises(Malformed, match="is not the prompt and that text"):
        estimate(Odd({"a": 1}), "a", "b", source="prompt_logprobs")


class Whole(FakeLikelihoods):
    """Every character of a raw prompt is a token, of log-probability -1, -2 and so on."""

    async def prompt_logprobs(self, request: Request, /) -> list[tuple[str, float | None]]:
        text = request.messages[-1].content
        return [(char, -float(at) if at else None) for at, char in enumerate(text)]


def test_a_raw_prompt_and_a_begun_answer_go_on_in_their_last_turn() -> None:
    raw = Request((user("Hi"),), template="raw")
    begun = Request((user("?"), Message("assistant", "Hi")))
    for request in (raw, begun):
        labelled = asyncio.run(
            Exact(source="prompt_logprobs").estimate(request, ["ab", "c"], Whole())
        )
        ratio = labelled.distribution.probabilities["c"] / labelled.distribution.probabilities["ab"]
        assert ratio == pytest.approx(math.exp(3))  # -2 - 3 against -2


def test_what_it_asks_is_known_beforehand() -> None:
    exact = Exact(before=" ", after="\n")
    assert exact.method == "exact"
    [asked] = exact.requests(ASK, ["a", "好"])
    assert asked == LikelihoodRequest.of(ASK, "label_scores", options=[" a\n", " 好\n"])
    prompts = Exact(normalise="token").requests(ASK, ["a", "好"])
    assert [one.messages[1:] for one in prompts] == [
        (), (Message("assistant", "a"),), (Message("assistant", "好"),)
    ]  # fmt: skip
