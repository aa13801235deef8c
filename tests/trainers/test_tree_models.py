"""Sequences that begin alike, computed as one tree: the same as each alone, and only once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.recipe import Train
from limbeck.trainers import attention, head, products
from limbeck.trainers.batch import Batch, collate, lined_up
from limbeck.trainers.example import together
from limbeck.trainers.labels import Labels
from limbeck.trainers.loop import Step, Watch, fit, mean_loss
from limbeck.trainers.measure import layout_of
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from limbeck.trainers.objectives.sft import Sft
from tests.tiny import make_model
from tests.trainers.families import FAMILIES, make
from tests.trainers.objectives.labelled import PAD, TOKENIZER, record, rows
from tests.trainers.test_packing import WINDOWS, Blind
from tests.trainers.test_trees import group, prompt, sequence

CPU = torch.device("cpu")


CASES = {
    "one label": [group(prompt(9, 3), [(7, 8, 1)], target=0)],
    "two labels": [group(prompt(9, 3), [(7, 8, 1), (9, 1)], target=1, probs=(0.3, 0.7))],
    "five labels of other lengths": [
        group(
            prompt(12, 8),
            [(7, 1), (9, 5, 6, 1), (10, 11, 12, 13, 1), (20, 1), (21, 22, 1)],
            target=2,
            probs=(0.1, 0.2, 0.3, 0.15, 0.25),
        )
    ],
    "labels that begin alike": [group(prompt(7, 5), [(7, 8, 1), (7, 8, 9, 1), (7, 1)], target=1)],
    "a label that another goes on from": [
        group(prompt(7, 5), [(7, 8), (7, 8, 9, 10), (7,)], target=1, probs=(0.2, 0.5, 0.3))
    ],
    "several records": [
        group(prompt(11, 3), [(7, 1), (9, 1)], target=1),
        group(prompt(5, 40), [(7, 1), (9, 1)], probs=(0.2, 0.8)),
        together([sequence((5, 6), (7, 1)), sequence((8, 6), (9, 1))], Labels(2, 0)),
        group(prompt(11, 30), [(7, 1), (9, 1)], target=0),
        together([sequence(prompt(12, 7), (9,))], Labels(1, 0)),
    ],
}
RELATIVE = {"float32": 1e-5, "bfloat16": 0.12}


def result(model: Any, objective: Any, batches: Sequence[Batch]) -> tuple[Any, Any]:
    model.zero_grad(set_to_none=True)
    losses = [objective.loss(model, batch).reshape(-1) for batch in batches]
    total = torch.stack(losses).sum(0)
    mixed = total * torch.tensor([0.7, 0.4, 0.3, 0.2][: len(total)])
    mixed.sum().backward()  # type: ignore[no-untyped-call]
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    return total.detach(), gradients


def assert_near(found: Any, expected: Any, kind: str) -> None:
    limit = RELATIVE[kind]
    torch.testing.assert_close(found[0], expected[0], rtol=limit, atol=limit)
    whole = torch.stack([gradient.norm() for gradient in expected[1].values()]).norm()
    assert whole > 0
    for name, gradient in expected[1].items():
        off = (found[1][name] - gradient).norm()
        assert off <= limit * max(gradient.norm(), 0.01 * whole), (name, off, gradient.norm())


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
@pytest.mark.parametrize("case", CASES)
def test_a_tree_costs_and_teaches_what_its_sequences_do(case: str, kind: str) -> None:
    model, objective = make("llama").model, IclDistillation()
    examples = CASES[case]
    ways: dict[str, list[Batch]] = {
        "tree": [lined_up(examples)],
        "alone": [lined_up([example]) for example in examples],
        "repeated in a line": [lined_up(examples, shares=False)],
    }
    padded = [collate([example], 0) for example in examples]
    expected = result(model, objective, padded)
    assert float(expected[0].sum()) > 0
    with (
        attention.own(model),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "bfloat16"),
    ):
        for batches in ways.values():
            assert_near(result(model, objective, batches), expected, kind)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("long", [True, False])
def test_every_family_knows_trees_by_products_and_by_masks(
    family: str, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mask is what a GPU has, and a row of many tokens."""
    model, objective = make(family).model, IclDistillation()
    examples = CASES["several records"]
    expected = result(model, objective, [collate(examples, 0)])
    if long:
        monkeypatch.setattr(products, "LONG", 2)
    with attention.own(model):
        assert attention.shares_beginnings(model, vocabulary=90)
        assert_near(result(model, objective, [lined_up(examples)]), expected, "float32")
        model.train()
        model.activation_checkpointing_enable({"use_reentrant": False})
        if family != "gpt2":  # which has dropout
            assert_near(result(model, objective, [lined_up(examples)]), expected, "float32")


