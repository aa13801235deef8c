"""Settings that make no sense are refused in a sentence, before anything is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.trainers.retriever.settings import Settings


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"candidates": 1}, "candidates is at least 2, got 1"),
        ({"rounds": 0}, "rounds is at least 1, got 0"),
        ({"limit": 0}, "limit is at least 1, got 0"),
        ({"group": 1}, "group is at least 2, got 1"),
        ({"batch": 0}, "batch is at least 1"),
        ({"reward_epochs": 0}, "reward epochs is at least 1"),
        ({"kl": -1}, "the weight kl is at least 0, got -1"),
        ({"contrastive": float("nan")}, "the weight contrastive is at least 0"),
        ({"kl": 0, "contrastive": 0}, "both 0, so nothing would be learned"),
        ({"temperature": 0}, "temperature is above 0, got 0"),
        ({"learning_rate": float("inf")}, "learning rate is above 0"),
        ({"valid": 1}, "from 0 to below 1, got 1"),
        ({"near": 0}, "near is above 0, up to 1, got 0"),
        ({"label_score": "sum"}, "one of normalised, likelihood, got 'sum'"),
        ({"reward": False, "reward_target": False}, "there is none to hide the target from"),
    ],
)
def test_what_makes_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Settings(**options)


def test_every_part_can_be_switched_off_alone() -> None:
    for options in ({"reward": False}, {"reward_target": False}, {"kl": 0}, {"contrastive": 0}):
        Settings(**options)
    Settings(rounds=1, valid=0)
