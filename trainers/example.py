"""Examples: a record tokenised once, with the mask of what carries loss.

The mask comes from the tokenizer's character offsets over one tokenisation of the whole text,
never from tokenising the prompt a second time: tokenisers merge across the seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.errors import UserError
from limbeck.hf import chat_prompt
from limbeck.record import Message, Record, messages_json

# For students whose tokenizer has none: plain words, no special tokens. A turn begins on a line of
# its own: a space before it would be one token with its first word in training, and one without it
# when the student is asked, which then leaves that word out.
PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ message['role'].capitalize() + ':\n' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
    "{{ '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:\n' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids (T,) and, of the same length, whether each token is to be predicted."""

    ids: tuple[int, ...]
    loss: tuple[bool, ...]

    @property
    def loss_tokens(self) -> int:
        return sum(self.loss)


Row = tuple[Example, ...]
"""The examples of one record, one for each task of the objective."""


def ensure_template(tokenizer: Any) -> None:
    """Give a tokenizer without a chat template the plain one, which the student then carries."""
    if tokenizer.chat_template is None:
        tokenizer.chat_template = PLAIN_TEMPLATE


def encode(tokenizer: Any, record: Record, *, eos_ids: Sequence[int]) -> Example:
    """One record as an example: loss on the completion and the token that ends it, nothing else.

    Raises UserError for a chat template that does not show the prompt as a prefix of the whole,
    and for a tokenizer without end token.
    """
    if not eos_ids:
        raise UserError(
            "the student's tokenizer has no end token, so it could never learn to stop; set "
            "eos_token in its tokenizer"
        )
    if record.provenance.template == "raw":
        prompt = record.messages[0].content
        text, special = prompt + record.completion, True
    else:
        prompt, text = chat_text(tokenizer, record.messages, record.completion)
        special = False
    encoded = tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
    ids: list[int] = list(encoded["input_ids"])
    spans = list(encoded["offset_mapping"])
    while ids and ids[-1] in eos_ids and spans[-1][0] == spans[-1][1]:
        ids.pop(), spans.pop()  # the tokenizer's own, which stands for no text and is added below
    loss = [end > len(prompt) for _, end in spans]
    end = _end_of_turn(ids, loss, eos_ids)
    if end is None:  # no end token in the template, or a raw continuation: the student needs one
        return Example((*ids, eos_ids[0]), (*loss, True))
    return Example(tuple(ids[: end + 1]), tuple(loss[: end + 1]))


def chat_text(tokenizer: Any, messages: Sequence[Message], completion: str) -> tuple[str, str]:
    """(prompt, prompt and completion) as the chat template writes them. Raises UserError."""
    turns = messages_json(messages)
    prompt = chat_prompt(tokenizer, turns)
    turns.append({"role": "assistant", "content": completion})
    text: str = tokenizer.apply_chat_template(turns, tokenize=False)
    if not text.startswith(prompt):
        raise UserError(
            "the student's chat template changes the prompt once an answer follows, so no mask "
            "can be drawn; set chat_template in its tokenizer to one that does not"
        )
    return prompt, text


def _end_of_turn(ids: list[int], loss: list[bool], eos_ids: Sequence[int]) -> int | None:
    """Where the turn ends: the last end token that carries loss. What the template puts after it
    (a newline, mostly) is never generated, so it is not learned."""
    for place in range(len(ids) - 1, -1, -1):
        if not loss[place]:
            return None
        if ids[place] in eos_ids:
            return place
    return None
