"""The grade sheet: each finding of audit.json in words, the gravest first.

All of it is plain text; what comes from the dataset is not made safe here: that is the
renderer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.evals.pages.wording import count, finite, fixed

# Of one grade, of several, and a mark that needs no colour; in reading order.
LEVELS: dict[str, tuple[str, str, str]] = {
    "problem": ("Problem", "Problems", "✗"),
    "warning": ("Warning", "Warnings", "!"),
    "note": ("Note", "Notes", "i"),
    "good": ("Good", "Good", "✓"),
    "unknown": ("Not measured", "Not measured", "?"),
}
NAMED = 6  # findings that were not measured and are named in the headline
SAID_CHARS = 600  # of one sentence: what a finding quotes from the data may be of any length


@dataclass(frozen=True, slots=True)
class Example:
    """One example: where it stands and how near ("Rows 3 and 17, Jaccard 0.93"), and its texts
    as (label, text)."""

    head: str
    texts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Grade:
    """One finding, ready to be shown.

    `counted` is "12 of 1,000 rows", `share` "1.2% [0.7%, 2.1%]"; each is "" where there is none.
    `says` is its sentence, or why it was not measured; `advice` is "" where nothing is to do.
    """

    key: str
    title: str
    level: str
    counted: str
    share: str
    says: str
    advice: str
    details: Sequence[tuple[str, str]]
    examples: Sequence[Example]

    @property
    def word(self) -> str:
        return LEVELS[self.level][0]

    @property
    def mark(self) -> str:
        return LEVELS[self.level][2]

    @property
    def has_section(self) -> bool:
        """Whether there is more to show than a line of the grade sheet."""
        return bool(self.details or self.examples)


def grades(report: Mapping[str, Any]) -> list[Grade]:
    """Every finding: problems first, what was not measured last, else in the report's order."""
    places = list(LEVELS)
    made = [_grade(finding) for finding in report.get("findings") or []]
    return sorted(made, key=lambda grade: places.index(grade.level))


def groups(made: Iterable[Grade]) -> list[tuple[str, str, list[Grade]]]:
    """The grades by level, as (level, name of several, grades); levels without any are left out."""
    listed = list(made)
    found = [
        (level, names[1], [grade for grade in listed if grade.level == level])
        for level, names in LEVELS.items()
    ]
    return [group for group in found if group[2]]


def source_line(report: Mapping[str, Any]) -> str:
    """How the data was read."""
    return _cut(report["about"])


def source_sentence(report: Mapping[str, Any]) -> str:
    """The same as a sentence: "A JSON list, 73 rows read as instruction, output."."""
    about = source_line(report)
    return f"{about[:1].upper()}{about[1:]}."


def headline(report: Mapping[str, Any]) -> str:
    """The whole audit in one line: "1 problem in 1,000 rows: duplicates. 2 warnings: ..."."""
    rows = _several(report["counts"]["rows"], "row")
    by_level = {level: found for level, _, found in groups(grades(report))}
    problems, warnings = by_level.get("problem", []), by_level.get("warning", [])
    missing = by_level.get("unknown", [])
    measured = any(level != "unknown" for level in by_level)
    if not measured:
        return f"Nothing was measured in {rows}."
    parts = []
    if problems:
        parts.append(f"{_several(len(problems), 'problem')} in {rows}: {_names(problems)}.")
        if warnings:
            parts.append(f"{_several(len(warnings), 'warning')}: {_names(warnings)}.")
    elif warnings:
        said = f"No problem and {_several(len(warnings), 'warning')} in {rows}"
        parts.append(f"{said}: {_names(warnings)}.")
    else:
        parts.append(f"No problem and no warning in {rows}.")
    if missing:
        more = len(missing) - NAMED
        names = (
            _names(missing)
            if more < 2
            else (
                f"{', '.join(_lowered(grade.title) for grade in missing[:NAMED])} and {more} more"
            )
        )
        parts.append(f"Not measured: {names}.")
    return " ".join(parts)


def measure_of(grade: Grade) -> str:
    """Count and share in one: "12 of 1,000 rows, 1.2% [0.7%, 2.1%]"."""
    return ", ".join(part for part in (grade.counted, grade.share) if part)


def _grade(finding: Mapping[str, Any]) -> Grade:
    level = finding.get("level")
    level = level if level in LEVELS else "unknown"
    unknown = level == "unknown"
    return Grade(
        key=str(finding["key"]),
        title=str(finding.get("title") or finding["key"]),
        level=level,
        counted="" if unknown else _counted(finding),
        share="" if unknown else _share(finding),
        says=_cut(finding.get("why") if unknown else finding.get("says")),
        advice="" if level == "good" else _cut(finding.get("advice")),
        details=[(_cut(label), _cut(value)) for label, value in finding.get("details") or []],
        examples=[_example(one) for one in finding.get("examples") or []],
    )


def _counted(finding: Mapping[str, Any]) -> str:
    number, of = finite(finding.get("count")), finite(finding.get("of"))
    if number is None:
        return ""
    unit = str(finding.get("unit") or "rows")
    if of is None:
        return f"{count(number)} {unit}"
    return f"{count(number)} of {count(of)} {unit}" + " sampled" * bool(finding.get("sampled"))


def _share(finding: Mapping[str, Any]) -> str:
    numbers = [finite(finding.get(key)) for key in ("share", "low", "high")]
    shown = [f"{fixed(100 * number, 1)}%" for number in numbers if number is not None]
    if numbers[0] is None:
        return ""
    return shown[0] if len(shown) < 3 else f"{shown[0]} [{shown[1]}, {shown[2]}]"


def _example(example: Mapping[str, Any]) -> Example:
    places = [f"{one:,}" if isinstance(one, int) else str(one) for one in _listed(example)]
    head = ("Row " if len(places) == 1 else "Rows ") + _joined(places) if places else ""
    note = _cut(example.get("note"))
    texts = [(_cut(label), str(text)) for label, text in example.get("texts") or []]
    return Example(", ".join(part for part in (head, note) if part), texts)


def _listed(example: Mapping[str, Any]) -> Iterator[Any]:
    return iter(example.get("places") or [])


def _cut(text: object) -> str:
    said = "" if text is None else str(text)
    return said if len(said) <= SAID_CHARS else f"{said[:SAID_CHARS]} …"


def _several(number: int, name: str) -> str:
    return f"{count(number)} {name}" + ("" if number == 1 else "s")


def _names(found: Sequence[Grade]) -> str:
    return _joined([_lowered(grade.title) for grade in found])


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _lowered(title: str) -> str:
    """As within a sentence: "Near duplicates" is "near duplicates", "PII" stays."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
