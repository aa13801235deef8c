"""How a source stands in the prompt: whole, that is with its input, its options, its turns."""

from __future__ import annotations

import re

from limbeck.record import Record

USER, ASSISTANT, SYSTEM = "User:", "Assistant:", "System:"
_NAMES = {"user": USER, "assistant": ASSISTANT, "system": SYSTEM}


def shown(seed: Record) -> str:
    """The seed as text. A single user turn is itself (its input stands in it), a conversation is
    a transcript; options that the text does not bring follow, one a line."""
    if is_chat(seed):
        text = "\n\n".join(f"{_NAMES[turn.role]} {turn.content}" for turn in seed.messages)
    else:
        text = seed.prompt
    options = [str(option) for option in seed.meta.get("options", ())]
    if options and not all(_has(text, option) for option in options):
        text += "\n" + "".join(f"\n- {option}" for option in options)
    return text


def opening(seed: Record) -> str:
    """What a user could begin with: the same, but of a conversation its first user turn alone."""
    if not is_chat(seed):
        return shown(seed)
    return next(turn.content for turn in seed.messages if turn.role == "user")


def _has(text: str, option: str) -> bool:
    """Whether an option stands there, not just inside a word ("no" in "knowing"). Scripts that
    write words together have it anywhere."""
    if not option.isascii():
        return option in text
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(option)}(?![A-Za-z0-9])", text) is not None


def is_chat(seed: Record) -> bool:
    """Whether there is more to it than one user turn."""
    return len(seed.messages) > 1


def texts(seed: Record) -> list[str]:
    """What a new instruction may not repeat: each user turn, and an instruction without its
    input, which alone is an instruction too."""
    found = [turn.content for turn in seed.messages if turn.role == "user"]
    instruction = seed.meta.get("instruction")
    if isinstance(instruction, str) and instruction:
        found.append(instruction)
    return found
