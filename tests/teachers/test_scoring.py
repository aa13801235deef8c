"""Log-likelihoods against lm-eval's own model class and against a plain forward pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from limbeck.errors import UserError
from limbeck.hf import Loaded, chat_prompt
from limbeck.models import ModelName
from limbeck.record import Message, messages_json, user
from limbeck.teachers import scoring
from limbeck.teachers.scoring import Context, Scorer
from tests.teachers.plain_likelihoods import Pair, Watched, assert_equal, reference, written
from tests.tiny import CHATML, START, make_tokenizer

QUESTION = (Message("system", "Be brief."), user("Which sea lies between Italy and Croatia?"))
LONG = (user("The capital of France is Paris, and the capital of Italy is Rome. " * 3),)
CHATS: list[Pair] = [
    (QUESTION, "The Red Sea"),
    (LONG, "Rome"),
    (QUESTION, "The Adriatic Sea"),
    ((user("東京はどこ？"),), "日本"),
    (QUESTION, "The Red Sea"),
    ((user("a"),), "🦊🦊 yes"),
    (LONG, "é"),
    (QUESTION, "x"),
]
PLAIN: list[Pair] = [
    ("The capital of France is", " Paris"),
    ("The capital of France is", " Rome and the Red Sea"),
    ("Tokyo is 東", "京"),
    ("caf", "é is"),
    ("Москва", " столица России."),
    ("fox", " 🦊"),
    ("Question: which?\nAnswer:", " the answer of the question"),
    ("x" * 150, "y"),
    ("The capital of France is", " in"),
]
EMPTY: list[Pair] = [("", "The capital of France"), ("", "日本"), ("", "x")]


def stock(loaded: Loaded, pairs: list[Pair]) -> list[tuple[float, bool]]:
    """What lm-eval's HFLM says."""
    lm = HFLM(
        pretrained=loaded.model,
        tokenizer=loaded.tokenizer,
        batch_size=3,
        device="cpu",
        add_bos_token=False,
    )
    requests = []
    for context, text in pairs:
        requests.append(
            Instance(
                request_type="loglikelihood",
                doc={},
                arguments=(written(loaded, context), text),
                idx=0,
                metadata=("test", 0, 1),
            )
        )
    found: list[tuple[float, bool]] = lm.loglikelihood(requests, disable_tqdm=True)
    return found


@pytest.mark.parametrize("budget", [1, 128, 4096])
@pytest.mark.parametrize("pairs", [CHATS, PLAIN, EMPTY, [*PLAIN, *CHATS, *EMPTY]])
def test_likelihoods_are_those_of_a_plain_forward_pass(
    tiny: Loaded, pairs: list[Pair], budget: int
) -> None:
    expected = [reference(tiny, context, text) for context, text in pairs]
    assert_equal(Scorer(tiny, budget=budget)(pairs), expected)


@pytest.mark.parametrize("pairs", [CHATS, PLAIN, EMPTY])
def test_likelihoods_are_lm_evals(tiny: Loaded, pairs: list[Pair]) -> None:
    # White space at the end of a context is a part of the continuation for HFLM, which so scores
    # the newline of ChatML's "assistant\n" too; limbeck does not. Hence a template without.
    template = CHATML.replace("assistant\n", "assistant:")
    loaded = replace(tiny, tokenizer=make_tokenizer(template))
    assert_equal(Scorer(loaded)(pairs), stock(loaded, pairs))


def test_the_order_is_the_one_asked_in(tiny: Loaded) -> None:
    pairs = [*CHATS, *PLAIN, *EMPTY]
    forward, backward = Scorer(tiny)(pairs), Scorer(tiny)(pairs[::-1])
    assert_equal(backward[::-1], forward)


def test_one_pair_is_scored_as_it_is_among_others(tiny: Loaded) -> None:
    pairs = [*CHATS, *PLAIN]
    assert_equal([Scorer(tiny)([pair])[0] for pair in pairs], Scorer(tiny)(pairs))


def test_a_seam_that_ends_in_a_space_is_the_continuations(tiny: Loaded) -> None:
    (pair,) = Scorer(tiny)([("The capital of ", "France")])
    assert_equal([pair], stock(tiny, [("The capital of ", "France")]))
    assert_equal([pair], [reference(tiny, "The capital of", " France")])


