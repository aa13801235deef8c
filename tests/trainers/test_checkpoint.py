"""Checkpoints: whole or passed over, the last few kept, nothing lost that the next step needs."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from limbeck.errors import UserError
from limbeck.trainers import checkpoint
from limbeck.trainers.checkpoint import Checkpoints, State
from limbeck.trainers.optim import adamw
from tests.tiny import make_model, make_tokenizer

TOKENIZER = make_tokenizer()


def moved(seed: int = 0) -> tuple[Any, torch.optim.AdamW]:
    """A model after a step, its head tied and one weight frozen."""
    model = make_model(TOKENIZER, seed=seed)
    model.lm_head.weight = model.model.embed_tokens.weight
    model.model.norm.weight.requires_grad_(False)
    optimizer = adamw(model, 1e-2, 0.1)
    model(torch.arange(5, 15)[None], labels=torch.arange(5, 15)[None]).loss.backward()
    optimizer.step()
    return model, optimizer


def saved(folder: Path, steps: tuple[int, ...] = (3,), **more: Any) -> tuple[Checkpoints, Any, Any]:
    model, optimizer = moved()
    checkpoints = Checkpoints(folder, inputs="i", **more)
    for step in steps:
        checkpoints.save(model, optimizer, State(step, {"place": step}))
    return checkpoints, model, optimizer


def draws() -> list[float]:
    return [random.random(), float(np.random.rand()), float(torch.rand(()))]


def test_everything_comes_back(tmp_path: Path) -> None:
    checkpoints, model, optimizer = saved(tmp_path)
    expected = draws()
    other, fresh = moved(seed=1)
    state = checkpoints.restore(other, fresh)
    assert state == State(3, {"place": 3})
    assert draws() == expected
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            assert torch.equal(dict(other.named_parameters())[name], weight), name
    ours, theirs = optimizer.state_dict()["state"], fresh.state_dict()["state"]
    assert ours.keys() == theirs.keys()
    for key, kinds in ours.items():
        assert kinds.keys() == theirs[key].keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert all(torch.equal(value, theirs[key][kind]) for kind, value in kinds.items())


def test_a_step_after_coming_back_is_the_step_without(tmp_path: Path) -> None:
    checkpoints, model, optimizer = saved(tmp_path)
    other, fresh = moved(seed=0)
    fresh.step()  # somewhere else by now
    checkpoints.restore(other, fresh)
    for one, move in ((model, optimizer), (other, fresh)):
        move.zero_grad()
        one(torch.arange(20, 30)[None], labels=torch.arange(20, 30)[None]).loss.backward()
        move.step()
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, other.state_dict()[name]), name


def test_the_best_weights_are_kept_with_it(tmp_path: Path) -> None:
    model, optimizer = moved()
    best = checkpoint.copied(model)
    assert {name for name in best if "norm.weight" in name} == {
        f"model.layers.{n}.{kind}_layernorm.weight"
        for n in (0, 1)
        for kind in ("input", "post_attention")
    }
    checkpoints = Checkpoints(tmp_path, inputs="i")
    checkpoints.save(model, optimizer, State(1, {}, best))
    state = checkpoints.restore(*moved(seed=1))
    assert state is not None
    assert state.best is not None
    assert all(torch.equal(state.best[name], weight) for name, weight in best.items())


def test_only_the_last_ones_are_kept(tmp_path: Path) -> None:
    checkpoints, _, _ = saved(tmp_path, (1, 2, 30, 4), keep=2)
    assert [path.name for path in checkpoints.found()] == ["step-00000030", "step-00000004"]
    checkpoints.clear()
    assert not tmp_path.exists()


def damage(path: Path, kind: str) -> None:
    file = path / "model.safetensors"
    if kind == "a bit":
        data = bytearray(file.read_bytes())
        data[-5] ^= 1
        file.write_bytes(data)
    elif kind == "cut short":
        file.write_bytes(file.read_bytes()[:-100])
    elif kind == "file gone":
        file.unlink()
    elif kind == "no manifest":
        (path / "manifest.json").unlink()
    elif kind == "half a manifest":
        text = (path / "manifest.json").read_text()
        (path / "manifest.json").write_text(text[: len(text) // 2])
    else:
        (path / "manifest.json").write_text(kind)


@pytest.mark.parametrize(
    "kind",
    ["a bit", "cut short", "file gone", "no manifest", "half a manifest", "[]", '{"inputs": "i"}'],
)
def test_a_damaged_one_is_passed_over_with_a_sentence(tmp_path: Path, kind: str) -> None:
    said: list[str] = []
    checkpoints, model, optimizer = saved(tmp_path, (1, 2), say=said.append)
    path = tmp_path / "step-00000002"
    damage(path, kind)
    state = checkpoints.restore(*moved(seed=1))
    assert state is not None
    assert state.step == 1
    assert len(said) == 1
    assert said[0].startswith(f"train: the checkpoint {path} is passed over: ")
    assert "damaged" in said[0]
    checkpoints.save(model, optimizer, State(2, {"place": "again"}))  # in its place
    restored = checkpoints.restore(*moved(seed=1))
    assert restored == State(2, {"place": "again"})


def test_where_all_are_damaged_there_is_none(tmp_path: Path) -> None:
    checkpoints, _, _ = saved(tmp_path, (1, 2))
    for path in checkpoints.found():
        damage(path, "a bit")
    model, optimizer = moved(seed=1)
    before = checkpoint.copied(model)
    assert checkpoints.restore(model, optimizer) is None
    assert all(torch.equal(before[n], w) for n, w in checkpoint.trained(model).items())


def test_one_of_other_inputs_is_passed_over(tmp_path: Path) -> None:
    saved(tmp_path)
    said: list[str] = []
    other = Checkpoints(tmp_path, inputs="j", say=said.append)
    assert other.restore(*moved(seed=1)) is None
    assert "of other rows, another student or other settings" in said[0]


def test_old_ones_of_other_inputs_make_room_for_new_ones_of_fewer_steps(tmp_path: Path) -> None:
    saved(tmp_path, (500, 600))
    model, optimizer = moved()
    other = Checkpoints(tmp_path, inputs="j")
    assert other.restore(model, optimizer) is None
    assert len(other.found()) == 2  # until there is a new one: the settings may be set back
    for step in (10, 20, 30):
        path = other.save(model, optimizer, State(step, {}))
        assert path.is_dir()
    assert [path.name for path in other.found()] == ["step-00000030", "step-00000020"]
    state = Checkpoints(tmp_path, inputs="j").restore(*moved(seed=1))
    assert state == State(30, {})


def test_a_damaged_one_of_later_steps_takes_no_place(tmp_path: Path) -> None:
    checkpoints, model, optimizer = saved(tmp_path, (590, 600))
    damage(tmp_path / "step-00000600", "a bit")
    assert checkpoints.restore(model, optimizer) is not None
    checkpoints = Checkpoints(tmp_path, inputs="i", keep=1)  # never asked for what is there
    assert checkpoints.save(model, optimizer, State(595, {})).is_dir()
    assert [path.name for path in checkpoints.found()] == ["step-00000595"]


def test_the_latest_good_one_is_known_after_saving_and_after_coming_back(tmp_path: Path) -> None:
    checkpoints, model, optimizer = saved(tmp_path, (1, 2))
    assert checkpoints.latest == tmp_path / "step-00000002"
    damage(tmp_path / "step-00000002", "a bit")
    again = Checkpoints(tmp_path, inputs="i")
    assert again.latest is None
    again.restore(model, optimizer)
    assert again.latest == tmp_path / "step-00000001"


def test_half_a_checkpoint_is_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it is written: what is there is a draft, and the next run clears it."""
    checkpoints, model, optimizer = saved(tmp_path, (1,))
    count = 0

    def killed(path: Path) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "_sync", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(model, optimizer, State(2, {}))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    again = Checkpoints(tmp_path, inputs="i")
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    state = again.restore(model, optimizer)
    assert state is not None
    assert state.step == 1


def test_a_full_disk_is_told_and_leaves_the_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints, model, optimizer = saved(tmp_path, (1,))

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "_sync", full)
    with pytest.raises(UserError, match="No space left on device; make room, or set"):
        checkpoints.save(model, optimizer, State(2, {}))
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_nothing_in_it_is_pickle(tmp_path: Path) -> None:
    checkpoints, _, _ = saved(tmp_path)
    [path] = checkpoints.found()
    assert {file.suffix for file in path.iterdir()} == {".safetensors", ".json"}
    manifest = json.loads((path / "manifest.json").read_text())
    assert set(manifest["files"]) == {file.name for file in path.iterdir()} - {"manifest.json"}
    shutil.rmtree(path)
