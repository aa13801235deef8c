"""Soft targets: at the right places, of the right tokens, and in the loss as its equation says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from limbeck.errors import UserError
from limbeck.hf import Loaded
from limbeck.record import Provenance, Record, user
from limbeck.registry import OptionError, build
from limbeck.trainers import attention, head
from limbeck.trainers.batch import Batch, collate, lined_up
from limbeck.trainers.example import Example, encode
from limbeck.trainers.objectives.topk_kl import TopkKl
from tests.tiny import END, make_model, make_tokenizer
from tests.trainers.families import FAMILIES, make
from tests.trainers.taught import TEXTS, by_hand, changed, nats, taught, with_soft


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return make(request.param)


@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
def test_a_student_that_is_its_teacher_has_nothing_to_learn(loaded: Loaded, kind: Any) -> None:
    examples = [with_soft(loaded, taught(loaded, *text)) for text in (TEXTS[0], ("a", "b"))]
    loaded.model.zero_grad()
    loss = nats(loaded, examples, TopkKl(kind, alpha=0.0))
    assert float(loss.detach()) == pytest.approx(0.0, abs=1e-4)
    loss.backward()  # type: ignore[no-untyped-call]
    assert max(float(w.grad.abs().max()) for w in loaded.model.parameters()) < 1e-3
    hard = nats(loaded, examples, TopkKl(kind, alpha=0.5))
    assert float(hard.detach()) > 1.0


@pytest.mark.parametrize("kind", ["forward", "reverse", "jsd"])
def test_the_loss_is_its_equation_in_float64(kind: Any) -> None:
    teacher, student = make("qwen2"), make("qwen2")
    student = replace(student, model=make_model(student.tokenizer, seed=5))
    rows = [taught(teacher, *TEXTS[0]), taught(teacher, *TEXTS[1], end=False)]
    examples = [with_soft(teacher, row) for row in rows]
    plain = Record((user("Hi"),), "Hello.", Provenance("t"))
    examples.insert(1, encode(teacher.tokenizer, plain, eos_ids=teacher.eos_ids))
    objective = TopkKl(kind, alpha=0.3, temperature=1.7, beta=0.2)
    expected, soft_places = 0.0, 0
    for example in examples:
        with torch.inference_mode():
            logits = student.model(torch.tensor([example.ids])).logits[0].double()
        row = 0
        for place in range(1, len(example.ids)):
            if not example.loss[place]:
                continue
            hard = -float(logits[place - 1].log_softmax(-1)[example.ids[place]])
            named = []
            if example.soft is not None:
                pairs = zip(example.soft.ids[row], example.soft.logprobs[row], strict=True)
                named = [(int(i), float(v)) for i, v in pairs if v > -math.inf]
            row += 1
            if named:
                soft_places += 1
                far = hand(named, logits[place - 1], kind)
                hard = 0.3 * hard + 0.7 * 1.7**2 * far
            expected += hard
    with torch.inference_mode():
        found = float(nats(student, examples, objective))
    assert found == pytest.approx(expected, rel=1e-4)
    assert 0 < soft_places < sum(example.loss_tokens for example in examples)


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_packs_and_chunks_change_neither_loss_nor_gradient(
    loaded: Loaded, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each token's soft targets stay with it, wherever it lies."""
    texts = [TEXTS[0], ("a", "b"), ("Which?", "The question is of the sea and the capital.")]
    student = replace(loaded, model=make(str(loaded.name), seed=3).model)
    examples = [with_soft(loaded, taught(loaded, *text, end=text != TEXTS[0])) for text in texts]
    examples.insert(1, replace(examples[2], soft=None))
    objective = TopkKl(alpha=0.2, temperature=1.5)

    def result(batches: list[Batch]) -> tuple[float, dict[str, torch.Tensor]]:
        student.model.zero_grad(set_to_none=True)
        total = 0.0
        for batch in batches:
            loss = objective.loss(student.model, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        return total, {name: w.grad.clone() for name, w in student.model.named_parameters()}

    expected, gradients = result([collate([example], 0) for example in examples])
    plain = sum(float(nats(student, [example], objective).detach()) for example in examples)
    assert expected == pytest.approx(plain, rel=1e-5)
    monkeypatch.setattr(head, "CHUNK", chunk * student.model.config.vocab_size)
    with attention.own(student.model):
        for batches in ([lined_up(examples)], [collate(examples, 0)]):
            found, theirs = result(batches)
            assert found == pytest.approx(expected, rel=1e-4)
            for name, gradient in gradients.items():
                assert torch.allclose(theirs[name], gradient, atol=1e-4), name


def hand(named: list[tuple[int, float]], logits: torch.Tensor, kind: str) -> float:
    """`by_hand` over fifty tokens: the named ones first, and the rest folded into the others."""
    p = logits.softmax(-1)
    ids = [token for token, _ in named]
    rest = float(1 - p[ids].sum())
    few = [float(p[token]) for token in ids] + [rest / (50 - len(ids))] * (50 - len(ids))
    renamed = [(place, value) for place, (_, value) in enumerate(named)]
    return by_hand(renamed, [math.log(one) for one in few], kind, 1.7, 0.2)


def test_without_soft_targets_it_is_cross_entropy(tiny: Loaded) -> None:
    examples = [Example((5, 6, 7, 8), (False, False, True, True))]
    with torch.inference_mode():
        logits = tiny.model(torch.tensor([examples[0].ids])).logits[0].double().log_softmax(-1)
        found = float(TopkKl().loss(tiny.model, collate(examples, 2)))
    assert found == pytest.approx(-float(logits[1, 7] + logits[2, 8]), rel=1e-5)


def test_too_many_rows_cut_otherwise_are_a_vocabulary_mismatch() -> None:
    loaded = make("qwen2")

    def learned(row: Record) -> tuple[Example, ...]:
        return TopkKl().examples(loaded.tokenizer, row, loaded.eos_ids)

    row = taught(loaded, *TEXTS[0])
    meta = row.to_json()["meta"]["logprobs"]
    good, endless = learned(row), learned(taught(loaded, *TEXTS[0], end=False))
    part = learned(changed(row, **{name: meta[name][:2] for name in meta}))
    none = (replace(good[0], soft=None),)
    n = good[0].loss_tokens
    counts = TopkKl().check([good, good, endless, endless, endless, part, part, none])
    assert counts == {"other_rows": 3, "soft_tokens": 2 * n + 3 * (n - 1) + 2 * 2}
    with pytest.raises(UserError, match=r"vocabulary mismatch.*6 of 10.*other_rows \(it is 0\.5\)"):
        TopkKl().check([good] * 4 + [part] * 6)
    assert TopkKl(other_rows=0.9).check([good] * 2 + [part] * 8)["other_rows"] == 8
    with pytest.raises(UserError, match="vocabulary mismatch"):
        TopkKl(other_rows=1.0).check([none])
    assert TopkKl().check([])["soft_tokens"] == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [("divergence", "kl"), ("alpha", 1.0), ("alpha", -0.1), ("temperature", 0), ("beta", 1)],
)
def test_options_that_make_no_sense_are_refused(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=option):
        build("objectives", "topk_kl", {option: value})


def test_learning_from_the_likeliest_brings_a_student_to_its_teacher() -> None:
    teacher = make("qwen2")
    examples = [with_soft(teacher, taught(teacher, *text)) for text in TEXTS]
    student = replace(teacher, model=make_model(make_tokenizer(), seed=7).train())
    objective = TopkKl(alpha=0.0)
    optimizer = torch.optim.AdamW(student.model.parameters(), lr=1e-2)
    tokens = sum(example.loss_tokens for example in examples)
    losses = []
    for _ in range(120):
        optimizer.zero_grad()
        loss = nats(student, examples, objective) / tokens
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.05 < 0.5 < losses[0]
    assert END in student.tokenizer.get_vocab()
