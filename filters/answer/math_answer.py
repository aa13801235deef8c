"""Mathematical answers in a completion: where they stand, and what is certain without sympy."""

from __future__ import annotations

import re

from limbeck.errors import MissingExtra, UserError
from limbeck.filters.answer import maths
from limbeck.filters.answer.cues import takes_back
from limbeck.filters.answer.denials import DENIES
from limbeck.filters.answer.phrases import doubts
from limbeck.filters.answer.plain import cited, plain, visible
from limbeck.filters.answer.quantities import quantities
from limbeck.filters.answer.quantity import Quantity, same, shown
from limbeck.filters.answer.said import Said
from limbeck.filters.answer.text import normal, without_lead

_FORMULA = re.compile(
    r"\$\$(?P<display>(?:[^$\\]|\\.)+)\$\$|(?<!\\)\$(?P<inline>(?:[^$\\\n]|\\.)+)\$"
    r"|\\\[(?P<square>(?:[^\\]|\\(?!\]).)+)\\\]|\\\((?P<round>(?:[^\\]|\\(?!\)).)+)\\\)",
    re.DOTALL,
)
_JOINED = re.compile(
    r"\s*(?:,|;|,?\s?(?:or|and)(?:\s(?:maybe|perhaps|possibly|even|else))?)\s*", re.IGNORECASE
)
_STOP = re.compile(r"[.!?](?=\s|$)|\n")
_REASON = re.compile(r",?\s(?:because|since|where|as|which|when|for)\s", re.IGNORECASE)
_SAYS = re.compile(r"\b(?:is|are|equals|be)\s(?!not\b)")
_BOLD = re.compile(r"^\*{2}(?=\S)|(?<=\S)\*{2}$")
_GLUED = re.compile(r"-?\d+(?:\.\d+)?([a-zA-Z])")  # "5h" has a factor rather than a unit
_FOLDED = str.maketrans("", "", " \t\n")


def tidy(text: str) -> str:
    """An expression without markdown, dollar signs and white space that mean nothing."""
    text = _BOLD.sub("", visible(text).strip().strip("`")).strip()
    text = re.sub(r"^\\boxed\s?\{(.*)\}$", r"\1", text)
    if text.startswith("$") and text.endswith("$") and not re.match(r"\$\d+(?:\.\d+)?$", text):
        text = text.strip("$")
    return text.strip().removeprefix(r"\(").removesuffix(r"\)").strip().rstrip(".").strip()


def find(said: Said) -> tuple[str | None, str]:
    """The expression that a completion gives, or why there is none."""
    if said.several:
        return ", ".join(tidy(text) for text in said.several), ""
    if said.closed:
        back = takes_back(said.rest)
        return (tidy(said.answer), "") if back is None else _place(back, marked=False)
    tail = said.answer + said.rest if said.marked else said.text
    back = takes_back(tail)
    if back is not None:
        return _place(back, marked=True) if back.strip() else (None, "retracted")
    text = said.answer
    if said.marked and re.fullmatch(r"\s*(?:\$\$|\\\[)?\s*", said.answer):
        text = said.answer + said.rest  # a display on lines of its own
    if said.marked and text.strip() in ("\\[", "$$"):
        text += said.rest
    if said.marked and doubts(said.rest):
        return None, "hedge"
    return _place(text, marked=said.marked)


