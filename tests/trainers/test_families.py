"""GPT-2, Llama and Qwen: padding changes no loss and no token, prompts carry no loss, ends do."""

from __future__ import annotations

import asyncio
import random

import pytest
import torch

from limbeck.hf import Loaded
from limbeck.protocols import Reply, Request
from limbeck.recipe import Train
from limbeck.record import Provenance, Record, user
from limbeck.teachers.decode import Decoder, Row
from limbeck.teachers.local import LocalTeacher
from limbeck.teachers.prompt import prompt_ids
from limbeck.trainers.batch import collate
from limbeck.trainers.example import Example
from limbeck.trainers.loop import fit
from limbeck.trainers.objectives.sft import Sft
from tests.trainers.families import FAMILIES, WINDOW, make

TEXTS = [
    ("Which sea lies between Italy and Croatia?", "The Adriatic Sea."),
    ("Hi", "The answer is 12, and the question is a question of the capital of Italy."),
    ("The capital of France is", "Paris"),
    ("Which? " * 12, "Rome."),
    ("ends with a space ", "and"),
]


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return make(request.param)


def record(prompt: str, completion: str, template: str = "chat") -> Record:
    return Record((user(prompt),), completion, Provenance("t", template=template))


def examples(loaded: Loaded, template: str = "chat") -> list[Example]:
    rows = [record(*text, template) for text in TEXTS]
    return [Sft().examples(loaded.tokenizer, row, loaded.eos_ids)[0] for row in rows]


def losses(loaded: Loaded, batches: list[list[Example]]) -> tuple[float, dict[str, torch.Tensor]]:
    """The summed loss of all batches, and its gradient."""
    loaded.model.zero_grad()
    total = 0.0
    for batch in batches:
        loss = Sft().loss(loaded.model, collate(batch, loaded.tokenizer.pad_token_id))
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    gradients = {name: weight.grad.clone() for name, weight in loaded.model.named_parameters()}
    loaded.model.zero_grad(set_to_none=True)
    return total, gradients


@pytest.mark.parametrize("template", ["chat", "raw"])
def test_a_padded_batch_costs_and_teaches_what_its_examples_do_alone(
    loaded: Loaded, template: str
) -> None:
    rows = examples(loaded, template)
    assert len({len(row.ids) for row in rows}) == len(rows)
    together, gradient = losses(loaded, [rows])
    alone, expected = losses(loaded, [[row] for row in rows])
    assert together == pytest.approx(alone, rel=1e-5)
    for name, wanted in expected.items():
        scale = float(wanted.abs().max())
        torch.testing.assert_close(gradient[name], wanted, rtol=1e-3, atol=1e-5 * max(scale, 1))


def plain_greedy(loaded: Loaded, prompt: list[int], count: int) -> list[int]:
    """One row, no padding, no cache, the whole text again for every token."""
    ids = list(prompt)
    with torch.inference_mode():
        for _ in range(count):
            token = int(loaded.model(torch.tensor([ids])).logits[0, -1].argmax())
            if token in loaded.eos_ids:
                break
            ids.append(token)
    return ids[len(prompt) :]


@pytest.mark.parametrize("size", [1, 4, 16])
def test_a_left_padded_batch_writes_what_each_prompt_gets_alone(loaded: Loaded, size: int) -> None:
    choice = random.Random(3)
    words = [choice.randrange(4, len(loaded.tokenizer)) for _ in range(60)]
    prompts = [words[: 1 + 5 * i] for i in range(12)]  # the longer ones share a beginning
    prompts += [words[i : i + 3 + 7 * i] for i in range(1, 6)]
    rows = [Row(prompt, max_tokens=5 + place % 11) for place, prompt in enumerate(prompts)]
    waiting, done = list(rows), list[Row]()

    def pull(room: int) -> list[Row]:
        taken, waiting[:] = waiting[:room], waiting[room:]
        return taken

    pad = loaded.tokenizer.pad_token_id
    Decoder(loaded.model, eos_ids=loaded.eos_ids, pad_id=pad, size=size).run(pull, done.append)
    assert len(done) == len(rows)
    for row in rows:
        assert row.tokens == plain_greedy(loaded, row.prompt, row.max_tokens)


def answers(loaded: Loaded, requests: list[Request], batch_size: int) -> list[str]:
    async def run() -> list[Reply]:
        teacher = LocalTeacher(loaded, batch_size=batch_size)
        try:
            return list(await asyncio.gather(*map(teacher.ask, requests)))
        finally:
            await teacher.aclose()

    return [reply.text for reply in asyncio.run(run())]


@pytest.mark.parametrize("template", ["chat", "raw"])
def test_a_local_model_answers_in_a_batch_as_it_does_alone(loaded: Loaded, template: str) -> None:
    requests = [Request((user(prompt),), max_tokens=12, template=template) for prompt, _ in TEXTS]
    ids = [prompt_ids("m", loaded.tokenizer, request, WINDOW) for request in requests]
    tokens = [plain_greedy(loaded, one, 12) for one in ids]
    alone = [loaded.tokenizer.decode(one, skip_special_tokens=True) for one in tokens]
    assert len(set(alone)) > 3
    assert answers(loaded, requests, batch_size=8) == alone


def test_a_chats_prompt_carries_no_loss_and_its_end_does(loaded: Loaded) -> None:
    for (prompt, completion), example in zip(TEXTS, examples(loaded), strict=True):
        request = Request((user(prompt),), max_tokens=1)
        given = prompt_ids("m", loaded.tokenizer, request, WINDOW)
        assert list(example.ids[: len(given)]) == given
        assert list(example.loss) == [place >= len(given) for place in range(len(example.ids))]
        *learned, end = example.ids[len(given) :]
        assert loaded.tokenizer.decode(learned).strip() == completion
        assert end == loaded.tokenizer.eos_token_id


def test_a_padding_that_is_the_end_token_too_hides_no_end(loaded: Loaded) -> None:
    rows = examples(loaded)
    end = loaded.tokenizer.eos_token_id
    batch = collate(rows, pad_id=end)
    for place, row in enumerate(rows):
        last = len(row.ids) - 1
        assert batch.ids[place, last:].eq(end).all()
        assert batch.loss[place, last]
        assert batch.mask[place, last]
        assert not batch.loss[place, last + 1 :].any()
        assert not batch.mask[place, last + 1 :].any()


@pytest.mark.parametrize("template", ["chat", "raw"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_student_writes_what_it_learned_when_it_is_asked(family: str, template: str) -> None:
    """Trained and asked on the same tokens: a model that has its rows by heart gives them back."""
    student = make(family)
    said = ["The capital", "12", "Rome is in Italy.", "a question", "yes, the sea"]
    rows = [
        record(f"Question {n}?" + " of" * n, (" " if template == "raw" else "") + text, template)
        for n, text in enumerate(said)
    ]
    learned = [Sft().examples(student.tokenizer, row, student.eos_ids) for row in rows]
    settings = Train(epochs=80, learning_rate=1e-2, batch_tokens=128)
    pad = student.tokenizer.pad_token_id
    fit(student.model, Sft(), learned, [], settings=settings, seed=0, pad_id=pad)
    requests = [Request(row.messages, max_tokens=24, template=template) for row in rows]
    assert [text.strip() for text in answers(student, requests, batch_size=4)] == said
