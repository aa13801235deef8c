"""Which option a written answer chose. A doubtful answer chose none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from limbeck.evals.items import LETTERS
from limbeck.text import folded

# "answer" and what may stand between it and the letter, in the languages most written.
_ANSWER = (
    "answer|option|choice|antwort|réponse|respuesta|opción|resposta|opção|risposta|opzione|"
    "ответ|答案|选项|選項|答え|正解|정답|الإجابة|الجواب|उत्तर"
)
_IS = "is|lautet|ist|est|es|é|è|是|为|為|は|은|는|هي|هو"
_OR = "or|and|oder|und|ou|et|o|y|e|или|и|或|和|か|또는|أو|या|/|&|,"

# "A cat" is an article, and "B is wrong" is no choice.
_NO_CHOICE = re.compile(
    r"[AI]\s+(?!is\b)[a-z]|[(\[]?[A-Z][)\].*]*\s+is\s+(?:not|wrong|incorrect|false)\b"
)


def chosen_option(text: str, options: Sequence[str]) -> int | None:
    """The place of the option that `text` gives as its answer, or None where it is not clear.

    A letter counts alone, in brackets, before a full stop or after "answer"; otherwise the one
    option whose whole text occurs. Two options named is no answer.
    """
    letters = LETTERS[: len(options)]
    answer = unicodedata.normalize("NFKC", text).strip().strip("*_`\"' ")
    small = re.fullmatch(r"[(\[]?([a-z])[)\].]*", answer)
    if small and small[1].upper() in letters:
        return letters.index(small[1].upper())
    letter = rf"(?<![0-9A-Za-zÀ-ɏ])([{letters}])(?![0-9A-Za-zÀ-ɏ]|['’-][A-Za-zÀ-ɏ0-9])"
    hedge = re.compile(rf"[)\].:*]*\s*(?:{_OR})\s*[(\[*]*{letter}")
    alone = re.match(rf"[(\[]?{letter}[)\].,:;。、*]*(?:\s|$|(?<=[.,:;。、]))", answer)
    if alone and not _NO_CHOICE.match(answer):
        rest = re.findall(rf"\b([{letters[1:]}])\b[.):]", answer[alone.end() :])
        doubtful = hedge.match(answer, alone.end(1)) or any(m != alone[1] for m in rest)
        return None if doubtful else letters.index(alone[1])
    said = list(re.finditer(rf"(?i:{_ANSWER})[*_]*\s*(?i:{_IS})?[\s\"'*(\[:=_-]*{letter}", answer))
    if said:
        named = {match[1] for match in said}
        if len(named) > 1 or hedge.match(answer, said[-1].end(1)):
            return None
        return letters.index(said[0][1])
    return _named(folded(answer), [folded(option) for option in options])


def _named(answer: str, options: Sequence[str]) -> int | None:
    """The one option whose text occurs in the answer; all folded."""
    found = [place for place, option in enumerate(options) if _occurs(option, answer)]
    # "New York" also names the option "York": the longer one is what was said.
    found = [
        place
        for place in found
        if not any(other != place and options[place] in options[other] for other in found)
    ]
    return found[0] if len(found) == 1 else None


def _occurs(option: str, answer: str) -> bool:
    """Whether the option stands in the answer as whole words."""
    start = answer.find(option) if option else -1
    while start >= 0:
        end = start + len(option)
        before, after = answer[start - 1 : start], answer[end : end + 1]
        if not (_joins(before) and _joins(option[0])) and not (
            _joins(after) and _joins(option[-1])
        ):
            return True
        start = answer.find(option, start + 1)
    return False


def _joins(char: str) -> bool:
    """Whether a character makes one word with its neighbour. A combining mark does."""
    return is_word(char) and not stands_alone(char)


def is_word(char: str) -> bool:
    """A letter or digit of any script, or a mark that belongs to one (most Hindi vowels)."""
    return bool(char) and (char.isalnum() or unicodedata.category(char)[0] == "M")


def stands_alone(char: str) -> bool:
    """Chinese, Japanese kana, Thai and the like (no spaces between words), and emoji."""
    code = ord(char)
    return (
        0x3040 <= code <= 0x30FF
        or 0x3400 <= code <= 0x9FFF
        or 0x0E00 <= code <= 0x0EFF
        or 0xF900 <= code <= 0xFAFF
        or 0x1F300 <= code <= 0x1FAFF
        or 0x20000 <= code <= 0x3FFFF
    )
