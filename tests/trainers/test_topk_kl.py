"""Soft targets: at the right places, of the right tokens, and in the loss as its equation says."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from limbeck.errors import UserError
from limbeck.generators.answers import Answers
from limbeck.hf import Loaded
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import OptionError, build
from limbeck.teachers.local import LocalTeacher
from limbeck.testing import Collected
from limbeck.trainers.batch import collate
from limbeck.trainers.example import Example, encode
from limbeck.trainers.objectives.sft import loss_logits
from limbeck.trainers.objectives.topk_kl import TopkKl
from limbeck.trainers.soft import stacked
from limbeck.vocabulary import vocabulary
from tests.tiny import END, make_model, make_tokenizer
from tests.trainers.families import FAMILIES, make
from tests.trainers.test_divergence import by_hand

TEXTS = [
    ("Which sea lies between Italy and Croatia?", "The Adriatic Sea."),
    ("Où est 東京?", "東京は日本。 🦊 é"),
    ("Hi", "The answer is 12, and the question is a question of the capital of Italy."),
]
K = 4


@torch.inference_mode()
def likely(loaded: Loaded, ids: Any, k: int = K) -> list[tuple[str, float, list[Any]]]:
    """What an API would say at each token of `ids` but the first: its text, its log-probability,
    the k likeliest."""
    text = vocabulary(loaded.tokenizer).text_of
    logs = loaded.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    found = []
    for place, token in enumerate(ids[1:]):
        values, best = logs[place].topk(k)
        pairs = zip(best.tolist(), values.tolist(), strict=True)
        top = [[text(one), value] for one, value in pairs]
        found.append((text(token), float(logs[place, token]), top))
    return found


def taught(
    loaded: Loaded, prompt: str, completion: str, *, end: bool = True, template: str = "chat"
) -> Record:
    """A record with what the model itself would have said of each token of its completion."""
    row = Record((user(prompt),), completion, Provenance("t", template=template))
    example = encode(loaded.tokenizer, row, eos_ids=loaded.eos_ids)
    said = [
        one for one, loss in zip(likely(loaded, example.ids), example.loss[1:], strict=True) if loss
    ]
    said = said if end else said[:-1]
    tokens, logprobs, top = map(list, zip(*said, strict=True))
    return replace(row, meta={"logprobs": {"tokens": tokens, "logprobs": logprobs, "top": top}})


def with_soft(loaded: Loaded, row: Record) -> Example:
    (example,) = TopkKl().examples(loaded.tokenizer, row, loaded.eos_ids)
    return example


def nats(loaded: Loaded, examples: list[Example], objective: TopkKl) -> torch.Tensor:
    logits, targets = loss_logits(loaded.model, collate(examples, loaded.tokenizer.pad_token_id))
    return objective.nats(logits.float(), targets, *(stacked(examples) or ()))


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


def changed(row: Record, **columns: Any) -> Record:
    return replace(row, meta={"logprobs": {**row.to_json()["meta"]["logprobs"], **columns}})


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