def test_trees_lie_beside_plain_rows_and_each_token_has_its_log_probability() -> None:
    model = make("llama").model
    tree = together([sequence(prompt(9, 3), rest) for rest in ((7, 8, 1), (7, 1), (9, 1))])
    examples = [sequence(prompt(6, 20), (9, 8, 1)), tree, sequence(prompt(30, 6), (5, 1))]
    alone = [
        head.token_logprobs(model, collate([one], 0))
        for example in examples
        for one in example.sequences
    ]
    with attention.own(model):
        batch = lined_up(examples)
        assert batch.forks is not None
        found = head.token_logprobs(model, batch)
        torch.testing.assert_close(found, torch.cat(alone), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(
            batch.sums(found), torch.stack([one.sum() for one in alone]), rtol=1e-5, atol=1e-5
        )
        expected = result(model, Sft(), [collate([example], 0) for example in examples])
        assert_near(result(model, Sft(), [batch]), expected, "float32")


@pytest.mark.parametrize("long", [True, False])
def test_a_branch_is_not_seen_by_the_others(long: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tokens in it change its own log-probabilities, and no others', bit for bit."""
    if long:
        monkeypatch.setattr(products, "LONG", 2)
    model = make("llama").model
    rests = [(7, 8, 1), (9, 30, 1), (10, 1)]

    def logprobs(second: tuple[int, ...]) -> torch.Tensor:
        changed = [rests[0], second, rests[2]]
        with attention.own(model), torch.no_grad():
            return head.token_logprobs(model, lined_up([group(prompt(9, 3), changed)]))

    before, after = logprobs(rests[1]), logprobs((33, 34, 35))
    own = slice(3, 6)
    assert (before[own] != after[own]).all()
    others = [0, 1, 2, 6, 7]
    assert torch.equal(before[others], after[others])


class Fed:
    """Counts the tokens that a model is given."""

    def __init__(self, model: Any) -> None:
        self.tokens: list[int] = []
        model.get_input_embeddings().register_forward_hook(self._note)

    def _note(self, module: Any, given: Any, made: torch.Tensor) -> None:
        self.tokens.append(made.shape[0] * made.shape[1])


RECORDS = [
    record("Paris?", ["France", "Italy", "no", "not sure"], "France", [0.7, 0.1, 0.1, 0.1]),
    record("东京?", ["日本", "中国", "日本の首都 🗾"], "日本", [0.5, 0.2, 0.3]),
    record("Wien?", ["Österreich", "Österreicher"], None, [0.6, 0.4]),
]
ONCE = Train(epochs=1, batch_tokens=4096, precision="fp32", learning_rate=1e-3)


def train(model: Any, **changes: Any) -> tuple[list[Step], list[int], Any]:
    made = rows(IclDistillation(), RECORDS)
    fed, steps = Fed(model), list[Step]()
    settings = ONCE.model_copy(update=changes)
    fit(
        model, IclDistillation(), made, made, settings=settings, seed=0, pad_id=PAD,
        watch=Watch(step=steps.append),
    )  # fmt: skip
    return steps, fed.tokens, made


def test_training_computes_a_prompt_once_and_counts_it_once() -> None:
    model = make_model(TOKENIZER)
    steps, fed, made = train(model)
    once = sum(len(row[0].ids) for row in made)
    again = sum(sum(row[0].lengths) for row in made)
    assert once == sum(
        row[0].shared + sum(length - row[0].shared for length in row[0].lengths) for row in made
    )
    assert 2 * once < again
    assert all(row[0].shared > 20 for row in made)
    assert [step.tokens for step in steps] == [once]
    # two sets before the first step, the step, and validation
    assert fed[-4:] == [once, once, once, once]


def test_a_model_that_knows_no_trees_has_the_same_steps_with_prompts_repeated() -> None:
    found = {}
    for kind in ("sdpa", "eager"):
        model = make_model(TOKENIZER)
        model.set_attn_implementation(kind)
        found[kind] = (*train(model, packing=True, batch_tokens=100, epochs=2), model)
    steps, fed, made, one = found["sdpa"]
    others, more, _, two = found["eager"]
    assert len(steps) == len(others) == 4
    assert sum(more) > 2 * sum(fed)
    for mine, theirs in zip(steps, others, strict=True):
        assert theirs.tokens == mine.tokens
        assert theirs.loss == pytest.approx(mine.loss, rel=1e-4)
    settings = ONCE.model_copy(update={"packing": True})
    losses = [mean_loss(model, IclDistillation(), made, settings, PAD) for model in (one, two)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("kind", ["eager", "windows", "blind"])
def test_who_knows_no_trees_is_given_none(kind: str) -> None:
    torch.manual_seed(0)
    model = WINDOWS["mistral"]() if kind == "windows" else make("llama").model
    if kind == "eager":
        model.set_attn_implementation("eager")
    if kind == "blind":
        model = Blind(model.config)
    tree = [group(prompt(9, 3), [(7, 1), (9, 1)])]
    settings = Train(packing="auto" if kind == "blind" else True)
    with attention.own(model):
        assert not attention.shares_beginnings(model, vocabulary=90)
        layout = layout_of(model, settings, 0, CPU)
        assert layout.packs == (kind != "blind")
        assert not layout.shares
        assert layout.batch(tree, CPU).forks is None
    with pytest.raises(ValueError, match="limbeck's own attention only"):
        attention.inputs(make("llama").model, lined_up(tree))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 8),
            st.lists(st.lists(st.integers(4, 12), min_size=1, max_size=4), min_size=1, max_size=5),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 50),
)
def test_any_trees_have_the_log_probabilities_of_their_sequences(
    trees: list[tuple[int, list[list[int]]]], start: int
) -> None:
    examples = [group(prompt(size, start + size), rests) for size, rests in trees]
    alone = [collate([example], 0) for example in examples]
    with torch.no_grad(), attention.own(MODEL):
        expected = [batch.sums(head.token_logprobs(MODEL, batch)) for batch in alone]
        for shares in (True, False):
            batch = lined_up(examples, shares=shares)
            assert batch.labels is not None
            found = batch.labels.spread(batch.sums(head.token_logprobs(MODEL, batch)))
            for number, sums in enumerate(expected):
                torch.testing.assert_close(found[number, : len(sums)], sums, rtol=1e-5, atol=1e-4)


MODEL = make("llama").model


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("family", FAMILIES)
def test_trees_on_a_gpu_are_as_near_as_bfloat16_is(family: str) -> None:
    model = make(family).model.cuda()
    device = next(model.parameters()).device
    examples = CASES["several records"]
    with attention.own(model):
        assert attention.shares_beginnings(model, vocabulary=90)
        with torch.no_grad():
            wanted = head.token_logprobs(model, lined_up(examples, shares=False).to(device)).sum()
            exact = head.token_logprobs(model, lined_up(examples).to(device)).sum()
            with torch.autocast("cuda", dtype=torch.bfloat16):
                near = head.token_logprobs(model, lined_up(examples).to(device)).sum()
    assert float(exact) == pytest.approx(float(wanted), rel=1e-3)
    assert float(near) == pytest.approx(float(wanted), rel=2e-2)
