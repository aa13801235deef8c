"""How the terms of in-context learning distillation are weighted and put together."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.trainers.objectives import icl

INF = math.inf


@pytest.mark.parametrize(
    ("step", "schedule", "expected"),
    [
        (0, "linear", 0.9),
        (25, "linear", 0.725),
        (50, "linear", 0.55),
        (99, "linear", 0.207),
        (100, "linear", 0.2),
        (0, "cosine", 0.9),
        (25, "cosine", 0.2 + 0.7 * (1 + math.sqrt(0.5)) / 2),
        (50, "cosine", 0.55),
        (75, "cosine", 0.2 + 0.7 * (1 - math.sqrt(0.5)) / 2),
        (100, "cosine", 0.2),
        (0, "constant", 0.9),
        (73, "constant", 0.9),
        (100, "constant", 0.9),
        (-5, "linear", 0.9),
        (-5, "cosine", 0.9),
        (1000, "linear", 0.2),
        (1000, "cosine", 0.2),
        (1000, "constant", 0.9),
    ],
)
def test_alpha_by_hand(step: int, schedule: str, expected: float) -> None:
    assert icl.alpha(step, 100, schedule, 0.9, 0.2) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize(("start", "end"), [(0.9, 0.1), (1.0, 0.0), (0.7, 0.3), (0.1, 0.3)])
def test_alpha_meets_both_ends_exactly(schedule: str, start: float, end: float) -> None:
    for total in (1, 3, 7, 1000):
        assert icl.alpha(0, total, schedule, start, end) == start
        assert icl.alpha(total, total, schedule, start, end) == end


def test_the_last_step_of_a_training_is_one_short_of_the_end() -> None:
    assert icl.alpha(9, 10, "linear", 1.0, 0.0) == pytest.approx(0.1)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_alpha_of_a_training_of_no_steps_or_one(schedule: str) -> None:
    assert [icl.alpha(step, 0, schedule, 0.8, 0.3) for step in (-1, 0, 1)] == [0.8, 0.8, 0.3]
    assert [icl.alpha(step, 1, schedule, 0.8, 0.3) for step in (-1, 0, 1)] == [0.8, 0.8, 0.3]


def test_alpha_is_never_outside_of_nought_and_one() -> None:
    assert icl.alpha(0, 10, "linear", 1.5, -0.5) == 1.0
    assert icl.alpha(10, 10, "linear", 1.5, -0.5) == 0.0
    assert icl.alpha(5, 10, "constant", -0.5, 0.0) == 0.0


@settings(deadline=None)
@given(
    step=st.integers(-50, 150),
    total=st.integers(0, 100),
    schedule=st.sampled_from(["linear", "cosine", "constant"]),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_alpha_stays_between_its_ends_and_never_turns(
    step: int, total: int, schedule: str, ends: tuple[float, float]
) -> None:
    start, end = max(ends), min(ends)
    now = icl.alpha(step, total, schedule, start, end)
    later = icl.alpha(step + 1, total, schedule, start, end)
    assert end <= later <= now <= start


@pytest.mark.parametrize("kind", [UserError, ValueError])
def test_another_schedule_is_told_what_there_is(kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"unknown schedule 'exp'; known are linear, cosine, constant"):
        icl.alpha(1, 10, "exp", 1.0, 0.0)


def test_the_weights_of_the_terms() -> None:
    assert icl.term_weights(0.75, 0.5) == (0.75, 0.25, 0.375, 0.125)
    assert icl.term_weights(0.0, 0.0) == (0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("alpha", "beta"), [(-0.1, 0), (1.1, 0), (math.nan, 0), (0.5, -1), (0.5, math.nan), (0.5, INF)]
)
def test_weights_that_make_no_sense_are_refused(alpha: float, beta: float) -> None:
    with pytest.raises(ValueError, match=r"(alpha|beta) must be"):
        icl.term_weights(alpha, beta)


def test_the_whole_is_its_equation() -> None:
    terms = [torch.tensor(value, requires_grad=True) for value in (1.0, 2.0, 3.0, 5.0)]
    total, told = icl.icl_distillation(*terms, alpha=0.25, beta=0.2)
    assert float(total.detach()) == pytest.approx(0.25 * (1 + 0.2 * 3) + 0.75 * (2 + 0.2 * 5))
    assert {name: float(term) for name, term in told.items()} == {
        "hard_icl": 1.0, "soft_icl": 2.0, "hard_lm": 3.0, "soft_lm": 5.0
    }  # fmt: skip
    assert not any(term.requires_grad for term in told.values())
    total.backward()  # type: ignore[no-untyped-call]
    assert [float(term.grad) for term in terms] == pytest.approx(  # type: ignore[arg-type]
        [0.25, 0.75, 0.05, 0.15]
    )


def test_a_term_of_no_weight_is_left_out_even_if_it_is_infinite() -> None:
    infinite, one = torch.tensor(INF), torch.tensor(1.0)
    assert icl.icl_distillation(one, infinite, alpha=1.0)[0] == 1
    assert icl.icl_distillation(infinite, one, infinite, infinite, alpha=0.0)[0] == 1
    assert icl.icl_distillation(None, one, alpha=0.5)[0] == 0.5
    with pytest.raises(ValueError, match="no term is left with alpha 1"):
        icl.icl_distillation(None, one, alpha=1.0)


def test_it_imports_without_torch() -> None:
    code = (
        "import sys; from limbeck.trainers.objectives import icl\n"
        "assert icl.alpha(1, 2) == 0.5 and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
