"""Batched decoding against the plain forward pass, and sampling against known probabilities."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from scipy.stats import chisquare

from limbeck.errors import ModelError
from limbeck.hf import Loaded
from limbeck.teachers.decode import TOP, Decoder, Row, choose
from limbeck.teachers.kv_cache import ROOM


def decode(
    loaded: Loaded,
    rows: Sequence[Row],
    *,
    size: int,
    eos_ids: Sequence[int] = (),
    keep_going: Callable[[], bool] = lambda: True,
) -> list[Row]:
    """Decode rows `size` at a time; the rows in the order in which they ended."""
    waiting, done = list(rows), list[Row]()

    def pull(room: int) -> list[Row]:
        taken, waiting[:] = waiting[:room], waiting[room:]
        return taken

    pad = loaded.tokenizer.pad_token_id
    decoder = Decoder(loaded.model, eos_ids=eos_ids, pad_id=pad, size=size)
    decoder.run(pull, done.append, keep_going)
    return done


@torch.inference_mode()
def greedy(model: Any, prompt: list[int], steps: int) -> list[int]:
    """The reference: one row, no cache, the whole text again for every token."""
    ids = list(prompt)
    for _ in range(steps):
        ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(prompt) :]


def prompts(count: int, *, longest: int = 60) -> list[list[int]]:
    """Random prompts of very different lengths."""
    choice = random.Random(5)
    return [
        [choice.randrange(3, 300) for _ in range(choice.randint(1, longest))] for _ in range(count)
    ]


@pytest.mark.parametrize("size", [1, 3, 8, 40])
def test_a_batch_writes_what_each_row_writes_alone(tiny: Loaded, size: int) -> None:
    rows = [Row(prompt, max_tokens=1 + place % 13) for place, prompt in enumerate(prompts(20))]
    done = decode(tiny, rows, size=size)
    assert sorted(map(id, done)) == sorted(map(id, rows))
    for row in rows:
        assert row.tokens == greedy(tiny.model, row.prompt, row.max_tokens)
        assert row.finish_reason == "length"


def test_rows_of_the_same_prompt_write_the_same(tiny: Loaded) -> None:
    prompt = prompts(1)[0]
    rows = [Row(prompt, max_tokens=8) for _ in range(5)]
    decode(tiny, rows, size=4)
    assert {tuple(row.tokens) for row in rows} == {tuple(greedy(tiny.model, prompt, 8))}


def test_a_sample_depends_on_its_own_seed_only(tiny: Loaded) -> None:
    texts = prompts(12)

    def rows() -> list[Row]:
        return [
            Row(text, max_tokens=10, temperature=0.9, top_p=1.0 if i % 2 else 0.8, seed=100 + i)
            for i, text in enumerate(texts)
        ]

    together, alone, reversed_ = rows(), rows(), rows()
    decode(tiny, together, size=5)
    for row in alone:
        decode(tiny, [row], size=1)
    decode(tiny, reversed_[::-1], size=7)
    assert [row.tokens for row in together] == [row.tokens for row in alone]
    assert [row.tokens for row in reversed_] == [row.tokens for row in alone]


def test_another_seed_gives_another_sample(tiny: Loaded) -> None:
    rows = [
        Row([5, 6, 7], max_tokens=12, temperature=1.0, seed=seed)
        for seed in (0, 1, -1, 12345678901)
    ]
    decode(tiny, rows, size=4)
    assert len({tuple(row.tokens) for row in rows}) == 4


def test_every_token_of_a_row_has_a_number_of_its_own() -> None:
    def numbers(seed: int) -> list[float]:
        row = Row([1], max_tokens=50, temperature=1.0, seed=seed)
        drawn = []
        for _ in range(50):
            drawn.append(row.uniform())
            row.tokens.append(0)
        return drawn

    assert len(set(numbers(3))) == 50
    assert numbers(3) == numbers(3)
    assert not set(numbers(3)) & set(numbers(4))
    assert all(0 <= number < 1 for number in numbers(3))


def test_an_end_token_ends_the_row_and_is_dropped(tiny: Loaded) -> None:
    prompt = prompts(1)[0]
    plain = greedy(tiny.model, prompt, 12)
    end = plain[5]
    row = Row(prompt, max_tokens=12)
    decode(tiny, [row], size=1, eos_ids=[end])
    assert row.tokens == plain[: plain.index(end)]
    assert row.finish_reason == "stop"


def test_an_end_token_at_once_gives_no_tokens(tiny: Loaded) -> None:
    prompt = prompts(1)[0]
    row = Row(prompt, max_tokens=12)
    decode(tiny, [row], size=1, eos_ids=greedy(tiny.model, prompt, 1))
    assert (row.tokens, row.finish_reason) == ([], "stop")


def test_a_stop_test_ends_the_row_with_the_token_that_met_it(tiny: Loaded) -> None:
    prompt = prompts(1)[0]
    row = Row(prompt, max_tokens=12, stopped=lambda tokens: len(tokens) == 4)
    decode(tiny, [row], size=1)
    assert row.tokens == greedy(tiny.model, prompt, 4)
    assert row.finish_reason == "stop"


def test_rows_are_handed_over_as_soon_as_they_end(tiny: Loaded) -> None:
    rows = [Row(prompt, max_tokens=n) for prompt, n in zip(prompts(3), (9, 2, 5), strict=True)]
    assert [row.max_tokens for row in decode(tiny, rows, size=3)] == [2, 5, 9]


def test_decoding_stops_when_told_to(tiny: Loaded) -> None:
    asked = iter([True, True, True, False])
    rows = [Row([5, 6], max_tokens=50), Row([7], max_tokens=1)]
    done = decode(tiny, rows, size=2, keep_going=lambda: next(asked))
    assert done == [rows[1]]
    assert len(rows[0].tokens) == 4


def test_never_more_rows_than_the_size_are_asked_for(tiny: Loaded) -> None:
    asked: list[int] = []
    waiting = [Row(prompt, max_tokens=3) for prompt in prompts(11)]
    done: list[Row] = []

    def pull(room: int) -> list[Row]:
        asked.append(room)
        taken, waiting[:] = waiting[:room], waiting[room:]
        return taken

    Decoder(tiny.model, eos_ids=[], pad_id=2, size=4).run(pull, done.append)
    assert len(done) == 11
    assert max(asked) == 4


LOGITS = torch.tensor([1.2, 0.3, -0.5, 2.0, -1.0, 0.0])


def draw(logits: torch.Tensor, count: int, **settings: float) -> Counter[int]:
    rows = [Row([1], max_tokens=1, seed=seed, **settings) for seed in range(count)]  # type: ignore[arg-type]
    return Counter(choose(logits.expand(count, -1), rows))


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.8])
def test_tokens_are_drawn_with_their_probabilities(temperature: float) -> None:
    counts = draw(LOGITS, 6000, temperature=temperature)
    expected = (LOGITS.double() / temperature).softmax(-1)
    observed = [counts[token] for token in range(len(LOGITS))]
    assert chisquare(observed, 6000 * expected.numpy()).pvalue > 0.001


def test_tokens_beyond_the_first_block_are_drawn_with_their_probabilities() -> None:
    size = 2 * TOP + 10
    logits = torch.full((size,), -30.0)
    places = [0, TOP - 1, TOP, 2 * TOP, size - 1]
    logits[places] = torch.tensor([0.0, 1.0, -0.5, 0.7, 0.2])
    counts = draw(logits, 6000, temperature=1.0)
    assert set(counts) <= set(places)
    expected = logits[places].double().softmax(-1)
    observed = [counts[place] for place in places]
    assert chisquare(observed, 6000 * expected.numpy()).pvalue > 0.001


def test_top_p_excludes_the_tail_and_keeps_the_proportions() -> None:
    # Sorted: 3 (.53), 0 (.24), 1 (.10), 5 (.07): 0.8 is reached with the third.
    counts = draw(LOGITS, 6000, temperature=1.0, top_p=0.8)
    kept = [3, 0, 1]
    assert set(counts) == set(kept)
    expected = LOGITS[kept].double().softmax(-1)
    observed = [counts[token] for token in kept]
    assert chisquare(observed, 6000 * expected.numpy()).pvalue > 0.001


def test_a_nucleus_wider_than_the_first_tokens_is_not_cut() -> None:
    size = 4 * TOP
    logits = torch.zeros(size)
    counts = draw(logits, 4000, temperature=1.0, top_p=0.999)
    assert len(counts) > 3 * TOP


def test_a_presence_penalty_is_taken_once_off_every_token_said_before() -> None:
    said = [3, 0, 3, 3]
    expected = LOGITS.clone()
    expected[[0, 3]] -= 1.5
    rows = [
        Row([1], 9, temperature=1.0, presence_penalty=1.5, seed=seed, tokens=list(said))
        for seed in range(6000)
    ]
    counts = Counter(choose(LOGITS.repeat(6000, 1), rows))
    observed = [counts[token] for token in range(len(LOGITS))]
    assert chisquare(observed, 6000 * expected.double().softmax(-1).numpy()).pvalue > 0.001
    # Greedy: the best token loses its place, and only in the row that has a penalty.
    rows = [Row([1], 9, presence_penalty=9.0, tokens=[3]), Row([1], 9, tokens=[3])]
    assert choose(LOGITS.repeat(2, 1), rows) == [0, 3]


@pytest.mark.parametrize("top_p", [0.0, 1e-9, 0.3])
def test_a_small_top_p_leaves_the_most_probable_token(top_p: float) -> None:
    assert set(draw(LOGITS, 200, temperature=1.0, top_p=top_p)) == {3}


def test_temperature_zero_takes_the_most_probable_token() -> None:
    assert set(draw(LOGITS, 50, temperature=0.0)) == {3}


def test_rows_of_every_kind_may_share_a_batch() -> None:
    rows = [
        Row([1], 1),
        Row([1], 1, temperature=1.0, seed=4),
        Row([1], 1, temperature=1.0, top_p=0.4, seed=4),
        Row([1], 1, temperature=0.5, seed=9),
    ]
    together = choose(LOGITS.expand(4, -1), rows)
    assert together == [choose(LOGITS[None], [row])[0] for row in rows]
    assert together[0] == together[2] == 3


def test_a_token_of_probability_zero_is_never_drawn() -> None:
    logits = torch.full((300,), float("-inf"))
    logits[[7, 280]] = 0.0
    for top_p in (1.0, 0.99):
        assert set(draw(logits, 500, temperature=1.0, top_p=top_p)) == {7, 280}


class Counted:
    """The tiny model, and the shape of the ids of each forward pass."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.config, self.device = model.config, model.device
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, **inputs: Any) -> Any:
        self.shapes.append(tuple(inputs["input_ids"].shape))
        return self._model(**inputs)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_prompt_of_many_paths_is_computed_once_and_says_the_same(
    tiny: Loaded, temperature: float
) -> None:
    shared, other = prompts(2)

    def rows() -> list[Row]:
        return [
            Row(prompt, max_tokens=9, temperature=temperature, top_p=0.9, seed=seed)
            for seed, prompt in enumerate([shared, other, shared, shared, other])
        ]

    together, alone = rows(), rows()
    counted = Counted(tiny.model)
    decode(replace(tiny, model=counted), together, size=8)
    for row in alone:
        decode(tiny, [row], size=1)
    assert [row.tokens for row in together] == [row.tokens for row in alone]
    passes = [shape for shape in counted.shapes if shape[1] > 1]
    assert sum(rows for rows, _ in passes) == 2
    assert next(rows for rows, width in counted.shapes if width == 1) == 5


