"""Taken up again, training of every kind ends as if it had not been stopped: to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from limbeck.recipe import Lora, Train
from limbeck.trainers.batch import Batch
from limbeck.trainers.checkpoint import Checkpoints, trained
from limbeck.trainers.example import Row
from limbeck.trainers.loop import Point, Step, Watch, fit
from limbeck.trainers.lora import add_lora
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from limbeck.trainers.objectives.icl_tuning import IclTuning
from limbeck.trainers.objectives.sft import Sft
from limbeck.trainers.objectives.step_by_step import StepByStep
from limbeck.trainers.objectives.topk_kl import TopkKl
from tests.trainers.families import make
from tests.trainers.kills import ROWS, VALID
from tests.trainers.objectives.labelled import rows as labelled
from tests.trainers.taught import TEXTS, taught, with_soft

SETTINGS = Train(epochs=3, batch_tokens=80, learning_rate=1e-2, checkpoint_steps=3)
TWO: list[Row] = [(one[0], other[0]) for one, other in zip(ROWS, ROWS[::-1], strict=True)]


ICL = IclDistillation(beta=0.3, alpha_schedule="cosine")


class StoppedError(Exception):
    pass


def soft_rows() -> list[Row]:
    loaded = make("qwen2", seed=4)  # the teacher: another model with the student's tokens
    questions = [f"{text} {number}?" for number in range(6) for text, _ in TEXTS]
    return [(with_soft(loaded, taught(loaded, question, TEXTS[0][1])),) for question in questions]


def life(
    folder: Path, objective: Any, rows: Sequence[Row], lora: bool, stop: int, **changes: Any
) -> tuple[dict[str, torch.Tensor], list[Point]]:
    loaded = make("qwen2")
    if lora:
        add_lora(loaded.model, Lora(dropout=0.1), seed=1)

    is_plain = len(rows[0]) == 1 and rows[0][0].labels is None
    valid = VALID if is_plain else []

    def on_step(now: Step) -> None:
        if now.step == stop:
            raise StoppedError

    curve = fit(
        loaded.model, objective, rows, valid, seed=3, pad_id=2,
        settings=SETTINGS.model_copy(update=changes), watch=Watch(step=on_step),
        checkpoints=Checkpoints(folder, inputs="i"),
    )  # fmt: skip
    return trained(loaded.model), curve


@pytest.mark.parametrize(
    ("objective", "rows", "lora", "changes"),
    [
        (Sft(), ROWS, True, {"patience": 2}),
        (Sft(), ROWS, True, {"packing": False}),
        (StepByStep(0.3), TWO, False, {"micro_tokens": 32}),
        (TopkKl("jsd", alpha=0.3), None, False, {}),
        (Sft(), ROWS, False, {"gradient_checkpointing": True}),
        (ICL, labelled(ICL) * 5, False, {"batch_tokens": 250, "micro_tokens": 100}),
        (IclTuning(), ROWS, False, {"packing": False}),
    ],
    ids=[
        "lora",
        "lora padded",
        "two tasks",
        "soft targets",
        "checkpointed layers",
        "labels",
        "means over rows",
    ],
)
def test_it_ends_with_the_same_weights_and_curve(
    tmp_path: Path, objective: Any, rows: Any, lora: bool, changes: dict[str, Any]
) -> None:
    rows = soft_rows() if rows is None else rows
    whole, expected = life(tmp_path / "whole", objective, rows, lora, 0, **changes)
    with pytest.raises(StoppedError):
        life(tmp_path / "torn", objective, rows, lora, 11, **changes)
    assert Checkpoints(tmp_path / "torn", inputs="i").found()[0].name == "step-00000009"
    torn, curve = life(tmp_path / "torn", objective, rows, lora, 0, **changes)
    assert expected[-1].step > 11
    assert curve == expected
    assert torn.keys() == whole.keys()
    assert all(torch.equal(torn[name], weight) for name, weight in whole.items())


class Watched(Sft):
    """Memory for `limit` tokens at once; remembers the largest batch that was tried."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        object.__setattr__(self, "limit", limit)
        object.__setattr__(self, "sizes", [])

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        mine: Any = self
        if torch.is_grad_enabled():
            mine.sizes.append(batch.ids.numel())
            if batch.ids.numel() > mine.limit:
                raise MemoryError
        return super().loss(model, batch)


def test_what_the_memory_taught_is_known_after_coming_back_and_may_be_set_lower(
    tmp_path: Path,
) -> None:
    def sizes(micro: int | None, stop: int) -> list[int]:
        watched: Any = Watched(48)
        with suppress(StoppedError):
            life(tmp_path, watched, ROWS, False, stop, micro_tokens=micro)
        return list(watched.sizes)

    assert max(sizes(None, 5)) > 48
    assert 20 < max(sizes(None, 8)) <= 40  # half of 80: not tried again
    assert max(sizes(20, 11)) <= 20
    assert max(sizes(36, 0)) > 20  # what was only set may be set higher again
