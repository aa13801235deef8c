"""The split by prompt or by template."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.format import split
from limbeck.record import Provenance, Record, user


def row(prompt: str, number: int = 0, **meta: Any) -> Record:
    made = Provenance("chain_of_thought", index=number)
    return Record((user(prompt),), "x", made, target="7", meta=meta)


def test_no_template_is_on_two_sides() -> None:
    rows = [
        row(f"Ana has {n} apples. How many are left? {t}", n, template=f"t{t}")
        for t in range(20)
        for n in range(5)
    ]
    sides = split(rows, valid=0.1, test=0.2, seed=1, by="template")
    found = {name: {r.meta["template"] for r in part} for name, part in sides.items()}
    assert {name: len(names) for name, names in found.items()} == {
        "train": 14,
        "valid": 2,
        "test": 4,
    }
    assert not found["train"] & found["test"]
    assert sum(len(part) for part in sides.values()) == 100
    assert split(rows, valid=0.1, test=0.2, seed=1, by="template") == sides


def test_without_a_template_of_their_own_questions_are_masked() -> None:
    """Numbers and names tell nothing apart: four stories, told ten times each."""
    stories = [
        "{} has {} apples and eats one. How many are left?",
        "A train of {} leaves at {}. When does it arrive?",
        "Yesterday {} bought {} books. How many today?",
        "{} runs {} miles every day. How far in a week?",
    ]
    names = ["Ana", "José", "Mei", "Łukasz"]
    rows = [row(s.format(names[n % 4], n + 2), n) for s in stories for n in range(10)]
    sides = split(rows, valid=0, test=1, seed=0, by="template")
    assert {name: len(part) for name, part in sides.items()} == {
        "train": 30,
        "valid": 0,
        "test": 10,
    }


def test_a_split_that_leaves_nothing_is_a_sentence() -> None:
    rows = [row("a", template="t"), row("b", template="t")]
    with pytest.raises(UserError, match="1 test and 0 valid templates, but only 1 templates"):
        split(rows, valid=0, test=1, seed=0, by="template")
