"""Single cells as the texts of a row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from limbeck.reading.unreadable import Unreadable, shown

_SAID = {"yes": True, "true": True, "classification": True}
_SAID |= {"no": False, "false": False, "generation": False}
_NO_INPUT = ("", "<noinput>")


def not_text(name: str, value: Any) -> Unreadable:
    return Unreadable("not_text", f"{name} must be text, got {shown(value)}")


def no_instruction(raw: Mapping[str, Any]) -> Unreadable:
    names = ", ".join(sorted(map(str, raw))) or "nothing"
    return Unreadable(
        "no_instruction",
        "no instruction found: a row has messages, conversations or one of instruction, prompt, "
        f"question, query, problem, input; this one has {names:.300}",
    )


def empty_instruction(name: str, value: Any) -> Unreadable:
    says = f"{name} must be a text that is not empty, got {shown(value)}"
    return Unreadable("empty_instruction", says)


def input_text(value: Any, name: str | None) -> str:
    if type(value) is not str:
        if value is None:
            return ""
        raise not_text(name or "input", value)
    return "" if value.strip() in _NO_INPUT else value


def output_text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int | float):  # a label, a number
        return number_text(value, name)
    what = "the output" if name == "output" else f"the output, {name},"
    raise Unreadable("not_text", f"{what} must be text, got {shown(value)}")


def number_text(value: float, name: str) -> str:
    if not math.isfinite(value):
        raise Unreadable("not_finite", f"{name} is {value}, no number that can be written")
    return str(value)


def short_text(value: Any) -> str:
    """What a row says of itself, as text; a list or an object says nothing here."""
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def classified(kind: Any) -> bool | None:
    """What a row says itself: a flag, the reference's "Yes" and "No", or a task's name."""
    return kind if isinstance(kind, bool) else _SAID.get(str(kind).strip().casefold())
