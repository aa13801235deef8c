"""The k-shot prompt: how demos and query are written, and how many demos fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, overload

from limbeck.demos.row import Demo
from limbeck.errors import UserError
from limbeck.record import Message, user

Prompt = TypeVar("Prompt")


@dataclass(frozen=True, slots=True)
class Template:
    """What stands between input and output, and between examples: MetaICL's newlines (Min et al.
    2022, arXiv:2110.15943)."""

    to_output: str = "\n"
    to_example: str = "\n\n\n"


_TEMPLATE = Template()


def render(
    demos: Sequence[Demo], query: str, answer: str = "", template: Template = _TEMPLATE
) -> str:
    """The prompt for a model that continues texts: demos in the given order, then the query, up
    to where its output begins; `answer` is written there."""
    shown = [f"{demo.input}{template.to_output}{demo.output}" for demo in demos]
    return template.to_example.join([*shown, f"{query}{template.to_output}{answer}"])


def messages(
    demos: Sequence[Demo], query: str, answer: str = "", system: str = ""
) -> tuple[Message, ...]:
    """The prompt for a chat model: each demo a turn of the user and one of the assistant, then the
    query; `system` before them, and `answer` as the assistant's after, where there is one."""
    turns = [Message("system", system)] if system else []
    for demo in demos:
        turns += [user(demo.input), Message("assistant", demo.output)]
    turns.append(user(query))
    return (*turns, Message("assistant", answer)) if answer else tuple(turns)


class Fitted(NamedTuple):
    """The demos that stay, in the order they were given in; how many were dropped; and the tokens
    of the prompt with its longest option."""

    demos: tuple[Demo, ...]
    dropped: int
    tokens: int


@overload
def fit(
    demos: Sequence[Demo],
    query: str,
    options: Sequence[str],
    count: Callable[[str], int],
    limit: int,
    *,
    drop: Sequence[str] = (),
) -> Fitted: ...


@overload
def fit(
    demos: Sequence[Demo],
    query: str,
    options: Sequence[str],
    count: Callable[[Prompt], int],
    limit: int,
    form: Callable[[Sequence[Demo], str, str], Prompt],
    *,
    drop: Sequence[str] = (),
) -> Fitted: ...


def fit(
    demos: Sequence[Demo],
    query: str,
    options: Sequence[str],
    count: Callable[[Any], int],
    limit: int,
    form: Callable[[Sequence[Demo], str, str], Any] = render,
    *,
    drop: Sequence[str] = (),
) -> Fitted:
    """As many of the demos, whole, as fit into `limit` tokens together with the query and any of
    the options.

    What goes first is the front: the least similar in a prompt that is ordered similar_last. For
    another order `drop` names all the ids in the order in which they go, so that every shuffle
    of a set keeps the same demos. The prompt is measured with its longest option, so the same
    demos stay whichever label it is scored with. Without options the prompt alone is measured:
    take the room for a generated text off the limit. `form` is `render`, `messages`, or either
    with more arguments bound; `count` takes what it gives, and says how many tokens that is.

    Raises UserError for a query that does not fit alone, and for a `drop` of other ids.
    """
    if drop and sorted(drop) != sorted(demo.id for demo in demos):
        raise UserError("drop names every demo of the prompt once, in the order in which they go")
    going = list(drop) or [demo.id for demo in demos]
    answers = list(options) or [""]
    longest = max(answers, key=lambda answer: count(form((), query, answer)))
    for dropped in range(len(going) + 1):
        gone = set(going[:dropped])
        kept = tuple(demo for demo in demos if demo.id not in gone)
        tokens = count(form(kept, query, longest))
        if tokens > limit:
            continue
        # The longest alone is nearly always the longest of all; a tokenizer may differ.
        tokens = max(count(form(kept, query, answer)) for answer in answers)
        if tokens <= limit:
            return Fitted(kept, dropped, tokens)
    option = " with its longest option" if options else ""
    raise UserError(
        f"the query {query[:60]!r} takes {tokens} tokens{option} and without any demo, more than "
        f"the limit of {limit}; shorten it, or raise the limit"
    )
