"""What the report says of a judge: a finding in plain words, how to read it, and a table.

Plain text, as in `wording`: `escape` is applied to names from outside, and not to `notes`, which
are escaped whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.in_context.cells import UNKNOWN, Cell, Row, Table
from limbeck.evals.in_context.words import ranged
from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Escape, visible

Found = Mapping[str, Any]

TITLE = "What a judge prefers"
HEAD = (
    "Student against",
    "n",
    "Win rate",
    "Order changed it",
    "At equal length and form",
    "Left out",
)
FLIPS = 0.5  # of the pairs: what a coin between A and B would change

_NAMES = {
    "base": "the base",
    "student": "the student",
    "teacher": "the teacher",
    "teacher_again": "the teacher's second sample",
}
_TERMS = {"length": "length", "headers": "headers", "bold": "bold text", "lists": "lists"}


def finding(found: Found, escape: Escape = visible) -> list[str]:
    """A sentence or two for each pair; the flip rate stands beside every win rate."""
    judge = escape(visible(found.get("judge") or "the judge", one_line=True))
    return [_finding(pair, judge, escape) for pair in _pairs(found)]


def _finding(pair: Found, judge: str, escape: Escape) -> str:
    one, other = _name(pair.get("one"), escape), _name(pair.get("other"), escape)
    if _value(pair, "win_rate") is None:
        return f"{judge} gave no verdict on {one} against {other} that could be used."
    said = {
        "above": f"{judge} prefers the answers of {one} to those of {other}",
        "below": f"{judge} prefers the answers of {other} to those of {one}",
        "open": f"{judge} does not measurably prefer {one} or {other}",
    }[_side(pair["win_rate"])]
    n = wording.count(pair.get("n"))
    prompts = "prompt" if pair.get("n") == 1 else "prompts"
    text = (
        f"{said}: win rate of {one} {ranged(pair['win_rate'])} on {n} {prompts}; the order of the "
        f"two answers changed the verdict on {ranged(pair.get('flip_rate'))} of them."
    )
    return " ".join(filter(None, [text, _order(pair), _held(pair, one, other)]))


def _order(pair: Found) -> str:
    most = wording.finite((pair.get("flip_rate") or {}).get("high"))
    if most is None or most < FLIPS:
        return ""
    return "That is not measurably below a coin's half: the win rate says little about the answers."


def _held(pair: Found, one: str, other: str) -> str:
    if _value(pair, "controlled") is None:
        return "There is no win rate at equal length and formatting."
    raw, even = _side(pair["win_rate"]), _side(pair["controlled"])
    told = "that does not change"
    if raw != even:
        told = {
            "above": f"it prefers {one}",
            "below": f"it prefers {other}",
            "open": "a preference is no longer measurable",
        }[even]
    return f"At equal length and formatting {told}: {ranged(pair['controlled'])}."


def notes(found: Found, teacher: str = "") -> list[str]:
    """How the numbers are to be read; `teacher` is the teacher's name, which may be the judge's."""
    judge = str(found.get("judge") or "")
    lines = [
        "A judge's preference is an opinion, and stands beside what was measured on tasks and "
        "never in its place: judges favour long and formatted answers, and answers by their own "
        "family of models, and often miss what is wrong in a fluent one. A student that imitates "
        "style gains here first.",
        "Every pair was asked in both orders. It is won or lost where both verdicts agree, a tie "
        "counts half, and so does a pair in which the order changed the verdict.",
        "The win rate at equal length and form is a logistic model's prediction for answers that "
        "differ in neither (AlpacaEval's length control with Arena's style control). It knows "
        "length, headers, bold text and lists, and no other style; a judge that lets the slightest "
        "difference of length decide is not fully corrected.",
    ]
    if teacher and judge == teacher:
        lines.insert(1, "The judge is the teacher itself, whose own style it may favour.")
    if any(_value(pair, "controlled") is None for pair in _pairs(found)):
        lines.append(
            "Where it is missing, there are fewer than 20 prompts, or one model's answers are "
            "nearly always longer (or more formatted), and what is style cannot be told apart."
        )
    terms = [text for pair in _pairs(found) if (text := _coefficients(pair))]
    return lines + terms


def _coefficients(pair: Found) -> str:
    known = pair.get("coefficients") or {}
    told = [
        f"{name} {wording.fixed(number, 2, signed=True)}"
        for key, name in _TERMS.items()
        if (number := wording.finite(known.get(key))) is not None
    ]
    if not told:
        return ""
    return (
        f"What moved the judge against {_name(pair.get('other'), visible)}, in logits for a usual "
        f"difference: {', '.join(told)}."
    )


def table(found: Found, escape: Escape = visible) -> Table:
    """A row for each pair."""
    prompts = wording.finite(found.get("prompts"))
    rows = tuple(_row(pair, prompts, escape) for pair in _pairs(found))
    return Table(TITLE, wording.INTERVALS, HEAD, rows)


def _row(pair: Found, prompts: float | None, escape: Escape) -> Row:
    return (_name(pair.get("other"), escape).removeprefix("the "), ""), (
        (wording.count(pair.get("n")), ""),
        *(_cell(pair.get(key)) for key in ("win_rate", "flip_rate", "controlled")),
        _left_out(pair, prompts),
    )


def _left_out(pair: Found, prompts: float | None) -> Cell:
    """What is missing of the prompts, and how many of these for a reply that cannot be read."""
    n, unreadable = wording.finite(pair.get("n")), wording.finite(pair.get("unreadable"))
    if n is None or prompts is None:
        return UNKNOWN
    note = f"{wording.count(unreadable)} unreadable" if unreadable else ""
    return wording.count(max(0.0, prompts - n)), note


def _cell(entry: Any) -> Cell:
    return ranged(entry), ""


def _pairs(found: Found) -> Sequence[Found]:
    return found.get("pairs") or []


def _name(role: object, escape: Escape) -> str:
    known = _NAMES.get(str(role))
    return known or escape(visible(role, one_line=True))


def _value(pair: Found, key: str) -> float | None:
    return wording.finite((pair.get(key) or {}).get("value"))


def _side(entry: Found) -> str:
    """above or below one half, or open where the interval holds it."""
    low, high = wording.finite(entry.get("low")), wording.finite(entry.get("high"))
    if low is None or high is None or low <= 0.5 <= high:
        return "open"
    return "above" if low > 0.5 else "below"
