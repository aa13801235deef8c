"""How an answer ended: whole, cut off, or held back."""

from __future__ import annotations

_WHOLE = (None, "", "stop", "eos", "eos_token", "end_turn", "stop_sequence", "tool_calls")
_WITHHELD = ("content_filter", "refusal")


def unfinished(finish_reason: object) -> str:
    """Why an answer is none, by what its server said: "refused" for one that a filter held back,
    "truncated" for any other end that is not a normal one, "" for a whole answer."""
    if finish_reason in _WHOLE:
        return ""
    return "refused" if finish_reason in _WITHHELD else "truncated"