def test_a_long_completion_outgrows_the_room_kept_free(tiny: Loaded) -> None:
    texts = prompts(3)
    rows = [Row(text, max_tokens=n) for text, n in zip(texts, (ROOM + 20, 5, 90), strict=True)]
    decode(tiny, rows, size=2)
    for row in rows:
        assert row.tokens == greedy(tiny.model, row.prompt, row.max_tokens)


def windowed(kind: str) -> Any:
    """A tiny model some or all of whose layers see the last 8 tokens only."""
    torch.manual_seed(1)
    small = {
        "vocab_size": 320,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "initializer_range": 0.3,
        "sliding_window": 8,
        "pad_token_id": 2,
    }
    if kind == "mistral":
        return transformers.MistralForCausalLM(transformers.MistralConfig(**small)).eval()
    layers = ["sliding_attention", "sliding_attention", "full_attention"]
    config = transformers.Gemma3TextConfig(layer_types=layers, **small)
    return transformers.Gemma3ForCausalLM(config).eval()


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("kind", ["mistral", "gemma3"])
def test_a_window_shorter_than_the_text_is_kept_to(tiny: Loaded, kind: str, size: int) -> None:
    model = windowed(kind)
    rows = [Row(text, max_tokens=4 + 5 * i) for i, text in enumerate(prompts(6, longest=30))]
    decode(replace(tiny, model=model), rows, size=size)
    for row in rows:
        assert row.tokens == greedy(model, row.prompt, row.max_tokens)
    longer = [row for row in rows if len(row.prompt) > 10]
    assert longer
    config = model.config
    config.sliding_window = 4096  # the mask reads it: the window did matter
    assert any(row.tokens != greedy(model, row.prompt, row.max_tokens) for row in longer)


