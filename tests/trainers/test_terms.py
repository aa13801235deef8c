"""The terms of a loss: what they are divided by, what they are called, and their weights."""

from __future__ import annotations

import pytest

from limbeck.trainers.example import Example
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from limbeck.trainers.objectives.icl_tuning import IclTuning
from limbeck.trainers.objectives.sft import Sft
from limbeck.trainers.objectives.step_by_step import StepByStep
from limbeck.trainers.terms import Sums, counts, from_json, to_json, weights_at

LONG = Example((1, 2, 3, 4), (False, True, True, True))
SHORT = Example((1, 2, 3), (False, False, True))
NONE = Example((1, 2), (False, False))


def test_an_objective_without_more_is_divided_by_its_loss_tokens() -> None:
    assert counts(Sft(), [(LONG,), (SHORT,), (NONE,)]) == [4]
    assert counts(StepByStep(), [(SHORT, LONG), (SHORT, LONG)]) == [2, 6]
    assert counts(IclTuning(mean="tokens"), [(LONG,), (SHORT,)]) == [4]


def test_an_objective_that_counts_is_divided_by_that() -> None:
    assert counts(IclTuning(), [(LONG,), (SHORT,), (NONE,)]) == [2]


def test_weights_stay_but_where_an_objective_changes_them() -> None:
    assert weights_at(StepByStep(0.25), 3, 4) == (0.25, 0.75)
    assert weights_at(IclDistillation(0.8, 0.2, beta=0.5), 1, 4) == pytest.approx(
        (0.65, 0.35, 0.325, 0.175)
    )


def test_a_loss_is_the_weighted_sum_of_means() -> None:
    sums = Sums((0.5, 0.25, 0.25))
    sums.add(0, 6.0, 3)
    sums.add(1, 8.0, 2)
    assert sums.loss == 0.5 * 2 + 0.25 * 4  # and nothing for a term of nothing
    assert sums.named(Sft()) is None
    again = from_json((1.0, 0.0, 0.0), to_json(sums))
    assert (again.nats, again.tokens, again.loss) == (sums.nats, sums.tokens, 2.0)


def test_terms_have_their_means_by_name_but_those_of_nothing() -> None:
    objective = IclDistillation()
    sums = Sums(objective.weights)
    for term, (nats, tokens) in enumerate([(3.0, 2), (1.0, 4), (5.0, 0), (9.0, 3)]):
        sums.add(term, nats, tokens)
    assert sums.named(objective) == {"hard_icl": 1.5, "soft_icl": 0.25, "soft_lm": 3.0}
