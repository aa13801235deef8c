"""The transfer report as one HTML page: no network, no script, no font from elsewhere.

Every text is data. Jinja escapes each expression, and `finalize` makes control characters
visible first, so that a template cannot forget either; a policy in the page forbids scripts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from limbeck.evals import giveaway, wording
from limbeck.evals.in_context.plot import plots
from limbeck.evals.in_context.tables import tables
from limbeck.evals.in_context.words import TITLE, notes
from limbeck.evals.verdict import verdict

ROLES = ("base", "student", "teacher")
SAMPLE_CHARS = 2000  # of one text; report.json holds the whole
CURVE_POINTS = 400
AXIS = (-1.0, 2.0)  # gap closed beyond this is drawn as an arrow, with its numbers beside it
ROW_HEIGHT = 50  # px, of one task in the forest plot
LONGEST = 20  # characters of a name beside the plot, so that a phone has room for the numbers
TOP = 22  # px, above the first row, for "base" and "teacher"
CURVE_HEIGHT = 240
ENDS = ("value", "low", "high")

_BRACKET = re.compile(r"\[(\S+), (\S+)\]")  # an interval, which is not to be torn at a line's end


def render(report: Mapping[str, Any]) -> str:
    """The whole page. Lists may be empty and numbers null; what is missing is said in words."""
    tasks = [task for _, group in wording.by_kind(report.get("tasks") or []) for task in group]
    page = {
        "title": wording.visible(report.get("name") or "unnamed", one_line=True),
        "models": report.get("models") or {},
        "verdict": [_BRACKET.sub("[\\1,\u00a0\\2]", line) for line in verdict(report)],
        "tasks": tasks,
        "forest": forest(tasks),
        "in_context": in_context(report.get("in_context")),
        "given_away": giveaway.cells(report),
        "given_away_answer": giveaway.answer(report),
        "given_away_note": giveaway.note(report.get("given_away") or []),
        "training": report.get("training") or {},
        "curve": curve((report.get("training") or {}).get("curve") or []),
        "funnel": funnel(report.get("funnel") or []),
        "samples": report.get("samples") or [],
        "limits": report.get("limits") or [],
        "facts": facts(report),
        "versions": report.get("versions") or {},
        "roles": ROLES,
        "sample_chars": SAMPLE_CHARS,
    }
    return _environment().get_template("report.html.j2").render(page)


@cache
def _environment() -> jinja2.Environment:
    # The template's name ends in .j2, so select_autoescape would not know it for HTML.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("limbeck.evals", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["wording"] = wording
    environment.globals["giveaway"] = giveaway
    return environment


def _finalize(value: object) -> object:
    """Applied by Jinja to every expression before it is escaped."""
    return value if isinstance(value, Markup | jinja2.Undefined) else wording.visible(value)


def in_context(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The section's panels, tables by what they are folded into, and notes; None without any."""
    if not found:
        return None
    folds: dict[str, list[Any]] = {}
    for table in tables(found):
        folds.setdefault(table.fold, []).append(table)
    return {
        "title": TITLE,
        "plots": plots(found),
        "tables": list(folds.items()),
        "notes": notes(found),
    }


def facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The protocol and what it cost, as pairs; what the report does not know is left out."""
    protocol, cost = report.get("protocol") or {}, report.get("cost") or {}
    asked = protocol.get("asked") or {}
    known = [
        ("Form", protocol.get("form")),
        ("Prompt", protocol.get("prompt")),
        *((f"Questions to the {role}", form) for role, form in asked.items()),
        ("Largest completion", _tokens(protocol.get("max_tokens"))),
        ("Seed", protocol.get("seed")),
        ("Protocol hash", protocol.get("hash")),
        ("Teacher calls", _counted(cost.get("calls"))),
        ("Prompt tokens", _counted(cost.get("prompt_tokens"))),
        ("Completion tokens", _counted(cost.get("completion_tokens"))),
        ("Cost", _dollars(cost.get("usd"))),
        ("limbeck", report.get("limbeck_version")),
    ]
    return [(label, wording.visible(value)) for label, value in known if value is not None]


def _counted(value: object) -> str | None:
    return None if wording.finite(value) is None else wording.count(value)


def _tokens(value: object) -> str | None:
    number = _counted(value)
    return None if number is None else f"{number} tokens"


def _dollars(value: object) -> str | None:
    number = wording.finite(value)
    return None if number is None else f"US$ {number:,.2f}"


def funnel(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with their share of the largest one; what was refused is told apart."""
    counts = [max(0.0, wording.finite(step.get("count")) or 0.0) for step in steps]
    most = max(counts, default=0.0) or 1.0
    return [
        {
            "label": wording.visible(step.get("label", ""), one_line=True),
            "count": wording.count(step.get("count")),
            "share": round(100 * number / most, 2),
            "refused": str(step.get("label", "")).lower().startswith("refused"),
        }
        for step, number in zip(steps, counts, strict=True)
    ]


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values within [low, high], about so many."""
    rough = (high - low) / about
    scale = 10 ** math.floor(math.log10(rough))
    step = next(scale * m for m in (1, 2, 2.5, 5, 10) if scale * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def forest(tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Geometry of the gap-closed plot: x in percent of the width, y in px.

    Percentages keep the text at its own size on a phone and on a desk.
    """
    drawn = [task for task in tasks if _is_drawn(task)]
    ends = [wording.finite(task["gap_closed"].get(key)) for task in drawn for key in ENDS]
    known = [end for end in ends if end is not None]
    low = max(AXIS[0], min([0.0, *known]) - 0.08)
    high = min(AXIS[1], max([1.0, *known]) + 0.08)
    step = 0.25 if high - low <= 1.5 else 0.5
    first, last = math.ceil(low / step), math.floor(high / step)
    rows = [_forest_row(task, place, (low, high)) for place, task in enumerate(tasks)]
    return {
        "rows": rows,
        "top": TOP,
        "bottom": TOP + ROW_HEIGHT * len(rows),
        "height": TOP + ROW_HEIGHT * len(rows) + 26,
        "zero": _place(0.0, (low, high)),
        "one": _place(1.0, (low, high)),
        "ticks": [
            (_place(i * step, (low, high)), f"{100 * i * step:.0f}%".replace("-", "−"))
            for i in range(first, last + 1)
        ],
        "words": ". ".join(f"{row['label']} ({row['aside']}): {row['words']}" for row in rows),
    }


