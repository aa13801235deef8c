"""What a judge is asked about two answers, and how its reply is read. A doubtful reply is none."""

from __future__ import annotations

import re
from typing import Literal

from limbeck.evals.fence import fenced
from limbeck.prompts import fill
from limbeck.protocols import Reply, Request
from limbeck.record import user

PROMPT = "judge_pair.v1"

Said = Literal["A", "B", "tie"]

_VERDICTS: dict[str, Said] = {"a": "A", "b": "B", "tie": "tie", "answer a": "A", "answer b": "B"}
_MARKS = " \t\r\n*_`\"'“”.。#>-[]()"
_LINE = re.compile(r"verdict[\s*_]*[:：=](.*)", re.IGNORECASE)


def question(request: str, first: str, second: str, *, max_tokens: int) -> Request:
    """The request to the judge, the answer `first` standing as A, at temperature 0.

    Each part stands in a fence that it cannot close (`limbeck.evals.fence`).
    """
    code, texts = fenced((request, first, second))
    values = dict(zip(("request", "first", "second"), texts, strict=True))
    asked = fill(PROMPT, {"code": code, **values})
    return Request(messages=(user(asked),), max_tokens=max_tokens, temperature=0.0)


def read(reply: Reply) -> Said | None:
    """The verdict of a reply; None for one that was refused, cut short, or says none, or two.

    Read is a line "Verdict: A" (in other case, with marks such as ** around it), alone or among
    others, or a reply that is nothing but "A", "B" or "tie". What was only thought is no verdict,
    and prose is not interpreted.
    """
    if reply.reason:
        return None
    said = reply.text.rpartition("</think>")[2].partition("<think>")[0]
    lines = (_LINE.fullmatch(line.strip(_MARKS)) for line in said.splitlines())
    found = {match[1] for match in lines if match is not None} or {said}
    read = {_VERDICTS.get(text.strip(_MARKS).casefold()) for text in found}
    return read.pop() if len(read) == 1 else None
