"""Speed: work counted by hand, known devices, and memory that changes no result."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from limbeck.trainers import speed
from limbeck.trainers.board import Board
from limbeck.trainers.curve import Point
from limbeck.trainers.example import Example
from limbeck.trainers.speed import Cost, Meter, Work, kept_memory, peak
from tests.tiny import make_model, make_tokenizer

CPU = torch.device("cpu")
ROWS = [
    (Example((5, 6, 7), (False, True, True)),),
    (Example((5, 6, 7, 8), (False, False, False, True)),),
]


def test_work_is_what_the_rows_have() -> None:
    assert Work.of(ROWS) == Work(tokens=7, loss_tokens=3, squares=25)


def test_a_model_costs_six_for_each_weight_and_its_attention() -> None:
    model = make_model(make_tokenizer())
    head = 400 * 32
    inner = sum(w.numel() for w in model.parameters()) - 2 * head
    cost = Cost.of(model)
    assert (cost.body, cost.head) == (6 * inner, 6 * head)
    assert cost.square == 6 * 32 * 2  # 2 layers of width 32
    work = Work(tokens=10, loss_tokens=4, squares=60)
    assert cost(work) == 60 * inner + 24 * head + 384 * 60


def test_a_frozen_weight_costs_four_and_a_tied_head_counts_as_head() -> None:
    model = make_model(make_tokenizer())
    model.lm_head.weight = model.model.embed_tokens.weight
    for weight in model.model.layers.parameters():
        weight.requires_grad_(False)
    inner = sum(weight.numel() for weight in model.model.layers.parameters())
    cost = Cost.of(model)
    assert cost.body == 4 * inner + 6 * model.model.norm.weight.numel()
    assert cost.head == 6 * 400 * 32


@pytest.mark.parametrize(
    ("name", "flops"),
    [
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA A100-SXM4-40GB", 312e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA A10G", 70e12),
        ("a card of tomorrow", None),
    ],
)
def test_known_cards_have_a_peak(
    name: str, flops: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: name)
    assert peak(torch.device("cuda")) == flops
    assert peak(CPU) is None


def test_utilisation_is_work_over_time_over_the_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    clock = types.SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(speed, "time", clock)
    model = make_model(make_tokenizer())
    cost = Cost.of(model)
    monkeypatch.setattr(speed, "peak", lambda device: cost(Work(70, 30, 250)))
    meter = Meter(model, CPU)
    assert meter.mfu is None
    for _ in range(10):
        now[0] += 0.2
        meter.add(Work.of(ROWS))
    assert meter.mfu == pytest.approx(0.5)  # in 2 s what the device could have done in 1
    assert meter.summary() == {
        "device": "CPU", "seconds": 2.0, "tokens": 70, "tokens_per_second": 35.0,
        "flops_per_second": round(cost(Work(70, 30, 250)) / 2), "mfu": 0.5,
    }  # fmt: skip


def test_kept_memory_is_given_back_and_changes_no_number() -> None:
    torch.manual_seed(0)
    one = torch.randn(1000, 1000)
    expected = one @ one
    with kept_memory(CPU):
        assert torch.equal(one @ one, expected)
    with kept_memory(torch.device("cuda")):
        pass


class Writer:
    """What SummaryWriter is asked to do."""

    said: list[Any] = []  # noqa: RUF012

    def __init__(self, folder: str, purge_step: int) -> None:
        self.said.append((Path(folder).name, purge_step))

    def add_scalar(self, *what: Any) -> None:
        self.said.append(what)

    def close(self) -> None:
        self.said.append("closed")


def test_tensorboard_gets_what_is_known_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = types.ModuleType("torch.utils.tensorboard")
    fake.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", fake)
    point = Point(3, 0.5, 1.25, None, 1e-3, 2.0, {"soft": 0.75}, {"hard": 0.5, "soft": 0.5})
    for there in (False, True):
        monkeypatch.setattr("importlib.util.find_spec", lambda name, there=there: there or None)
        Writer.said.clear()
        board = Board(tmp_path / "tensorboard")
        board.begin(2)
        board.add(point)
        board.close()
        assert bool(Writer.said) is there
    assert Writer.said == [
        ("tensorboard", 3),
        ("train/epoch", 0.5, 3),
        ("train/train_loss", 1.25, 3),
        ("train/learning_rate", 1e-3, 3),
        ("train/gradient_norm", 2.0, 3),
        ("train/terms/soft", 0.75, 3),
        ("train/weights/hard", 0.5, 3),
        ("train/weights/soft", 0.5, 3),
        "closed",
    ]