def _place(text: str, *, marked: bool) -> tuple[str | None, str]:
    formulas = [
        formula
        for formula in _FORMULA.finditer(text)
        if not DENIES.search(text[max(0, formula.start() - 30) : formula.start()])
    ]
    if not formulas and _FORMULA.search(text):
        return None, "none"
    if formulas and marked:
        row = [formulas[0]]
        for following in formulas[1:]:
            if not _JOINED.fullmatch(text, row[-1].end(), following.start()):
                break
            row.append(following)
        before = without_lead(text[: formulas[0].start()]).strip(" :*")
        if len(before) <= 40:
            return ", ".join(_inner(formula) for formula in row), ""
    if formulas:
        after = text[formulas[-1].end() :].strip(" .*\n")
        if len(after) <= 60 or not marked:
            row = [formulas[-1]]
            for earlier in reversed(formulas[:-1]):
                if not _JOINED.fullmatch(text, earlier.end(), row[0].start()):
                    break
                row.insert(0, earlier)
            return ", ".join(_inner(formula) for formula in row), ""
    if not marked:
        lines = [line for line in text.split("\n") if line.strip()]
        text = lines[-1] if lines else ""
        stops = [m.end() for m in _STOP.finditer(text.rstrip(". "))]
        text = text[stops[-1] :] if stops else text
        _, found, value = text.rpartition(": ")
        text = value if found else text
    stop = _STOP.search(text)
    text = text[: stop.start()] if stop else text
    *_, says = (None, *_SAYS.finditer(text))
    text = text[says.end() :] if says else text
    reason = _REASON.search(text)
    text = tidy(without_lead(text[: reason.start()] if reason else text))
    return (text, "") if text else (None, "none")


def _inner(formula: re.Match[str]) -> str:
    text = next(group for group in formula.groups() if group is not None)
    boxed = re.fullmatch(r"\s*\\boxed\s?\{(.*)\}\s*[.,]?\s*", text, re.DOTALL)
    return (boxed[1] if boxed else text).strip().rstrip(".,")


def quantity(text: str) -> Quantity | None:
    """The one plain number that an expression is, whole; None for any other."""
    plainly = plain(text).strip()
    found = quantities(plainly, items=False)
    if (
        len(found) == 1
        and found[0].start == 0
        and found[0].end == len(plainly)
        and not found[0].weak
    ):
        return found[0].value
    return None


def _is_word(text: str) -> bool:
    r"""\text{even}: an answer in words, compared as text."""
    return re.fullmatch(r"[^\W\d_]{2,}(?: [^\W\d_]+)*", plain(text).strip()) is not None and (
        "\\" not in plain(text)
    )


def check_target(text: str) -> str:
    """The target as an expression. Raises UserError for one that is not understood."""
    target = tidy(text)
    if target and (quantity(target) is not None or _is_word(target) or not maths.installed()):
        return target
    reply = maths.WORKER.ask({"op": "read", "text": target}) if target else None
    if reply is None or reply.get("canonical") is None:
        raise UserError(
            f"the target {cited(text)} cannot be read as mathematics: write it in LaTeX"
        )
    return target


def equal(target: str, found: str) -> tuple[bool, str]:
    """Whether two expressions are equal, and "unread", "timeout" or "" for why it is not known.

    Raises MissingExtra where only math-verify could tell.
    """
    if target.translate(_FOLDED) == found.translate(_FOLDED):
        return True, ""
    if _is_word(target):
        return normal(target) == normal(found), ""
    ours, theirs = quantity(target), quantity(found)
    if ours is not None and theirs is not None:
        letter = _GLUED.fullmatch(target)
        return same(ours, theirs) and (letter is None or letter[1] in found), ""
    try:
        reply = maths.WORKER.ask({"op": "equal", "target": target, "found": found})
    except MissingExtra:
        name, equals, value = found.partition("=")
        assigned = quantity(value) if equals and re.fullmatch(r"\s*[a-zA-Z]\s*", name) else None
        if ours is None or assigned is None:
            raise
        return same(ours, assigned), ""
    if reply is None:
        return False, "timeout"
    if "error" in reply or not reply.get("found"):
        return False, "unread"
    return bool(reply["equal"]), ""


def canonical(text: str) -> str | None:
    """One text for equal expressions, for votes; None where it cannot be read."""
    value = quantity(text)
    if value is not None:
        return shown(value)
    reply = maths.WORKER.ask({"op": "read", "text": text})
    found = reply.get("canonical") if reply else None
    return str(found) if found is not None else None
