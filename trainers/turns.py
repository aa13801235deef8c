"""Where the assistant speaks in a conversation, as character spans of the text that the chat
template writes: by the template's own marks, else by writing the conversation up to each turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.errors import UserError
from limbeck.hf import chat_prompt, rendered
from limbeck.record import Message, Record, messages_json
from limbeck.said import template_turn
from limbeck.special_tokens import masked

MARK = re.compile(r"\{%-?\s*generation\s*-?%\}")  # as transformers looks for it
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as text, and the spans of what the assistant says in it, end tokens of turns
    included where the spans are not the template's own marks."""

    text: str
    spans: tuple[Span, ...]


def last_turn(tokenizer: Any, record: Record) -> Conversation:
    """The conversation with the span of the completion: from where the model begins to answer to
    the end of the text.

    Raises UserError where the template changes what is before it, and marks nothing.
    """
    turns, tools = _conversation(record)
    prompt, text = _both(tokenizer, turns, tools)
    if text.startswith(prompt):
        return Conversation(text, ((len(prompt), len(text)),))
    if not _has_marks(tokenizer):
        raise UserError(
            "the student's chat template changes the prompt once an answer follows, so no mask "
            "can be drawn; set chat_template in its tokenizer to one that does not"
        )
    return Conversation(text, _marked(tokenizer, turns, text, tools)[-1:])


def all_turns(tokenizer: Any, record: Record) -> Conversation:
    """The conversation with the spans of every turn of the assistant.

    Raises UserError for a template that writes an earlier turn in another way than the last one
    and has no generation marks either.
    """
    turns, tools = _conversation(record)
    _, text = _both(tokenizer, turns, tools)
    if _has_marks(tokenizer):
        return Conversation(text, _marked(tokenizer, turns, text, tools))
    return Conversation(text, tuple(_written(tokenizer, turns, text, tools)))


def chat_text(tokenizer: Any, messages: Sequence[Message], completion: str) -> tuple[str, str]:
    """(prompt, prompt and completion) as the chat template writes them. Raises UserError."""
    turns = [*messages_json(messages), {"role": "assistant", "content": completion}]
    return _both(tokenizer, turns, None)


def _conversation(record: Record) -> tuple[list[dict[str, Any]], Any]:
    """Its turns and its tools. The answer's reasoning is no part of what is learned."""
    turns = messages_json([*record.messages, record.answer])
    turns[-1].pop("reasoning_content", None)
    return turns, record.fields.get("tools")


def _both(tokenizer: Any, turns: Sequence[Mapping[str, Any]], tools: Any) -> tuple[str, str]:
    prompt = chat_prompt(tokenizer, turns[:-1], tools=tools)
    return prompt, rendered(tokenizer, turns, tools=tools)


def _has_marks(tokenizer: Any) -> bool:
    return MARK.search(tokenizer.get_chat_template()) is not None


def _marked(
    tokenizer: Any, turns: Sequence[Mapping[str, Any]], text: str, tools: Any
) -> tuple[Span, ...]:
    """The spans between the template's generation marks.

    `apply_chat_template` would give a mask of tokens, but loses every turn after one that begins
    with a space which the tokenizer's offsets leave out; so its spans of characters are taken.
    """
    from transformers.utils.chat_template_utils import render_jinja_template

    rendered, spans = render_jinja_template(
        conversations=[masked(tokenizer, [*map(template_turn, turns)])],
        tools=masked(tokenizer, tools),
        chat_template=tokenizer.get_chat_template(),
        return_assistant_tokens_mask=True,
        **tokenizer.special_tokens_map,
    )
    said = sum(turn["role"] == "assistant" for turn in turns)
    if rendered != [text] or len(spans[0]) != said:
        raise UserError(
            f"the student's chat template marks {len(spans[0])} turns of {said} as the "
            "assistant's (with its generation marks), so no mask can be drawn; mend "
            "chat_template in its tokenizer"
        )
    return tuple((int(start), int(end)) for start, end in spans[0])


def _written(
    tokenizer: Any, turns: Sequence[Mapping[str, Any]], text: str, tools: Any
) -> Iterator[Span]:
    """The span of each assistant turn: what the template adds to the conversation before it, from
    where the model begins to answer."""
    for place, turn in enumerate(turns):
        if turn["role"] != "assistant":
            continue
        if place == 0:
            raise UserError(
                "the conversation begins with an answer, and nothing says what the student would "
                "be asked; set train.options.turns to last"
            )
        before = chat_prompt(tokenizer, turns[:place], tools=tools)
        after = rendered(tokenizer, turns[: place + 1], tools=tools)
        if not (text.startswith(after) and after.startswith(before)):
            raise UserError(
                "the student's chat template writes an earlier answer in another way once the "
                "conversation goes on (some take its thinking out), so what the student would say "
                "there is not what it would learn. Set train.options.turns to last, or "
                "chat_template in its tokenizer to one that keeps earlier turns as they are"
            )
        yield len(before), len(after)
