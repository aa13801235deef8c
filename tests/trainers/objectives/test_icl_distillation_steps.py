"""Training on labels: every step descends on its own mix of terms, however it falls apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from limbeck.recipe import Train
from limbeck.record import Record, user
from limbeck.trainers.curve import Point
from limbeck.trainers.loop import Step, Watch, fit, mean_loss
from limbeck.trainers.measure import plan
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from tests.tiny import make_model
from tests.trainers.objectives.labelled import (
    PAD,
    RECORDS,
    TOKENIZER,
    lengths_of,
    logs,
    nats_of,
    record,
    rows,
    terms_of,
)

MIXED = IclDistillation(alpha_start=0.9, alpha_end=0.2, beta=0.5)
PLAIN = Train(
    epochs=2, learning_rate=3e-3, batch_tokens=450, precision="fp32", schedule="constant",
    warmup=0.0, clip=1e9,
)  # fmt: skip


def train(
    objective: IclDistillation = MIXED, valid: bool = False, **changes: Any
) -> tuple[Any, list[Step], list[Point]]:
    model, steps = make_model(TOKENIZER), list[Step]()
    settings = PLAIN.model_copy(update=changes)
    made = rows(objective)
    curve = fit(
        model, objective, made, made[:3] if valid else [], settings=settings, seed=0, pad_id=PAD,
        watch=Watch(step=steps.append),
    )  # fmt: skip
    return model, steps, curve


@pytest.mark.parametrize("packing", [True, False])
def test_every_step_descends_on_its_own_mix_of_means(packing: bool) -> None:
    """Against the loss written out one sequence at a time, with plain AdamW."""
    sizes: dict[str, Any] = {"micro_tokens": 200}
    if packing:  # prompts count once
        sizes = {"batch_tokens": 170, "micro_tokens": 90}
    model, steps, _ = train(packing=packing, **sizes)
    reference = make_model(TOKENIZER)
    optimizer = torch.optim.AdamW(
        reference.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.0
    )
    settings = PLAIN.model_copy(update={"packing": packing, **sizes})
    order = plan(rows(MIXED), settings, 0, packs=packing)
    batches = [indices for epoch in order for indices in epoch]
    assert 4 <= len(batches) == len(steps) < 12
    assert max(map(len, batches)) > 1
    for number, (step, indices) in enumerate(zip(steps, batches, strict=True)):
        a = 0.9 - 0.7 * number / len(batches)
        terms = terms_of(reference, [RECORDS[index] for index in indices], beta=0.5)
        hard, soft, hard_lm, soft_lm = terms
        loss = a * (hard + 0.5 * hard_lm) + (1 - a) * (soft + 0.5 * soft_lm)
        assert step.loss == pytest.approx(float(loss.detach()), rel=1e-3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for name, weight in reference.state_dict().items():
        near = torch.isclose(model.state_dict()[name], weight, rtol=1e-3, atol=1e-4)
        assert near.float().mean() > 0.97, name


@pytest.mark.parametrize("packing", [True, False])
def test_one_batch_of_all_is_a_batch_for_every_record(packing: bool) -> None:
    whole, steps, curve = train(packing=packing, batch_tokens=4096)
    single, again, points = train(packing=packing, batch_tokens=4096, micro_tokens=16)
    assert len(steps) == len(again) == 2
    for one, two in zip(steps, again, strict=True):
        assert two.loss == pytest.approx(one.loss, rel=1e-4)
    for before, after in zip(curve[1:], points[1:], strict=True):
        assert after.terms == pytest.approx(before.terms, rel=1e-4)
        assert after.gradient_norm == pytest.approx(before.gradient_norm, rel=1e-3)
    for name, weight in whole.state_dict().items():
        near = torch.isclose(single.state_dict()[name], weight, rtol=1e-3, atol=1e-5)
        assert near.float().mean() > 0.99, name


def test_the_curve_has_the_terms_and_their_weights_and_one_scale() -> None:
    """Measured with one alpha all along, or it would fall by the schedule alone."""
    _, steps, curve = train(valid=True, learning_rate=1e-12, batch_tokens=4096, epochs=4)
    model = make_model(TOKENIZER)
    with torch.no_grad():
        terms = [float(term) for term in terms_of(model, RECORDS, beta=0.5)]
        few = [float(term) for term in terms_of(model, RECORDS[:3], beta=0.5)]
    mix = (0.2, 0.8, 0.1, 0.4)
    expected = sum(weight * term for weight, term in zip(mix, terms, strict=True))
    valid = sum(weight * term for weight, term in zip(mix, few, strict=True))
    names = ("hard_icl", "soft_icl", "hard_lm", "soft_lm")
    assert [point.step for point in curve] == [0, 1, 2, 3, 4]
    for point in curve:
        assert point.train_loss == pytest.approx(expected, rel=1e-4)
        assert point.valid_loss == pytest.approx(valid, rel=1e-4)
    for number, point in enumerate(curve[1:]):
        a = 0.9 - 0.7 * number / 4
        assert point.terms == pytest.approx(dict(zip(names, terms, strict=True)), rel=1e-4)
        assert point.weights == pytest.approx(
            dict(zip(names, (a, 1 - a, a / 2, (1 - a) / 2), strict=True))
        )
    losses = [step.loss for step in steps]
    assert max(losses) - min(losses) > 0.01 * losses[0]  # each step's own
    written = json.loads(json.dumps(curve[1].to_json()))
    assert Point(**written) == curve[1]
    assert "terms" not in curve[0].to_json()


def test_what_no_row_has_is_left_out_of_the_terms() -> None:
    objective = IclDistillation(alpha_start=0.0)
    made = rows(objective, [RECORDS[2], RECORDS[5]])
    curve = fit(make_model(TOKENIZER), objective, made, [], settings=PLAIN, seed=0, pad_id=PAD)
    assert curve[-1].terms is not None
    assert set(curve[-1].terms) == {"soft_icl"}


def shares(model: Any, one: Record) -> list[float]:
    """What the student thinks of the labels."""
    options = [str(option) for option in one.meta["options"]]
    with torch.no_grad():
        nats = [nats_of(model, one, option) for option in options]
        sizes = lengths_of(nats, options, "sum")
        scores = [-sum(n) / size for n, size in zip(nats, sizes, strict=True)]
        return [float(score.exp()) for score in logs(scores)]


def test_a_student_comes_to_think_of_the_labels_what_its_teacher_thinks() -> None:
    """Without right labels, and asked without demos."""
    taught = [
        record("Paris?", ["France", "Italy", "日本"], None, [0.6, 0.1, 0.3]),
        record("東京?", ["France", "Italy", "日本"], None, [0.05, 0.15, 0.8]),
    ]
    objective = IclDistillation(alpha_start=0, divergence="kl", student_prompt="query")
    model = make_model(TOKENIZER)
    settings = Train(epochs=40, learning_rate=1e-2, batch_tokens=1024, precision="fp32")
    made = rows(objective, taught)
    fit(model, objective, made, made, settings=settings, seed=0, pad_id=PAD)
    assert mean_loss(model, objective, made, settings, PAD) < 0.01
    for one in taught:
        alone = Record((user(one.prompt),), "", one.provenance, None, one.meta)
        wanted = one.meta["label_distribution"]["probabilities"].values()
        assert shares(model, alone) == pytest.approx(list(wanted), abs=0.05)
