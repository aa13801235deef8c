"""First tokens as a distribution: the truth lies within the bounds, whatever was not seen."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import AskError, Malformed, UserError
from limbeck.labels.top_logprobs import TopLogprobs, from_top
from limbeck.protocols import Reply, Request
from limbeck.record import user
from limbeck.testing import FakeTeacher, words

MOODS = ("positive", "negative", "neutral")


def logs(*pairs: tuple[str, float]) -> list[tuple[str, float]]:
    return [(token, math.log(p)) for token, p in pairs]


def test_variants_are_summed_and_what_was_not_seen_widens_the_bounds() -> None:
    top = logs(("Positive", 0.5), (" positive", 0.2), ("neg", 0.1), ("The", 0.1))
    found = from_top(("positive", "negative"), top)
    assert found.probabilities["positive"] == pytest.approx(0.7 / 0.8)
    assert found.lower["positive"] == pytest.approx(0.7 / 0.9)
    assert found.upper["positive"] == pytest.approx(0.8 / 0.9)
    assert found.lower["negative"] == pytest.approx(0.1 / 0.9)
    assert found.upper["negative"] == pytest.approx(0.2 / 0.9)
    assert found.observed_mass == pytest.approx(0.8)
    assert found.invalid_rate == pytest.approx(0.1)
    assert (found.method, found.n, found.detail["k"]) == ("top_logprobs", 1, 4)
    assert found.detail["prefix_mass"] == pytest.approx(0.1)
    assert found.detail["others"] == [["The", 0.1]]
    assert not found.is_soft()
    assert found.label == "positive"


def test_a_label_not_seen_is_half_of_what_one_unseen_token_can_be() -> None:
    top = logs(("positive", 0.9), ("negative", 0.06), ("The", 0.01))  # 0.03 was not seen
    found = from_top(MOODS, top)
    assert found.probabilities["neutral"] == pytest.approx(0.005 / 0.965)
    assert (found.lower["neutral"], found.upper["neutral"]) == pytest.approx((0, 0.03 / 0.99))
    assert found.detail["unseen"] == ["neutral"]
    assert found.is_soft()
    # The third likeliest bounds what was not seen, not a drawn token that stands after it.
    drawn = from_top(MOODS, [*top, *logs(("What", 0.0001))], k=3)
    assert drawn.probabilities["neutral"] == pytest.approx(0.005 / 0.965)
    assert from_top(MOODS, [*top, *logs(("What", 0.0001))]).probabilities[
        "neutral"
    ] == pytest.approx(0.00005 / 0.96005)


def test_labels_not_seen_have_together_no_more_than_was_not_seen() -> None:
    found = from_top(("a", "b", "c", "d", "e", "f"), logs(("a", 0.98)))
    for label in "bcdef":
        assert found.probabilities[label] == pytest.approx(0.02 / 5)


def test_an_ambiguous_token_counts_for_none_and_is_told() -> None:
    found = from_top(("1", "10", "7"), logs(("1", 0.5), ("7", 0.3), (" 10", 0.2)))
    assert found.detail["ambiguous"] == {"1": 0.5}
    assert dict(found.probabilities)["7"] == pytest.approx(0.6)
    assert found.observed_mass == pytest.approx(0.5)
    assert found.invalid_rate == pytest.approx(0.5)
    assert (found.lower["7"], found.upper["7"]) == pytest.approx((0.3, 0.6))
    assert (found.lower["10"], found.upper["10"]) == pytest.approx((0.2, 0.7))
    assert found.upper["1"] == pytest.approx(0.5)
    assert not found.is_soft()


def test_a_sentinel_is_no_value() -> None:
    top = [*logs(("positive", 0.6), ("negative", 0.4)), ("neutral", -9999.0), ("x", -math.inf)]
    found = from_top(MOODS, top)
    assert found.detail["k"] == 2
    assert found.detail["unseen"] == ["neutral"]
    assert 0 < found.probabilities["neutral"] < 1e-9


def test_nothing_of_any_label_is_of_no_use() -> None:
    found = from_top(MOODS, logs(("The", 0.7), ("I", 0.3)))
    assert found.observed_mass == 0
    assert found.why_unusable()
    assert list(found.probabilities.values()) == pytest.approx([1 / 3] * 3)
    assert set(found.lower.values()) == {0.0}
    assert set(found.upper.values()) == {1.0}


@pytest.mark.parametrize(
    ("top", "message"),
    [
        ([], "no first token"),
        ([("positive", -9999.0)], "no first token"),
        ([("positive", math.nan)], "'positive' is nan"),
        ([("positive", 0.7)], "'positive' is 0.7"),
        ([("positive", 0.0), ("negative", 0.0)], "sum to more than 1"),
    ],
)
def test_values_that_are_none_are_refused(top: list[tuple[str, float]], message: str) -> None:
    with pytest.raises(Malformed, match=message):
        from_top(MOODS, top)


POOL = (
    *("positive", "negative", "neutral", "entailment", "entirely wrong", "sehr gut", "là-bas"),
    *(
        "积极",
        "消极",
        "中性",
        "はい",
        "いいえ",
        "아니오",
        "да",
        "нет",
        "نعم",
        "👍",
        "👎",
        "C++",
        "10",
    ),
)
WRITTEN = (
    lambda text: text,
    str.upper,
    str.title,
    lambda text: f" {text}",
    lambda text: f"▁{text}",
    lambda text: f"Ġ{text.upper()}",
    lambda text: f'"{text}',
    lambda text: f"{text},",
    lambda text: text[:2],
    lambda text: f" {text[:1]}",
    lambda text: f"  {text[: len(text) // 2 + 1].title()}",
)
OTHERS = ("The", "I", "<|im_end|>", "zzz", "\n", "**", "", "\ufffd", "bytes:\\xf0\\x9f", "0")


@st.composite
def first_tokens(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, float, str | None]]]:
    """Options, and a whole first-token distribution: (token, probability, label or None)."""
    options = draw(st.lists(st.sampled_from(POOL), min_size=2, max_size=5, unique=True))
    owner: dict[str, str | None] = {}
    for label in options:
        for written in draw(st.lists(st.sampled_from(WRITTEN), max_size=4)):
            owner.setdefault(written(label), label)
    for other in draw(st.lists(st.sampled_from(OTHERS), max_size=4)):
        owner.setdefault(other, None)
    if not any(owner.values()):
        owner[options[0]] = options[0]
    weights = [draw(st.floats(1e-6, 1)) ** 3 for _ in owner]
    total = math.fsum(weights)
    rows = [(t, w / total, x) for (t, x), w in zip(owner.items(), weights, strict=True)]
    return options, sorted(rows, key=lambda row: -row[1])


@settings(max_examples=300, deadline=None)
@given(first_tokens(), st.integers(1, 25), st.booleans())
def test_the_truth_is_within_the_bounds_however_few_tokens_are_seen(
    known: tuple[list[str], list[tuple[str, float, str | None]]], k: int, sentinels: bool
) -> None:
    options, rows = known
    mass = {label: math.fsum(p for _, p, x in rows if x == label) for label in options}
    truth = {label: own / math.fsum(mass.values()) for label, own in mass.items()}
    top = [(token, math.log(p)) for token, p, _ in rows[:k]]
    found = from_top(options, top + [(t, -9999.0) for t, _, _ in rows[k:]] * sentinels, k=k)
    assert math.fsum(found.probabilities.values()) == pytest.approx(1, abs=1e-9)
    for label, p in truth.items():
        assert found.lower[label] - 1e-9 <= p <= found.upper[label] + 1e-9, (label, p, found)
        assert found.lower[label] <= found.probabilities[label] <= found.upper[label]
        assert found.probabilities[label] > 0
    # Less mass than that drowns in what rounding leaves of 1.
    if k >= len(rows) and "ambiguous" not in found.detail and math.fsum(mass.values()) > 1e-6:
        for label, p in truth.items():
            assert found.probabilities[label] == pytest.approx(p, abs=1e-9)
            assert found.upper[label] - found.lower[label] < 1e-9


TRUTH = {"Positive": 0.5, " positive": 0.1, "negative": 0.25, "Neutral.": 0.13, "Hm": 0.02}


def asked(teacher: FakeTeacher, template: str = "chat", **how: Any) -> Any:
    request = Request((user("Bof."),), max_tokens=99, seed=4, stop=("x",), template=template)
    return asyncio.run(TopLogprobs(**how).estimate(request, MOODS, teacher))


@pytest.mark.parametrize("template", ["chat", "raw"])
def test_a_teacher_is_asked_for_one_token(template: str) -> None:
    teacher = FakeTeacher(TRUTH, tokens=words)
    labelled = asked(teacher, template)
    found = labelled.distribution
    expected = {"positive": 0.6 / 0.98, "negative": 0.25 / 0.98, "neutral": 0.13 / 0.98}
    assert dict(found.probabilities) == pytest.approx(expected)
    assert (found.observed_mass, found.is_soft()) == (pytest.approx(0.98), True)
    (request,) = teacher.asked
    assert (request.max_tokens, request.temperature, request.top_logprobs) == (1, 1.0, 20)
    assert (request.seed, request.stop) == (None, ())
    assert teacher.asked == list(TopLogprobs().requests(request, MOODS))
    assert [reply.finish_reason for reply in labelled.replies] == ["stop"]


@pytest.mark.parametrize("template", ["chat", "raw"])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_few_tokens_bound_the_truth(k: int, template: str) -> None:
    found = asked(FakeTeacher(TRUTH, tokens=words), template, k=k).distribution
    for label, p in {"positive": 0.6, "negative": 0.25, "neutral": 0.13}.items():
        assert found.lower[label] - 1e-9 <= p / 0.98 <= found.upper[label] + 1e-9


class Says(FakeTeacher):
    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self._says = reply

    async def ask(self, request: Request, /) -> Reply:
        return self._says


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (Reply("positive"), UserError, "fake:fake gave none with its answer"),
        (Reply("x", raw={"choices": [{}]}), UserError, "choose method sampled"),
        (Reply("", raw={"choices": [{}]}), AskError, "is empty"),
        (Reply("", "content_filter", raw={}), AskError, "refused the prompt"),
    ],
)
def test_an_answer_without_log_probabilities_is_told(
    reply: Reply, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        asked(Says(reply))


def test_k_is_checked() -> None:
    with pytest.raises(ValueError, match="k must be at least 1"):
        TopLogprobs(k=0)
    assert TopLogprobs().method == "top_logprobs"
