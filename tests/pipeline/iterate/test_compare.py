"""Folders of loops as one: what is read of them, and what cannot be averaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.errors import UserError
from limbeck.pipeline.iterate.compare import compare_loops, is_loop
from limbeck.store import write_json
from tests.evals.rounds.loops import made, three
from tests.test_recipe import BASE


def loop(folder: Path, seed: int, gain: int, *, whole: bool = True, **changes: Any) -> Path:
    """A finished loop of three rounds; `changes` are those of its recipe."""
    runs = three(gain)
    job = BASE | {"eval": {"tasks": ["test.jsonl"]}, "iterate": {"rounds": 3}, "seed": seed}
    folder.mkdir(parents=True)
    text = yaml.safe_dump(job | {"name": folder.name} | changes, allow_unicode=True)
    (folder / "iterate.yaml").write_text(text, encoding="utf-8")
    for run in runs:
        for role, result in run.roles.items():
            write_json(folder / run.name / "eval" / f"{role}.json", result)
    write_json(folder / "iterate.json", made(runs, seed=seed) | {"whole": whole})
    return folder


def compared(*paths: Path) -> dict[str, Any]:
    return compare_loops([path.name for path in paths], paths)


def test_loops_of_several_seeds_become_one(tmp_path: Path) -> None:
    paths = [loop(tmp_path / f"轮{n}", n, gain) for n, gain in enumerate((8, 2, -4))]
    assert all(map(is_loop, paths))
    found = compared(*paths)
    assert [(one["name"], one["seed"], one["training_seed"]) for one in found["loops"]] == [
        ("轮0", 0, 0), ("轮1", 1, 1), ("轮2", 2, 2),
    ]  # fmt: skip
    assert found["loops"][0]["stopped"] == "all 3 rounds are done"
    assert found["settings"]["rounds"] == 3
    last = found["tasks"][0]["against"][-1]
    assert last["loops"] == pytest.approx([0.08, 0.02, -0.04])


def test_how_a_machine_asks_and_pays_may_differ(tmp_path: Path) -> None:
    teacher = {"model": "openai:m", "base_url": "http://127.0.0.1:1/v1"}
    one = loop(tmp_path / "a", 0, 8, teacher=teacher | {"concurrency": 7}, budget={"tokens": 9})
    priced = teacher | {"rpm": 5, "price": {"input": 1, "output": 2}}
    two = loop(tmp_path / "b", 0, 2, teacher=priced, train={"seed": 4})
    found = compared(one, two)
    assert [one["training_seed"] for one in found["loops"]] == [0, 4]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"iterate": {"rounds": 2}}, "has iterate.rounds 3 and .* 2: a mean"),
        ({"train": {"epochs": 9}}, "has train.epochs .* 9"),
        ({}, r"same seeds \(seed 0, training 0\): they are one experiment twice"),
    ],
)
def test_other_recipes_and_equal_seeds_are_refused(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    paths = [loop(tmp_path / "a", 0, 8), loop(tmp_path / "b", int(bool(changes)), 2, **changes)]
    with pytest.raises(UserError, match=told):
        compared(*paths)


@pytest.mark.parametrize(
    ("key", "kind", "name"), [("seeds", "", "题.jsonl"), ("teacher", "gguf:", "m.gguf")]
)
def test_files_of_one_name_are_compared_by_their_content(
    tmp_path: Path, key: str, kind: str, name: str
) -> None:
    def of(folder: str, seed: int, text: str) -> Path:
        file = tmp_path / folder / name
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
        changes: dict[str, Any] = {key: f"{kind}{file}"}
        return loop(tmp_path / f"loop-{folder}", seed, 8, **changes)

    one, same, other = of("a", 0, "x"), of("b", 1, "x"), of("c", 2, "y")
    assert len(compared(one, same)["loops"]) == 2
    with pytest.raises(UserError, match=f"has {key}.* one name and not one content"):
        compared(one, other)
    (tmp_path / "c" / name).unlink()  # what is not here any more cannot be told apart
    assert len(compared(one, other)["loops"]) == 2


def test_what_is_not_whole_is_refused_with_the_command_that_goes_on(tmp_path: Path) -> None:
    done, other = loop(tmp_path / "a", 0, 8), loop(tmp_path / "b", 1, 2, whole=False)
    with pytest.raises(UserError, match=f"not done yet; go on with: limbeck iterate {other}"):
        compared(done, other)
    (other / "iterate.json").unlink()
    with pytest.raises(UserError, match="not done yet"):
        compared(done, other)
    third = loop(tmp_path / "c", 2, 2)
    (third / "control_rows-3" / "eval" / "student.json").unlink()
    with pytest.raises(UserError, match="control_rows-3 has no evaluation any more"):
        compared(done, third)


def test_what_is_no_loop_is_named(tmp_path: Path) -> None:
    done = loop(tmp_path / "a", 0, 8)
    with pytest.raises(UserError, match="loop-1 is no loop"):
        compared(done, done / "loop-1")
    with pytest.raises(UserError, match=f"there is no folder {tmp_path / 'b'}"):
        compared(done, tmp_path / "b")
