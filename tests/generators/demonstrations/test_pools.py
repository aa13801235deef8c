"""What a row is shown: never itself, a near copy or its fold, and whole demos within the limit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.demos import SELECTORS, folds, same_text
from limbeck.errors import UserError
from limbeck.generators.demonstrations import Demonstrations
from limbeck.generators.demonstrations.pools import TaskPool, demo_of
from limbeck.money import text_tokens
from limbeck.record import Record
from limbeck.testing import FakeLikelihoods
from tests.generators.demonstrations.tasks import known, rows, run, seeds

LABELS = ("good 🙂", "bad")


def showing(**options: Any) -> Any:
    return Demonstrations(**{"folds": 2, "shots": 4} | options)._showing


def pool_of(given: list[Record], **options: Any) -> TaskPool:
    return TaskPool([(row, demo_of(row)) for row in given], showing(**options))


def ids(given: list[Record]) -> list[str]:
    return [row.provenance.parents[0] for row in given]


COPIES = [
    {**rows()[0], "id": "copy", "input": "a birthday cake, with THIRTEEN candles!"},
    {**rows()[8], "id": "near", "input": "Free coffee all morning long"},
    {**rows()[1], "id": "近", "input": "阳光照在操场上，孩子们都戴着帽子。"},
]


@pytest.mark.parametrize("select", [name for name in SELECTORS if name != "reward"])
def test_no_row_is_shown_itself_its_copy_its_fold_or_another_task(select: str) -> None:
    every = seeds([*rows(), *COPIES])
    by_id = dict(zip(ids(every), every, strict=True))
    options = {"encoder": "ngrams"} if select == "learned" else None
    generator = Demonstrations(
        shots=4, select=select, select_options=options, folds=3, near=0.7, draws=2
    )
    out = run(generator, FakeLikelihoods(known), every)
    assert len(out.records) == len(every)
    demos = [demo_of(row) for row in every]
    own = {
        task: folds([demo for demo in demos if demo.task == task], 3, 0, 0.7)
        for task in ("mood", "天气")
    }
    for seed, record in zip(every, out.records, strict=True):
        task, name = seed.meta["task"], seed.provenance.parents[0]
        shown = record.meta["demos"]
        assert 0 < len(shown) == len(set(shown)) <= 4
        assert {by_id[one].meta["task"] for one in shown} == {task}
        assert own[task][name] not in {own[task][one] for one in shown}
        like = same_text(seed.prompt, [demo_of(by_id[one]) for one in shown], 0.7)
        assert not like
        texts = [turn.content for turn in record.messages]
        written = [text for one in shown for text in (by_id[one].prompt, by_id[one].target)]
        assert texts == [*written, seed.prompt]
    assert out.funnel["near copies kept out of prompts"] >= 4  # two pairs at least, both ways


@pytest.mark.needs("retrieve")
def test_a_row_that_is_not_in_the_pool_needs_no_folds() -> None:
    every = seeds()[::2]
    pool = pool_of(every[:3], shots=9, select="dense")
    assert {demo.id for demo in pool.show(every[5], LABELS).draws[0]} == set(ids(every[:3]))
    with pytest.raises(UserError, match="the task 'mood' is labelled out of fold: 4 folds need"):
        pool_of(every[:3], folds=4).show(every[0], LABELS)


def test_the_most_similar_demo_is_the_last_and_scores_stand_beside() -> None:
    every = seeds()[1::2]
    options = {"select": "dense", "shots": 3}
    for order, falls in (("similar_last", False), ("similar_first", True)):
        pool = pool_of(every[1:], order=order, **options)
        shown = pool.show(every[0], LABELS)
        assert list(shown.scores) == sorted(shown.scores, reverse=falls)
        assert shown.scores[0] != shown.scores[-1]


@settings(deadline=None, max_examples=25)
@given(st.integers(40, 400), st.sampled_from(["chat", "base"]), st.integers(1, 3))
def test_whole_demos_are_dropped_the_least_similar_first(limit: int, form: Any, draws: int) -> None:
    every = seeds()[::2]
    options = {"select": "dense", "form": form, "draws": draws, "order": "shuffled"}
    free = pool_of(every[1:], **options).show(every[0], LABELS)
    how = showing(**options, max_prompt_tokens=limit)
    bound = TaskPool([(row, demo_of(row)) for row in every[1:]], how)
    assert how.fits(every[0].prompt, LABELS)
    shown = bound.show(every[0], LABELS)
    kept = {demo.id for demo in shown.draws[0]}
    assert all({demo.id for demo in draw} == kept for draw in shown.draws)
    assert len(kept) + shown.dropped == 4
    ranked = sorted(zip(free.scores, free.draws[0], strict=True), key=lambda pair: -pair[0])
    assert kept == {demo.id for _, demo in ranked[: len(kept)]}

    def size(count: int) -> int:
        """The longest prompt with so many demos, counted by hand."""
        texts = [every[0].prompt, max(LABELS, key=text_tokens)]
        for _, demo in ranked[:count]:
            texts += [demo.input, demo.output]
        if form == "chat":
            return sum(8 + text_tokens(text) for text in texts)
        marks = "\n" * (1 + 4 * count)
        return 8 + text_tokens(marks + "".join(texts))

    assert size(len(kept)) <= limit
    assert len(kept) == 4 or size(len(kept) + 1) > limit


def test_a_row_that_does_not_fit_alone_is_counted_and_left_out() -> None:
    given = seeds([{**rows()[0], "input": "word " * 300}, *rows()[1:]])
    out = run(
        Demonstrations(shots=2, select="random", folds=2, max_prompt_tokens=60),
        FakeLikelihoods(known),
        given,
    )
    assert out.funnel["rows longer than max_prompt_tokens"] == 1
    assert (out.funnel["rows"], len(out.records)) == (20, 19)
    assert out.funnel["rows with fewer demos than shots"] > 0
    assert out.funnel["demos dropped for length"] > 0


def test_the_seed_draws_the_demos_and_adding_no_row_of_a_task_changes_them() -> None:
    def shown(seed: int, given: list[Record]) -> list[Any]:
        generator = Demonstrations(shots=2, select="balanced", folds=2, seed=seed)
        out = run(generator, FakeLikelihoods(known), given)
        return [one.meta["demos"] for one in out.records if one.meta["task"] == "mood"]

    assert shown(0, seeds()) == shown(0, seeds()) == shown(0, seeds()[::2])
    assert shown(0, seeds()) != shown(1, seeds())


def test_a_demo_is_the_whole_prompt_of_a_row_whatever_its_form() -> None:
    alpaca, plain = seeds(
        [
            {"instruction": "Übersetze.", "input": "chat noir 🐈", "output": "schwarze Katze"},
            {"prompt": "Übersetze: chat", "completion": "Katze", "id": 7},
        ]
    )
    assert demo_of(alpaca).input == "Übersetze.\n\nchat noir 🐈"
    assert (demo_of(alpaca).id, demo_of(plain).id) == (alpaca.id, "7")
    twice = seeds([{**rows()[0]}, {**rows()[2], "id": "mood-0"}])
    with pytest.raises(UserError, match="the id 'mood-0' is in the pool twice"):
        pool_of(twice)
