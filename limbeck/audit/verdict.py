"""A judge model's verdict, read out of whatever it wrote around it. A doubtful one is none."""

from __future__ import annotations

import re

from limbeck.audit.marks import QUESTIONS

_YES = ("yes", "true", "1")
_VALUE = r"""["'*_`]*\s*[:=]\s*["'*_`]*(yes|no|true|false|1|0)["'*_`]*\s*(?=[,;.}\n]|$)"""
_FOUND = {
    question: re.compile(
        rf"(?<!\w){question.replace('_', '[ _-]?')}{_VALUE}", re.IGNORECASE | re.MULTILINE
    )
    for question in QUESTIONS
}


def read_verdict(text: str) -> dict[str, bool] | None:
    """The three answers, or None where one is missing or said in two ways.

    JSON is asked for; fences, prose around it, single quotes, Python's True, other case and plain
    `input_fits: yes` lines are read too. What was only thought is no answer.
    """
    said = text.rpartition("</think>")[2].partition("<think>")[0]
    verdict = {}
    for question, pattern in _FOUND.items():
        answers = {match[1].casefold() in _YES for match in pattern.finditer(said)}
        if len(answers) != 1:
            return None
        verdict[question] = answers.pop()
    return verdict
