"""Conversations of several answers: every answer and the token that ends it, nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import OptionError, build
from limbeck.trainers.example import Example, Turns, encode
from limbeck.trainers.objectives.sft import Sft
from tests.tiny import CHATML, END, START, make_tokenizer
from tests.trainers.families import FAMILIES, make

MARKED = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}"
    "<|im_start|>assistant\n{% generation %}{{ message['content'] }}{% endgeneration %}<|im_end|>\n"
    "{% else %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# As Qwen3 does: thinking is taken out of every answer but the last.
FORGETS = CHATML.replace(
    "message['content'] +",
    "(message['content'] if loop.last else message['content'].split('</think>')[-1]) +",
)
# The length of the conversation stands before it: no prefix of it is a prefix of the whole.
COUNTS = "{{ messages | length }}\n" + MARKED


def said(text: str) -> Message:
    return Message("assistant", text)


def conversation(*turns: str, system: str = "") -> Record:
    """user, assistant, user, ... : the last one is the completion."""
    messages = [Message("system", system)] if system else []
    for place, text in enumerate(turns[:-1]):
        messages.append(said(text) if place % 2 else user(text))
    return Record(tuple(messages), turns[-1], Provenance("t"))


def runs(tokenizer: Any, example: Example) -> list[str]:
    """The text of each stretch of tokens that carry loss."""
    found: list[list[int]] = []
    before = False
    for token, loss in zip(example.ids, example.loss, strict=True):
        if loss and not before:
            found.append([])
        if loss:
            found[-1].append(token)
        before = loss
    return [str(tokenizer.decode(ids)) for ids in found]


def learned(
    tokenizer: Any, row: Record, turns: Turns = "all", eos_ids: list[int] | None = None
) -> list[str]:
    ends = [tokenizer.eos_token_id] if eos_ids is None else eos_ids
    return runs(tokenizer, encode(tokenizer, row, eos_ids=ends, turns=turns))


TALK = conversation("Hi", "Hello.", "Which sea?", "The Adriatic.", "Why?", "It is so.", system="S.")


@pytest.mark.parametrize("template", [CHATML, MARKED, COUNTS])
def test_every_answer_and_its_end_are_learned(template: str) -> None:
    tokenizer = make_tokenizer(template)
    assert learned(tokenizer, TALK) == [f"Hello.{END}", f"The Adriatic.{END}", f"It is so.{END}"]


@pytest.mark.parametrize("template", [CHATML, MARKED, COUNTS, FORGETS])
def test_only_the_completion_is_learned_unless_asked_for(template: str) -> None:
    tokenizer = make_tokenizer(template)
    assert learned(tokenizer, TALK, "last") == [f"It is so.{END}"]
    row = Sft().examples(tokenizer, TALK, [tokenizer.eos_token_id])
    assert runs(tokenizer, row[0]) == [f"It is so.{END}"]


@pytest.mark.parametrize("template", [CHATML, MARKED])
def test_the_tokens_are_those_of_one_tokenisation_of_the_whole(template: str) -> None:
    tokenizer = make_tokenizer(template)
    example = encode(tokenizer, TALK, eos_ids=[tokenizer.eos_token_id], turns="all")
    turns = [{"role": m.role, "content": m.content} for m in TALK.messages]
    turns.append({"role": "assistant", "content": TALK.completion})
    whole = tokenizer.apply_chat_template(turns, return_dict=False)
    assert list(example.ids) == whole[: len(example.ids)]
    assert tokenizer.decode(whole[len(example.ids) :]) == "\n"


@pytest.mark.parametrize("template", [CHATML, MARKED])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (" begins with a space", "  and another"),
        ("", ""),
        ("\n\nlines\n", "\n"),
        ("東京 🦊🏳️‍🌈", "\u0301 combining"),
        (f"it says {END} itself", f"{END}{START}user\nHi"),
        (f"{START}assistant\nHello", "Hello"),
    ],
)
def test_hard_answers_are_learned_whole(template: str, first: str, second: str) -> None:
    tokenizer = make_tokenizer(template)
    row = conversation("Hello", first, f"{END}{START}assistant\nHello", second)
    assert learned(tokenizer, row) == [first + END, second + END]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize("template", [CHATML, MARKED])
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_any_conversation_learns_its_answers(template: str, turns: list[tuple[str, str]]) -> None:
    tokenizer = TOKENIZERS[template]
    row = conversation(*(text for turn in turns for text in turn))
    assert learned(tokenizer, row) == [answer + END for _, answer in turns]


TOKENIZERS = {template: make_tokenizer(template) for template in (CHATML, MARKED)}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns_each_answer_to_its_end(family: str) -> None:
    loaded = make(family)
    texts = learned(loaded.tokenizer, TALK, eos_ids=loaded.eos_ids)
    if family == "llama":  # its template takes no system turn apart, but writes one
        assert [text.strip() for text in texts] == [
            "Hello. </s>", "The Adriatic. </s>", "It is so. </s>"
        ]  # fmt: skip
    else:
        assert [text.strip() for text in texts] == [
            f"Hello.{END}", f"The Adriatic.{END}", f"It is so.{END}"
        ]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_last_answer_learns_is_the_same_either_way(family: str) -> None:
    loaded = make(family)
    one, both = (
        encode(loaded.tokenizer, TALK, eos_ids=loaded.eos_ids, turns=turns)
        for turns in ("last", "all")
    )
    assert one.ids == both.ids
    last = one.loss.index(True)
    assert one.loss[last:] == both.loss[last:]
    assert both.loss_tokens > one.loss_tokens


def test_a_template_that_rewrites_earlier_answers_is_refused() -> None:
    tokenizer = make_tokenizer(FORGETS)
    row = conversation("Hi", "<think>Hm.</think>Hello.", "Why?", "So.")
    with pytest.raises(UserError, match=r"earlier answer in another way.*turns to last"):
        learned(tokenizer, row)
    assert learned(tokenizer, row, "last") == [f"So.{END}"]
    # Where it has nothing to take out, earlier answers are as they were.
    assert learned(tokenizer, TALK) == [f"Hello.{END}", f"The Adriatic.{END}", f"It is so.{END}"]


def test_marks_that_miss_an_answer_are_refused() -> None:
    odd = MARKED.replace("== 'assistant' %}<", "== 'assistant' and loop.last %}<")
    with pytest.raises(UserError, match=r"marks 1 turns of 3"):
        learned(make_tokenizer(odd), TALK)


def test_a_conversation_that_begins_with_an_answer_is_refused() -> None:
    row = Record((said("Hello."), user("Hi")), "So.", Provenance("t"))
    with pytest.raises(UserError, match="begins with an answer"):
        learned(make_tokenizer(), row)


def test_answers_of_a_template_without_end_token_are_learned_and_the_last_one_ends() -> None:
    tokenizer = make_tokenizer(
        "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    texts = learned(tokenizer, conversation("Hi", "Hello.", "Why?", "So."))
    assert [text.strip() for text in texts] == ["Hello.", f"So.\n{END}"]


def test_a_raw_record_is_learned_as_ever() -> None:
    row = Record((user("The capital of"),), " France", Provenance("t", template="raw"))
    assert learned(make_tokenizer(), row) == [f" France{END}"]


def test_the_objective_takes_the_option_and_no_other_value() -> None:
    tokenizer = make_tokenizer()
    objective = build("objectives", "sft", {"turns": "all"})
    (example,) = objective.examples(tokenizer, TALK, [tokenizer.eos_token_id])
    assert len(runs(tokenizer, example)) == 3
    with pytest.raises(OptionError, match="turns"):
        build("objectives", "sft", {"turns": "first"})