def _is_drawn(task: Mapping[str, Any]) -> bool:
    return wording.gap_state(task) not in ("unbounded", "no_teacher", "no_gap", "unmeasured")


def _place(value: float, axis: tuple[float, float]) -> float:
    """Where a value stands, in percent of the width; 3 percent are left free on both sides."""
    low, high = axis
    return round(3 + 94 * (min(max(value, low), high) - low) / (high - low), 3)


def _forest_row(task: Mapping[str, Any], place: int, axis: tuple[float, float]) -> dict[str, Any]:
    name = wording.visible(task.get("task", "unnamed"), one_line=True)
    state, kind = wording.gap_state(task), wording.LABELS.get(str(task.get("kind")), "Other")
    row: dict[str, Any] = {
        "label": name,
        "short": name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…",
        "aside": "teacher worse" if state == "teacher_worse" else kind.lower(),
        "words": wording.gap_cell(task)[0],
        "y": TOP + ROW_HEIGHT * place,
        "open": state == "unbounded",
        "drawn": _is_drawn(task),
    }
    if row["drawn"]:
        value, low, high = (wording.finite(task["gap_closed"].get(key)) for key in ENDS)
        row |= {"low": _place(low or 0.0, axis), "high": _place(high or 0.0, axis)}
        row["arrow_left"] = low is not None and low < axis[0]
        row["arrow_right"] = high is not None and high > axis[1]
        row["cap_left"], row["cap_right"] = _inside(low, axis), _inside(high, axis)
        row["value"] = _place(value or 0.0, axis) if _inside(value, axis) else None
    return row


def _inside(value: float | None, axis: tuple[float, float]) -> bool:
    return value is not None and axis[0] <= value <= axis[1]


def curve(points: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Geometry of the training curve, or None where no loss was written down.

    x of the lines runs to 1000 and is stretched by the browser; x of the marks is in percent.
    """
    series = {
        key: [
            (step, loss)
            for point in points
            if (step := wording.finite(point.get("step"))) is not None
            and (loss := wording.finite(point.get(key))) is not None
        ]
        for key in ("train_loss", "valid_loss")
    }
    every = [pair for line in series.values() for pair in line]
    if not every:
        return None
    xs, ys = _axis([x for x, _ in every]), _axis([y for _, y in every], pad=0.06)
    lines = {key: _thin(line) for key, line in series.items()}
    return {
        "height": CURVE_HEIGHT,
        "lines": {key: _points(line, xs, ys) for key, line in lines.items()},
        "marks": {
            key: [(_across(x, xs), _down(y, ys)) for x, y in line] if len(line) <= 30 else []
            for key, line in lines.items()
        },
        "x_ticks": [(_across(x, xs), wording.count(x)) for x in ticks(*xs) if x == int(x)],
        "y_ticks": [(_down(y, ys), wording.fixed(y, 2)) for y in ticks(*ys)],
        "words": _curve_words(series),
    }


def _thin(line: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most some hundred points, the last one always among them."""
    stride = max(1, math.ceil(len(line) / CURVE_POINTS))
    return line[::-1][::stride][::-1]


def _axis(values: Sequence[float], pad: float = 0.0) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * pad if high > low else max(0.5, abs(high) / 100)
    return low - room, high + room


def _across(x: float, axis: tuple[float, float]) -> float:
    """Percent of the width; the left tenth is kept for the labels of the loss."""
    return round(11 + 86 * (x - axis[0]) / (axis[1] - axis[0]), 3)


def _down(y: float, axis: tuple[float, float]) -> float:
    return round(8 + (CURVE_HEIGHT - 38) * (axis[1] - y) / (axis[1] - axis[0]), 2)


def _points(
    line: Sequence[tuple[float, float]], xs: tuple[float, float], ys: tuple[float, float]
) -> str:
    return " ".join(f"{10 * _across(x, xs):.1f},{_down(y, ys):.1f}" for x, y in line)


def _curve_words(series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """What the curve shows, for those who do not see it."""
    names = {"train_loss": "Training loss", "valid_loss": "Validation loss"}
    parts = [
        f"{names[key]} from {line[0][1]:.2f} at step {line[0][0]:.0f} "
        f"to {line[-1][1]:.2f} at step {line[-1][0]:.0f}"
        for key, line in series.items()
        if line
    ]
    return "; ".join(parts) + "."
