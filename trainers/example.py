"""Examples: a record tokenised once, with the mask of what carries loss.

The mask comes from the tokenizer's character offsets over one tokenisation of the whole text,
never from tokenising the prompt a second time: tokenisers merge across the seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Literal

from limbeck.errors import UserError
from limbeck.record import Record
from limbeck.special_tokens import tokenized
from limbeck.trainers.labels import Labels
from limbeck.trainers.turns import Conversation, Span, all_turns, last_turn

if TYPE_CHECKING:  # a recipe's options are checked without it
    import numpy as np

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

Turns = Literal["last", "all"]


@dataclass(frozen=True, slots=True, eq=False)
class Soft:
    """What the teacher thought likely at each predicted token: `ids` (L, K) of the student's
    vocabulary and `logprobs` (L, K) in nats, -inf where there is no value.

    L is the number of True in `loss[1:]`: the token at 0 is predicted from nothing.
    """

    ids: np.ndarray[Any, np.dtype[np.int64]]
    logprobs: np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids (T,) and, of the same length, whether each token is to be predicted.

    With `ends` it holds several sequences, one after another, which end there: they are learned
    together, and do not see each other. All of them begin with the first `shared` tokens, which are
    there once and are never predicted; what follows is the rest of each. `labels` says what is
    known of them.
    """

    ids: tuple[int, ...]
    loss: tuple[bool, ...]
    soft: Soft | None = None
    ends: tuple[int, ...] = ()
    shared: int = 0
    labels: Labels | None = None

    @property
    def loss_tokens(self) -> int:
        return sum(self.loss)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The tokens of each sequence, with what it shares."""
        if not self.ends:
            return (len(self.ids),)
        places = pairwise((self.shared, *self.ends))
        return tuple(self.shared + end - start for start, end in places)

    @property
    def sequences(self) -> tuple[Example, ...]:
        """Each sequence alone: itself where it holds no more than one."""
        if not self.ends:
            return (self,)
        ids, loss = self.ids[: self.shared], self.loss[: self.shared]
        return tuple(
            Example(ids + self.ids[start:end], loss + self.loss[start:end])
            for start, end in pairwise((self.shared, *self.ends))
        )

    @property
    def silent(self) -> Example:
        """The same without anything to be learned."""
        labels = self.labels and replace(self.labels, target=None, probs=None, written=None)
        return replace(self, loss=(False,) * len(self.ids), soft=None, labels=labels)


def together(examples: Sequence[Example], labels: Labels | None = None) -> Example:
    """Examples of one record as one, for what is computed from all of them (a softmax over labels):
    they stay in one micro-batch. What they begin alike with, before the first token that any of
    them learns, is kept once; a token of each is left. Soft targets are left out."""
    shared = _alike(examples) if len(examples) > 1 else 0
    first, rests = examples[0], [len(example.ids) - shared for example in examples]
    return Example(
        first.ids[:shared] + tuple(token for example in examples for token in example.ids[shared:]),
        first.loss[:shared] + tuple(yes for example in examples for yes in example.loss[shared:]),
        ends=tuple(accumulate(rests, initial=shared))[1:],
        shared=shared,
        labels=labels,
    )


def _alike(examples: Sequence[Example]) -> int:
    """How many tokens all begin with, and none learns; less than the shortest has."""
    shortest = min(len(example.ids) for example in examples)
    first = examples[0]
    for place in range(shortest - 1):
        if any(e.ids[place] != first.ids[place] or e.loss[place] for e in examples):
            return place
    return max(0, shortest - 1)


Row = tuple[Example, ...]
"""The examples of one record, one for each task of the objective."""


def ensure_template(tokenizer: Any) -> None:
    """Give a tokenizer without a chat template the plain one, which the student then carries."""
    if tokenizer.chat_template is None:
        tokenizer.chat_template = PLAIN_TEMPLATE


def answered(record: Record, text: str) -> Record:
    """The record with another completion. The continuation of a raw text begins with a space, where
    neither it nor the end of the text has one."""
    if record.provenance.template == "raw":
        seam = record.messages[0].content[-1:] + text[:1]
        if not any(map(str.isspace, seam)):
            text = " " + text
    return replace(record, completion=text)


def encode(
    tokenizer: Any, record: Record, *, eos_ids: Sequence[int], turns: Turns = "last"
) -> Example:
    """One record as an example: loss on the completion and the token that ends it, nothing else;
    with `turns` all, on every answer in the conversation and the token that ends it.

    Raises UserError for a chat template that does not show what an answer adds to the prompt, and
    for a tokenizer without end token.
    """
    if not eos_ids:
        raise UserError(
            "the student's tokenizer has no end token, so it could never learn to stop; set "
            "eos_token in its tokenizer"
        )
    raw = record.provenance.template == "raw"
    if raw:
        prompt = record.messages[0].content
        text = prompt + record.completion
        found = Conversation(text, ((len(prompt), len(text)),))
    else:
        take = all_turns if turns == "all" else last_turn
        found = take(tokenizer, record)
    encoded = tokenized(tokenizer, found.text, add_special_tokens=raw, return_offsets_mapping=True)
    ids: list[int] = list(encoded["input_ids"])
    offsets: list[Span] = list(encoded["offset_mapping"])
    while ids and ids[-1] in eos_ids and offsets[-1][0] == offsets[-1][1]:
        ids.pop(), offsets.pop()  # the tokenizer's own: it stands for no text and is added below
    loss = [False] * len(ids)
    end = None
    for span in found.spans:
        end = _mark(found.text, ids, offsets, loss, span, eos_ids)
    if end is None:  # no end token in the template, or a raw continuation: the student needs one
        last = max((at for at, wanted in enumerate(loss) if wanted), default=len(ids) - 1)
        return Example((*ids[: last + 1], eos_ids[0]), (*loss[: last + 1], True))
    return Example(tuple(ids[: end + 1]), tuple(loss[: end + 1]))


def _mark(
    text: str,
    ids: Sequence[int],
    offsets: Sequence[Span],
    loss: list[bool],
    span: Span,
    eos_ids: Sequence[int],
) -> int | None:
    """Mark the tokens of a turn, and say where it ends: at the end token that it closes with, or
    the one right after it. None for a turn without one, which is marked to its end.

    What the template puts after the end token (a newline, mostly) is never generated, so it is not
    learned. A token that reaches over the beginning of the turn is, one that reaches over its end,
    into what others say, is not.
    """
    start, stop = span
    places = [at for at, (_, end) in enumerate(offsets) if start < end <= stop]
    if places:
        after = places[-1] + 1
    else:  # an empty turn: what follows begins at its start
        after = next((at for at, (_, end) in enumerate(offsets) if end > start), len(ids))
    end = next((at for at in reversed(places) if ids[at] in eos_ids), None)
    closes = end is not None and not text[offsets[end][1] : stop].strip()
    if not closes and after < len(ids) and ids[after] in eos_ids:  # the answer may name end tokens
        end = after
        places.append(after)
    for at in places:
        loss[at] = end is None or at <= end
    return end
