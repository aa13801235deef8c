"""The loop's pools: policies, the draw for a round, and seeds that survive being written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.pipeline.iterate.guard import Guard
from limbeck.pipeline.iterate.pools import Pools, sampled, seed_row, start_pools, write_pool
from limbeck.recipe import Iterate, Recipe
from limbeck.record import Provenance, Record, user
from limbeck.seeds import read_seeds, seeds_of

ROWS: list[dict[str, Any]] = [
    {"prompt": "Which day follows Monday?"},
    {"id": "q7", "prompt": "今天是星期几？", "target": "星期一", "kind": "text", "task": "days"},
    {
        "prompt": "Two and two?",
        "target": "4",
        "kind": "number",
        "template": "sum/1",
        "family": "sum",
        "solution": "2 + 2 = 4. So the answer is 4.",
    },
    {"prompt": "Pick 🍎", "target": "A", "kind": "choice", "options": ["🍎", "🍐"]},
    {"instruction": "Translate into French.", "input": "good morning", "output": "bonjour"},
    {"instruction": "Name a colour.", "input": ""},
    {
        "instruction": "Is it positive?",
        "instances": [{"input": "شكرا جزيلا", "output": "yes"}],
        "is_classification": True,
    },
    {"task": "sst", "input": "good film", "output": "yes", "options": ["yes", "no"]},
    {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": "Who are you?"},
        ],
        "target": "limbeck",
    },
]


def seeds() -> list[Record]:
    return [seed for row in ROWS for seed in seeds_of(row)]


def new(text: str) -> Record:
    made = Provenance("adversarial", prompt_version="adversarial_hard.v1", parents=("0a",))
    return Record((user(text),), "", made, meta={"instruction": text, "input": ""})


def test_a_seed_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "pool.jsonl"
    write_pool(path, seeds())
    again = read_seeds(path)
    assert len(again) == len(ROWS)
    for before, after in zip(seeds(), again, strict=True):
        assert after.id == before.id
        assert after.messages == before.messages
        assert after.target == before.target
        assert dict(after.meta) == dict(before.meta)


def test_a_named_seed_keeps_its_name_and_a_new_one_gets_its_id() -> None:
    named = next(seeds_of(ROWS[1]))
    assert seed_row(named)["id"] == "q7"
    one = new("Name three rare stones.")
    row = seed_row(one)
    assert row["id"] == one.id
    (again,) = seeds_of(row)
    assert again.provenance.parents == (one.id,)
    assert again.messages == one.messages


@settings(max_examples=40)
@given(st.text(min_size=1).filter(lambda text: bool(text.strip())), st.text())
def test_any_instruction_and_input_come_back(instruction: str, given_: str) -> None:
    try:
        (seed,) = seeds_of({"instruction": instruction, "input": given_, "output": "x"})
    except ValueError:  # half a character
        return
    (again,) = seeds_of(json.loads(json.dumps(seed_row(seed))))
    assert again.messages == seed.messages
    assert again.target == seed.target


def test_the_train_pool_is_replaced_or_grows_and_the_cache_pool_grows() -> None:
    start = Pools(tuple(seeds()[:2]), tuple(seeds()[:3]))
    one = new("Explain tides to a child.")
    grown = start.with_new([one], Iterate())
    assert [seed.id for seed in grown.train] == [*(s.id for s in seeds()[:2]), one.id]
    replaced = start.with_new([one], Iterate(train_pool="replace"))
    assert [seed.id for seed in replaced.train] == [one.id]
    for pools in (grown, replaced):
        assert [seed.id for seed in pools.cache] == [*(s.id for s in seeds()[:3]), one.id]
        assert len(pools.known) == 4


def test_the_draw_is_of_the_round_and_keeps_the_order() -> None:
    cache = [new(f"Say the number {number} in Latin.") for number in range(60)]
    first, again = (sampled(cache, 20, 0, 1) for _ in range(2))
    assert [seed.id for seed in first] == [seed.id for seed in again]
    places = [cache.index(seed) for seed in first]
    assert places == sorted(places)
    assert len(set(places)) == 20
    others = [seed.id for seed in sampled(cache, 20, 0, 2)]
    assert others != [seed.id for seed in first]
    assert [seed.id for seed in sampled(cache, 20, 1, 1)] != [seed.id for seed in first]
    assert sampled(cache, None, 0, 1) == cache
    assert sampled(cache, 61, 0, 1) == cache


def test_a_seed_that_is_held_out_stops_the_loop(tmp_path: Path) -> None:
    asked, train = tmp_path / "test.jsonl", tmp_path / "train.jsonl"
    rows = [{"prompt": f"How many legs have {n} spiders?", "target": str(8 * n)} for n in (2, 3)]
    asked.write_text(json.dumps(rows[1]) + "\n", encoding="utf-8")
    train.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = Recipe.model_validate(
        {
            "name": "r",
            "seeds": str(train),
            "teacher": "fake:t",
            "student": "fake:s",
            "eval": {"tasks": [str(asked)]},
            "iterate": {},
        }
    )
    both, one = list(read_seeds(train)), [next(seeds_of(rows[0]))]
    said = r"train\.jsonl has 1 of the held-out items in it.*'How many legs have 3"
    with pytest.raises(UserError, match=said):
        start_pools(recipe, both, None, Guard(recipe))
    with pytest.raises(UserError, match=r"None has 1 of the held-out items in it"):
        start_pools(recipe, one, both, Guard(recipe))
    pools = start_pools(recipe, one, None, Guard(recipe))
    assert pools.train == pools.cache == tuple(one)
    assert start_pools(recipe, one, one, Guard(recipe)).cache == tuple(one)
