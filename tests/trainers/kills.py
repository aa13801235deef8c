"""Run by test_resume.py: training that is killed, and goes on, in processes of its own.

One process loads torch and forks for every life: a fork is as good a victim of kill -9 as any.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from limbeck.recipe import Train
from limbeck.store import file_hash
from limbeck.trainers import checkpoint
from limbeck.trainers.checkpoint import Checkpoints, trained
from limbeck.trainers.example import Example
from limbeck.trainers.loop import Point, Step, Watch, fit
from limbeck.trainers.objectives.sft import Sft
from tests.trainers.families import make

ROWS = [
    (
        Example(
            tuple(10 + (7 * i + k) % 90 for k in range(6 + i % 9)),
            (False,) * 2 + (True,) * (4 + i % 9),
        ),
    )
    for i in range(40)
]  # fmt: skip
# Every row counts upwards, and this one down: it is soon the worse for what is learned.
VALID = [(Example(tuple(range(60, 46, -1)), (False,) + (True,) * 13),)]


def life(folder: Path, name: str, on_step: Callable[[Step], None], **changes: Any) -> None:
    """Train from where the folder's checkpoints are; leave the weights and the curve there."""
    family = changes.pop("family")
    loaded = make(family)
    if family == "gpt2":  # its dropout draws from the generator at every step
        for module in loaded.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.1
    settings = Train(epochs=11, batch_tokens=40, learning_rate=1e-2, checkpoint_steps=3, **changes)
    checkpoints = Checkpoints(folder / "checkpoints", inputs="i")
    resumed: list[int] = []

    def went_on(tokens: int, points: Sequence[Point]) -> None:
        resumed.append(tokens)

    curve = fit(
        loaded.model, Sft(), ROWS, VALID, settings=settings, seed=3, checkpoints=checkpoints,
        pad_id=loaded.tokenizer.pad_token_id, watch=Watch(step=on_step, resumed=went_on),
    )  # fmt: skip
    save_file(trained(loaded.model), folder / "weights.safetensors")
    result = {
        "weights": file_hash(folder / "weights.safetensors"),
        "curve": [point.to_json() for point in curve],
        "resumed": len(resumed),
    }
    (folder / f"{name}.json").write_text(json.dumps(result), encoding="utf-8")


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def forked(work: Callable[[], None]) -> int:
    """The signal that ended it; 0 for none."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # else the fork would go on as its parent
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"a life failed with {os.WEXITSTATUS(status)}")
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def dies_at(step: int) -> Callable[[Step], None]:
    def on_step(now: Step) -> None:
        if now.step == step:
            killed()

    return on_step


def dies_writing(count: int) -> None:
    """Killed when it syncs a file of a checkpoint for the `count`-th time."""
    sync, left = checkpoint._sync, [count]

    def counted(path: Path) -> None:
        left[0] -= 1
        if left[0] == 0:
            killed()
        sync(path)

    checkpoint._sync = counted


def main(folder: Path, options: dict[str, Any]) -> None:
    torch.set_num_threads(1)

    def quiet(step: Step) -> None:
        return

    (folder / "whole").mkdir(parents=True)
    assert forked(lambda: life(folder / "whole", "end", quiet, **options)) == 0
    torn = folder / "torn"
    torn.mkdir()
    for step in (1, 3, 17, 100):  # before any checkpoint, at one, after some, in a late epoch
        died = forked(lambda step=step: life(torn, "never", dies_at(step), **options))  # type: ignore[misc]
        assert died == signal.SIGKILL, step
    for count in (2, 5):

        def work(count: int = count) -> None:
            dies_writing(count)
            life(torn, "never", quiet, **options)

        assert forked(work) == signal.SIGKILL, count
    assert not (torn / "never.json").exists()
    assert forked(lambda: life(torn, "end", quiet, **options)) == 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
