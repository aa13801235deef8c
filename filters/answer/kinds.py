"""What kind of answer a target is, by its form alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

from limbeck.errors import UserError
from limbeck.filters.answer import dates, math_answer, moment, yesno
from limbeck.filters.answer.plain import plain, visible

Kind = Literal["auto", "number", "choice", "yesno", "text", "date", "list", "math"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_LATEX = re.compile(r"\\[a-zA-Z]+|[\^_]\{?\w|(?<![=<>!])=(?!=)|√|π|∞|[≤≥]")


_TERM = r"\(?(?:\d+(?:\.\d+)?)?\s?\*?\s?[a-z]?\)?"
_FORMULA = re.compile(
    rf"(?![a-mo-w]-\d+$)(?=[^a-z]*[a-z])(?=.*\d)[-+]?{_TERM}(?:\s?[-+*/]\s?{_TERM})+"
)  # -4i+3
_POLYNOMIAL = re.compile(r"[-+]?\d+(?:\.\d+)?[xyzni]|\(?[a-z]\s?[+*]\s?[a-z]\)?")  # 3x, a + b
_PAIR = re.compile(r"[a-z]+,\s?[a-z]+")  # "Paris, France" is a place, "mars, venus" are two


def kind_of(target: str, options: Sequence[str] | None = None) -> Kind:
    """The kind that a target is of, by its form alone."""
    plainly = plain(visible(target)).strip()
    if options or re.fullmatch(r"[(\[][A-Za-z][)\]]|[A-Z][.)]?", plainly):
        return "choice"
    when = dates_only(plainly)
    if math_answer.quantity(plainly) is not None:
        return "date" if when is not None and when.sort in ("day", "time") else "number"
    if yesno.is_yesno(plainly):
        return "yesno"
    if when is not None:
        return "date"
    if plainly[:1] + plainly[-1:] == "[]" or (plainly[:1] + plainly[-1:] == "{}"):
        return "list"
    if _LATEX.search(target) or re.fullmatch(r"\(.+,.+\)", plainly):
        return "math"
    if _FORMULA.fullmatch(plainly) or _POLYNOMIAL.fullmatch(plainly):
        return "math"
    parts = [part.strip() for part in plainly.split(",")]
    if (
        _PAIR.fullmatch(plainly)
        or len(parts) > 2
        or (len(parts) == 2 and all(map(math_answer.quantity, parts)))
    ):
        return "list"
    return "text"


def dates_only(target: str) -> moment.When | None:
    """The day, month or time of day that a target is, whole; durations count as numbers."""
    try:
        when = dates.read_target(target)
    except UserError:
        return None
    return when if when.sort in ("day", "month", "time", "anniversary") else None
