"""The words and numbers of a transfer report, so that HTML, Markdown and terminal say the same.

All of it is plain text without raw control characters. Escaping is the caller's: HTML escapes the
whole line; Markdown and rich pass `escape`, which is applied to names from outside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from limbeck.models import without_folders

Task = Mapping[str, Any]
Escape = Callable[[str], str]

MISSING = "n/a"
NOT_BETTER = "teacher not measurably better"
INTERVALS = "Square brackets hold 95% intervals; ± is one standard error."
LABELS = {"imitation": "Imitation", "ability": "Ability", "forgetting": "Forgetting"}
ROLE_NAMES = {"teacher_again": "second teacher sample"}
ALPHA = 0.05  # of every claim

_NEWLINE = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# C0 but tab and newline, DEL, C1, bidi embeddings and isolates (they reorder what is read),
# lone surrogates, and the two non-characters that HTML forbids.
_SHOWN: dict[int, str] = (
    {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"}
    | {code: f"⟨U+{code:04X}⟩" for code in (*range(0x7F, 0xA0), *range(0x202A, 0x202F))}
    | {code: f"⟨U+{code:04X}⟩" for code in range(0x2066, 0x206A)}
    | dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")
)
# One line with such words ends in a mark, so that the numbers after it keep their order.
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")


def visible(text: object, *, one_line: bool = False) -> str:
    """Any text, safe to print: ESC becomes ␛, a lone surrogate �, a bidi override ⟨U+202E⟩."""
    clean = _NEWLINE.sub("\n", str(text)).translate(_SHOWN)
    mark = "\u200e" if _RIGHT_TO_LEFT.search(clean) else ""
    return " ".join(clean.split()).rstrip("\u200e") + mark if one_line else clean


def named(value: object) -> str:
    """A name from outside on one line; "unnamed" for null."""
    return visible("unnamed" if value is None else value, one_line=True)


def model_name(value: object) -> str:
    """A model's name without the folders of this machine; the JSON has all of it."""
    return visible(without_folders(str(value)), one_line=True) if value else MISSING


def finite(value: object) -> float | None:
    """The number as a finite float; None for null, NaN, infinity and whatever is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 else None  # NaN compares false as well


def fixed(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with fixed digits, or more where it would show as nought without being nought.

    So an interval that excludes zero is never printed as if it ended there.
    """
    if value and round(value, digits) == 0:
        digits = min(6, -math.floor(math.log10(abs(value))))
    if abs(value) >= 1e9:
        return f"{value:.2e}".replace("-", "−")
    text = f"{value:{'+' if signed else ''},.{digits}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", "−")


def count(value: object) -> str:
    """A count with thousands marked: 134,515,008."""
    return MISSING if (number := finite(value)) is None else f"{number:,.0f}"


def _scaled(unit: object) -> tuple[float, int, str]:
    """Factor, digits and sign: shares are printed as percent with one digit, the rest with two."""
    return (100.0, 1, "%") if unit == "share" else (1.0, 2, "")


def score(entry: Mapping[str, Any] | None, unit: object) -> str:
    """A score and its standard error: "31.4% ± 2.1", "14.40 ± 0.30"."""
    value = finite((entry or {}).get("value"))
    if value is None:
        return MISSING
    factor, digits, sign = _scaled(unit)
    stderr = finite((entry or {}).get("stderr"))
    spread = "" if stderr is None else f" ± {fixed(factor * stderr, digits)}"
    return f"{fixed(factor * value, digits)}{sign}{spread}"


def ranged(entry: Mapping[str, Any] | None, unit: object) -> str:
    """A value and its interval: "47.3% [40.1%, 55.0%]"."""
    shown = [score({"value": (entry or {}).get(key)}, unit) for key in ("value", "low", "high")]
    return shown[0] if MISSING in shown else f"{shown[0]} [{shown[1]}, {shown[2]}]"


def share(entry: Mapping[str, Any] | None) -> str:
    """`ranged` of a share."""
    return ranged(entry, "share")


def role(name: object) -> str:
    """A role in words: "second teacher sample" for "teacher_again"."""
    return ROLE_NAMES.get(str(name), named(name))


def amount(value: object, unit: object, *, signed: bool = False) -> str:
    """A difference: "+4.2 points" for shares, "−3.10" for the rest."""
    number = finite(value)
    if number is None:
        return MISSING
    factor, digits, sign = _scaled(unit)
    return fixed(factor * number, digits, signed=signed) + (" points" if sign else "")


def difference(entry: Mapping[str, Any] | None, unit: object) -> str:
    """A signed difference and its interval: "+4.2 points [+1.0, +7.4]"."""
    text = amount((entry or {}).get("value"), unit, signed=True)
    ends = [amount(end, unit, signed=True).removesuffix(" points") for end in _bounds(entry)]
    return text if MISSING in (text, *ends) else f"{text} [{ends[0]}, {ends[1]}]"


