"""The option that a line gives as text: "The metal is copper", "Copper is the right choice"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from limbeck.filters.answer.choice import Options
from limbeck.filters.answer.text import without_lead

_LETTER = re.compile(r"^\s*[(\[]?[A-Za-z][)\].:]+\s+")
_STOP = re.compile(r"[.!?](?=\s|$)|,? (?:because|since)\s")
_PARTS = re.compile(r"(?<=[.!?])\s+|;\s+|[。！？]")
_UNSURE = re.compile(
    r"\b(?:not|n't|no|never|nor|neither|if|whether|doubt|could|might|may|maybe|perhaps|possibly|"
    r"wrong|incorrect|false|first|second|half|twice|double|third|quarter|least|worst|other|"
    r"thought|unlike|unlikely|except|nicht|"
    r"kein|pas|non|não|не)\b|\?|n't\b",
    re.IGNORECASE,
)
_PREDICATE = re.compile(
    r"^(?:so|thus|therefore|hence)?,?\s?(?P<text>.{1,200}?)\s(?:is|are)\s(?:therefore\s|clearly\s|"
    r"thus\s)?"
    r"(?:the\s)?(?:only\s|most\s)?(?:right|correct|best)(?:\s(?:choice|option|answer|one|"
    r"pick))?\s*[.!]?$",
    re.IGNORECASE,
)
_NAMES_IT = re.compile(
    r"^(?:(?:my|the|your)\s)?(?:(?:final|correct|right|best|selected|chosen)\s)*"
    r"(?:option|choice|answer|selection|pick|selected|chosen|wahl|auswahl|elección|selección|choix|"
    r"scelta|escolha|выбор)(?:\s(?:selected|chosen|made))?\s?:\s*(?P<text>\S.*)$",
    re.IGNORECASE,
)
_IS = re.compile(
    r"^[^:;]{1,150}?\b(?:is|are|was|must be|should be|gives|ist|es|est|è|"
    r"é)\s(?P<text>\S.{0,200}?)\s*[.!]?$",
    re.IGNORECASE,
)


def option_in(line: str, options: Options, *, marked: bool) -> str | None:
    """The letter of the option that a line is, with or without its letter in front, or that a
    sentence of an unmarked line says is right. Two sentences that say two options say none."""
    if not options.count:
        return None
    said = set() if marked else _said(line, options)
    if len(said) > 1:
        return None
    bare = _LETTER.sub("", without_lead(line))
    for stretch in (bare, _STOP.split(bare, maxsplit=1)[0]):
        letter = options.letter(stretch)
        if letter:
            return letter
    return said.pop() if said else None


def _said(line: str, options: Options) -> set[str]:
    """The letters of the options that the sentences of a line say are right."""
    parts = [part for part in _PARTS.split(line.strip().strip("*")) if not _UNSURE.search(part)]
    found = (next(filter(None, map(options.letter, _claims(part))), None) for part in parts)
    return {letter for letter in found if letter}


def _claims(sentence: str) -> Iterator[str]:
    """What a sentence may say the answer is."""
    for pattern in (_PREDICATE, _NAMES_IT, _IS):
        found = pattern.match(sentence.strip())
        if found:
            yield found["text"]
