"""Which demos a row is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from limbeck.errors import UserError
from limbeck.evals.in_context.conditions import Condition
from limbeck.evals.in_context.controls import renamed
from limbeck.evals.in_context.prompts import Prompts
from tests.evals.in_context.made import LABELS, choices, setting, task


def ids(prompts: Prompts, condition: Condition, seed: int) -> list[tuple[str, ...]]:
    return [tuple(demo.id for demo in one.demos) for one in prompts.asked(condition, seed)]


def test_all_rows_of_a_draw_are_shown_the_same_and_every_seed_has_another() -> None:
    prompts = Prompts(task(), setting())
    drawn = [ids(prompts, Condition("random", 3, 5), seed) for seed in range(5)]
    assert all(len(set(rows)) == 1 and len(rows) == 6 for rows in drawn)
    assert len({rows[0] for rows in drawn}) == 5
    assert drawn[2] == ids(Prompts(task(), setting()), Condition("random", 3, 5), 2)


def test_fewer_demos_are_the_last_of_more() -> None:
    prompts = Prompts(task(), setting())
    for seed in range(3):
        more, fewer = (ids(prompts, Condition("random", k, 3), seed)[0] for k in (4, 2))
        assert more[2:] == fewer


def test_what_is_retrieved_is_each_rows_own_the_best_last() -> None:
    made = task()
    found = list(Prompts(made, setting()).asked(Condition("bm25", 2, 1), 0))
    assert len({one.demos for one in found}) > 1
    for one in found:
        # Words as "number" are everywhere, what tells demos apart is their last word.
        assert one.demos[-1].input.split()[-1] == one.row.input.split()[-1]


@pytest.mark.parametrize("select", ["random", "balanced", "bm25", "dense"])
def test_a_near_copy_is_never_shown_and_the_next_one_is(select: str) -> None:
    made = task()
    copy = replace(made.pool[0], input=made.rows[0].input.upper() + "!")
    made = replace(made, pool=(copy, *made.pool[1:]))
    prompts = Prompts(made, setting(seeds=4))
    assert prompts.near == 1
    for seed in range(4):
        own, *others = ids(prompts, Condition(select, 9, 4), seed)
        assert copy.id not in own
        assert len(own) == 8
        assert all(copy.id in other for other in others)


def test_controls_rename_what_the_demos_say_and_not_which_they_are() -> None:
    made, prompts = task(), Prompts(task(), setting())
    plain = list(prompts.asked(Condition("random", 4, 3), 1))
    for control in ("flipped", "random_words"):
        names = dict(zip(LABELS, renamed(LABELS, control, made.name, 1), strict=True))
        found = list(prompts.asked(Condition("random", 4, 3, control), 1))
        for one, other in zip(plain, found, strict=True):
            assert [demo.input for demo in other.demos] == [demo.input for demo in one.demos]
            assert [demo.output for demo in other.demos] == [names[d.output] for d in one.demos]
            same = LABELS if control == "flipped" else tuple(names.values())
            assert other.labels == same


def test_whole_demos_go_the_least_similar_first_where_a_prompt_is_too_long() -> None:
    made = task()
    whole = Prompts(made, setting())
    condition = Condition("random", 6, 3)
    kept = set()
    for limit in (40, 60, 80, 10_000):
        for one, other in zip(
            Prompts(made, setting(limit=limit)).asked(condition, 0),
            whole.asked(condition, 0),
            strict=True,
        ):
            assert one.demos == other.demos[len(other.demos) - len(one.demos) :]
            kept.add(len(one.demos))
    assert len(kept) > 2
    with pytest.raises(UserError, match=r"eval.in_context, the task '心情': .* limit of 3"):
        list(Prompts(made, setting(limit=3)).asked(condition, 0))


def test_rows_with_their_own_options_are_asked_these() -> None:
    found = list(Prompts(choices(), setting()).asked(Condition("random", 1, 1), 0))
    assert [one.labels for one in found] == [("yes", "no"), ("red", "green", "blue")]
