"""Checkpoints: all that the next step depends on, whole or not at all, without pickle.

step-00000120/model.safetensors      the weights that are trained, and the buffers
              optimizer.safetensors  AdamW's moments, by the name of their weight
              random.safetensors     the states of torch's generators
              best.safetensors       the best weights so far, where they are others
              state.json             step, curve, sums, python's and numpy's generators
              manifest.json          SHA-256 of the files above: written last
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from limbeck.errors import UserError
from limbeck.store import clear_drafts, file_hash

Tensors = dict[str, torch.Tensor]
MANIFEST = "manifest.json"


@dataclass(slots=True)
class State:
    """Where training stands after `step` steps. `more` is the loop's own, and JSON."""

    step: int
    more: dict[str, Any]
    best: Tensors | None = field(default=None, repr=False)


class Checkpoints:
    """The checkpoints in `folder`, the last `keep` of them, of training with these `inputs` (a
    hash). `say` is told of what is passed over. `latest` is the last one that was written or
    read."""

    def __init__(
        self,
        folder: Path,
        *,
        inputs: str,
        keep: int = 2,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.folder = folder
        self._inputs = inputs
        self._keep = keep
        self._say = say
        self._passed: set[Path] = set()
        self.latest: Path | None = None
        clear_drafts(folder)

    def found(self) -> list[Path]:
        """Every checkpoint's folder, the latest first."""
        names = [path for path in self.folder.glob("step-*") if re.search(r"-\d+$", path.name)]
        return sorted(names, reverse=True)

    def save(self, model: Any, optimizer: torch.optim.Optimizer, state: State) -> Path:
        """Write one; all but the last `keep` go, and those that were passed over. Raises UserError
        for a full disk."""
        path = self.folder / f"step-{state.step:08d}"
        draft = path.with_name(f".{path.name}.part")
        try:
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            self._write(draft, model, optimizer, state)
            shutil.rmtree(path, ignore_errors=True)  # a damaged one of the same step
            draft.rename(path)
            _sync(self.folder)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise UserError(
                f"cannot write the checkpoint {path}: {error.strerror or error}; make room, or set "
                "train.keep_checkpoints to 1"
            ) from error
        self.latest = path
        self._passed.discard(path)
        # An old one may be of more steps: the one just written is never among those that go.
        good = [old for old in self.found() if old != path and old not in self._passed]
        for old in [*good[self._keep - 1 :], *self._passed]:
            shutil.rmtree(old, ignore_errors=True)
        self._passed.clear()
        return path

    def restore(self, model: Any, optimizer: torch.optim.Optimizer) -> State | None:
        """Set everything as it was after the latest whole checkpoint; None where there is none.

        A damaged one is passed over with a sentence, and so are those of other inputs. They go
        when the next one is written.
        """
        for path in self.found():
            reason = self._wrong(path)
            if reason is None:
                self.latest = path
                return _read(path, model, optimizer)
            self._passed.add(path)
            self._say(f"train: the checkpoint {path} is passed over: {reason}")
        return None

    def clear(self) -> None:
        """Remove all of them: the training is done."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(
        self, folder: Path, model: Any, optimizer: torch.optim.Optimizer, state: State
    ) -> None:
        save_file(trained(model), folder / "model.safetensors")
        save_file(_moments(model, optimizer), folder / "optimizer.safetensors")
        save_file(_generators(), folder / "random.safetensors")
        if state.best is not None:
            save_file(state.best, folder / "best.safetensors")
        rest = {"step": state.step, "more": state.more, "random": _plain_generators()}
        (folder / "state.json").write_text(json.dumps(rest), encoding="utf-8")
        files = sorted(folder.iterdir())
        for file in files:
            _sync(file)
        manifest = {"inputs": self._inputs, "files": {f.name: file_hash(f) for f in files}}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        _sync(folder / MANIFEST)
        _sync(folder)

    def _wrong(self, path: Path) -> str | None:
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
            if manifest["inputs"] != self._inputs:
                return "it is of other rows, another student or other settings"
            for name, digest in manifest["files"].items():
                if file_hash(path / name) != digest:
                    return f"{name} is damaged"
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return f"it is damaged ({getattr(error, 'strerror', None) or type(error).__name__})"
        return None


def trained(model: Any) -> Tensors:
    """What training changes, by name: weights that are not frozen (a shared one once), buffers."""
    found = {
        name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad
    }
    saved = model.state_dict().keys()
    found |= {name: buffer for name, buffer in model.named_buffers() if name in saved}
    return {name: tensor.contiguous() for name, tensor in found.items()}


def copied(model: Any) -> Tensors:
    """A copy of that, on the CPU."""
    return {name: tensor.to("cpu", copy=True) for name, tensor in trained(model).items()}


@torch.no_grad()
def put_back(model: Any, tensors: Mapping[str, torch.Tensor]) -> None:
    """Set the model's weights and buffers to these."""
    places = dict(model.named_parameters()) | dict(model.named_buffers())
    for name, tensor in tensors.items():
        places[name].copy_(tensor)


def _read(path: Path, model: Any, optimizer: torch.optim.Optimizer) -> State:
    put_back(model, load_file(path / "model.safetensors"))
    moments = load_file(path / "optimizer.safetensors")
    names = dict(model.named_parameters())
    optimizer.state.clear()
    for key, tensor in moments.items():
        kind, _, name = key.partition("/")
        weight = names[name]
        # AdamW's fused kernel counts its steps where the weight is
        optimizer.state[weight][kind] = tensor.to(weight.device)
    value = json.loads((path / "state.json").read_text(encoding="utf-8"))
    best = path / "best.safetensors"
    _set_generators(load_file(path / "random.safetensors"), value["random"])
    return State(value["step"], value["more"], load_file(best) if best.is_file() else None)


def _moments(model: Any, optimizer: torch.optim.Optimizer) -> Tensors:
    names = {id(weight): name for name, weight in model.named_parameters()}
    return {
        f"{kind}/{names[id(weight)]}": tensor.contiguous()
        for weight, kinds in optimizer.state.items()
        for kind, tensor in kinds.items()
    }


def _generators() -> Tensors:
    found = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states = torch.cuda.get_rng_state_all()
        found |= {f"cuda:{place}": state for place, state in enumerate(states)}
    return found


def _plain_generators() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {"python": random.getstate(), "numpy": [kind, np.asarray(keys).tolist(), *rest]}


def _set_generators(states: Tensors, plain: Mapping[str, Any]) -> None:
    torch.set_rng_state(states["cpu"])
    for name, state in states.items():
        if name.startswith("cuda:") and int(name[5:]) < torch.cuda.device_count():
            torch.cuda.set_rng_state(state, int(name[5:]))
    version, numbers, gauss = plain["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, *rest = plain["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
