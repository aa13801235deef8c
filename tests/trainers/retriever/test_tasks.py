"""Who is held out, who may be shown to whom, and which tasks are too small."""

from __future__ import annotations

import pytest

from limbeck.demos import Demo
from limbeck.errors import UserError
from limbeck.trainers.retriever.settings import Settings
from limbeck.trainers.retriever.tasks import prepared

TEXTS = [
    "the cat sat on the mat today",
    "a film about the sea",
    "我昨天和朋友一起去看了这部新上映的电影",
    "The cat sat on the mat today!",
    "bread and butter",
    "我昨天和朋友一起去看了那部新上映的电影",
    "👍👍👍 so good",
    "une histoire très triste",
    "nothing to say here",
    "the cat sat on the mat, today",
]


def demos(*tasks: str) -> list[Demo]:
    return [Demo(f"{task}{n}", task, text, "yes") for n, text in enumerate(TEXTS) for task in tasks]


@pytest.mark.parametrize("seed", range(6))
def test_near_copies_are_on_one_side_and_never_shown(seed: int) -> None:
    for task in prepared(demos("a", "天"), Settings(valid=0.3, seed=seed)):
        held = {row.id[1:] for row in task.valid}
        assert 1 <= len(held) <= 3
        for copies in ({"0", "3", "9"}, {"2", "5"}):
            assert copies <= held or not copies & held
        pool = {row.id for row in task.train}
        assert not pool & {row.id for row in task.valid}
        assert len(task.train) + len(task.valid) == 10
        for row in (*task.train, *task.valid):
            assert task.near[row.id] <= pool
            assert (row.id in task.near[row.id]) == (row.id in pool)
        if "0" not in held:
            name = task.name
            assert task.near[f"{name}3"] == {f"{name}0", f"{name}3", f"{name}9"}


def test_the_share_is_kept_and_none_is_none() -> None:
    rows = [Demo(f"{n}", "t", f"{chr(0x4E00 + 9 * n)} {n}", "y") for n in range(50)]
    for share, count in ((0.1, 5), (0.5, 25), (0.001, 1), (0.0, 0)):
        [task] = prepared(rows, Settings(valid=share))
        assert len(task.valid) == count
    seeds = {tuple(r.id for r in prepared(rows, Settings(seed=s))[0].valid) for s in range(5)}
    assert len(seeds) == 5


def test_a_limit_draws_rows_of_each_task() -> None:
    found = prepared(demos("a", "b"), Settings(limit=6, valid=0))
    assert [len(task.train) for task in found] == [6, 6]
    assert [row.id for row in found[0].train] == sorted(row.id for row in found[0].train)
    again = prepared(demos("a"), Settings(limit=6, valid=0, seed=1))
    assert [row.id for row in again[0].train] != [row.id for row in found[0].train]


def test_a_task_of_too_few_different_texts_is_told() -> None:
    rows = [Demo(f"{n}", "小", "the very same text", "y") for n in range(9)]
    with pytest.raises(UserError, match="the task '小' has 9 rows, which are 1 groups of"):
        prepared(rows, Settings())
    few = [Demo(f"{n}", "t", text, "y") for n, text in enumerate(("one", "two", "three"))]
    with pytest.raises(UserError, match="3 groups of different texts, and 1 of these are held out"):
        prepared(few, Settings(valid=0.3))
    assert len(prepared(few, Settings(valid=0))) == 1
