"""`Finding`: one line of the grade sheet, with its interval, its level and rows to look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from limbeck.reading.forms import Row
from limbeck.wilson import wilson

Level = Literal["good", "note", "warning", "problem", "unknown"]
LEVELS: tuple[Level, ...] = ("good", "note", "warning", "problem", "unknown")
SHOWN = 10
_LONGEST = 2_000  # characters of a text in an example
_TORN = re.compile(r"(?<![!-~])[!-~]{1,254}\Z")

TITLES = {
    "unreadable": "Unreadable rows",
    "duplicates": "Duplicates",
    "near_duplicates": "Near duplicates",
    "near_instructions": "Near instructions",
    "contradictions": "Contradictions",
    "wrong_answers": "Wrong answers",
    "self_consistency": "Self-consistency",
    "contamination": "Contamination",
    "empty": "Empty outputs",
    "truncated": "Truncated outputs",
    "refusals": "Refusals",
    "boilerplate": "Boilerplate",
    "repetition": "Repetition",
    "format": "Format errors",
    "language": "Language",
    "lengths": "Lengths",
    "pii": "Personal data",
    "diversity": "Diversity",
    "licence": "Licence",
    "provenance": "Provenance",
    "cost": "Cost",
}
"""Every key in reading order, with its title."""


class Bounds(NamedTuple):
    """From which share on a finding is a warning, and a problem; None: it never is. `note` is the
    share up to which it is good."""

    note: float
    warning: float | None
    problem: float | None


BOUNDS = {
    "unreadable": Bounds(0, 0.001, 0.01),
    "duplicates": Bounds(0, 0.01, 0.05),
    "near_duplicates": Bounds(0, 0.02, 0.1),
    "near_instructions": Bounds(0, 0.05, 0.2),
    "contradictions": Bounds(0, 0.005, 0.02),
    "wrong_answers": Bounds(0, 0.02, 0.1),
    "self_consistency": Bounds(0, 0.1, 0.3),
    "contamination": Bounds(0, 0, 0),
    "empty": Bounds(0, 0.005, 0.02),
    "truncated": Bounds(0, 0.01, 0.05),
    "refusals": Bounds(0, 0.01, 0.05),
    "boilerplate": Bounds(0, 0.01, 0.05),
    "repetition": Bounds(0, 0.01, 0.05),
    "format": Bounds(0, 0.01, 0.05),
    "language": Bounds(0.01, 0.1, None),
    "lengths": Bounds(0.001, 0.01, 0.05),
    "pii": Bounds(0, 0.01, 0.05),
    "diversity": Bounds(0.1, 0.25, 0.5),
    "licence": Bounds(0, 0, None),
    "provenance": Bounds(0, None, None),
    "cost": Bounds(0, None, None),
}
"""Shares at which levels begin, by key: docs/audit.md has them as a table."""


FEW = 10
FEW_SAY_LITTLE = ("wrong_answers", "self_consistency", "language")
"""Findings on the rows that can be told, be they few in a large set: of fewer than FEW they are
notes at most. All others count in the whole set."""


def level_of(key: str, share: float, of: int = FEW) -> Level:
    """The level of a share `of` so many units. A problem is at least the share of its bound, and
    above `note`."""
    note, warning, problem = BOUNDS[key]
    if share <= note:
        return "good"
    if of < FEW and key in FEW_SAY_LITTLE:
        return "note"
    if problem is not None and share >= problem:
        return "problem"
    return "warning" if warning is not None and share >= warning else "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one kind.

    `count` of `of` units; of a sample where `sampled`. `says` is one sentence with the numbers,
    `advice` one with what to do. `details` are (label, value) pairs for people. Where nothing was
    measured `why` says so, and there is no count.
    """

    key: str
    count: int = 0
    of: int = 0
    unit: str = "rows"
    says: str = ""
    advice: str = ""
    sampled: bool = False
    details: Sequence[tuple[str, str]] = ()
    examples: Sequence[dict[str, Any]] = ()
    why: str = ""
    level: Level | None = None

    def to_json(self) -> dict[str, Any]:
        """As audit.json has it. The interval is Wilson's at 95%: what another sample of what
        made this one could show."""
        known = not self.why and self.of > 0
        share = self.count / self.of if known else None
        low, high = wilson(self.count, self.of) if known else (None, None)
        level = self.level
        if level is None:
            level = "unknown" if share is None else level_of(self.key, share, self.of)
        why = self.why or ("" if known else "there is nothing to count it in")
        return {
            "key": self.key,
            "title": TITLES[self.key],
            "level": level,
            "count": self.count if known else None,
            "of": self.of if known else None,
            "unit": self.unit,
            "share": share,
            "low": low,
            "high": high,
            "sampled": self.sampled,
            "says": self.says if known else f"Not measured: {why}.",
            "advice": self.advice,
            "why": "" if known else why,
            "details": [list(pair) for pair in self.details],
            "examples": list(self.examples),
        }


def unknown(key: str, why: str, advice: str = "") -> Finding:
    """A finding that could not be measured."""
    return Finding(key, why=why, advice=advice)


def example(
    rows: Iterable[Row], texts: Iterable[tuple[str, str]], note: str = ""
) -> dict[str, Any]:
    """Rows to look at: their places in the source, and labelled texts, cut where they are long."""
    return {
        "places": [row.place for row in rows],
        "texts": [[label, cut(text)] for label, text in texts],
        "note": note,
    }


def whole(row: Row, note: str = "") -> dict[str, Any]:
    """An example that is one row."""
    return example([row], [*asked(row), ("Output", row.output)], note)


def asked(row: Row) -> list[tuple[str, str]]:
    """What a row asks, as labelled texts."""
    given = [("Input", row.input)] if row.input.strip() else []
    return [("Instruction", row.instruction), *given]


def cut(text: str, most: int = _LONGEST) -> str:
    """A text for an example; what is left out is said. No address or key is cut in two: half of
    one is not known for what it is, and would not be masked."""
    if len(text) <= most:
        return text
    kept = text[:most]
    if not text[most].isspace():
        kept = _TORN.sub("", kept)
    return f"{kept} … [{len(text) - len(kept):,} more characters]"


def percent(count: float, of: float) -> str:
    """A share for people: "12.5%"; "< 0.1%" for what would be none."""
    if not of:
        return "none"
    share = 100 * count / of
    return "< 0.1%" if 0 < share < 0.05 else f"{share:.1f}%"


def verb(count: int, one: str, many: str) -> str:
    """The form that goes with a count."""
    return one if count == 1 else many


def several(count: int, noun: str) -> str:
    """A count with its noun: "1 row", "1,234 rows"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
