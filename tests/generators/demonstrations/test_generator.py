"""Generator `demonstrations`: what is asked, what comes of it, and that it is known beforehand."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from limbeck.errors import AskTimeout, RecipeError, UserError
from limbeck.generators.demonstrations import Demonstrations
from limbeck.labels import LabelDistribution
from limbeck.ledger import Ledger
from limbeck.protocols import Generator, Reply, Request, Usage
from limbeck.record import Message, Record
from limbeck.registry import OptionError, build
from limbeck.teachers.capabilities import Finding, of_fake
from limbeck.teachers.likelihoods import LikelihoodRequest, Scored
from limbeck.teachers.recorded import RecordedLikelihoods
from limbeck.testing import FakeLikelihoods, FakeTeacher, words
from limbeck.trainers.demos import without_demos
from tests.generators.demonstrations.tasks import (
    MOOD,
    NO_LABEL,
    WEATHER,
    known,
    query_of,
    rows,
    run,
    seeds,
    truth,
)

SEEN = replace(of_fake("fake:t"), chat_logprobs=Finding("yes", "seen"), top_logprobs=20)
QUICK: dict[str, Any] = {"shots": 3, "select": "random", "folds": 2}


def distribution(record: Record) -> LabelDistribution:
    return LabelDistribution.of_json(record.meta["label_distribution"])


def given_a_label(query: str) -> dict[str, float]:
    return {label: p / 0.96 for label, p in truth(query).items()}


@pytest.mark.parametrize("form", ["chat", "base"])
def test_exact_labels_are_the_teachers_own(form: Any, tmp_path: Any) -> None:
    inner = FakeLikelihoods(known)
    with Ledger(tmp_path / "l.sqlite") as ledger:
        teacher = RecordedLikelihoods(Scored(inner), ledger)
        out = run(Demonstrations(**QUICK, form=form, instruction="Name it."), teacher)
    assert out.said == ["label distributions by exact, since fake:fake scores whole labels"]
    assert out.funnel == {"rows": 20, "labelled by exact": 20}
    assert (len(out.records), len(out.replies), inner.asked) == (20, 20, [])
    for seed, record, reply in zip(seeds(), out.records, out.replies, strict=True):
        expected = given_a_label(seed.prompt)
        found = distribution(record)
        assert dict(found.probabilities) == pytest.approx(expected)
        assert found.labels == tuple(expected)
        assert found.is_soft()
        assert record.completion == max(expected, key=lambda label: expected[label])
        assert (record.target, record.meta["finish_reason"]) == (seed.target, "stop")
        assert record.meta["task"] == seed.meta["task"]
        assert record.meta["options"] == seed.meta["options"]
        assert (record.meta["input"], record.meta["instruction"]) == (seed.prompt, "Name it.")
        assert len(record.meta["demos"]) == len(record.meta["demo_scores"]) == 3
        assert record.provenance.request == reply.key != ""
        assert record.provenance.parents == (seed.id,)
        assert record.provenance.prompt_version == f"demonstrations_{form}.v1"


def test_labels_by_first_tokens_where_a_probe_has_found_them() -> None:
    teacher = FakeTeacher(known, tokens=lambda text: [text])
    out = run(Demonstrations(**QUICK, capabilities=SEEN), teacher)
    assert out.said[0].startswith("label distributions of 10 rows by top_logprobs, since fake:fake")
    assert "enough for 2 labels; of 10 rows by top_logprobs" in out.said[0]
    assert out.funnel == {"rows": 20, "labelled by top_logprobs": 20}
    for record in out.records:
        expected = given_a_label(record.meta["input"])
        assert dict(distribution(record).probabilities) == pytest.approx(expected)
        assert (
            record.meta["finish_reason"] == "stop"
        )  # the label is whole, though a token was asked
    assert {reply.reason for reply in out.replies} == {""}


def test_sampled_labels_are_the_shares_of_what_was_said() -> None:
    teacher = FakeTeacher(known)
    out = run(Demonstrations(**QUICK, samples=25, width=3), teacher)
    assert "sampled, since nobody has probed what fake:fake gives" in out.said[0]
    assert len(teacher.asked) == 20 * 25
    for place, record in enumerate(out.records):
        own = teacher.asked[25 * place : 25 * place + 25]
        assert {query_of(request) for request in own} == {record.meta["input"]}
        said = [asyncio.run(FakeTeacher(known).ask(request)).text for request in own]
        valid = [text for text in said if text != NO_LABEL]
        found = distribution(record)
        assert found.frequencies is not None
        for label, share in found.frequencies.items():
            assert share == pytest.approx(valid.count(label) / len(valid))
        assert found.observed_mass == pytest.approx(len(valid) / 25)


def test_a_draw_is_another_order_of_the_same_demos_or_a_draw_of_others() -> None:
    def by_first(request: Request) -> dict[str, float]:
        """What the teacher thinks hangs on the first demo alone."""
        share = 0.1 + 0.8 * (len(request.messages[0].content) % 10) / 10
        labels = WEATHER if request.messages[1].content in WEATHER else MOOD
        return {labels[0]: share, labels[1]: 1 - share} | dict.fromkeys(labels[2:], 0.0)

    for select, same in (("dense", True), ("random", False)):
        teacher = FakeLikelihoods(by_first)
        generator = Demonstrations(shots=3, select=select, folds=2, draws=4)
        out = run(generator, teacher)
        for record in out.records:
            prompts = [one for one in teacher.scored if query_of(one) == record.meta["input"]]
            assert prompts[0].messages == record.messages
            shown = [tuple(turn.content for turn in one.messages[:-1:2]) for one in prompts]
            assert len(set(shown)) == len(shown) == 4 or (not same and len(shown) > 1)
            assert (len({frozenset(one) for one in shown}) == 1) is same
            found = distribution(record)
            assert found.method == "averaged"
            first = record.meta["options"][0]
            expected = sum(by_first(one)[first] for one in prompts) / len(prompts)
            assert found.probabilities[first] == pytest.approx(expected)


def test_no_order_is_asked_twice() -> None:
    teacher = FakeLikelihoods(known)
    generator = Demonstrations(shots=2, select="dense", folds=2, draws=5)
    assert generator.total(seeds()) == 20 * 2 * 8  # two demos have two orders; sampled
    generator = replace(generator, likelihoods=True)
    assert generator.total(seeds()) == 20 * 2
    run(generator, teacher)
    assert len(teacher.scored) == 40


@pytest.mark.parametrize("form", ["chat", "base"])
def test_texts_are_kept_as_they_came(form: Any) -> None:
    given = seeds(rows(without_options=True))
    teacher = FakeTeacher(known, tokens=words)
    generator = Demonstrations(**QUICK, labels="text", form=form, max_tokens=1)
    out = run(generator, teacher, given)
    assert out.said == []
    assert out.funnel == {"rows": 20, "texts": 20}
    likeliest = [
        max(known(request).items(), key=lambda pair: pair[1])[0] for request in teacher.asked
    ]
    whole = [len(words(text)) == 1 for text in likeliest]
    assert [record.completion for record in out.records] == [words(text)[0] for text in likeliest]
    reasons = [record.meta["finish_reason"] for record in out.records]
    assert reasons == ["stop" if one else "length" for one in whole]
    assert "label_distribution" not in out.records[0].meta
    assert {(one.temperature, one.seed, one.max_tokens) for one in teacher.asked} == {
        (0.0, None, 1)
    }
    assert {one.stop for one in teacher.asked} == {() if form == "chat" else ("\n\n\n",)}
    drawn = FakeTeacher(known)
    run(replace(generator, temperature=0.7), drawn, given)
    assert len({one.seed for one in drawn.asked}) == 20


CASES: list[dict[str, Any]] = [
    {"likelihoods": True},
    {"likelihoods": True, "form": "base", "draws": 2},
    {"capabilities": SEEN},
    {"samples": 3, "draws": 2, "temperature": 0.5},
    {"samples": 1, "temperature": 0.0, "form": "base"},
    {"labels": "text", "temperature": 1.0},
]


@pytest.mark.parametrize("options", CASES)
def test_every_request_is_known_beforehand_also_row_by_row(options: dict[str, Any]) -> None:
    class Told(FakeLikelihoods):
        """Keeps every call as the request that a ledger would have."""

        async def label_scores(self, request: Request, labels: Any, /) -> list[float]:
            self.asked.append(LikelihoodRequest.of(request, "label_scores", options=labels))
            return await super().label_scores(request, labels)

    kind = Told if options.get("likelihoods") else FakeTeacher
    teacher = kind(known, tokens=lambda text: [text])
    generator = Demonstrations(**QUICK, **options, pool=seeds())
    assert isinstance(generator, Generator)
    beforehand = list(generator.requests(seeds()))
    run(generator, teacher)
    assert teacher.asked == beforehand
    assert generator.total(seeds()) == len(beforehand)
    apart = Demonstrations(**QUICK, **options, pool=seeds())
    assert [one for seed in seeds() for one in apart.requests([seed])] == beforehand


def test_the_timing_of_replies_changes_nothing() -> None:
    class Slow(FakeTeacher):
        def __init__(self, seed: int) -> None:
            super().__init__(known)
            self.random = random.Random(seed)

        async def ask(self, request: Request, /) -> Reply:
            for _ in range(self.random.randrange(9)):
                await asyncio.sleep(0)
            return await super().ask(request)

    made = [
        run(Demonstrations(**QUICK, samples=4, draws=2, width=1 + 40 * place), Slow(place))
        for place in range(2)
    ]
    first, second = ([record.to_json() for record in out.records] for out in made)
    assert first == second
    assert made[0].replies == made[1].replies


def test_a_row_whose_request_fails_is_told_and_the_others_go_on() -> None:
    bad = rows()[4]["input"]

    def fail(request: Request) -> Exception | None:
        return AskTimeout("太慢") if query_of(request) == bad and request.index == 2 else None

    out = run(Demonstrations(**QUICK), FakeTeacher(known, fail=fail))
    [failure] = out.failures
    assert (failure.seed, failure.reason, failure.message) == (seeds()[4].id, "timeout", "太慢")
    assert len(out.records) == 19
    assert bad not in [record.meta["input"] for record in out.records]


def test_what_labels_are_good_for_is_counted() -> None:
    def vague(request: Request) -> dict[str, float]:
        labels = list(truth(query_of(request)))
        if labels[0] == WEATHER[0]:
            return {"不好说": 1.0}
        return {labels[0]: 0.5, NO_LABEL: 0.5}

    out = run(Demonstrations(**QUICK, samples=40), FakeTeacher(vague))
    assert out.funnel == {
        "rows": 20,
        "labelled by sampled": 10,
        "good for the label only: little of the answer was on labels": 10,
        "rows without any label in the reply": 10,
    }
    assert [record.meta["task"] for record in out.records] == ["mood"] * 10
    greedy = run(Demonstrations(**QUICK, samples=1, temperature=0), FakeTeacher(known))
    assert greedy.funnel["good for the label only: temperature 0"] == 20


def test_all_replies_of_a_row_can_be_found_again(tmp_path: Any) -> None:
    class Keyed(FakeTeacher):
        async def ask(self, request: Request, /) -> Reply:
            reply = await super().ask(request)
            return replace(reply, key=f"{query_of(request)}/{request.index}", usage=Usage(5, 2))

    out = run(Demonstrations(**QUICK, samples=2), Keyed(known))
    for record in out.records:
        keys = [f"{record.meta['input']}/{n}" for n in range(2)]
        assert record.provenance.request == keys[0]
        assert list(record.meta["label_distribution"]["detail"]["requests"]) == keys
        assert record.meta["usage"] == {"prompt_tokens": 10, "completion_tokens": 4}


@pytest.mark.parametrize("shots", [0, 3])
@pytest.mark.parametrize("form", ["chat", "base"])
def test_a_student_can_be_asked_without_the_demos(form: Any, shots: int) -> None:
    options = QUICK | {"shots": shots}
    made = run(Demonstrations(**options, form=form, instruction="判断"), FakeLikelihoods(known))
    bare = run(Demonstrations(shots=0, form=form, instruction="判断"), FakeLikelihoods(known))
    for record, alone in zip(made.records, bare.records, strict=True):
        assert len(record.meta["demos"]) == shots
        assert without_demos(record).messages == alone.messages
        assert (record.messages == alone.messages) is (shots == 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": None}, "asks for labels, and the row 'A birthday cake .* has no options; "),
        ({"options": ["good 🙂"]}, "needs at least two labels"),
        (
            {"options": ["good 🙂", "Good 🙂 ", "good 🙂 "]},
            "cannot be a demo: the option .* is repeated",
        ),
    ],
)
def test_rows_that_cannot_be_labelled_are_told_before_anything_is_asked(
    change: dict[str, Any], said: str
) -> None:
    given = seeds([{**rows()[0], **change}, *rows()[1:]])
    teacher = FakeTeacher(known)
    with pytest.raises(UserError, match=said):
        run(Demonstrations(**QUICK), teacher, given)
    assert teacher.asked == []


def test_what_is_no_row_of_a_task_is_told_before_anything_is_asked() -> None:
    teacher = FakeTeacher(known)
    odd = replace(seeds()[0], target="maybe")
    with pytest.raises(UserError, match="has the target 'maybe', which is none of its options"):
        run(Demonstrations(**QUICK, pool=seeds()), teacher, [odd])
    long = replace(seeds()[0], messages=(Message("system", "x"), *seeds()[0].messages))
    with pytest.raises(UserError, match=r"shows rows of one turn, and the row 'A birth.* has 2"):
        run(Demonstrations(**QUICK, pool=seeds()), teacher, [long])
    with pytest.raises(
        UserError, match=r"of the task 'mood', of which the pool .* those of '天气'"
    ):
        run(Demonstrations(**QUICK, pool=seeds()[1::2]), teacher)
    with pytest.raises(UserError, match="has no target, so it cannot be a demo"):
        run(Demonstrations(**QUICK), teacher, [replace(seeds()[0], target=None)])
    with pytest.raises(UserError, match="by method exact needs log-probabilities of given texts"):
        run(Demonstrations(**QUICK, labels="exact"), teacher)
    assert teacher.asked == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shots": -1}, "shots"), ({"near": 0}, "near"), ({"folds": 1}, "folds"),
        ({"labels": "soft"}, "labels"), ({"order": "up"}, "order"), ({"form": "raw"}, "form"),
        ({"select": "bm52"}, "unknown selector 'bm52'; did you mean 'bm25'"),
        ({"select_options": {"k2": 1}}, "selector 'bm25' has no option 'k2'; known are b, d"),
        ({"select": "dense", "select_options": {"encoder": 3}}, "is a name .*, got 3"),
        ({"select": "learned"}, "select: learned needs the option 'encoder' in select_options"),
        ({"select": "reward"}, "select: reward needs the option 'scores' in select_options"),
        ({"labels": "exact", "temperature": 1.0}, "temperature is for labels sampled and text"),
        ({"labels": "text", "draws": 2}, "draws averages labels, and labels is text"),
        ({"temperature": 0}, "8 samples at temperature 0 would all be the same"),
        ({"shot": 3}, "has no option 'shot'; did you mean 'shots'"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        build("generators", "demonstrations", options)


def test_options_that_make_sense_are_not() -> None:
    for options in (
        {}, {"select": "bm25", "select_options": {"b": 0.5}}, {"samples": 1, "temperature": 0},
        {"labels": "text", "temperature": 0},
        {"select": "reward", "select_options": {"scores": {"a-1": 0.5}}},
    ):  # fmt: skip
        assert build("generators", "demonstrations", options).name == "demonstrations"
    with pytest.raises(OptionError):
        build("generators", "demonstrations", {"draws": 0})
