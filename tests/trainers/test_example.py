"""The mask covers the completion and its end token, and nothing else, whatever the text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import processors

from limbeck.errors import UserError
from limbeck.record import Message, Provenance, Record, user
from limbeck.trainers.example import (
    PLAIN_TEMPLATE,
    Example,
    encode,
    ensure_template,
)
from limbeck.trainers.turns import chat_text
from tests.tiny import CHATML, END, START, make_tokenizer

TOKENIZER = make_tokenizer()
PLAIN = make_tokenizer(PLAIN_TEMPLATE)


def record(prompt: str, completion: str, *, template: str = "chat") -> Record:
    return Record((user(prompt),), completion, Provenance("test", template=template))


def encoded(tokenizer: Any, row: Record) -> Example:
    return encode(tokenizer, row, eos_ids=[tokenizer.eos_token_id])


def learned(tokenizer: Any, example: Example) -> str:
    """The text of the tokens that carry loss."""
    ids = [token for token, loss in zip(example.ids, example.loss, strict=True) if loss]
    return str(tokenizer.decode(ids))


def given_text(tokenizer: Any, example: Example) -> str:
    ids = [token for token, loss in zip(example.ids, example.loss, strict=True) if not loss]
    return str(tokenizer.decode(ids))


TEXTS = [
    ("What is the capital of France?", "The capital is Paris."),
    ("東京はどこ？", "日本です。"),
    ("emoji 🦊", "🦊🏳️‍🌈 yes"),
    ("ends with a space ", "and"),
    ("starts", " with a space"),
    ("lines\n\n", "\n\nmore\n"),
    ("combining e", "\u0301 comes first"),
    ("", "no question"),
    ("no answer", ""),
]


@pytest.mark.parametrize(("prompt", "completion"), TEXTS)
def test_chatml_learns_the_completion_and_its_end_token(prompt: str, completion: str) -> None:
    example = encoded(TOKENIZER, record(prompt, completion))
    assert learned(TOKENIZER, example) == completion + END
    head = f"{START}user\n{prompt}{END}\n{START}assistant\n"
    assert given_text(TOKENIZER, example) == head
    assert example.ids[-1] == TOKENIZER.eos_token_id


@pytest.mark.parametrize(("prompt", "completion"), TEXTS)
def test_the_plain_template_learns_the_completion_and_an_end_token(
    prompt: str, completion: str
) -> None:
    example = encoded(PLAIN, record(prompt, completion))
    assert PLAIN.decode(example.ids) == f"User:\n{prompt}\nAssistant:\n{completion}{END}"
    # Line breaks that a completion begins with may be one token with the one before it.
    assert learned(PLAIN, example).lstrip("\n") == (completion + END).lstrip("\n")


@pytest.mark.parametrize(("prompt", "completion"), TEXTS[:-2])
def test_a_raw_record_learns_its_continuation_and_an_end_token(
    prompt: str, completion: str
) -> None:
    example = encoded(TOKENIZER, record(prompt, completion, template="raw"))
    assert TOKENIZER.decode(example.ids) == prompt + completion + END
    text = learned(TOKENIZER, example)
    assert text.endswith(completion + END)
    # At most one token reaches over the seam.
    before = text.removesuffix(completion + END)
    assert len(before) < 10
    assert prompt.endswith(before)


def test_a_token_that_reaches_over_the_seam_is_learned() -> None:
    tokenizer = make_tokenizer("{{ messages[0]['content'] }}{{ messages[1]['content'] }}")
    text = "The capital of Italy"
    tokens = TOKENIZER(text, return_offsets_mapping=True)
    start, end = next((a, b) for a, b in tokens["offset_mapping"] if b - a > 3)
    row = record(text[: start + 1], text[start + 1 :], template="raw")
    example = encoded(tokenizer, row)
    assert list(example.ids[:-1]) == tokens["input_ids"]
    expected = [b > start + 1 for _, b in tokens["offset_mapping"]]
    assert list(example.loss) == [*expected, True]
    assert end > start + 1


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.text(max_size=30))
def test_any_text_keeps_its_prompt_out_of_the_loss(prompt: str, completion: str) -> None:
    if any(special in prompt + completion for special in (END, START, "<|pad|>")):
        return
    if any(0xD800 <= ord(char) < 0xE000 for char in completion):
        return
    example = encoded(TOKENIZER, record(prompt, completion))
    assert learned(TOKENIZER, example) == completion + END
    assert example.loss_tokens == sum(example.loss)
    assert len(example.ids) == len(example.loss)


def test_what_the_template_writes_after_the_end_is_not_learned() -> None:
    example = encoded(TOKENIZER, record("Hi", "Hello"))
    assert TOKENIZER.decode(example.ids).endswith(f"Hello{END}")


def test_earlier_answers_of_a_conversation_are_not_learned() -> None:
    turns = (user("Hi"), Message("assistant", "Hello"), user("Who?"))
    example = encoded(TOKENIZER, Record(turns, "Me.", Provenance("test")))
    assert learned(TOKENIZER, example) == f"Me.{END}"
    assert "Hello" in given_text(TOKENIZER, example)


def test_a_token_at_the_beginning_is_kept_and_not_learned() -> None:
    tokenizer = make_tokenizer()
    start = tokenizer.convert_tokens_to_ids(START)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, start)]
    )
    example = encoded(tokenizer, record("The capital of", " France", template="raw"))
    assert example.ids[0] == start
    assert example.loss[0] is False
    assert learned(tokenizer, example) == f" France{END}"


def test_an_end_token_that_the_tokenizer_adds_is_learned_once() -> None:
    tokenizer = make_tokenizer()
    end = tokenizer.eos_token_id
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, end)]
    )
    example = encoded(tokenizer, record("The capital of", " France", template="raw"))
    assert learned(tokenizer, example) == f" France{END}"
    assert example.ids.count(end) == 1


def test_any_of_the_end_tokens_may_end_a_turn() -> None:
    tokenizer = make_tokenizer(CHATML.replace("<|im_end|>", "<|pad|>"))
    example = encode(
        tokenizer,
        record("Hi", "Hello"),
        eos_ids=[tokenizer.eos_token_id, tokenizer.pad_token_id],
    )
    assert example.ids[-1] == tokenizer.pad_token_id
    assert learned(tokenizer, example) == "Hello<|pad|>"


def test_a_template_that_changes_the_prompt_is_refused() -> None:
    tokenizer = make_tokenizer("{{ messages | length }} {{ messages[-1]['content'] }}")
    with pytest.raises(UserError, match="changes the prompt"):
        encoded(tokenizer, record("Hi", "Hello"))
    assert chat_text(tokenizer, (user("Hi"),), "Hello") == ("1 Hi", "2 Hello")


def test_a_template_that_refuses_the_conversation_is_told() -> None:
    tokenizer = make_tokenizer("{{ raise_exception('user and assistant must alternate') }}")
    with pytest.raises(UserError, match="must alternate"):
        encoded(tokenizer, record("Hi", "Hello"))


def test_a_tokenizer_without_end_token_is_refused() -> None:
    with pytest.raises(UserError, match="end token"):
        encode(TOKENIZER, record("Hi", "Hello"), eos_ids=[])


def test_a_tokenizer_without_template_gets_the_plain_one() -> None:
    tokenizer = make_tokenizer(None)
    ensure_template(tokenizer)
    assert tokenizer.chat_template == PLAIN_TEMPLATE


def test_a_tokenizer_with_a_template_keeps_it() -> None:
    tokenizer = make_tokenizer()
    ensure_template(tokenizer)
    assert tokenizer.chat_template == CHATML
