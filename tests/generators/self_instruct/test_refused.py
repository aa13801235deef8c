"""A refusal as a verdict."""

from __future__ import annotations

import dataclasses

import pytest

from limbeck.generators.self_instruct.refused import RULES, Refused
from limbeck.record import Provenance, Record, Verdict, user

RECORD = Record((user("写一首诗"),), "诗", Provenance("self_instruct"))


@pytest.mark.parametrize(
    ("refused", "score", "reason"),
    [
        (Refused("too_short", 3), 3.0, "too_short"),
        (Refused("empty", 0), 0.0, "empty"),
        (Refused("blacklist", "go to"), None, "blacklist: go to"),
        (Refused("unread", ""), None, "unread"),
    ],
)
def test_a_number_is_the_score_and_a_text_stands_with_the_reason(
    refused: Refused, score: float | None, reason: str
) -> None:
    assert refused.verdict(RECORD) == Verdict(RECORD.id, RULES, False, score, reason)


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Refused("empty", 0).rule = "x"  # type: ignore[misc]