def test_a_model_with_another_kind_of_state_is_refused(tiny: Loaded) -> None:
    config = transformers.Qwen3NextConfig(num_hidden_layers=4)
    with pytest.raises(ModelError, match="a model of the type qwen3_next cannot be a local"):
        Decoder(SimpleNamespace(config=config), eos_ids=[], pad_id=2, size=1)


@pytest.mark.parametrize("temperature", [0.0, 1.3])
def test_likeliest_tokens_are_those_of_the_plain_forward_pass(
    tiny: Loaded, temperature: float
) -> None:
    end = 40  # some token that is drawn now and then
    wanted = [
        Row(prompt, 9, temperature, 0.9, seed, 0.5, top_logprobs=5 if seed % 2 else 0)
        for seed, prompt in enumerate(prompts(6))
    ]
    for row in decode(tiny, wanted, size=4, eos_ids=[end]):
        if not row.top_logprobs:
            assert row.noted == []
            continue
        chosen = [token for token, _, _ in row.noted]
        ended = [end] if len(chosen) > len(row.tokens) else []
        assert chosen == row.tokens + ended  # also the one that ended it
        for place, (token, logprob, top) in enumerate(row.noted):
            ids = torch.tensor([row.prompt + chosen[:place]])
            with torch.inference_mode():
                plain = tiny.model(ids).logits[0, -1].double().log_softmax(-1)
            assert logprob == pytest.approx(float(plain[token]), abs=1e-4)
            values, likeliest = plain.topk(5)
            assert [one for one, _ in top] == likeliest.tolist()
            assert [value for _, value in top] == pytest.approx(values.tolist(), abs=1e-4)
