"""The prompts of Distilling step-by-step (Hsieh et al. 2023, arXiv:2305.02301).

One model learns two tasks, told apart by a prefix as published: to answer a question at once, and
to explain it. It is asked for answers only, and so writes no rationale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from limbeck.record import Message

PREDICT = "predict: "
EXPLAIN = "explain: "


def prefixed(prefix: str, messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with `prefix` before the last user turn, chat or raw text alike."""
    turns = list(messages)
    for place in range(len(turns) - 1, -1, -1):
        if turns[place].role == "user":
            turns[place] = replace(turns[place], content=prefix + turns[place].content)
            break
    return tuple(turns)
