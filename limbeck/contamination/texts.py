"""What is compared: an item's question with its options, a row's prompts and its completion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from limbeck.demos import Template
from limbeck.questions.affixes import Asked, asked
from limbeck.record import Message, Record

Side = Literal["prompt", "completion"]
_BASE = Template()


class Item(NamedTuple):
    """One evaluated item. `target` is what the right answer is, where that is a text."""

    id: str
    question: str
    options: tuple[str, ...] = ()
    target: str = ""


class Row(NamedTuple):
    """One training row: all that it asks, and what its completion says."""

    id: str
    prompts: tuple[str, ...]
    completion: str = ""


class Text(NamedTuple):
    """One text of a row. `listed`: the prompt brings options of its own."""

    row: str
    side: Side
    text: str
    listed: bool = False


def row_of(record: Record) -> Row:
    """The prompts are what `questions_of` finds, and each user's turn of a longer conversation."""
    asks = questions_of(record)
    turns = [message.content for message in record.messages if message.role == "user"]
    if len(asks) == 1 and len(turns) > 1:
        asks += tuple(turns)
    return Row(record.id, asks, record.completion)


def texts_of(row: Row) -> list[Text]:
    """A row's texts: each prompt without its affixes, options in one line each, and the completion.

    Texts without a character that is no space are left out.
    """
    found = []
    for prompt in row.prompts:
        question, options = asked(prompt)
        found.append(Text(row.id, "prompt", "\n".join((question, *options)), bool(options)))
    found.append(Text(row.id, "completion", row.completion))
    return [text for text in found if text.text.strip()]


def question_text(messages: Sequence[Message]) -> str:
    """What a conversation asks: all its turns but the system's."""
    return "\n".join(message.content for message in messages if message.role != "system")


def questions_of(record: Record) -> tuple[str, ...]:
    """All that a record asks: its conversation; where it lists demos (`meta.demos`) the query, and
    the input of each demo that is to be seen.

    These are the user's turns of a chat. In a base prompt, which is MetaICL's, a demo's input is
    all but the last line of it: of one with an output of several lines it is not seen.
    """
    demos, query = record.meta.get("demos"), record.meta.get("input")
    turns = [message for message in record.messages if message.role != "system"]
    whole = question_text(record.messages)
    if not isinstance(demos, Sequence):
        return (whole,)
    if len(turns) > 1 and len(turns) == 2 * len(demos) + 1:
        return tuple(turn.content for turn in reversed(turns) if turn.role == "user")
    if len(turns) > 1 or not isinstance(query, str) or not whole.endswith(query + _BASE.to_output):
        return (whole,)
    above = str(record.meta.get("instruction", ""))
    before = whole.removesuffix(query + _BASE.to_output).removeprefix(above).lstrip("\n")
    shown = before.split(_BASE.to_example)[:-1]
    return (query, *(demo.rpartition(_BASE.to_output)[0] for demo in reversed(shown)))


def with_options(question: str, options: Any) -> Asked:
    """What is asked in a question whose options, a list of texts, are beside it: they count where
    the text has none of its own."""
    found = asked(question)
    if found.options or not isinstance(options, Sequence) or isinstance(options, str):
        return found
    return Asked(found.question, tuple(text for text in options if isinstance(text, str)))
