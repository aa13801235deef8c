"""Which text of a record a filter looks at."""

from __future__ import annotations

from typing import Literal

from limbeck.record import Record

On = Literal["completion", "prompt", "pair"]
"""The completion, the prompt, or both, each for itself."""


def prompt_of(record: Record) -> str:
    """Every turn that was sent, system turns aside, one under the other."""
    return "\n\n".join(m.content for m in record.messages if m.role != "system")


def sides(record: Record, on: On) -> list[str]:
    """The texts that `on` names, one or two."""
    if on == "completion":
        return [record.completion]
    return [prompt_of(record), record.completion][: 1 if on == "prompt" else 2]
