"""The training loop: repeatable, learning, and loud when it cannot learn."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.trainers.batch import Batch
from limbeck.trainers.checkpoint import Checkpoints
from limbeck.trainers.example import Example
from limbeck.trainers.loop import Point, Step, Watch, fit, mean_loss, schedule
from limbeck.trainers.objectives.sft import Sft
from tests.tiny import make_model, make_tokenizer

TOKENIZER = make_tokenizer()
EXAMPLES = [
    Example(
        tuple(10 + (7 * i + k) % 90 for k in range(5 + i % 6)),
        (False, False) + (True,) * (3 + i % 6),
    )
    for i in range(24)
]
TRAIN = [(example,) for example in EXAMPLES]
VALID = [(Example((20, 21, 22, 23), (False, True, True, True)),)]
SETTINGS = Train(epochs=3, learning_rate=3e-3, batch_tokens=64, weight_decay=0.01, packing=False)


def train(*, seed: int = 0, **changes: Any) -> tuple[Any, list[Point], list[Step]]:
    model = make_model(TOKENIZER)
    steps: list[Step] = []
    curve = fit(
        model,
        Sft(),
        changes.pop("examples", TRAIN),
        changes.pop("valid", VALID),
        settings=SETTINGS.model_copy(update=changes),
        seed=seed,
        pad_id=TOKENIZER.pad_token_id,
        on_step=steps.append,
    )
    return model, curve, steps


def test_the_same_seed_gives_the_same_weights_to_the_last_bit() -> None:
    one, curve, _ = train(seed=5)
    torch.rand(3)  # whatever others drew meanwhile
    two, again, _ = train(seed=5)
    assert curve == again
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, two.state_dict()[name]), name


def test_another_seed_gives_other_weights() -> None:
    one, two = train(seed=5)[0], train(seed=6)[0]
    assert not torch.equal(one.model.embed_tokens.weight, two.model.embed_tokens.weight)


def test_the_loss_goes_down() -> None:
    _, curve, _ = train(epochs=20)
    assert curve[-1].train_loss < 0.5 * curve[0].train_loss


def test_the_curve_begins_before_the_first_step_and_ends_after_the_last() -> None:
    model, curve, steps = train()
    first, last = curve[0], curve[-1]
    untrained = make_model(TOKENIZER)
    pad = TOKENIZER.pad_token_id
    assert (first.step, first.epoch) == (0, 0.0)
    assert first.train_loss == mean_loss(untrained, Sft(), TRAIN, SETTINGS, pad)
    assert first.valid_loss == mean_loss(untrained, Sft(), VALID, SETTINGS, pad)
    assert (last.step, last.epoch) == (len(steps), 3.0)
    assert last.valid_loss == mean_loss(model, Sft(), VALID, SETTINGS, pad)
    assert not model.training


def test_validation_is_measured_after_every_epoch() -> None:
    _, curve, _ = train()
    assert [p.epoch for p in curve if p.valid_loss is not None] == [0.0, 1.0, 2.0, 3.0]


def test_without_validation_examples_there_is_no_validation_loss() -> None:
    _, curve, _ = train(valid=[])
    assert {point.valid_loss for point in curve} == {None}


def test_every_token_is_told_once_an_epoch() -> None:
    _, _, steps = train()
    assert sum(step.tokens for step in steps) == 3 * sum(len(example.ids) for example in EXAMPLES)
    assert [step.step for step in steps] == list(range(1, steps[-1].steps + 1))


def test_points_of_the_curve_are_means_over_loss_tokens() -> None:
    # One point a step (fewer than 50 steps), so each is that step's own loss.
    _, curve, steps = train()
    assert len(steps) < 50
    told = [point.train_loss for point in curve[1:]]
    assert told == pytest.approx([step.loss for step in steps])


def test_the_mean_loss_is_over_tokens_not_over_batches() -> None:
    model = make_model(TOKENIZER)
    pad = TOKENIZER.pad_token_id
    parts = [mean_loss(model, Sft(), [row], SETTINGS, pad) for row in TRAIN]
    weights = [example.loss_tokens for example in EXAMPLES]
    expected = sum(p * w for p, w in zip(parts, weights, strict=True)) / sum(weights)
    assert mean_loss(model, Sft(), TRAIN, SETTINGS, pad) == pytest.approx(expected, rel=2e-3)


def test_nothing_to_learn_is_told() -> None:
    with pytest.raises(UserError, match="no trainable token"):
        train(examples=[(Example((5, 6), (False, False)),)])


def test_a_loss_that_is_no_number_is_told_with_what_to_do() -> None:
    class Broken(Sft):
        def loss(self, model: Any, batch: Batch) -> torch.Tensor:
            return super().loss(model, batch) * math.nan

    model = make_model(TOKENIZER)
    with pytest.raises(UserError, match=r"the loss is nan at step 1 of \d+: lower train.learning"):
        fit(model, Broken(), TRAIN, [], settings=SETTINGS, seed=0, pad_id=2)


def test_weights_that_are_frozen_stay_as_they_are() -> None:
    model = make_model(TOKENIZER)
    model.model.embed_tokens.weight.requires_grad_(False)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    fit(model, Sft(), TRAIN, [], settings=SETTINGS, seed=0, pad_id=2)
    moved = {n for n, weight in model.state_dict().items() if not torch.equal(weight, before[n])}
    assert moved == set(before) - {"model.embed_tokens.weight"}


def test_the_steps_are_adamw_on_clipped_means_with_the_scheduled_rate() -> None:
    model, reference = make_model(TOKENIZER), make_model(TOKENIZER)
    changes = {
        "epochs": 4, "batch_tokens": 4096, "clip": 0.5, "weight_decay": 2.0, "precision": "fp32"
    }  # fmt: skip
    settings = SETTINGS.model_copy(update=changes)  # one batch an epoch
    fit(model, Sft(), TRAIN, [], settings=settings, seed=0, pad_id=2)
    matrices = [weight for weight in reference.parameters() if weight.ndim == 2]
    vectors = [weight for weight in reference.parameters() if weight.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 2.0}, {"params": vectors, "weight_decay": 0.0}],
        betas=(0.9, 0.95),
    )
    for step in range(4):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * schedule(step, 4, 0.05, "cosine")
        total, count = torch.zeros(()), 0
        for example in EXAMPLES:
            ids = torch.tensor([example.ids])
            labels = ids.masked_fill(~torch.tensor([example.loss]), -100)
            total = total + reference(ids, labels=labels).loss * example.loss_tokens
            count += example.loss_tokens
        optimizer.zero_grad()
        (total / count).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(reference.parameters(), 0.5)
        optimizer.step()
    for name, weight in reference.state_dict().items():
        # Adam makes much of a gradient that is nearly nought, and so of its rounding.
        near = torch.isclose(model.state_dict()[name], weight, rtol=1e-4, atol=2e-6)
        assert near.float().mean() > 0.98, name


def test_every_epoch_has_an_order_of_its_own() -> None:
    _, _, steps = train(epochs=2, batch_tokens=32)
    half = len(steps) // 2
    assert [step.tokens for step in steps[:half]] != [step.tokens for step in steps[half:]]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("constant", [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1, 1, 1]),
        ("linear", [1 / 3, 2 / 3, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]),
        (
            "cosine",
            [
                1 / 3,
                2 / 3,
                1,
                0.9619398,
                0.8535534,
                0.6913417,
                0.5,
                0.3086583,
                0.1464466,
                0.0380602,
            ],
        ),
    ],
)
def test_the_schedule_warms_up_and_comes_down(shape: str, expected: list[float]) -> None:
    assert [schedule(step, 10, 0.2, shape) for step in range(10)] == pytest.approx(expected)


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_the_schedule_is_zero_after_the_last_step(shape: str) -> None:
    assert schedule(10, 10, 0.2, shape) == pytest.approx(0)


def test_without_warm_up_the_first_step_is_a_full_one() -> None:
    assert schedule(0, 10, 0.0, "constant") == 1.0
    assert schedule(0, 1, 0.0, "cosine") == 1.0


def test_a_warm_up_of_less_than_a_step_is_one_step() -> None:
    assert [schedule(step, 5, 0.05, "constant") for step in range(3)] == [0.5, 1.0, 1.0]


class BreaksAt(Sft):
    """A loss that is no number from one step on."""

    def __init__(self, step: int) -> None:
        super().__init__()
        object.__setattr__(self, "left", [step])

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        left: list[int] = getattr(self, "left")  # noqa: B009  # frozen, and no field
        if torch.is_grad_enabled():
            left[0] -= 1
        return super().loss(model, batch) * (math.nan if left[0] < 0 else 1.0)


def test_a_loss_that_is_no_number_leaves_the_last_good_checkpoint_and_names_it(
    tmp_path: Path,
) -> None:
    settings = SETTINGS.model_copy(update={"checkpoint_steps": 2})
    checkpoints = Checkpoints(tmp_path, inputs="i")
    model = make_model(TOKENIZER)
    last = tmp_path / "step-00000006"
    words = f"the loss is nan at step 8 of .*; the last good checkpoint is {last}, from which"
    # at once, and after it was taken up again
    for step, good in ((7, checkpoints), (1, Checkpoints(tmp_path, inputs="i"))):
        with pytest.raises(UserError, match=words):
            fit(
                model, BreaksAt(step), TRAIN, [], settings=settings, seed=0, pad_id=2,
                checkpoints=good,
            )  # fmt: skip
    assert checkpoints.found()[0] == last
    assert all(weight.isfinite().all() for weight in model.state_dict().values())
    fit(model, Sft(), TRAIN, [], settings=settings, seed=0, pad_id=2, checkpoints=checkpoints)
    whole, _, _ = train(valid=[])
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, model.state_dict()[name]), name


def test_a_gradient_that_is_no_number_is_told_before_it_does_harm() -> None:
    class Steep(Sft):
        def loss(self, model: Any, batch: Batch) -> torch.Tensor:
            loss = super().loss(model, batch)
            if torch.is_grad_enabled():
                loss.register_hook(lambda gradient: gradient * math.inf)  # type: ignore[no-untyped-call]
            return loss

    model = make_model(TOKENIZER)
    with pytest.raises(UserError, match=r"the gradient is (nan|inf) at step 1 of"):
        fit(model, Steep(), TRAIN, [], settings=SETTINGS, seed=0, pad_id=2)
    assert all(weight.isfinite().all() for weight in model.state_dict().values())


def early(**changes: Any) -> tuple[Any, list[Point], list[str]]:
    """Rows that are soon learned by heart, and validation that gets worse by it."""
    said: list[str] = []
    model = make_model(TOKENIZER)
    settings = SETTINGS.model_copy(
        update={"epochs": 12, "learning_rate": 1e-2, "schedule": "constant", **changes}
    )
    curve = fit(
        model, Sft(), TRAIN, VALID, settings=settings, seed=0, pad_id=TOKENIZER.pad_token_id,
        watch=Watch(say=said.append),
    )  # fmt: skip
    return model, curve, said


def test_training_stops_after_so_many_epochs_without_improvement_and_has_the_best_weights() -> None:
    _, whole, silent = early()
    model, curve, said = early(patience=2)
    measured = [point.valid_loss for point in curve[1:] if point.valid_loss is not None]
    best = measured.index(min(measured))
    assert len(measured) == best + 3 < 12  # the best one, and two that were no better
    assert curve == whole[: len(curve)]
    assert not silent
    pad = TOKENIZER.pad_token_id
    assert mean_loss(model, Sft(), VALID, SETTINGS, pad) == min(measured) < measured[-1]
    [point] = [point for point in curve[1:] if point.valid_loss == min(measured)]
    assert said == [
        f"train: the student has the weights after step {point.step}, where the validation loss "
        f"was lowest ({min(measured):.4f})"
    ]


def test_without_patience_the_last_weights_stay() -> None:
    model, curve, _ = early()
    assert mean_loss(model, Sft(), VALID, SETTINGS, 2) == curve[-1].valid_loss


def test_points_tell_the_learning_rate_and_the_gradient_before_clipping() -> None:
    _, curve, steps = train(clip=1e-3)
    assert (curve[0].learning_rate, curve[0].gradient_norm) == (None, None)
    for point in curve[1:]:
        rate = 3e-3 * schedule(point.step - 1, len(steps), 0.05, "cosine")
        assert point.learning_rate == pytest.approx(rate)
        assert point.gradient_norm is not None
        assert point.gradient_norm > 0.1


def test_a_model_without_gradient_checkpointing_is_told() -> None:
    model = make_model(TOKENIZER)
    model.supports_gradient_checkpointing = False
    settings = SETTINGS.model_copy(update={"gradient_checkpointing": True})
    with pytest.raises(UserError, match="a LlamaForCausalLM has no gradient checkpointing"):
        fit(model, Sft(), TRAIN, [], settings=settings, seed=0, pad_id=2)


def test_packs_and_padded_rows_learn_alike() -> None:
    packed, curve, _ = train(packing=True, epochs=20)
    assert curve[-1].train_loss < 0.5 * curve[0].train_loss
    assert packed.config._attn_implementation == "sdpa"
