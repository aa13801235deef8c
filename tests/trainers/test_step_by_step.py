"""Two tasks of one model: their texts, their weights, and what the student then writes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch

from limbeck.errors import RecipeError, UserError
from limbeck.pipeline.texts import as_text
from limbeck.recipe import Format, Train
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import build
from limbeck.step_by_step import EXPLAIN, PREDICT, prefixed
from limbeck.teachers.decode import Decoder, Row
from limbeck.trainers.batch import collate, grouped
from limbeck.trainers.example import Example
from limbeck.trainers.loop import Step, fit, mean_loss
from limbeck.trainers.objectives.sft import Sft
from limbeck.trainers.objectives.step_by_step import StepByStep
from tests.tiny import END, START, make_model, make_tokenizer

TOKENIZER = make_tokenizer()
PAD = TOKENIZER.pad_token_id
EOS = [TOKENIZER.eos_token_id]
SETTINGS = Train(epochs=2, learning_rate=3e-3, batch_tokens=256, packing=False)


def row(question: str, rationale: str | None, target: str | None, **more: str) -> Record:
    meta = {} if rationale is None else {"rationale": rationale}
    return Record((user(question),), "whatever was said", Provenance("t"), target, meta | more)


def texts(record: Record, objective: StepByStep | None = None) -> list[tuple[str, str]]:
    """(given, learned) of every task."""
    found = []
    for example in (objective or StepByStep()).examples(TOKENIZER, record, EOS):
        pairs = list(zip(example.ids, example.loss, strict=True))
        parts = [[token for token, loss in pairs if loss is wanted] for wanted in (False, True)]
        found.append((TOKENIZER.decode(parts[0]), TOKENIZER.decode(parts[1])))
    return found


def asked(text: str) -> str:
    return f"{START}user\n{text}{END}\n{START}assistant\n"


RECORDS = [
    row(f"{i} + {j}? {'word ' * (i % 4)}", f"Count {j} up from {i}. " * (1 + i % 3), str(i + j))
    for i in range(6)
    for j in range(3)
]
ROWS = [StepByStep().examples(TOKENIZER, record, EOS) for record in RECORDS]


def test_a_chat_is_asked_with_the_published_prefixes() -> None:
    record = row("几号? 🙂", "  First this.\nThen that. ", "7 ")
    assert texts(record) == [
        (asked("predict: 几号? 🙂"), f"7{END}"),
        (asked("explain: 几号? 🙂"), f"First this.\nThen that.{END}"),
    ]


def test_raw_text_is_continued_after_a_space() -> None:
    [record] = as_text([row("What is 2 + 3?", "2 and 3 make 5.", "5")], Format(text="arrow"), 0)
    assert texts(record) == [
        ("predict: What is 2 + 3? ###", f" 5{END}"),
        ("explain: What is 2 + 3? ###", f" 2 and 3 make 5.{END}"),
    ]


def test_raw_text_that_ends_in_a_line_break_gets_no_space() -> None:
    record = row("Q: 2 + 3?\nA:\n", "Count.", "5")
    raw = replace(record, provenance=Provenance("t", template="raw"))
    assert texts(raw)[0] == ("predict: Q: 2 + 3?\nA:\n", f"5{END}")


def test_only_the_last_user_turn_gets_the_prefix() -> None:
    turns = (Message("system", "Be brief."), user("Hi"), Message("assistant", "Yes?"), user("Why"))
    assert prefixed(PREDICT, turns) == (*turns[:3], user("predict: Why"))
    assert prefixed("", turns) == turns


def test_the_answer_is_the_target_else_what_the_teacher_answered() -> None:
    assert texts(row("q", "r", None, answer="a, b", answer_text="B, A."))[0][1] == f"B, A{END}"
    assert texts(row("q", "r", "5", answer="6"))[0][1] == f"5{END}"
    assert texts(row("q", "r", None, answer="6"))[0][1] == f"6{END}"


@pytest.mark.parametrize(
    ("record", "lacks"),
    [
        (row("q", None, "5"), "lacks a rationale"),
        (row("q", " \n", "5"), "lacks a rationale"),
        (row("q", "r", None), "lacks an answer"),
        (row("q", "r", " "), "lacks an answer"),
    ],
)
def test_a_record_without_one_of_them_is_told(record: Record, lacks: str) -> None:
    with pytest.raises(UserError, match=lacks) as caught:
        texts(record)
    assert record.id in str(caught.value)
    assert "set train.objective to sft" in str(caught.value)


def test_the_whole_weight_on_answers_needs_no_rationale() -> None:
    objective = StepByStep(answer_weight=1)
    assert objective.weights == (1.0,)
    assert texts(row("q", None, "5"), objective) == [(asked("predict: q"), f"5{END}")]


def means(model: Any, rows: list[tuple[Example, ...]]) -> list[float]:
    """Mean nats per loss token of each task, one example at a time."""
    found = []
    with torch.no_grad():
        for examples in zip(*rows, strict=True):
            nats = sum(float(Sft().loss(model, collate([e], PAD))) for e in examples)
            found.append(nats / sum(example.loss_tokens for example in examples))
    return found


@pytest.mark.parametrize("weight", [0.5, 0.8])
def test_the_loss_weighs_the_mean_of_each_task(weight: float) -> None:
    model = make_model(TOKENIZER)
    answers, rationales = means(model, ROWS)
    exact = SETTINGS.model_copy(update={"precision": "fp32"})
    measured = mean_loss(model, StepByStep(weight), ROWS, exact, PAD)
    assert measured == pytest.approx(weight * answers + (1 - weight) * rationales, rel=1e-5)
    assert answers != pytest.approx(rationales, rel=0.01)


def test_every_step_descends_on_both_means_of_its_own_rows() -> None:
    """Against the loss written out over all logits, with plain AdamW; batches of several rows."""
    model, reference = make_model(TOKENIZER), make_model(TOKENIZER)
    changes = {
        "epochs": 1, "schedule": "constant", "warmup": 0.0, "clip": 1e9, "precision": "fp32"
    }  # fmt: skip
    settings = SETTINGS.model_copy(update=changes)
    steps: list[Step] = []
    fit(
        model, StepByStep(0.3), ROWS, [], settings=settings, seed=0, pad_id=PAD,
        on_step=steps.append,
    )  # fmt: skip
    sizes = [tuple(len(example.ids) for example in examples) for examples in ROWS]
    batches = grouped(sizes, budget=settings.batch_tokens, seed=0, epoch=0)
    assert 1 < len(batches) < len(ROWS)
    optimizer = torch.optim.AdamW(
        reference.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.0
    )
    for step, indices in zip(steps, batches, strict=True):
        loss = torch.zeros(())
        for weight, task in ((0.3, 0), (0.7, 1)):
            nats, tokens = torch.zeros(()), 0
            for example in (ROWS[index][task] for index in indices):
                logs = reference(torch.tensor([example.ids])).logits[0].log_softmax(-1)
                wanted = [t for t in range(1, len(example.ids)) if example.loss[t]]
                nats = nats - sum(logs[t - 1, example.ids[t]] for t in wanted)
                tokens += len(wanted)
            loss = loss + weight * nats / tokens
        assert step.loss == pytest.approx(float(loss.detach()), rel=1e-3)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for name, weight in reference.state_dict().items():
        near = torch.isclose(model.state_dict()[name], weight, rtol=1e-3, atol=1e-4)
        assert near.float().mean() > 0.97, name


def continued(model: Any, prompt: list[int]) -> str:
    done: list[Row] = []
    waiting = [Row(prompt, max_tokens=40)]
    decoder = Decoder(model, eos_ids=EOS, pad_id=PAD, size=1)
    decoder.run(lambda room: [waiting.pop()] if waiting else [], done.append)
    return str(TOKENIZER.decode(done[0].tokens))


def test_one_model_answers_or_explains_as_the_prefix_says() -> None:
    model = make_model(TOKENIZER)
    records = [row(f"Number {word}?", f"Because of {word}.", word * 2) for word in "abcd"]
    rows = [StepByStep().examples(TOKENIZER, record, EOS) for record in records]
    settings = SETTINGS.model_copy(update={"epochs": 60, "learning_rate": 1e-2})
    fit(model, StepByStep(), rows, rows, settings=settings, seed=0, pad_id=PAD)
    for record in records:
        for prefix, wanted in ((PREDICT, record.target), (EXPLAIN, record.meta["rationale"])):
            turns = [{"role": "user", "content": prefix + record.prompt}]
            prompt = TOKENIZER.apply_chat_template(
                turns, add_generation_prompt=True, return_dict=False
            )
            assert continued(model, prompt) == wanted


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"answer_wait": 0.3}, "no option 'answer_wait'; did you mean 'answer_weight'"),
        ({"answer_weight": 0}, "'answer_weight': Input should be greater than 0, got 0"),
        ({"answer_weight": 1.1}, "'answer_weight': Input should be less than or equal to 1"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        build("objectives", "step_by_step", options)


def test_its_options_are_checked_where_there_is_no_torch() -> None:
    code = (
        "import sys; from limbeck.registry import build\n"
        "assert build('objectives', 'step_by_step', {'answer_weight': 0.2}).weights == (0.2, 0.8)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
