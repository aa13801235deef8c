"""Steps: the same whatever the micro-batches, also where the memory made them smaller."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.trainers.batch import Batch
from limbeck.trainers.example import Example, Row
from limbeck.trainers.loop import Step, Watch, fit
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from limbeck.trainers.objectives.sft import Sft
from limbeck.trainers.objectives.step_by_step import StepByStep
from limbeck.trainers.step import Layout, precision_of
from tests.tiny import make_model, make_tokenizer
from tests.trainers.objectives.labelled import rows as labelled

TOKENIZER = make_tokenizer()
SETTINGS = Train(epochs=2, learning_rate=3e-3, batch_tokens=160, precision="fp32", packing=False)

ICL = IclDistillation(beta=0.5, alpha_start=0.8)


def example(index: int, size: int) -> Example:
    """Very different numbers of loss tokens: a mean over micro-batches would be another one."""
    quiet = 2 + index % 3 * size // 4
    ids = tuple(10 + (7 * index + k) % 90 for k in range(size))
    return Example(ids, (False,) * quiet + (True,) * (size - quiet))


ONE: list[Row] = [(example(i, 5 + 3 * (i % 7)),) for i in range(24)]
TWO: list[Row] = [(example(i, 5 + i % 5), example(i + 50, 9 + 3 * (i % 6))) for i in range(24)]
TASKS: dict[str, tuple[Any, list[Row]]] = {
    "sft": (Sft(), ONE),
    "step_by_step": (StepByStep(0.3), TWO),
}

LABELS: dict[str, tuple[Any, list[Row]]] = {"labels": (ICL, [*labelled(ICL)])}


def train(
    task: str = "sft", objective: Any = None, **changes: Any
) -> tuple[dict[str, torch.Tensor], list[Step], list[str]]:
    model = make_model(TOKENIZER)
    known, rows = (TASKS | LABELS)[task]
    steps: list[Step] = []
    said: list[str] = []
    settings = SETTINGS.model_copy(update=changes)
    watch = Watch(step=steps.append, say=said.append)
    fit(model, objective or known, rows, [], settings=settings, seed=0, pad_id=2, watch=watch)
    return model.state_dict(), steps, said


def assert_near(
    one: dict[str, torch.Tensor], two: dict[str, torch.Tensor], share: float = 0.999
) -> None:
    for name, weight in one.items():
        # Adam makes much of a gradient that is nearly nought, and so of its rounding.
        near = torch.isclose(two[name], weight, rtol=1e-3, atol=1e-5)
        assert near.float().mean() >= share, name


@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize("task", sorted(TASKS))
def test_one_batch_of_eight_is_eight_batches_of_one(task: str, packing: bool) -> None:
    whole, steps, _ = train(task, packing=packing)
    single, again, _ = train(task, packing=packing, micro_tokens=16)
    half, _, _ = train(task, packing=packing, micro_tokens=80)
    assert 3 < len(steps) == len(again)
    for one, two in zip(steps, again, strict=True):
        assert two.loss == pytest.approx(one.loss, rel=1e-4)
        assert two.tokens == one.tokens
    assert_near(whole, single)
    assert_near(whole, half)


def test_bf16_is_chosen_where_it_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    for amx, chosen in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx, raising=False)
        assert precision_of("auto", cpu) == chosen
        assert precision_of("auto", gpu) == "bf16"
        for device in (cpu, gpu):
            assert precision_of("bf16", device) == "bf16"
            assert precision_of("fp32", device) == "fp32"
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")  # an older torch
    assert precision_of("auto", cpu) == "fp32"


def test_the_loss_of_a_step_is_the_mean_over_its_tokens_not_over_its_micro_batches() -> None:
    """Against the mean of means, which is what there is to get wrong."""
    _, steps, _ = train(micro_tokens=16, batch_tokens=4096, epochs=1, learning_rate=1e-9)
    model = make_model(TOKENIZER)
    nats, means = 0.0, []
    for row in ONE:
        batch = Layout(packs=False, pad_id=2, precision="fp32").batch(row, torch.device("cpu"))
        with torch.no_grad():
            own = float(Sft().loss(model, batch))
        nats += own
        means.append(own / batch.loss_tokens)
    tokens = sum(row[0].loss_tokens for row in ONE)
    assert steps[0].loss == pytest.approx(nats / tokens, rel=1e-5)
    assert nats / tokens != pytest.approx(sum(means) / len(means), rel=1e-3)


@pytest.mark.parametrize("packs", [True, False])
@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("budget", [16, 50, 100, 10_000])
def test_micro_batches_hold_every_row_once_within_the_budget(
    task: str, packs: bool, budget: int
) -> None:
    rows = TASKS[task][1]
    layout = Layout(packs=packs, pad_id=2, precision="fp32")
    parts = layout.split(rows, budget)
    found = [tuple(e.ids for e in row) for part in parts for row in part]
    assert sorted(found) == sorted(tuple(e.ids for e in row) for row in rows)
    for part in parts:
        batches = [layout.batch(task, torch.device("cpu")) for task in zip(*part, strict=True)]
        assert len(part) == 1 or sum(batch.ids.numel() for batch in batches) <= budget
    assert (len(parts) == 1) == (budget == 10_000)


class Full(Sft):
    """Memory for `limit` tokens at once, padding included; it overflows forward or backward."""

    def __init__(self, limit: int, error: type[Exception] | str = "", backward: bool = False):
        super().__init__()
        made: Any = error(error.__name__) if isinstance(error, type) else RuntimeError(error)
        object.__setattr__(self, "limit", limit)
        object.__setattr__(self, "backward", backward)
        object.__setattr__(self, "error", made)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        loss = super().loss(model, batch)
        mine: Any = self
        if batch.ids.numel() > mine.limit and torch.is_grad_enabled():
            if not mine.backward:
                raise mine.error

            def overflow(gradient: torch.Tensor) -> None:
                raise mine.error

            loss.register_hook(overflow)  # type: ignore[no-untyped-call]
        return loss


@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize(
    "full",
    [
        Full(60, torch.OutOfMemoryError),
        Full(60, "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        Full(60, MemoryError, backward=True),
    ],
    ids=["forward", "cpu", "backward"],
)
def test_a_full_memory_halves_the_micro_batches_and_nothing_else(packing: bool, full: Full) -> None:
    expected, steps, _ = train(packing=packing)
    found, again, said = train(packing=packing, objective=full)
    assert [(step.step, step.tokens) for step in again] == [(s.step, s.tokens) for s in steps]
    assert_near(expected, found)
    assert said
    assert said[0] == (
        "train: the memory is full; micro-batches are now 80 tokens, the rows of a step stay the "
        "same"
    )
    assert len(said) <= 2  # it is not tried again every step


class Once(Sft):
    """The memory is full at one call, in the midst of a step. A number is drawn for every row, as
    dropout might."""

    def __init__(self, call: int) -> None:
        super().__init__()
        object.__setattr__(self, "calls", [call])

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        loss = super().loss(model, batch)
        if torch.is_grad_enabled():
            mine: Any = self
            mine.calls[0] -= 1
            for _ in batch.ids:
                torch.rand(())
            if mine.calls[0] == 0:
                raise MemoryError
        return loss


def test_a_step_that_is_begun_again_leaves_no_trace() -> None:
    """Neither of the gradient that it had, nor in the generator."""
    states: list[torch.Tensor] = []
    weights = []
    for call, told in ((-1, 0), (2, 1)):
        found, _, said = train(micro_tokens=80, objective=Once(call))
        assert len(said) == told
        weights.append(found)
        states.append(torch.get_rng_state())
    assert_near(weights[0], weights[1])
    assert torch.equal(*states)


def test_a_row_that_alone_is_too_much_is_told() -> None:
    with pytest.raises(UserError, match=r"too small for one row; set train\.gradient_"):
        train(objective=Full(20, torch.OutOfMemoryError))


def test_another_error_is_not_taken_for_a_full_memory() -> None:
    with pytest.raises(RuntimeError, match="a wrong shape"):
        train(objective=Full(60, "a wrong shape"))


def test_gradient_checkpointing_ends_with_the_same_weights() -> None:
    plain, _, _ = train(packing=True)
    saving, _, _ = train(packing=True, gradient_checkpointing=True)
    assert_near(plain, saving, 1.0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's own, in its compiler
def test_compiled_layers_end_with_the_same_weights() -> None:
    plain, steps, _ = train(packing=True)
    compiled, again, _ = train(packing=True, compile=True)
    for one, two in zip(steps, again, strict=True):
        assert two.loss == pytest.approx(one.loss, rel=1e-4)
    assert_near(plain, compiled, 0.99)


def test_compiling_without_a_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(UserError, match=r"needs a C\+\+ compiler"):
        train(compile=True)


@pytest.mark.parametrize("kind", ["FSDP", "DEEPSPEED", "MEGATRON_LM"])
def test_weights_in_pieces_are_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def accelerator(**_: Any) -> SimpleNamespace:
        return SimpleNamespace(distributed_type=SimpleNamespace(value=kind))

    monkeypatch.setattr("accelerate.Accelerator", accelerator)
    with pytest.raises(UserError, match=f"limbeck trains with DDP, not with {kind}"):
        train()


def norms(task: str) -> list[float | None]:
    """The gradient's length at every step: Adam alone would not see a wrong factor on it."""
    settings = SETTINGS.model_copy(update={"packing": True, "batch_tokens": 96})
    objective, rows = (TASKS | LABELS)[task]
    curve = fit(make_model(TOKENIZER), objective, rows, [], settings=settings, seed=0, pad_id=2)
    return [point.gradient_norm for point in curve[1:]]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["sft", "labels"])
