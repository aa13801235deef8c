"""Mathematical answers as structures. Runs in the worker process.

Pairs, intervals, sets and equations are taken apart here, so that order, completeness and both
sides count; math-verify reads the expressions in them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import sympy
from math_verify import LatexExtractionConfig, parse


@dataclass(frozen=True)
class Scalar:
    """An expression or a matrix. `decimal`: written with a decimal point, so maybe rounded."""

    value: Any
    decimal: bool = False


@dataclass(frozen=True)
class Group:
    """Parts in order between two brackets, (a, b] for one; or a set, without order."""

    sort: Literal["row", "set"]
    parts: tuple[Any, ...]
    brackets: str = ""


@dataclass(frozen=True)
class Relation:
    """left op right; > and ≥ are turned round. `name` is the left side when it names a value."""

    op: str
    left: Scalar
    right: Any
    name: str = ""


_PLAIN = [
    ("**", "^"),
    ("−", "-"),
    ("–", "-"),
    ("×", r"\cdot "),
    ("·", r"\cdot "),
    ("⋅", r"\cdot "),
    ("÷", "/"),
    ("π", r"\pi "),
    ("∞", r"\infty "),
    ("∪", r"\cup "),
    ("∈", r"\in "),
    ("≤", r"\le "),
    ("≥", r"\ge "),
    ("≠", r"\ne "),
    ("<=", r"\le "),
    (">=", r"\ge "),
    ("!=", r"\ne "),
    ("±", r"\pm "),
    ("²", "^2"),
    ("³", "^3"),
    ("°", r"^\circ"),
]
_REWRITES = [
    (re.compile(r"\\(?:displaystyle|left|right|big|Big|bigg|Bigg)(?![a-zA-Z])"), ""),
    (re.compile(r"\\[dt]frac"), r"\\frac"),
    (re.compile(r"\\(?:text|mathrm|textbf|mbox)\s?\{\s*(or|and)\s*\}"), r" \1 "),
    (re.compile(r"(?<=[\d}\])a-zA-Z])\s?\\(?:text|mathrm)\s?\{[^{}]*\}(?:\^\{?[23]\}?)?"), ""),
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|boldsymbol|mathit)\s?\{([^{}]*)\}"), r"\1"),
    (re.compile(r"(?<!\\)\\[,;:! ]|\\q?quad|~"), " "),
    (re.compile(r"\{,\}"), ""),
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))(?![^(\[]*[)\]])"), ""),
    (re.compile(r"(?<=\d)\s?\*\s?|\*"), r"\\cdot "),
    (re.compile(r"√\s?\(([^()]*)\)|(?<!\\)\bsqrt\s?\(([^()]*)\)"), r"\\sqrt{\1\2}"),
    (re.compile(r"√\s?(\w+)"), r"\\sqrt{\1}"),
    (re.compile(r"(?<![\\a-zA-Z])(pi|infty|sin|cos|tan|ln|log)(?![a-zA-Z])"), r"\\\1 "),
    (re.compile(r"(\d(?:\.\d+)?)[eE]([-+]?\d{1,4})(?!\w)"), r"\1 \\cdot 10^{\2}"),
    (re.compile(r"\^\s?\(([^()]{1,40})\)"), r"^{\1}"),
    (  # degrees matter to a sine only: an angle of 90° is given as 90
        re.compile(
            r"(\\(?:sin|cos|tan|cot|sec|csc))\s?(?:\\left)?[({]?\s?(-?\d+(?:\.\d+)?)\s?"
            r"(?:\^\s?\{?\\circ\}?|\\degree)\s?(?:\\right)?[)}]?"
        ),
        r"\1(\\frac{\2 \\pi}{180})",
    ),
    (re.compile(r"\^\s?\{?\\circ\}?|\\degree"), ""),
    (re.compile(r"\\leq(?![a-z])"), r"\\le "),
    (re.compile(r"\\geq(?![a-z])"), r"\\ge "),
    (re.compile(r"\\neq(?![a-z])"), r"\\ne "),
]
_RELATION = re.compile(r"\\(?:le|ge|ne|in)(?![a-zA-Z])|[=<>]")
_OPS = {r"\le": "<=", r"\ge": ">=", r"\ne": "!=", r"\in": "in", "=": "=", "<": "<", ">": ">"}
_NAME = re.compile(r"\s*(?:[a-zA-Z]|\\[a-z]+)(?:_\{?\w+\}?)?'*\s?(?:\([a-z](?:,\s?[a-z])*\))?\s*")
_WORDS = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{3,}(?![a-zA-Z])")


_COMMAND = re.compile(r"\\(?:begin|end)\{[a-z]+\}|\\[a-zA-Z]+")


def read(text: str) -> Any:
    """A Scalar, Group or Relation; None for what is no single mathematical answer."""
    text = text.strip()
    for old, new in _PLAIN:
        text = text.replace(old, new)
    for pattern, instead in _REWRITES:
        text = pattern.sub(instead, text)
    return _read(text.strip().strip("$").rstrip(".,;").strip())


def _read(text: str) -> Any:
    text = text.strip()
    if not text:
        return None
    if r"\pm" in text:
        both = [_read(text.replace(r"\pm", sign)) for sign in ("+", "-")]
        return None if None in both else Group("set", tuple(both))
    unions = _cut(text, re.compile(r"\\cup(?![a-zA-Z])"))
    if len(unions) > 1:
        return _group("set", [part for part, _ in unions])
    several = _cut(text, re.compile(r",|;|\bor\b|\band\b"))
    if len(several) > 1:
        return _group("set", [part for part, _ in several if part.strip()])
    sides = _cut(text, _RELATION)
    if len(sides) > 1:
        return _relation(sides)
    inner = _inside(text)
    if inner is not None:
        sort, brackets, body = inner
        parts = [part for part, _ in _cut(body, re.compile(r",|;"))]
        if sort == "set":
            return _group("set", parts) if body.strip() else Group("set", ())
        if len(parts) > 1:
            return _group("row", parts, brackets)
        if brackets == "()":
            return _read(body)
    return _scalar(text)


def _inside(text: str) -> tuple[Literal["row", "set"], str, str] | None:
    if text.startswith(r"\{") and text.endswith(r"\}"):
        return "set", "{}", text[2:-2]
    if text[0] in "([" and text[-1] in ")]" and _matches(text):
        return "row", text[0] + text[-1], text[1:-1]
    if text[0] == "{" and text[-1] == "}" and _matches(text):
        return "set", "{}", text[1:-1]
    return None


def _matches(text: str) -> bool:
    depth = 0
    for place, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            return place == len(text) - 1
    return False


def _cut(text: str, pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """The text cut at matches outside of brackets: (part, what cut it off)."""
    parts, depth, start = [], 0, 0
    marks = {m.start(): m for m in pattern.finditer(text)}
    for place, char in enumerate(text):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif not depth and place in marks:
            parts.append((text[start:place], marks[place][0]))
            start = marks[place].end()
    return [*parts, (text[start:], "")]


def _group(sort: Literal["row", "set"], texts: list[str], brackets: str = "") -> Group | None:
    parts = [_read(text) for text in texts]
    return None if any(part is None for part in parts) else Group(sort, tuple(parts), brackets)


def _relation(sides: list[tuple[str, str]]) -> Any:
    ops = [_OPS[op] for _, op in sides[:-1]]
    texts = [text for text, _ in sides]
    if (len(ops) == 2 and set(ops) <= {"<", "<="}) or (len(ops) == 2 and set(ops) <= {">", ">="}):
        low, middle, high = (_read(text) for text in (texts if "<" in ops[0] else texts[::-1]))
        if not all(isinstance(part, Scalar) for part in (low, middle, high)):
            return None
        closed = ops if "<" in ops[0] else ops[::-1]
        return Group("row", (low, high), "(["["=" in closed[0]] + ")]"["=" in closed[1]])
    if len(ops) > 1:
        if set(ops) != {"="}:
            return None
        texts = [texts[0], texts[-1]]  # a = b = c says what a is in the end
    op, name = ops[0], texts[0].strip() if _NAME.fullmatch(texts[0]) else ""
    right = _read(texts[1])
    if op == "in":
        return right
    left = Scalar(sympy.Symbol(name)) if name and "(" in name else _read(texts[0])
    if isinstance(left, Group) and isinstance(right, Group) and op == "=":
        return right  # (x, y) = (1, 2)
    if not isinstance(left, Scalar) or right is None:
        return None
    if op != "=" and not isinstance(right, Scalar):
        return None
    if op in (">", ">="):
        op, left, right = op.replace(">", "<"), right, left
    single = (
        getattr(left.value, "is_Symbol", False),
        getattr(getattr(right, "value", None), "is_Symbol", False),
    )
    if op in ("<", "<=") and any(single):  # x > 3 is the interval from 3
        end = ")]"["=" in op]
        if single[0] and not single[1]:
            return Group("row", (Scalar(-sympy.oo), right), "(" + end)
        if single[1] and not single[0]:
            return Group("row", (left, Scalar(sympy.oo)), "(["["=" in op] + ")")
    return Relation(op, left, right, name)


_CONFIG = LatexExtractionConfig()
# math-verify takes the letters of "4c", "2ab" and "7m" for units
_CONFIG = replace(_CONFIG, normalization_config=replace(_CONFIG.normalization_config, units=False))
_UNIT = re.compile(
    r"(?<=[\d})])(?:\s?(?:[cmkd]m|[mk]g|ml|ft|lb|oz|hr|yd)|\s+[mgshl])(?:\^\{?[23]\}?)?$"
)
_PRODUCT = re.compile(
    r"(?<![\\a-zA-Z])(?=[a-z]{3})(?:a?b?c?d?x?y?z?|p?q?r?|m?n?p?|u?v?w?)(?![a-zA-Z])"
)
_CONSTANT = re.compile(r"\\(?:mathbb\s?\{?([A-Z])\}?|(emptyset|varnothing))|(ℝ|∅)")


def _scalar(text: str) -> Scalar | None:
    constant = _CONSTANT.fullmatch(text)
    if constant:
        name = constant[1] or constant[2] or constant[3]
        return Scalar(
            sympy.Symbol({"ℝ": "R", "varnothing": "emptyset", "∅": "emptyset"}.get(name, name))
        )
    text = _PRODUCT.sub(lambda found: " ".join(found[0]), _UNIT.sub("", text))
    if _WORDS.search(_COMMAND.sub("", text)):
        return None
    try:
        found = parse(
            f"${text}$",
            extraction_config=[_CONFIG],
            parsing_timeout=None,
            raise_on_error=False,
        )
    except TypeError:  # older versions have no raise_on_error
        found = parse(f"${text}$", extraction_config=[_CONFIG])
    if not found or isinstance(found[0], str):
        return None
    value = found[0]
    if isinstance(value, sympy.MatrixBase):
        return Scalar(sympy.ImmutableMatrix(value))
    if not isinstance(value, sympy.Expr):
        return None
    exact = {each: sympy.Rational(str(each)) for each in value.atoms(sympy.Float)}
    value = value.xreplace(exact)
    value = value.xreplace({s: sympy.I for s in value.free_symbols if s.name == "i"})
    value = value.doit()
    return Scalar(value, bool(re.search(r"\d\.\d", text)) or bool(exact))