@torch.inference_mode()
def test_what_the_model_would_say_itself_is_greedy(tiny: Loaded) -> None:
    pairs: list[Pair] = []
    for number in range(40):
        context = (user(f"Question {number}?"),)
        ids = tiny.tokenizer(written(tiny, context))["input_ids"]
        said = [int(tiny.model(torch.tensor([ids])).logits[0, -1].argmax())]
        said.append(int(tiny.model(torch.tensor([ids + said])).logits[0, -1].argmax()))
        text = tiny.tokenizer.decode(said)
        if tiny.tokenizer(text)["input_ids"] == said:  # else it is no text of its own tokens
            pairs.append((context, text))
    assert len(pairs) > 3
    assert all(greedy for _, greedy in Scorer(tiny)(pairs))


def test_a_continuation_of_no_text_is_certain(tiny: Loaded) -> None:
    assert Scorer(tiny)([(QUESTION, "")]) == [(0.0, True)]
    found = Scorer(tiny)([(QUESTION, ""), (QUESTION, "The Red Sea"), ("", "")])
    assert found[0] == found[2] == (0.0, True)
    assert_equal(found[1:2], [reference(tiny, *CHATS[0])])


def test_nothing_asked_is_nothing_said(tiny: Loaded) -> None:
    assert Scorer(tiny)([]) == []


def test_an_item_too_long_for_the_window_is_refused_not_cut(tiny: Loaded) -> None:
    with pytest.raises(UserError, match=r"an item of \d+ tokens does not fit the 256 of"):
        Scorer(tiny)([(QUESTION, "a"), ((user("東" * 200),), "b")])


def test_progress_counts_every_pair_once(tiny: Loaded) -> None:
    counts: list[int] = []
    Scorer(tiny, budget=256, on_done=counts.append)([*CHATS, *PLAIN, (QUESTION, "")])
    assert len(counts) > 1
    assert sum(counts) == len(CHATS) + len(PLAIN) + 1


def test_an_answers_given_first_words_are_not_scored(tiny: Loaded) -> None:
    begun = (*QUESTION, Message("assistant", "The answer is"))
    text = chat_prompt(tiny.tokenizer, messages_json(QUESTION)) + "The answer is"
    assert_equal(Scorer(tiny)([(begun, " Rome")]), [reference(tiny, text, " Rome")])


def test_a_token_at_the_beginning_is_seen_where_the_tokenizer_adds_one(tiny: Loaded) -> None:
    from tokenizers import processors

    tokenizer: Any = make_tokenizer()
    tokenizer.bos_token = START
    start = tokenizer.bos_token_id
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, start)]
    )
    loaded = replace(tiny, tokenizer=tokenizer)
    pairs: list[Pair] = [("The capital", " of"), ("", "Rome")]
    expected = [
        reference(tiny, START + "The capital", " of"),
        reference(tiny, START, "Rome"),
    ]
    assert_equal(Scorer(loaded)(pairs), expected)
    told = Scorer(loaded).token_logprobs("The capital")
    ids = tokenizer("The capital")["input_ids"]
    assert [value for _, value in told] == pytest.approx(token_reference(tiny, ids), abs=1e-4)
    assert "".join(text for text, _ in told) == "The capital"


def ids_of(loaded: Loaded, context: Context) -> list[int]:
    ids: list[int] = loaded.tokenizer(written(loaded, context))["input_ids"]
    return ids


def test_a_forward_pass_stays_within_the_budget(tiny: Loaded) -> None:
    watched = Watched(tiny.model)
    texts = [text for _, text in [*CHATS, *PLAIN]]
    contexts: list[Context] = ["", QUESTION] * 3
    pairs: list[Pair] = [(context, text) for context in contexts for text in texts]
    pairs += [("x", "y" * 60), *((f"{n}" + "z" * 40, "y") for n in range(10))]
    found = Scorer(replace(tiny, model=watched), budget=300, cache_budget=300)(pairs)
    assert max(rows * columns for rows, _, columns in watched.passes) <= 300
    assert_equal(found, Scorer(tiny)(pairs))


def test_a_context_is_computed_once_for_all_its_continuations(tiny: Loaded) -> None:
    watched = Watched(tiny.model)
    texts = ("The capital", "Which sea", "question answer", "xyz")
    Scorer(replace(tiny, model=watched))([(QUESTION, text) for text in texts])
    context, longest = len(ids_of(tiny, QUESTION)), max(len(ids_of(tiny, text)) for text in texts)
    assert watched.passes[0] == (1, context - 1, context - 1)
    assert watched.passes[1] == (len(texts), longest, context - 1 + longest)
    assert len(watched.passes) == 2