def test_two_processes_make_the_steps_that_one_makes(tmp_path: Path, task: str) -> None:
    """DDP on gloo: rows are shared out, tokens counted over both."""
    expected, steps, _ = train(task, packing=True, batch_tokens=96, micro_tokens=40)
    code = (
        "import os, sys, torch\n"
        "torch.set_num_threads(1)\n"
        "from tests.trainers.test_step import norms, train\n"
        "task = sys.argv[2]\n"
        "weights, steps, _ = train(task, packing=True, batch_tokens=96, micro_tokens=40)\n"
        "rank = os.environ['RANK']\n"
        "found = weights, [step.loss for step in steps], norms(task), torch.rand(())\n"
        "torch.save(found, f'{sys.argv[1]}/{rank}.pt')\n"
        "torch.distributed.destroy_process_group()\n"
    )
    root = Path(__file__).resolve().parents[2]
    world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29613",
             "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true",
             "PYTHONPATH": os.pathsep.join([*sys.path, str(root)])}  # fmt: skip
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), task],
            env=os.environ | world | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    for process in both:
        said = process.communicate(timeout=200)[1]
        assert process.returncode == 0, said
    (one, losses, lengths, drawn), (two, *_, other) = (
        torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1)
    )
    assert losses == pytest.approx([step.loss for step in steps], rel=1e-4)
    assert lengths == pytest.approx(norms(task), rel=1e-3)
    assert_near(expected, one)
    assert all(torch.equal(two[name], weight) for name, weight in one.items())
    assert drawn != other  # dropout is not the same on both
