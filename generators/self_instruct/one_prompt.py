"""A reply that is one new prompt, as the prompts that end in "New prompt:" ask for it."""

from __future__ import annotations

import re

from limbeck.generators.self_instruct.replies import refusal, spoken
from limbeck.protocols import Reply

_LABEL = re.compile(r"\A[#*\s]*(?:rewritten|new|created|evolved)? ?prompt[#*\s]*[:：][#*\s]*", re.I)
# One quoted text: 「春」と「秋」 is two.
_QUOTED = re.compile(r'\A(?:"([^"]*)"|“([^“”]*)”|「([^「」]*)」)\Z')


def read_prompt(reply: Reply) -> str | None:
    """The prompt, without label and quotes; None for none."""
    text = _LABEL.sub("", spoken(reply.text).strip()).strip()
    quoted = _QUOTED.match(text)
    text = quoted[quoted.lastindex or 0].strip() if quoted else text
    return text if text and not reply.reason and not refusal(text) else None
