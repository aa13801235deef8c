"""Stage 1: the instructions in a teacher's reply."""

from __future__ import annotations

import re
from typing import Any

from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.replies import (
    field,
    json_lists,
    json_start,
    line,
    numbers,
    plain_list,
    refusal,
    spoken,
)

NAMES = ("instruction", "task", "prompt", "question", "指令", "任务", "任務", "指示")

_REFERENCE_SPLIT = re.compile(r"\n\d+\s?\. ")
_PARAGRAPHS = re.compile(r"\n(?:[ \t]*\n)+")
_BLANK_START = re.compile(r"\A(?:[ \t]*\n)+")
_ONLY_A_NUMBER = re.compile(r"\n[ \t]*\d{1,3}[ \t]*\Z")
_QUOTED = re.compile(r"""["“]([^"“”]+)["”],?""")
_LABEL = re.compile(r"(?:task|instruction)s?[ \t]*\d*[ \t]*[:：][ \t]*", re.I)


def continued(text: str, finish_reason: str, preset: Preset) -> list[str]:
    """The items of a base teacher's continuation of a numbered list; the prompt ended in "9.".

    reference: nothing at all of a reply cut off at its length; items part at a line break,
    digits, a dot and a space; white space is squeezed and everything but the first letter
    lower-cased, as the published code does it.

    fixed: the case is kept, every style of number counts at the start of a line ("10)", "１０．"),
    a number below the last one is part of an item's own list, only the item that was cut off is
    dropped, and the list ends with the first paragraph that does not begin with a number.
    """
    if preset == "reference":
        return _reference(text, finish_reason)
    listed, whole = _list_of(text.replace("\r\n", "\n").replace("\r", "\n"))
    marks = numbers(listed)
    if marks and not listed[: marks[0].start()].strip():
        start, last = marks[0].end(), int(marks[0]["number"])
        marks = marks[1:]
    else:
        start, last = 0, 0
    items, sub = [], 0
    for mark in marks:
        number = int(mark["number"])
        if last == 0 and number == sub + 1:
            sub = number  # a list from 1 on is the first item's own
        elif number >= last:
            items.append(listed[start : mark.start()])
            start, last = mark.end(), number
    items.append(listed[start:])
    if finish_reason == "length" and not whole:
        items.pop()
    return [item for item in (" ".join(item.split()) for item in items) if item]


def _reference(text: str, finish_reason: str) -> list[str]:
    if finish_reason == "length":
        return []
    items = (" ".join(item.split()).capitalize() for item in _REFERENCE_SPLIT.split(text))
    return [item for item in items if item]


def _list_of(text: str) -> tuple[str, bool]:
    """The text without what follows the list, and whether the list came to its end."""
    text = _BLANK_START.sub("", text)
    marks = numbers(text)
    last = passed = 0
    for gap in _PARAGRAPHS.finditer(text):
        while passed < len(marks) and marks[passed].start() < gap.start():
            last = max(last, int(marks[passed]["number"]))
            passed += 1
        following = marks[passed] if passed < len(marks) else None
        if not following or following.start() > gap.end() or int(following["number"]) < last:
            return text[: gap.start()], True
    return _ONLY_A_NUMBER.sub("", text), False


def listed(text: str, finish_reason: str) -> list[str] | None:
    """The items of a chat teacher's reply that was asked for a JSON list of instructions.

    A numbered or bulleted list will do. None where there is no list: a refusal, or prose; []
    for an empty one. What was cut off is dropped.
    """
    text = spoken(text)
    plain = None if refusal(text) else plain_list(text, finish_reason)
    start, marks = json_start(text), numbers(text)
    if plain and marks and (start is None or marks[0].start() < start):
        return _cleaned(plain) or None
    for found in json_lists(text, own_line=True):
        if (items := _from_json(found)) is not None:
            return items
    if plain and (items := _cleaned(plain)):
        return items
    for found in json_lists(text, own_line=False):
        if (items := _from_json(found)) is not None:
            return items
    return None


def _from_json(found: list[Any]) -> list[str] | None:
    texts = (item if isinstance(item, str) else field(item, NAMES) for item in found)
    items = _cleaned([text for text in texts if text])
    return items if items or not found else None


def _cleaned(items: list[str]) -> list[str]:
    return [item for item in map(_clean, items) if item]


def _clean(item: str) -> str:
    mark = next(iter(numbers(item)), None)
    if mark and mark.start() == 0:
        item = item[mark.end() :]
    item = line(item)
    if label := _LABEL.match(item):
        item = item[label.end() :]
    quoted = _QUOTED.fullmatch(item)
    return quoted[1].strip() if quoted else item
