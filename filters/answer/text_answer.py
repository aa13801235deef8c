"""Which stretches of a completion may be its answer as a text."""

from __future__ import annotations

import re

from limbeck.filters.answer.cues import takes_back
from limbeck.filters.answer.phrases import doubts
from limbeck.filters.answer.said import Said
from limbeck.filters.answer.text import without_lead

_REASON = re.compile(r",? (?:because|since)\s|, (?:which|as|who)\s")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")


def find(whole: Said) -> tuple[list[str], str]:
    """The stretches that may be the answer: the line, its first sentence; the last sentence of a
    text without a marker."""
    if whole.problem:
        return [], whole.problem
    tail = whole.answer + whole.rest if whole.marked and not whole.closed else whole.rest
    back = takes_back(tail if whole.marked else whole.text)
    if back is not None:
        return ([], "retracted") if not back.strip() else (_stretches(back, first=True), "")
    if whole.marked and doubts(_after_first(whole)):
        return [], "hedge"
    return candidates(whole), ""


def _after_first(whole: Said) -> str:
    """What follows the sentence of the answer."""
    if whole.closed:
        return whole.rest
    stop = _SENTENCE_END.search(whole.answer)
    return (whole.answer[stop.end() :] if stop else "") + whole.rest


def candidates(whole: Said) -> list[str]:
    if len(set(whole.several)) > 1:
        return [", ".join(whole.several)]
    if whole.closed:
        return [whole.answer]
    if whole.marked:
        return _stretches(whole.answer, first=True)
    return _stretches(whole.text, first=False)


def _stretches(stretch: str, *, first: bool) -> list[str]:
    lines = [line.strip() for line in stretch.split("\n") if line.strip()]
    if not lines:
        return []
    line = lines[0] if first else lines[-1]
    sentences = [part for part in _SENTENCE_END.split(line) if part.strip()]
    sentence = sentences[0] if first else sentences[-1]
    found = [line, sentence] if first or len(lines) > 1 else [stretch, line, sentence]
    found += [_REASON.split(each, maxsplit=1)[0] for each in found]
    return [form for each in found for form in (each, without_lead(each))]
