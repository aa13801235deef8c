"""Codes for labels: balanced assignments, and a teacher that favours one is seen through."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from limbeck.errors import UserError
from limbeck.labels.codes import Coded, Codes, permutations
from limbeck.labels.sampled import Sampled
from limbeck.labels.top_logprobs import from_top
from limbeck.protocols import Request
from limbeck.record import user
from limbeck.testing import FakeTeacher, words

OPTIONS = ("not at all", "not sure", "非常好")
TRUTH = {"not at all": 0.2, "not sure": 0.3, "非常好": 0.5}


@pytest.mark.parametrize("size", [2, 3, 5])
def test_every_label_has_every_code_once_in_each_round(size: int) -> None:
    options = [f"label {place}" for place in range(size)]
    found = permutations(options, 3 * size, seed=7)
    for start in range(0, 3 * size, size):
        turn = found[start : start + size]
        for option in options:
            assert len({codes.code(option) for codes in turn}) == size


def test_no_assignment_comes_twice_before_all_were_there() -> None:
    found = permutations(OPTIONS, 12)
    assert len({codes.shown for codes in found[:6]}) == 6
    assert set(Counter(codes.shown for codes in found).values()) == {2}


def test_assignments_hang_on_seed_and_options_alone() -> None:
    assert permutations(OPTIONS, 5, seed=1) == permutations(list(OPTIONS), 6, seed=1)[:5]
    many = [permutations(list("abcdef"), 1, seed=seed)[0].shown for seed in range(20)]
    assert len(set(many)) > 15


def test_a_legend_and_its_codes() -> None:
    codes = Codes(OPTIONS, ("非常好", "not at all", "not sure"))
    assert codes.legend() == "A. 非常好\nB. not at all\nC. not sure"
    assert codes.legend("{option} ({code})").startswith("非常好 (A)\n")
    assert (codes.codes, codes.code("not sure")) == (("A", "B", "C"), "C")
    with pytest.raises(ValueError, match="'sure' is none of"):
        codes.code("sure")


def test_a_distribution_over_codes_becomes_one_over_labels() -> None:
    codes = Codes(OPTIONS, ("非常好", "not at all", "not sure"))
    found = codes.decoded(from_top(codes.codes, [("A", -0.1), ("B", -3.0), ("C", -4.0)]))
    assert found.labels == OPTIONS
    assert found.label == "非常好"
    assert found.probabilities["not at all"] > found.probabilities["not sure"]


def test_no_code_is_a_word_of_english_that_begins_answers() -> None:
    options = tuple(f"x{place}" for place in range(25))
    assert "I" not in Codes(options, options).codes
    with pytest.raises(UserError, match="26 labels cannot have codes of one letter"):
        permutations([f"x{place}" for place in range(26)], 1)


def test_what_is_no_assignment_is_refused() -> None:
    with pytest.raises(ValueError, match="is no order of"):
        Codes(OPTIONS, ("非常好", "非常好", "not sure"))
    with pytest.raises(ValueError, match="m must be at least 1"):
        permutations(OPTIONS, 0)


def build(codes: Codes) -> Request:
    return Request((user(codes.legend()),))


def biased(request: Request) -> dict[str, float]:
    """Says "A" now and then, whatever it stands for."""
    legend = dict(line.split(". ", 1) for line in request.messages[0].content.splitlines())
    return {
        f" {code}.": 0.6 * TRUTH[option] + 0.4 * (code == "A") for code, option in legend.items()
    }


def test_a_teacher_that_favours_a_code_is_seen_through() -> None:
    teacher = FakeTeacher(biased, tokens=words)
    coded = Coded(seed=3)
    labelled = asyncio.run(coded.estimate(build, OPTIONS, teacher))
    found = labelled.distribution
    expected = {option: 0.6 * p + 0.4 / 3 for option, p in TRUTH.items()}
    assert dict(found.probabilities) == pytest.approx(expected)
    assert found.label == "非常好"
    assert found.labels == OPTIONS
    assert (found.method, found.n, len(labelled.replies)) == ("averaged", 3, 3)
    assert found.is_soft()
    assert teacher.asked == coded.requests(build, OPTIONS)

    async def alone(codes: Codes) -> str:
        part = await coded.estimator.estimate(build(codes), codes.codes, teacher)
        return codes.decoded(part.distribution).label

    labels = [asyncio.run(alone(codes)) for codes in coded.assignments(OPTIONS)]
    assert set(labels) != {"非常好"}  # single assignments are fooled


def test_codes_can_be_sampled_too() -> None:
    coded = Coded(m=6, estimator=Sampled(n=200, fold_case=False))
    found = asyncio.run(coded.estimate(build, OPTIONS, FakeTeacher(biased))).distribution
    assert found.n == 1200
    for option, p in TRUTH.items():
        assert found.probabilities[option] == pytest.approx(0.6 * p + 0.4 / 3, abs=0.04)