def test_options_of_one_token_are_one_row_of_one_pass(tiny: Loaded) -> None:
    watched = Watched(tiny.model)
    other = (user("Which?"),)
    pairs: list[Pair] = [(context, text) for text in "abcda" for context in (QUESTION, other)]
    found = Scorer(replace(tiny, model=watched))(pairs)
    context = len(ids_of(tiny, QUESTION))
    assert watched.passes == [(2, context, context)]
    assert_equal(found, [reference(tiny, *pair) for pair in pairs])


def test_a_model_with_absolute_positions_is_scored_alike() -> None:
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=4, initializer_range=0.3
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    loaded = Loaded(ModelName("path", "gpt2"), model, tokenizer, "")
    pairs = [*CHATS, *PLAIN, *EMPTY]
    assert_equal(Scorer(loaded)(pairs), [reference(loaded, *pair) for pair in pairs])


@pytest.mark.slow
def test_the_bundled_model_finds_paris_likelier_than_rome() -> None:
    from limbeck.hf import load

    loaded = load(ModelName("bundled", "bundled"), dtype="float32")
    question = (user("What is the capital of France?"),)
    pairs: list[Pair] = [
        (question, "The capital of France is Paris."),
        (question, "The capital of France is Rome."),
    ]
    found = Scorer(loaded)(pairs)
    assert found[0][0] > found[1][0]
    assert_equal(found, [reference(loaded, *pair) for pair in pairs])


def test_the_models_name_is_in_the_refusal(tiny: Loaded, tiny_folder: Path) -> None:
    with pytest.raises(UserError, match=tiny_folder.name):
        Scorer(tiny)([("x" * 600, "a")])


def token_reference(loaded: Loaded, ids: list[int]) -> list[float]:
    with torch.inference_mode():
        logs = loaded.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return [float(logs[place, token]) for place, token in enumerate(ids[1:])]


@pytest.mark.parametrize("piece", [3, 256])
@pytest.mark.parametrize("context", [QUESTION, "Tokyo is 東京 🦊 é and", LONG])
def test_every_token_has_the_likelihood_of_a_plain_forward_pass(
    tiny: Loaded, context: Context, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "PIECE", piece)
    found = Scorer(tiny).token_logprobs(context)
    text = written(tiny, context)
    assert "".join(part for part, _ in found) == text
    ids = tiny.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert found[0][1] is None
    assert [value for _, value in found[1:]] == pytest.approx(token_reference(tiny, ids), abs=1e-4)


def test_the_likeliest_next_tokens_are_those_of_a_plain_forward_pass(tiny: Loaded) -> None:
    found = Scorer(tiny).next_tokens(QUESTION, 5)
    ids = tiny.tokenizer(written(tiny, QUESTION), add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        logs = tiny.model(torch.tensor([ids])).logits[0, -1].double().log_softmax(-1)
    values, tokens = logs.topk(5)
    assert [text for text, _ in found] == [tiny.tokenizer.decode([t]) for t in tokens.tolist()]
    assert [value for _, value in found] == pytest.approx(values.tolist(), abs=1e-4)


def test_a_token_that_reaches_over_the_seam_belongs_to_the_continuation(tiny: Loaded) -> None:
    before, after = "The cap", "ital"
    whole = tiny.tokenizer(before + after)["input_ids"]
    prefix = tiny.tokenizer(before)["input_ids"]
    assert whole[: len(prefix)] != prefix  # they do merge
    kept = next(i for i, (a, b) in enumerate(zip(whole, prefix, strict=False)) if a != b)
    expected = sum(token_reference(tiny, whole)[kept - 1 :])
    ((found, _),) = Scorer(tiny)([(before, after)])
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_window_shorter_than_the_text_is_kept_to_when_scoring() -> None:
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    config = transformers.MistralConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
        sliding_window=8,
    )
    model = transformers.MistralForCausalLM(config).eval()
    loaded = Loaded(ModelName("path", "mistral"), model, tokenizer, "")
    pairs = [*CHATS, *PLAIN]
    assert_equal(Scorer(loaded)(pairs), [reference(loaded, *pair) for pair in pairs])
