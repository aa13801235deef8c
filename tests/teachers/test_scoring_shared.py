"""What contexts begin with alike is computed once, and changes no likelihood."""

from __future__ import annotations

import weakref
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import torch
import transformers

from limbeck.hf import Loaded
from limbeck.models import ModelName
from limbeck.record import Message, user
from limbeck.teachers.past import Past
from limbeck.teachers.scoring import Scorer
from tests.teachers.plain_likelihoods import Pair, Watched, assert_equal, reference
from tests.tiny import make_tokenizer

DEMOS = [
    "Which sea? Adriatic\n",
    "東京 is? 日本\n",
    "Der Fuchs? é\n",
    "Москва? Rome 🦊\n",
]
QUERIES = ["the capital of Italy?", "fox 🦊?", "京?", "is France in the answer?", "столица?", "a"]
OPTIONS = [" Rome", " the Adriatic Sea", " 日本", " x"]


def few_shot(k: int) -> list[Pair]:
    """Every query after the first k demos, with every option."""
    head = "".join(DEMOS[:k])
    return [(head + query, option) for query in QUERIES for option in OPTIONS]


NESTED = [pair for k in (4, 0, 1, 2) for pair in few_shot(k)]
CHATS: list[Pair] = [
    ((Message("system", "Be brief. " * 6), user(query)), option)
    for query in QUERIES
    for option in OPTIONS
]


def other(kind: str, **more: Any) -> Loaded:
    """A tiny random model of another architecture."""
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    sizes = {"vocab_size": len(tokenizer), "initializer_range": 0.3, **more}
    config = transformers.AutoConfig.for_model(kind, **sizes)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    return Loaded(ModelName("path", kind), model, tokenizer, "")


@pytest.fixture(scope="module")
def gpt2() -> Loaded:
    return other("gpt2", n_embd=32, n_layer=2, n_head=4)


@pytest.fixture(scope="module")
def windowed() -> Loaded:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    return other("mistral", sliding_window=8, **sizes, **heads)


def watched(loaded: Loaded, **limits: Any) -> tuple[Scorer, Watched]:
    model = Watched(loaded.model)
    return Scorer(replace(loaded, model=model), **limits), model


@pytest.mark.parametrize(("budget", "cache_budget"), [(4096, 16384), (150, 400), (1, 1)])
@pytest.mark.parametrize("pairs", [few_shot(4), NESTED, CHATS], ids=["few", "nested", "chats"])
@pytest.mark.parametrize("kind", ["tiny", "gpt2", "windowed"])
def test_likelihoods_are_those_of_a_plain_forward_pass(
    kind: str, pairs: list[Pair], budget: int, cache_budget: int, request: pytest.FixtureRequest
) -> None:
    loaded: Loaded = request.getfixturevalue(kind)
    found = Scorer(loaded, budget=budget, cache_budget=cache_budget)(pairs)
    assert_equal(found, [reference(loaded, *pair) for pair in pairs])


def test_a_common_beginning_is_computed_once(tiny: Loaded) -> None:
    pairs = few_shot(4)
    head = len(tiny.tokenizer("".join(DEMOS))["input_ids"])
    scorer, model = watched(tiny)
    scorer(pairs)
    assert model.passes[0] == (1, head, head)
    rows, columns, all_columns = model.passes[1]
    assert rows == len(QUERIES)
    assert all_columns == head + columns
    assert len(model.passes) == 3  # the beginning, the queries, the options
    longest = max(len(tiny.tokenizer(query)["input_ids"]) for query in QUERIES)
    assert columns <= longest


def test_a_large_group_comes_in_batches_after_one_beginning(tiny: Loaded) -> None:
    head = len(tiny.tokenizer("".join(DEMOS))["input_ids"])
    scorer, model = watched(tiny, cache_budget=6 * (head + 25))
    found = scorer(few_shot(4))
    assert Counter(columns for _, columns, _ in model.passes)[head] == 1
    assert len(model.passes) > 6
    assert max(rows * columns for rows, _, columns in model.passes) <= 6 * (head + 25)
    assert_equal(found, Scorer(tiny)(few_shot(4)))


