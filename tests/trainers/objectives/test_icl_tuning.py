"""Learning from demos in the prompt: what is learned, and what every row weighs."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import OptionError, build
from limbeck.trainers import attention, head
from limbeck.trainers.batch import collate, lined_up
from limbeck.trainers.example import Example
from limbeck.trainers.loop import Step, fit, mean_loss
from limbeck.trainers.objectives.icl_tuning import IclTuning
from limbeck.trainers.objectives.sft import Sft
from tests.tiny import END, START, make_model, make_tokenizer

TOKENIZER = make_tokenizer()
EOS = [TOKENIZER.eos_token_id]
PAD = TOKENIZER.pad_token_id


def record(query: str, completion: str, *demos: tuple[str, str]) -> Record:
    turns = [turn for x, y in demos for turn in (user(x), Message("assistant", y))]
    return Record((*turns, user(query)), completion, Provenance("t"))


DEMOS = (("Rom?", "Italia"), ("東京?", "日本"))
RECORDS = [
    record("Paris?", "France", *DEMOS),
    record("Zagreb?", "The answer is a long one: Croatia, and the sea is the Adriatic. 🦊"),
    record("Wien?", "Österreich", DEMOS[1]),
    record("Oslo?", "Norge", DEMOS[0]),
]


def rows(objective: Any) -> list[tuple[Example, ...]]:
    return [objective.examples(TOKENIZER, one, EOS) for one in RECORDS]


def learned(example: Example) -> str:
    return str(
        TOKENIZER.decode([t for t, yes in zip(example.ids, example.loss, strict=True) if yes])
    )


def nats_of(model: Any, example: Example) -> list[float]:
    """Of each learned token, one example at a time, in float64."""
    with torch.no_grad():
        logs = model(torch.tensor([example.ids])).logits[0].double().log_softmax(-1)
    wanted = [place for place, yes in enumerate(example.loss) if yes]
    return [-float(logs[place - 1, example.ids[place]]) for place in wanted]


def test_the_last_output_is_learned_and_no_demo_is() -> None:
    [example] = IclTuning().examples(TOKENIZER, RECORDS[0], EOS)
    assert learned(example) == f"France{END}"
    assert "Italia" in TOKENIZER.decode(example.ids)
    assert [example] == list(Sft().examples(TOKENIZER, RECORDS[0], EOS))


def test_channel_learns_the_input_from_the_output() -> None:
    [example] = IclTuning("channel").examples(TOKENIZER, RECORDS[0], EOS)
    assert learned(example) == f"Paris?{END}"
    assert TOKENIZER.decode(example.ids).startswith(
        f"{START}user\nItalia{END}\n{START}assistant\nRom?{END}\n{START}user\n日本{END}"
    )
    with pytest.raises(UserError, match="its completion is empty"):
        IclTuning("channel").examples(TOKENIZER, record("a", ""), EOS)


@pytest.mark.parametrize("packing", [True, False])
def test_every_row_weighs_the_same(packing: bool) -> None:
    model = make_model(TOKENIZER)
    settings = Train(batch_tokens=300, packing=packing, precision="fp32")
    made = rows(IclTuning())
    nats = [nats_of(model, row[0]) for row in made]
    by_rows = sum(sum(one) / len(one) for one in nats) / len(nats)
    by_tokens = sum(map(sum, nats)) / sum(map(len, nats))
    found = mean_loss(model, IclTuning(), made, settings, PAD)
    assert found == pytest.approx(by_rows, rel=1e-5)
    assert by_rows != pytest.approx(by_tokens, rel=0.01)
    tokens = mean_loss(model, IclTuning(mean="tokens"), made, settings, PAD)
    assert tokens == pytest.approx(by_tokens, rel=1e-5)
    assert tokens == mean_loss(model, Sft(), made, settings, PAD)


@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_chunks_of_logits_change_nothing(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(TOKENIZER).train()
    examples = [row[0] for row in rows(IclTuning())]

    def gradients(batch: Any) -> tuple[float, dict[str, torch.Tensor]]:
        model.zero_grad(set_to_none=True)
        with attention.own(model):
            loss = IclTuning().loss(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach()), {name: w.grad.clone() for name, w in model.named_parameters()}

    expected, slopes = gradients(collate(examples, PAD))
    monkeypatch.setattr(head, "CHUNK", chunk * model.config.vocab_size)
    found, theirs = gradients(lined_up(examples))
    assert found == pytest.approx(expected, rel=1e-5)
    for name, slope in slopes.items():
        assert torch.allclose(theirs[name], slope, atol=1e-4), name


def test_micro_batches_make_the_step_that_one_batch_makes() -> None:
    """A mean of the micro-batches' means would be another one."""
    losses = []
    for micro in (None, 16):
        settings = Train(
            batch_tokens=4096, micro_tokens=micro, epochs=2, precision="fp32", learning_rate=1e-2
        )
        steps: list[Step] = []
        fit(
            make_model(TOKENIZER), IclTuning(), rows(IclTuning()), [], settings=settings, seed=0,
            pad_id=PAD, on_step=steps.append,
        )  # fmt: skip
        losses.append([step.loss for step in steps])
    assert len(losses[0]) == 2
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_a_row_without_anything_to_learn_counts_nothing() -> None:
    model = make_model(TOKENIZER)
    example = rows(IclTuning())[0][0]
    one, both = (
        float(IclTuning().loss(model, collate(examples, PAD)).detach())
        for examples in ([example], [example, example.silent])
    )
    assert both == pytest.approx(one, rel=1e-5)
    silent = IclTuning().loss(model, collate([example.silent], PAD))
    silent.backward()  # type: ignore[no-untyped-call]
    assert float(silent.detach()) == 0
    assert not model.lm_head.weight.grad.any()


@pytest.mark.parametrize(("option", "value"), [("direction", "back"), ("mean", "batch")])
def test_options_that_make_no_sense_are_refused(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=option):
        build("objectives", "icl_tuning", {option: value})
