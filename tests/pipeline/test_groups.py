"""What belongs together in a split."""

from __future__ import annotations

import random

from limbeck.pipeline.format import split
from limbeck.pipeline.groups import group_keys
from limbeck.record import Provenance, Record, user


def row(prompt: str, *parents: str, index: int = 0, **meta: str) -> Record:
    made = Provenance("t", index=index, parents=parents)
    return Record((user(prompt),), "x", made, meta=meta)


def test_rows_of_one_seed_are_one_source_whatever_they_ask() -> None:
    """Evolved prompts differ from each other and have one parent."""
    rows = [row("写一首诗", "a"), row("写一首长诗", "a"), row("Ein Gedicht", "b"), row("Un poème")]
    keys = group_keys(rows, "source")
    assert keys[0] == keys[1]
    assert len({keys[0], keys[2], keys[3]}) == 3


def test_a_row_of_two_seeds_joins_them_and_so_does_a_prompt() -> None:
    rows = [row("p", "a"), row("q", "b"), row("r", "b", "a"), row("s", "c"), row("S ", "d")]
    keys = group_keys(rows, "source")
    assert keys[0] == keys[1] == keys[2]
    assert keys[3] == keys[4] != keys[0]


def test_a_prompt_is_one_group_under_every_by() -> None:
    rows = [
        row("How many?", "a", template="t1"),
        row("HOW  many?", "b", template="t2", index=1),
        row("Sag es", "c", template="t3"),
    ]
    for by in ("prompt", "template", "source"):
        keys = group_keys(rows, by)
        assert keys[0] == keys[1] != keys[2], by


def test_groups_do_not_depend_on_the_order() -> None:
    rows = [row(f"p{n % 7}", f"s{n % 5}", f"s{(n * 3) % 11}", index=n) for n in range(20)]
    shuffled = rows[:]
    random.Random(1).shuffle(shuffled)
    for by in ("prompt", "template", "source"):
        keys = dict(zip([r.id for r in rows], group_keys(rows, by), strict=True))
        again = dict(zip([r.id for r in shuffled], group_keys(shuffled, by), strict=True))
        assert keys == again


def test_no_source_is_on_two_sides() -> None:
    rows = [row(f"{n}: {kind}", f"seed {n}") for n in range(20) for kind in ("short", "long", "长")]
    for seed in range(4):
        sides = split(rows, valid=2, test=0.2, seed=seed, by="source")
        found = {name: {r.provenance.parents for r in part} for name, part in sides.items()}
        assert {name: len(seeds) for name, seeds in found.items()} == {
            "train": 14, "valid": 2, "test": 4,
        }  # fmt: skip
        assert not found["train"] & found["test"]
        assert sum(map(len, sides.values())) == 60
