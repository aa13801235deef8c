"""The pool: one task, each id once, the best of what may be used."""

from __future__ import annotations

import numpy as np
import pytest

from limbeck.demos.pool import Pool
from limbeck.errors import UserError
from tests.demos.pools import demo, pool_of


def test_demos_of_several_tasks_are_refused() -> None:
    with pytest.raises(UserError, match="mixes the tasks 'a' and 'b'"):
        Pool([demo("1", "x", task="a"), demo("2", "x", task="b")])


def test_an_id_that_is_there_twice_is_refused() -> None:
    with pytest.raises(UserError, match="the id '1' is in the pool twice"):
        Pool([demo("1", "x"), demo("2", "x"), demo("1", "y")])


@pytest.mark.parametrize(
    ("k", "exclude", "reason"),
    [
        (-1, (), "at least 0, got -1"),
        (1, ("d0", "d9"), "'d9', which is no id of the pool's 2"),
        (1, "d0", "a collection of ids, got the text 'd0'"),
    ],
)
def test_what_makes_no_sense_is_refused(k: int, exclude: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        Pool(pool_of("x", "y")).usable(k, exclude)


def test_the_best_of_equals_are_the_first() -> None:
    pool = Pool(pool_of(*"abcdef"))
    scores = np.array([1.0, 2, 2, 0, 2, 1])
    usable = pool.usable(9, ["d1"])
    assert pool.best(scores, usable, 9).tolist() == [2, 4, 0, 5, 3]
    assert pool.best(scores, usable, 3).tolist() == [2, 4, 0]
    assert pool.selection(np.array([2, 0]), scores[[2, 0]]) == (("d2", "d0"), (2.0, 1.0))