def p_value(entry: Mapping[str, Any] | None) -> str:
    """The difference's p, and Holm's: "p = 0.013, Holm 0.039", "p < 0.001", or nothing."""
    value, holm = (finite((entry or {}).get(key)) for key in ("p_value", "p_holm"))
    if value is None:
        return ""
    return f"p {bare_p(value)}" + (
        "" if holm is None else f", Holm {bare_p(holm).removeprefix('= ')}"
    )


def decisive_p(entry: Mapping[str, Any] | None) -> str:
    """The p that claims rest on, Holm's where there is one, as a bare number: "0.039"."""
    known = [finite((entry or {}).get(key)) for key in ("p_holm", "p_value")]
    value = next((p for p in known if p is not None), None)
    return "" if value is None else bare_p(value).removeprefix("= ")


def bare_p(value: float) -> str:
    """ "= 0.013" or "< 0.001"."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def metric_line(task: Task) -> str:
    """How a task is scored: "acc, higher is better, chance 25.0%"."""
    unit = visible(task.get("unit") or "", one_line=True)
    parts = [visible(task.get("metric") or "", one_line=True), "" if unit == "share" else unit]
    parts.append("higher is better" if _higher(task) else "lower is better")
    if finite(task.get("chance")) is not None:
        parts.append(f"chance {score({'value': task['chance']}, unit)}")
    return ", ".join(filter(None, parts))


def gap_text(gap: Mapping[str, Any]) -> str:
    """Gap closed as "68% [61%, 75%]": never clipped, and a digit more where rounding would hide."""
    ends = [finite(gap.get(key)) for key in ("value", "low", "high")]
    known = [end for end in ends if end is not None]
    if ends[0] is None:
        return MISSING
    near = any(end != 1 and round(100 * end) == 100 for end in known)
    digits = 1 if near or max(known) - min(known) < 0.05 else 0
    shown = [f"{fixed(100 * end, digits)}%" for end in known]
    return shown[0] + (f" [{shown[1]}, {shown[2]}]" if len(shown) == 3 else "")


def _bounds(entry: Mapping[str, Any] | None) -> tuple[float | None, float | None]:
    return finite((entry or {}).get("low")), finite((entry or {}).get("high"))


def _higher(task: Task) -> bool:
    return task.get("higher_is_better") is not False


def against_base(task: Task, key: str = "student_minus_base") -> str:
    """better, worse, flat (the interval holds zero: not measurable) or unknown."""
    low, high = _bounds(task.get(key))
    if low is None or high is None:
        return "unknown"
    if low <= 0 <= high:
        return "flat"
    return "better" if (low > 0) == _higher(task) else "worse"


def moved(task: Task) -> str:
    """`against_base` for claims over several tasks: flat as well where Holm's adjusted p, if the
    report has it, is not below 0.05. So what is counted is never more than what intervals show."""
    holm = finite((task.get("student_minus_base") or {}).get("p_holm"))
    return "flat" if holm is not None and holm >= ALPHA else against_base(task)


def _value(task: Task, role: str) -> float | None:
    return finite((task.get(role) or {}).get("value"))


def _teacher_is_worse(task: Task) -> bool:
    state = against_base(task, "teacher_minus_base")
    if state != "unknown":
        return state == "worse"
    teacher, base = _value(task, "teacher"), _value(task, "base")
    if teacher is None or base is None or teacher == base:
        return False
    return (teacher > base) != _higher(task)


def gap_state(task: Task) -> str:
    """Which of the cases in `clauses.CASES` a task is."""
    gap = task.get("gap_closed")
    if _value(task, "base") is None or _value(task, "student") is None:
        return "unmeasured"
    if _value(task, "teacher") is None:
        return "no_teacher"
    if not gap:
        return "no_gap"
    low, high = _bounds(gap)
    if not gap.get("bounded", True) or low is None or high is None:
        return "unbounded"
    if _teacher_is_worse(task):
        return "teacher_worse"
    if low > 0:
        return "past" if low > 1 else "reaches" if high >= 1 else "part"
    if high < 0:
        return "away"
    return "open" if high >= 1 else "none"


# These cases say nothing task by task, so their tasks share one sentence.
SHARED = {"unbounded", "no_teacher", "no_gap", "unmeasured"}


def gap_cell(task: Task) -> tuple[str, str]:
    """Gap closed for a table, and what must stand beside it: the teacher's lead, a warning."""
    state = gap_state(task)
    if state == "unbounded":
        lead = difference(task.get("teacher_minus_base"), task.get("unit"))
        return NOT_BETTER, f"teacher − base {lead}" if lead != MISSING else ""
    if state in SHARED:
        return {"no_teacher": "no teacher score"}.get(state, MISSING), ""
    warning = "teacher worse than base" if state == "teacher_worse" else ""
    return gap_text(task["gap_closed"]), warning


def by_kind(tasks: Iterable[Task]) -> list[tuple[str, list[Task]]]:
    """The tasks under their labels: imitation first, then ability, then whatever else."""
    groups: dict[str, list[Task]] = {label: [] for label in (*LABELS.values(), "Other")}
    for task in tasks:
        groups[LABELS.get(str(task.get("kind")), "Other")].append(task)
    return [(label, group) for label, group in groups.items() if group]
