"""`seeds.part`: parts share no seed and are everything together, whatever the order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.errors import DataError
from limbeck.pipeline.generate import generator_of, inputs
from limbeck.pipeline.seeds import number_of_part, pool_of_recipe, seeds_of_recipe
from tests.pipeline.machines import ROWS, Machines


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


@given(st.lists(st.text(), unique=True), st.integers(1, 50))
def test_every_seed_is_in_one_part(ids: list[str], of: int) -> None:
    numbers = [number_of_part(name, of) for name in ids]
    assert all(1 <= number <= of for number in numbers)
    assert numbers == [number_of_part(name, of) for name in ids]


def test_parts_are_about_as_large_as_each_other() -> None:
    """Within five standard deviations of a fair draw: sqrt(30000 * 1/3 * 2/3) is 82."""
    sizes = Counter(number_of_part(f"{n:032x}", 3) for n in range(30_000))
    assert all(abs(size - 10_000) < 5 * 82 for size in sizes.values())


def test_the_number_of_a_seed_never_changes() -> None:
    """Golden: BLAKE2b-128 of the JSON text of the id, as an integer, modulo 7, plus 1."""
    import hashlib

    for name in ("0" * 32, "abc", "中"):
        digest = hashlib.blake2b(f'"{name}"'.encode(), digest_size=16).digest()
        assert number_of_part(name, 7) == int.from_bytes(digest, "big") % 7 + 1


def test_parts_are_in_file_order_and_stay_when_the_file_changes(machines: Machines) -> None:
    def prompts(machine: str, part: str | None, rows: list[dict[str, str]] = ROWS) -> list[str]:
        recipe = machines.context(machine, part, rows=rows).recipe
        return [seed.prompt for seed in seeds_of_recipe(recipe)]

    whole = prompts("m", None)
    parts = [prompts("m", f"{n}/3") for n in (1, 2, 3)]
    assert sorted(prompt for part in parts for prompt in part) == sorted(whole)
    for part in parts:
        assert part == [prompt for prompt in whole if prompt in part]
        assert 0 < len(part) < len(whole)
    longer = [{"prompt": "új"}, *ROWS[::-1], {"prompt": "új 2"}]
    for number, part in enumerate(parts, start=1):
        assert set(part) <= set(prompts("m", f"{number}/3", longer))


def test_the_limit_comes_first(machines: Machines) -> None:
    recipes = [machines.context("m", f"{n}/2", seeds={"limit": 9}).recipe for n in (1, 2)]
    found = {seed.prompt for recipe in recipes for seed in seeds_of_recipe(recipe)}
    assert found == {row["prompt"] for row in ROWS[:9]}


def test_demos_are_from_all_parts(machines: Machines) -> None:
    rows = [{"task": "t", "input": f"row {n}", "output": "x"} for n in range(8)]
    how = {"generator": "demonstrations", "labels": "text", "shots": 2}
    context = machines.context("m", "1/2", rows=rows, generate=how)
    assert len(seeds_of_recipe(context.recipe)) < len(rows)
    assert len(pool_of_recipe(context.recipe)) == len(rows)
    assert len(generator_of(context).pool) == len(rows)  # type: ignore[attr-defined]


def test_an_empty_part_is_a_sentence(machines: Machines) -> None:
    context = machines.context("m", "1/1000")
    with pytest.raises(DataError, match=r"part 1/1000 of .*seeds\.jsonl is empty: 23 seeds are"):
        seeds_of_recipe(context.recipe)


def test_parts_have_inputs_of_their_own(machines: Machines) -> None:
    """A run without a part keeps those that it had: tests/pipeline/test_seeds.py."""
    found = {inputs(machines.context("m", part)) for part in (None, "1/2", "2/2", "2/3")}
    assert len(found) == 4
