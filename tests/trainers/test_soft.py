"""Soft targets: at the right places, of the right tokens, and only where the two cut alike."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

import pytest
import torch

from limbeck.errors import UserError
from limbeck.generators.answers import Answers
from limbeck.hf import Loaded
from limbeck.record import Message, Provenance, Record, user
from limbeck.teachers.local import LocalTeacher
from limbeck.testing import Collected
from limbeck.trainers.example import Example, encode
from limbeck.trainers.objectives.topk_kl import TopkKl
from limbeck.trainers.soft import stacked
from limbeck.vocabulary import vocabulary
from tests.trainers.families import FAMILIES, make
from tests.trainers.taught import TEXTS, K, changed, nats, taught, with_soft


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: pytest.FixtureRequest) -> Loaded:
    return make(request.param)


@pytest.mark.parametrize("template", ["chat", "raw"])
def test_soft_targets_are_the_teachers_at_the_same_place(loaded: Loaded, template: str) -> None:
    texts = TEXTS[:1] if "llama" in str(loaded.name) else TEXTS  # its tokenizer knows few letters
    for prompt, completion in texts:
        space = " " if template == "raw" else ""
        example = with_soft(loaded, taught(loaded, prompt, space + completion, template=template))
        assert example.soft is not None
        places = [at for at in range(1, len(example.ids)) if example.loss[at]]
        assert len(example.soft.ids) == len(places)
        with torch.inference_mode():
            logits = loaded.model(torch.tensor([example.ids])).logits[0].double()
        for row, place in enumerate(places):
            logs = logits[place - 1].log_softmax(-1)
            has = example.soft.logprobs[row] > -math.inf
            ids = torch.tensor(example.soft.ids[row][has])
            assert len(set(ids.tolist())) == len(ids) >= K
            assert example.ids[place] in ids
            assert set(logs.topk(K).indices.tolist()) <= set(ids.tolist())
            given = torch.tensor(example.soft.logprobs[row][has]).double()
            assert torch.allclose(logs[ids], given, atol=1e-5)


def test_what_a_local_teacher_answers_is_learned_from(tiny: Loaded) -> None:
    """The whole way: asked by the generator, kept in the record, found again by the objective."""
    tokenizer = tiny.tokenizer
    seeds = [Record((user(f"Question {n}?"),), "", Provenance("seed")) for n in range(12)]
    out = Collected()
    teacher = LocalTeacher(tiny)

    async def ask() -> None:
        await Answers(top_logprobs=K, max_tokens=6, temperature=0).generate(seeds, teacher, out)
        await teacher.aclose()

    asyncio.run(ask())
    said = [row for row in out.records if row.meta.get("logprobs")]
    assert said
    whole = 0
    for row in said:
        row = Record.from_json(row.to_json())
        example = with_soft(tiny, row)
        ids = tokenizer(row.completion, add_special_tokens=False)["input_ids"]
        texts = [vocabulary(tokenizer).text_of(token) for token in ids]
        said_texts = row.meta["logprobs"]["tokens"]
        same = [own == one for own, one in zip(texts, said_texts, strict=False)]
        alike = (*same, False).index(False)
        if not alike:
            assert example.soft is None
            continue
        whole += alike == len(texts)
        assert example.soft is not None
        has = [bool(row.max() > -math.inf) for row in example.soft.logprobs]
        assert has == [place < alike for place in range(len(has))]
        # What it says there is what it thinks; at the other places there is cross entropy alone.
        first = len(example.ids) - len(has)
        hard = [at >= first + alike for at in range(len(example.ids))]
        expected = nats(tiny, [Example(example.ids, tuple(hard))], TopkKl())
        found = nats(tiny, [example], TopkKl(alpha=0.0))
        assert float(found.detach()) == pytest.approx(float(expected.detach()), abs=1e-3)
    assert whole


def test_the_end_token_is_soft_only_where_the_teacher_spoke_of_it() -> None:
    loaded = make("qwen2")
    whole = with_soft(loaded, taught(loaded, *TEXTS[0])).soft
    cut = with_soft(loaded, taught(loaded, *TEXTS[0], end=False)).soft
    assert whole is not None
    assert cut is not None
    assert (whole.logprobs[:-1] == cut.logprobs[:-1]).all()
    assert (whole.logprobs[-1] > -math.inf).sum() >= K
    assert (cut.logprobs[-1] == -math.inf).all()
    row = taught(loaded, *TEXTS[0])
    stopped = {**row.to_json()["meta"]["logprobs"]}
    stopped["tokens"] = [*stopped["tokens"][:-1], "\n"]  # it went on, and a stop string cut it
    other = with_soft(loaded, replace(row, meta={"logprobs": stopped})).soft
    assert other is not None
    assert (other.logprobs[-1] == -math.inf).all()


def test_likeliest_tokens_that_the_student_has_not_count_to_the_rest() -> None:
    loaded = make("qwen2")
    row = taught(loaded, *TEXTS[0])
    top = row.to_json()["meta"]["logprobs"]["top"]
    said = row.to_json()["meta"]["logprobs"]["tokens"]
    top[1] = [
        ["no token of the student's", -0.5],
        *[one for one in top[1] if one[0] != said[1]][:2],
    ]
    soft = with_soft(loaded, changed(row, top=top)).soft
    assert soft is not None
    assert (soft.logprobs[1] > -math.inf).sum() == 3  # the two, and the one that was said


def test_a_value_that_stands_for_unlikely_is_none() -> None:
    loaded = make("qwen2")
    row = taught(loaded, *TEXTS[0])
    top = row.to_json()["meta"]["logprobs"]["top"]
    top[0] = [["a", -9999.0], ["b", -1.0]]
    logprobs = [-9999.0, *row.to_json()["meta"]["logprobs"]["logprobs"][1:]]
    soft = with_soft(loaded, changed(row, top=top, logprobs=logprobs)).soft
    assert soft is not None
    assert soft.logprobs[0].max() == -1.0
    assert (soft.logprobs[0] > -math.inf).sum() == 1


def test_a_space_that_the_server_leaves_out_at_the_beginning_is_put_back() -> None:
    loaded = make("llama")
    row = taught(loaded, *TEXTS[0])
    whole = with_soft(loaded, row).soft
    meta = row.to_json()["meta"]["logprobs"]
    bare = [meta["tokens"][0].lstrip(" "), *meta["tokens"][1:]]
    top = [[[text.removeprefix(" "), value] for text, value in meta["top"][0]], *meta["top"][1:]]
    assert bare != meta["tokens"]
    soft = with_soft(loaded, changed(row, tokens=bare, top=top)).soft
    assert whole is not None
    assert soft is not None
    assert soft.ids[1:].tolist() == whole.ids[1:].tolist()
    assert soft.ids[0][0] == whole.ids[0][0]


@pytest.mark.parametrize("at", [0, 2])
def test_soft_targets_end_where_the_student_cuts_otherwise(at: int) -> None:
    loaded = make("qwen2")
    row = taught(loaded, *TEXTS[2])
    whole = with_soft(loaded, row).soft
    meta = row.to_json()["meta"]["logprobs"]
    tokens = meta["tokens"]
    assert len(tokens[at]) > 2
    split = [*tokens[:at], tokens[at][:1], tokens[at][1:2], tokens[at][2:], *tokens[at + 1 :]]
    split = [one for one in split if one]
    assert "".join(split) == "".join(tokens)
    more = len(split) - len(tokens)
    logprobs = [*meta["logprobs"][:at], *[-1.0] * more, *meta["logprobs"][at:]]
    top = [*meta["top"][:at], *[meta["top"][0]] * more, *meta["top"][at:]]
    soft = with_soft(loaded, changed(row, tokens=split, logprobs=logprobs, top=top)).soft
    if at == 0:
        assert soft is None
        return
    assert whole is not None
    assert soft is not None
    assert soft.ids[:at].tolist() == whole.ids[:at, : soft.ids.shape[1]].tolist()
    assert (soft.logprobs[:at] > -math.inf).any(-1).tolist() == [True] * at
    assert (soft.logprobs[at:] == -math.inf).all()


def test_a_teacher_that_said_less_than_the_student_is_to_learn_is_believed_so_far() -> None:
    loaded = make("qwen2")
    row = taught(loaded, *TEXTS[0])
    meta = row.to_json()["meta"]["logprobs"]
    soft = with_soft(loaded, changed(row, **{name: meta[name][:3] for name in meta})).soft
    assert soft is not None
    assert (soft.logprobs > -math.inf).any(-1).sum() == 3


def test_a_token_that_the_student_has_not_is_a_vocabulary_mismatch() -> None:
    loaded = make("qwen2")
    row = taught(loaded, "Hi", "The Adriatic Sea.")
    meta = {"tokens": ["The", " Adriatic Sea", "."], "logprobs": [-1.0] * 3, "top": [[]] * 3}
    assert vocabulary(loaded.tokenizer).id_of(" Adriatic Sea") is None
    with pytest.raises(UserError, match=r"vocabulary mismatch.*' Adriatic Sea'.*objective to sft"):
        with_soft(loaded, replace(row, meta={"logprobs": meta}))


def test_a_record_without_log_probabilities_is_told() -> None:
    loaded = make("qwen2")
    row = Record((user("Hi"),), "Hello.", Provenance("t"))
    with pytest.raises(UserError, match=r"generate\.top_logprobs.*objective to sft"):
        with_soft(loaded, row)
    with pytest.raises(UserError, match="these are no log-probabilities"):
        with_soft(loaded, replace(row, meta={"logprobs": {"tokens": ["a"]}}))


def test_earlier_answers_have_no_soft_targets_and_no_loss() -> None:
    loaded = make("qwen2")
    turns = (user("Hi"), Message("assistant", "The Adriatic Sea."), user("Again?"))
    row = replace(taught(loaded, *TEXTS[0]), messages=turns)
    example = with_soft(loaded, row)
    assert example.soft is not None
    assert len(example.soft.ids) == example.loss_tokens == taught_tokens(loaded)


def taught_tokens(loaded: Loaded) -> int:
    row = Record((user("x"),), TEXTS[0][1], Provenance("t"))
    return encode(loaded.tokenizer, row, eos_ids=loaded.eos_ids).loss_tokens


def test_soft_targets_of_a_batch_lie_as_its_tokens_do(tiny: Loaded) -> None:
    loaded = make("qwen2")
    first, last = (with_soft(loaded, taught(loaded, *text)) for text in TEXTS[::2])
    plain = Example(first.ids, first.loss)
    found = stacked([first, plain, last])
    assert found is not None
    ids, logprobs = found
    assert first.soft is not None
    assert last.soft is not None
    n = first.loss_tokens
    assert len(ids) == 2 * n + last.loss_tokens
    wide = first.soft.ids.shape[1]
    assert ids[:n, :wide].tolist() == first.soft.ids.tolist()
    assert bool((logprobs[n : 2 * n] == -math.inf).all())
    assert ids[2 * n :, : last.soft.ids.shape[1]].tolist() == last.soft.ids.tolist()
    assert stacked([plain]) is None
