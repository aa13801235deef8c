"""Plain text in which an instruction and its output stand in a training template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """How texts are taken apart; `pattern` has groups instruction, input and output."""

    name: str
    pattern: re.Pattern[str]

    def parts(self, text: str) -> tuple[str, str, str, str] | None:
        """(system, instruction, input, output), or None where the text has another form."""
        found = self.pattern.search(text)
        if found is None or not found["instruction"].strip():
            return None
        groups = found.groupdict()
        return (
            (groups.get("system") or "").strip(),
            found["instruction"].strip(),
            (groups.get("input") or "").strip(),
            found["output"].strip(),
        )


def _of(name: str, pattern: str) -> Template:
    return Template(name, re.compile(pattern, re.DOTALL))


TEMPLATES = (
    _of(
        "### Instruction: ... ### Response:",
        r"### Instruction:\s(?P<instruction>(?:(?!### Response:).)*?)"
        r"(?:### Input:\s(?P<input>(?:(?!### Response:).)*?))?### Response:(?P<output>.*)\Z",
    ),
    _of(
        "<|im_start|>user ... <|im_start|>assistant",
        r"\A\s*(?:<\|im_start\|>system\n(?P<system>(?:(?!<\|im_end\|>).)*)<\|im_end\|>\s*)?"
        r"<\|im_start\|>user\n(?P<instruction>(?:(?!<\|im_end\|>).)*)<\|im_end\|>\s*"
        r"<\|im_start\|>assistant\n(?P<output>(?:(?!<\|im_end\|>|<\|im_start\|>).)*)"
        r"(?:<\|im_end\|>)?\s*\Z",
    ),
    _of(
        "### Human: ... ### Assistant:",
        r"\A\s*### Human:(?P<instruction>(?:(?!### (?:Human|Assistant):).)*)"
        r"### Assistant:(?P<output>(?:(?!### Human:).)*)\Z",
    ),
    _of(
        "Question: ... Answer:",
        r"\A\s*Question:(?P<instruction>(?:(?!\n\s*Answer:).)*)\n\s*Answer:"
        r"(?P<output>(?:(?!\n\s*Question:).)*)\Z",
    ),
)


def template_of(texts: Sequence[str]) -> Template | None:
    """The template that every one of the texts is in, else None."""
    if not texts:
        return None
    return next((one for one in TEMPLATES if all(one.parts(text) for text in texts)), None)
