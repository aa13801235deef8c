"""Demos in a record's prompt: taken out for a student that is to do without, or turned around.

Demos are either turns, a user's and an assistant's each, after the system turns and before the
query; or they stand in the text of the last user turn, before the query. `meta.demos` lists them.
Of the second form `meta.input` is the query as it stands there, at the beginning of a line, and
`meta.instruction` what is said before all demos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from limbeck.errors import UserError
from limbeck.prompts import fill
from limbeck.record import Message, Record, user
from limbeck.seeds import INSTRUCTION


def without_demos(record: Record) -> Record:
    """The record asked by its query alone, as the student is that learns what the teacher does with
    demos (context distillation, Snell et al. 2022, arXiv:2209.15189). System turns stay.

    Raises UserError for a record that does not say which of its prompt is the query.
    """
    demos = record.meta.get("demos")
    system, turns = _parted(record)
    if turns[1:]:
        if not isinstance(demos, Sequence) or 2 * len(demos) + 1 != len(turns):
            raise UserError(
                f"train.options.student_prompt: query leaves the demos out, and the record "
                f"{record.id} does not say that its earlier turns are demos: it has "
                f"{len(turns) - 1} of them, and meta.demos lists "
                f"{len(demos) if isinstance(demos, Sequence) else 'none'}; list one for every two "
                "turns, or set student_prompt to demos"
            )
        return replace(record, messages=(*system, turns[-1]))
    if demos is not None and not demos:  # none did fit, or none was wanted
        return record
    asked = _query(record.prompt, record.meta.get("input"))
    if asked is None:
        raise UserError(
            f"train.options.student_prompt: query leaves the demos out, and in the record "
            f"{record.id} the query is not to be seen (meta.input, which begins a line of the "
            "prompt); have it written there, or set student_prompt to demos"
        )
    instruction = record.meta.get("instruction")
    if isinstance(instruction, str) and instruction.strip():
        asked = fill(INSTRUCTION, {"instruction": instruction, "input": asked})
    return replace(record, messages=(*system, user(asked)))


def _query(text: str, query: Any) -> str | None:
    """The text from the query's last place on, with what follows it ("Label:", a line break)."""
    if not isinstance(query, str) or not query.strip():
        return None
    at = f"\n{text}".rfind(f"\n{query}")
    return None if at < 0 else text[at:]


def turned_around(record: Record) -> Record:
    """The record with input and output exchanged, in every demo and at the end: from the completion
    the query is learned (channel MetaICL, Min et al. 2022, arXiv:2110.15943). System turns stay.

    Raises UserError where demos are no turns, or the turns do not alternate: what is to be
    exchanged is not to be seen.
    """
    system, turns = _parted(record)
    roles = [turn.role for turn in turns]
    expected = ["user" if place % 2 == 0 else "assistant" for place in range(len(turns))]
    in_text = bool(record.meta.get("demos")) and len(turns) == 1
    if roles != expected or len(turns) % 2 == 0 or in_text or not record.completion.strip():
        lacks = "its turns are " + ", ".join(roles)
        if in_text:
            lacks = "its demos stand in the text of one turn"
        elif not record.completion.strip():
            lacks = "its completion is empty"
        raise UserError(
            "train.options.direction: channel exchanges inputs and outputs, and in the record "
            f"{record.id} they cannot be told apart ({lacks}); write demos as turns of user and "
            "assistant, or set direction to direct"
        )
    texts = [*(turn.content for turn in turns), record.completion]
    swapped = [text for pair in _pairs(texts) for text in reversed(pair)]
    *before, completion = swapped
    made = tuple(
        Message(role, text) for role, text in zip((t.role for t in turns), before, strict=True)
    )
    return replace(record, messages=(*system, *made), completion=completion)


def _parted(record: Record) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """System turns at the beginning, and all the others."""
    messages = record.messages
    first = next((at for at, one in enumerate(messages) if one.role != "system"), len(messages))
    return messages[:first], messages[first:]


def _pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(texts[::2], texts[1::2], strict=True))
