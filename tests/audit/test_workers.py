"""The same results from one process and from several."""

from __future__ import annotations

import os
import signal
from operator import add

import pytest

from limbeck.audit.workers import Workers, cores, result
from limbeck.errors import UserError


@pytest.mark.parametrize("count", [0, 1, 2])
def test_results_come_in_the_order_of_the_parts(count: int) -> None:
    with Workers(count) as workers:
        assert list(workers.map(add, ((n, 10 * n) for n in range(20)))) == [
            11 * n for n in range(20)
        ]
        assert result(workers.start(add, "字", "典")) == "字典"


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_of_a_part_is_raised_here(count: int) -> None:
    with Workers(count) as workers, pytest.raises(TypeError):
        list(workers.map(add, [(1, 1), (1, "a"), (2, 2)]))


def test_a_worker_that_is_killed_is_told_in_a_sentence() -> None:
    with Workers(2) as workers, pytest.raises(UserError, match="the memory is full"):
        list(workers.map(os._exit, [(9,)]))


def test_few_parts_are_taken_before_they_are_needed() -> None:
    taken = 0

    def parts() -> object:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number, 1

    with Workers(2) as workers:
        found = workers.map(add, parts())  # type: ignore[arg-type]
        assert next(found) == 1
        assert taken <= 6


def test_a_worker_ends_at_ctrl_c_without_a_word() -> None:
    with Workers(2) as workers:
        [handler] = workers.map(signal.getsignal, [(signal.SIGINT,)])
    assert handler == signal.SIG_DFL


def test_there_is_a_core() -> None:
    assert cores() >= 1
