"""What every selector guarantees, and their names."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.demos import SELECTORS, Demo, Selector, selector
from limbeck.errors import RecipeError, UserError
from limbeck.registry import OptionError
from tests.demos.pools import WORDS, pool_of, pools, texts

# Selectors that rank the pool once, so that excluding only takes away.
RANKED = ("random", "bm25", "dense", "vote_k", "reward", "learned")
EQUAL = ("bm25", "dense", "hybrid", "mmr", "dpp", "vote_k", "kmeans", "reward", "learned")


def options_of(name: str, pool: list[Demo]) -> dict[str, Any]:
    if name == "reward":
        return {"scores": {demo.id: len(demo.input) % 3 for demo in pool}}
    given: dict[str, dict[str, Any]] = {
        "vote_k": {"neighbours": 3},
        "learned": {"encoder": None},
    }
    return given.get(name, {})


def made(name: str, pool: list[Demo]) -> Selector:
    return selector(name, pool, **options_of(name, pool))


@pytest.mark.parametrize("name", SELECTORS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_guarantees(name: str, data: st.DataObject) -> None:
    pool = data.draw(pools)
    query = data.draw(texts)
    k = data.draw(st.integers(0, 10))
    ids = [demo.id for demo in pool]
    exclude = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    one = made(name, pool)
    found = one.select(query, k, exclude)
    assert set(found.ids).isdisjoint(exclude)
    assert len(set(found.ids)) == len(found.ids) == min(k, len(ids) - len(exclude))
    assert set(found.ids) <= set(ids)
    assert len(found.scores) == len(found.ids)
    assert all(type(score) is float and math.isfinite(score) for score in found.scores)
    one.select("something else", 3)
    assert one.select(query, k, frozenset(exclude[::-1])) == found
    assert made(name, pool).select(query, k, exclude) == found


@pytest.mark.parametrize("name", RANKED)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_excluding_only_takes_away(name: str, data: st.DataObject) -> None:
    pool = data.draw(pools.filter(bool))
    query = data.draw(texts)
    exclude = data.draw(st.lists(st.sampled_from([demo.id for demo in pool]), unique=True))
    one = made(name, pool)
    every = zip(*one.select(query, len(pool)), strict=True)
    left = [(demo, score) for demo, score in every if demo not in exclude]
    for k in (1, len(pool)):
        found = one.select(query, k, exclude)
        assert list(zip(*found, strict=True)) == left[:k]


@pytest.mark.parametrize("name", EQUAL)
def test_between_equals_the_order_of_the_pool_decides(name: str) -> None:
    # With one output, since some compare it, too.
    pool = [replace(demo, output="good") for demo in pool_of(*["我喜欢 cat"] * 40)]
    options: dict[str, Any] = {"learned": {"encoder": None}}.get(name, {})
    if name == "reward":
        options = {"scores": dict.fromkeys([demo.id for demo in pool], 1)}
    found = selector(name, pool, **options).select("我 cat", 7, ["d1", "d3"])
    assert found.ids == ("d0", "d2", "d4", "d5", "d6", "d7", "d8")


@pytest.mark.parametrize("name", SELECTORS)
def test_the_query_in_the_pool_several_times_or_not_at_all(name: str) -> None:
    """To drop the first hit would leave a copy here, and lose the best demo there."""
    pool = pool_of("the cat sat", "The cat sat!", "the dog sat", "un film très bien", "the cat sat")
    found = made(name, pool).select("the cat sat", 5, ["d0", "d1", "d4"])
    assert sorted(found.ids) == ["d2", "d3"]
    assert len(made(name, pool).select("something new", 5).ids) == 5


@pytest.mark.parametrize("name", SELECTORS)
def test_what_makes_no_sense_is_refused_by_all(name: str) -> None:
    one = made(name, pool_of("a", "b"))
    with pytest.raises(UserError, match="at least 0, got -1"):
        one.select("a", -1)
    with pytest.raises(UserError, match="no id of the pool"):
        one.select("a", 1, ["unknown"])
    with pytest.raises(UserError, match="in the pool twice"):
        made(name, [*pool_of("a"), *pool_of("a")])


SCRIPT = """
import json, sys
from limbeck.demos import *
from tests.demos.pools import pool_of
from tests.demos.test_select import made
rows = json.loads(sys.argv[1])
pool = pool_of(*rows)
found = {name: [made(name, pool).select(query, 6, ["d1", "d4"]) for query in rows[:4]]
         for name in SELECTORS}
found["near"] = [[near.id for near in NearTexts(pool, 0.3).found(query)] for query in rows]
found["folds"] = folds(pool, 2, seed=3)
found["shuffles"] = shuffles(found["dense"][0], 5, 1, rows[0])
found["votes"] = [KnnVote(pool).vote(query).shares for query in rows[:4]]
print(json.dumps(found))
"""


@pytest.mark.needs("retrieve")
def test_every_process_selects_the_same() -> None:
    rows = [f"{WORDS[n % 13]} {WORDS[n * 5 % 13]} {WORDS[n * n % 11]}" for n in range(24)]
    found = []
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT, json.dumps(rows)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        found.append(done.stdout)
    assert found[0] == found[1]
    here = {name: made(name, pool_of(*rows)).select(rows[0], 6, ["d1", "d4"]) for name in SELECTORS}
    assert {name: json.loads(found[0])[name][0] for name in SELECTORS} == json.loads(
        json.dumps(here)
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [("bm52", "did you mean 'bm25'"), ("vote-k", "did you mean 'vote_k'"), ("xyz", "known are")],
)
def test_an_unknown_name_gets_the_nearest(name: str, reason: str) -> None:
    with pytest.raises(RecipeError, match=rf"unknown selector '{name}'; {reason}"):
        selector(name, pool_of("a"))


def test_an_unknown_or_a_missing_option_is_named() -> None:
    with pytest.raises(OptionError, match="'mmr' has no option 'relevanc'; did you mean") as caught:
        selector("mmr", pool_of("a"), relevanc=1)
    assert caught.value.option == "relevanc"
    with pytest.raises(OptionError, match="'random' has no option 'pool'"):
        selector("random", pool_of("a"), **{"pool": 1})
    with pytest.raises(OptionError, match="'reward' needs the option 'scores'"):
        selector("reward", pool_of("a"))
