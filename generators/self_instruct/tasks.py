"""Whole tasks (instruction, input, output) in one reply, as Alpaca (Taori et al., 2023) asks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from limbeck.generators.self_instruct.instances import INPUTS as PLAIN_INPUTS
from limbeck.generators.self_instruct.instances import OUTPUTS
from limbeck.generators.self_instruct.instructions import NAMES
from limbeck.generators.self_instruct.markdown import unwrapped, without_rules
from limbeck.generators.self_instruct.no_input import without_placeholder
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.replies import field, json_lists, spoken, without_small_talk

INPUTS = (*PLAIN_INPUTS, "context")

_SEPARATOR = re.compile(r"^[ \t]*\#{3,}[ \t]*$", re.MULTILINE)
_FIELD = re.compile(
    r"^[ \t]*(?:\#+[ \t]*)?(?:\*\*)?(?:(?P<number>\d{1,3})[ \t]*[.):．、][ \t]*)?(?:\*\*)?"
    r"(?P<name>Instruction|Input|Output)(?:\*\*)?[ \t]*[:：](?:\*\*)?",
    re.MULTILINE,
)
_NUMBERED = re.compile(r"(?<!\d)\d{1,3}[ \t]*[.)．、][ \t]*(?:Instruction|Input|Output)[ \t]*[:：]")


@dataclass(frozen=True, slots=True)
class Task:
    """An instruction with its one instance. `input` is "" where there is none."""

    instruction: str
    input: str
    output: str


def continued(text: str, first: int, finish_reason: str, preset: Preset) -> list[Task]:
    """The tasks in a base teacher's continuation of a prompt that ended in "4. Instruction:".

    `first` is that number. The task that was cut off at its length is dropped.

    reference: items part at every "###"; each must have three labels, under its own number, so
    that a number out of step loses its item. fixed: any number or none; "###" parts
    items only as a line of its own, a heading in Markdown does not; an
    "Instruction:" begins a new item even where "###" is missing; a task with another task inside
    is dropped; every spelling of "no input" is none.
    """
    if preset == "reference":
        return _reference(text, first, finish_reason)
    said = text = unwrapped(text.replace("\r\n", "\n").replace("\r", "\n"), _FIELD, _FIELD)
    if not (opening := _FIELD.match(text.lstrip())) or opening["name"] != "Instruction":
        text = f"{first}. Instruction:{text}"
    numbered = any(found["number"] for found in _FIELD.finditer(said))
    parts = _SEPARATOR.split(text)
    tasks: list[Task] = []
    for place, part in enumerate(parts):
        cut = finish_reason == "length" and place == len(parts) - 1
        tasks += _tasks(part, cut, numbered)
    return tasks


def listed(text: str, finish_reason: str) -> list[Task] | None:
    """The tasks of a chat teacher's reply, asked for JSON `[{"instruction", "input", "output"}]`.

    Labelled text as a base teacher writes it will do. None where there is neither: a refusal, or
    prose; [] for an empty list. What was cut off is dropped.
    """
    text = spoken(text)
    for own_line in (True, False):
        for found in json_lists(text, own_line=own_line):
            tasks = [task for item in found if (task := _from_json(item))]
            if tasks or not found:
                return tasks
    text = unwrapped(without_small_talk(text), _FIELD, _FIELD)
    begins = next((f for f in _FIELD.finditer(text) if f["name"] == "Instruction"), None)
    if begins is None:
        return None
    return continued(text[begins.start() :], 1, finish_reason, "fixed") or None


def _from_json(item: Any) -> Task | None:
    instruction, output = field(item, NAMES), field(item, OUTPUTS)
    if not instruction or output is None:
        return None
    return Task(_squeezed(instruction), without_placeholder(field(item, INPUTS) or ""), output)


def _tasks(part: str, cut: bool, numbered: bool) -> list[Task]:
    """The tasks between two separators: one, or several that nothing parts.

    Where labels are numbered, one without a number begins an item only at the very start.
    """
    start = len(part) - len(part.lstrip())
    starts = [
        found.start()
        for found in _FIELD.finditer(part)
        if found["name"] == "Instruction"
        and (found["number"] or not numbered or found.start() <= start)
    ]
    items = [part[start:end] for start, end in zip(starts, [*starts[1:], None], strict=False)]
    if cut and items:
        items.pop()
    return [task for item in items if (task := _task(item))]


def _task(item: str) -> Task | None:
    opening, *fields = _FIELD.finditer(item)
    output = _first(found for found in fields if found["name"] == "Output")
    if output is None:
        return None
    source = _first(f for f in fields if f["name"] == "Input" and f.start() < output.start())
    until = output if source is None else source
    task = Task(
        instruction=_squeezed(item[opening.end() : until.start()]),
        input=without_placeholder(item[source.end() : output.start()] if source else ""),
        output=without_rules(item[output.end() :]),
    )
    merged = any(map(_NUMBERED.search, (task.instruction, task.input, task.output)))
    return None if merged else task


def _first(fields: Iterable[re.Match[str]]) -> re.Match[str] | None:
    """The first field that has a number, else the first one."""
    fields = list(fields)
    return next((found for found in fields if found["number"]), fields[0] if fields else None)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _reference(text: str, first: int, finish_reason: str) -> list[Task]:
    parts = f"{first}. Instruction:{text}".split("###")
    if finish_reason == "length":
        parts.pop()
    tasks = []
    for number, part in enumerate(parts, first):
        pieces = re.split(rf"{number}\.\s+(?:Instruction|Input|Output):", part)
        if len(pieces) == 4:
            instruction, source, output = (piece.strip() for piece in pieces[1:])
            source = "" if source.lower() == "<noinput>" else source
            tasks.append(Task(instruction, source, output))
    return tasks
