"""`--fail-on`: conditions on the findings of an audit, at which a check on data fails.

contamination>0        a plain number is a count
duplicates>=1.5%       a percentage is a share
problems>0, warnings>3 how many findings have that level
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.pages.wording import count, finite, fixed
from limbeck.registry import did_you_mean

LEVELS = {"problems": "problem", "warnings": "warning"}
_PARTS = re.compile(r"\s*([^\s<>=!]*)\s*([<>=!]*)\s*(.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must not be: the count of finding `key` (a share, where `percent`) above `limit`, or
    at it, where `at`. `text` is as it was given."""

    text: str
    key: str
    limit: Fraction
    percent: bool
    at: bool


def read_conditions(given: Iterable[str], known: Iterable[str]) -> list[Condition]:
    """The conditions of all options, in their order; `known` are the keys of findings.

    Raises UserError for an unknown key (with the nearest one), an operator that is neither >
    nor >=, and a number that is neither a count nor a percentage.
    """
    keys = [*known, *LEVELS]
    return [_condition(part, keys) for option in given for part in option.split(",")]


def failures(conditions: Iterable[Condition], report: Mapping[str, Any]) -> list[str]:
    """One sentence for each condition that holds, or that cannot be said to not hold because its
    finding was not measured. Empty: the data passes."""
    findings = {finding["key"]: finding for finding in report["findings"]}
    said = (_failure(condition, findings) for condition in conditions)
    return [sentence for sentence in said if sentence]


def _condition(text: str, keys: list[str]) -> Condition:
    text = text.strip()
    parts = _PARTS.fullmatch(text)
    name, operator, value = parts.groups() if parts else ("", "", "")
    said = f"--fail-on {text!r}"
    if not name or not operator:
        raise UserError(
            f"{said} is no condition; write a finding, > or >=, and a number: contamination>0, "
            "duplicates>1%"
        )
    key = name.casefold().replace("-", "_")
    if key not in keys:
        raise UserError(f"{said}: there is no finding {name!r}{did_you_mean(key, keys)}")
    if operator not in (">", ">="):
        raise UserError(f"{said}: the operator is > or >=, got {operator}")
    number = _NUMBER.fullmatch(value)
    if number is None:
        raise UserError(f"{said}: {value!r} is no number; write a count (5) or a share (0.5%)")
    limit, percent = Fraction(number[1]), bool(number[2])
    if percent and key in LEVELS:
        raise UserError(f"{said}: {key} are counted; write a plain number")
    if not percent and limit.denominator != 1:
        share = f"; write {float(100 * limit):g}% for a share" if limit <= 1 else ""
        raise UserError(f"{said}: a plain number counts rows, and {value} is no whole one{share}")
    if percent and (limit > 100 or (limit == 100 and operator == ">")):
        raise UserError(f"{said} can never be: no share is above 100%")
    return Condition(text, key, limit, percent, operator == ">=")


def _failure(condition: Condition, findings: Mapping[str, Mapping[str, Any]]) -> str:
    key, text = condition.key, condition.text
    if key in LEVELS:
        named = [name for name, one in findings.items() if one["level"] == LEVELS[key]]
        if not _over(condition, Fraction(len(named))):
            return ""
        noun = key[:-1] if len(named) == 1 else key
        return f"{text}: there are {len(named)} {noun}: {', '.join(named)}".replace(
            "there are 1 ", "there is 1 "
        )
    finding = findings.get(key)
    if finding is None or finding["level"] == "unknown":
        why = (finding or {}).get("why") or "this audit does not have it"
        return f"{text}: {key} was not measured: {why}"
    number, of = finite(finding.get("count")), finite(finding.get("of"))
    share = finite(finding.get("share"))
    if condition.percent:
        if share is None:
            return f"{text}: {key} was measured, but is no share; it cannot be compared"
        over = _over(condition, 100 * _exact(number, of, share))
    elif number is None:
        return f"{text}: {key} was measured, but is no count; it cannot be compared"
    else:
        over = _over(condition, Fraction(number))
    return f"{text}: {key} has {_numbers(finding)}" if over else ""


def _exact(number: float | None, of: float | None, share: float) -> Fraction:
    """The share as its count and total give it: 1 of 100 is 1%, which 0.01 as a float is not."""
    if number is not None and of and abs(number / of - share) < 1e-9:
        return Fraction(number) / Fraction(of)
    return Fraction(share)


def _over(condition: Condition, value: Fraction) -> bool:
    return value >= condition.limit if condition.at else value > condition.limit


def _numbers(finding: Mapping[str, Any]) -> str:
    """ "12 of 1,000 rows (1.2%)"."""
    unit = finding.get("unit") or "rows"
    number, of = finite(finding.get("count")), finite(finding.get("of"))
    share = finite(finding.get("share"))
    counted = "" if number is None else f"{count(number)} {unit}"
    if counted and of is not None:
        counted = f"{count(number)} of {count(of)} {unit}"
    percent = "" if share is None else f"{fixed(100 * share, 1)}%"
    return f"{counted} ({percent})" if counted and percent else counted or percent
