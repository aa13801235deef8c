"""Alpaca's `history`: the turns of a chat before its last one, which is the instruction."""

from __future__ import annotations

from typing import Any

import orjson

from limbeck.reading.chat import Turn, turns_of
from limbeck.reading.unreadable import Unreadable, shown

_PAIR = ("user", "assistant")


def earlier(value: Any, name: str) -> list[Turn]:
    """The turns of a list of [user, assistant] pairs, of messages, or of JSON of either; a text
    that is no list is what the user said before. Empty where nothing was said.

    Raises Unreadable.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = orjson.loads(text) if text.startswith("[") else None
        except ValueError:
            value = None
        if not isinstance(value, list):
            return [("user", text)] if text else []
    if not isinstance(value, list | tuple):
        says = f"{name} is a list of [user, assistant] pairs, got {shown(value)}"
        raise Unreadable("not_text", says)
    if not all(isinstance(pair, list | tuple) for pair in value):
        return turns_of(value)
    return [turn for number, pair in enumerate(value, start=1) for turn in _pair(pair, number)]


def _pair(pair: Any, number: int) -> list[Turn]:
    if len(pair) != len(_PAIR) or not all(isinstance(text, str) for text in pair):
        says = f"pair {number} of the history is no [user, assistant], got {shown(pair)}"
        raise Unreadable("not_text", says)
    return list(zip(_PAIR, pair, strict=True))
