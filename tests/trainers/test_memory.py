"""A full memory outside of the gradient: in validation, in the optimizer; what is drawn again."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.trainers import step
from limbeck.trainers.batch import Batch
from limbeck.trainers.example import Example, Row
from limbeck.trainers.loop import Point, Watch, fit
from limbeck.trainers.objectives.sft import Sft
from tests.tiny import make_model, make_tokenizer

TOKENIZER = make_tokenizer()
ROWS: list[Row] = [
    (Example(tuple(10 + (7 * i + k) % 90 for k in range(9)), (False,) * 3 + (True,) * 6),)
    for i in range(12)
]
SETTINGS = Train(epochs=1, batch_tokens=108, precision="fp32", packing=False)


class SmallRoom(Sft):
    """Memory for `limit` tokens at once where no gradient is taken."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        object.__setattr__(self, "limit", limit)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        limit: int = getattr(self, "limit")  # noqa: B009  # frozen, and no field
        if batch.ids.numel() > limit and not torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().loss(model, batch)


def train(objective: Sft) -> tuple[list[Point], list[str]]:
    said: list[str] = []
    curve = fit(
        make_model(TOKENIZER), objective, ROWS, ROWS[:8], settings=SETTINGS, seed=0, pad_id=2,
        watch=Watch(say=said.append),
    )  # fmt: skip
    return curve, said


@pytest.mark.parametrize("packing", [False, True])
def test_validation_in_a_full_memory_takes_smaller_batches(
    packing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "SETTINGS", SETTINGS.model_copy(update={"packing": packing}))
    expected, silent = train(Sft())
    curve, said = train(SmallRoom(30))
    assert not silent
    assert 1 <= len(said) <= 3  # not once more for every measurement
    assert said[0].startswith("train: the memory is full; micro-batches are now 54 tokens")
    for one, two in zip(expected, curve, strict=True):
        assert two.train_loss == pytest.approx(one.train_loss, rel=1e-5)
        assert two.valid_loss == pytest.approx(one.valid_loss, rel=1e-5)


def test_a_row_that_cannot_be_validated_alone_is_told() -> None:
    with pytest.raises(UserError, match=r"too small for one row; .*lower train\.max_length"):
        train(SmallRoom(8))


def test_a_memory_without_room_for_the_moments_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB")

    monkeypatch.setattr(torch.optim.AdamW, "step", full)
    with pytest.raises(UserError, match=r"too small for AdamW.*16 bytes .*student\.lora"):
        train(Sft())


def test_another_error_of_the_optimizer_is_none_of_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a wrong shape")

    monkeypatch.setattr(torch.optim.AdamW, "step", broken)
    with pytest.raises(RuntimeError, match="a wrong shape"):
        train(Sft())


def test_what_a_gpu_draws_is_put_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[Any, torch.Tensor] = {}
    gpu = torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: torch.tensor([7]))
    monkeypatch.setattr(
        torch.cuda, "set_rng_state", lambda state, device: drawn.update({device: state})
    )
    before = torch.get_rng_state()
    put_back = step.drawn_so_far(gpu)
    torch.rand(3)
    put_back()
    assert torch.equal(torch.get_rng_state(), before)
    assert drawn == {gpu: torch.tensor([7])}
    step.drawn_so_far(torch.device("cpu"))()
    assert len(drawn) == 1