def test_both_budgets_are_kept(tiny: Loaded) -> None:
    scorer, model = watched(tiny, budget=160, cache_budget=700)
    scorer(NESTED + CHATS)
    assert max(rows * columns for rows, columns, _ in model.passes if rows > 1) <= 160
    assert max(rows * columns for rows, _, columns in model.passes) <= 700


def test_so_many_fewer_tokens_are_computed(tiny: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = few_shot(4)
    head = len(tiny.tokenizer("".join(DEMOS))["input_ids"])
    scorer, shared = watched(tiny)
    found = scorer(pairs)
    monkeypatch.setattr("limbeck.teachers.scoring.COST", float("inf"))
    scorer, plain = watched(tiny)
    assert_equal(found, scorer(pairs))
    assert plain.computed - shared.computed == (len(QUERIES) - 1) * head


def test_one_beginning_is_in_memory_at_a_time(
    tiny: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[Any] = []
    most = 0
    begin = Scorer._begin

    def noted(self: Scorer, beginning: tuple[int, ...]) -> Past | None:
        nonlocal most
        past = begin(self, beginning)
        if past is not None:
            alive.append(weakref.ref(past.cache))
        most = max(most, sum(one() is not None for one in alive))
        return past

    monkeypatch.setattr(Scorer, "_begin", noted)
    Scorer(tiny, cache_budget=900)(NESTED + CHATS)
    assert len(alive) > 1
    assert most == 1


def test_a_model_with_a_window_shares_nothing(windowed: Loaded) -> None:
    scorer, model = watched(windowed)
    scorer(few_shot(4))
    assert all(rows > 1 for rows, _, _ in model.passes)


def test_company_changes_no_likelihood(tiny: Loaded) -> None:
    pairs = NESTED + CHATS
    together = Scorer(tiny)(pairs)
    assert_equal([Scorer(tiny)([pair])[0] for pair in pairs[::7]], together[::7])
    assert_equal(Scorer(tiny)(pairs[::-1])[::-1], together)
    assert_equal(Scorer(tiny)(pairs + pairs), together + together)


def test_every_pair_is_counted_once(tiny: Loaded) -> None:
    counts: list[int] = []
    pairs = [*NESTED, *NESTED[:9], (NESTED[0][0], ""), *CHATS]
    found = Scorer(tiny, budget=200, cache_budget=600, on_done=counts.append)(pairs)
    assert sum(counts) == len(found) == len(pairs)
    assert min(counts) > 0


def test_one_continuation_a_context_takes_one_pass_a_batch(tiny: Loaded) -> None:
    head = "".join(DEMOS)
    pairs: list[Pair] = [(head + query, " the Adriatic Sea") for query in QUERIES]
    scorer, model = watched(tiny)
    found = scorer(pairs)
    assert [rows for rows, _, _ in model.passes] == [1, len(QUERIES)]
    assert_equal(found, [reference(tiny, *pair) for pair in pairs])


def test_many_continuations_of_one_context_share_it_over_batches(tiny: Loaded) -> None:
    context = "".join(DEMOS) + QUERIES[0]
    pairs: list[Pair] = [(context, f" {n} Rome") for n in range(30)]
    scorer, model = watched(tiny, budget=400, cache_budget=400)
    found = scorer(pairs)
    before = len(tiny.tokenizer(context)["input_ids"]) - 1
    assert Counter(columns for _, columns, _ in model.passes)[before] == 1
    assert len(model.passes) > 3
    assert_equal(found, [reference(tiny, *pair) for pair in pairs])


def test_a_context_that_is_the_beginning_of_the_others(tiny: Loaded) -> None:
    head = "".join(DEMOS)
    contexts = [head, *(head + query for query in QUERIES)]
    pairs: list[Pair] = [(context, option) for context in contexts for option in OPTIONS]
    assert_equal(Scorer(tiny)(pairs), [reference(tiny, *pair) for pair in pairs])
