"""The transfer report as one HTML page: no network, no script, no font from elsewhere.

Every text is data. Jinja escapes each expression, and `finalize` makes control characters
visible first, so that a template cannot forget either; a policy in the page forbids scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limbeck.evals.in_context import tables as in_context_tables
from limbeck.evals.in_context.plot import plots
from limbeck.evals.in_context.words import TITLE, notes
from limbeck.evals.pages import endings, findings, giveaway, pools, rows, tables, wording
from limbeck.evals.pages.environment import environment
from limbeck.evals.pages.plots.contrast import contrast
from limbeck.evals.pages.plots.curve import curve
from limbeck.evals.pages.plots.forest import forest
from limbeck.evals.pages.plots.support import support
from limbeck.evals.pages.verdict import groups, verdict

ROLES = ("base", "student", "teacher")
SAMPLE_CHARS = 2000  # of one text; report.json holds the whole
SAMPLES_OPEN = 3  # the others are folded away

_BRACKET = re.compile(r"\[(\S+), (\S+)\]")  # an interval, which is not to be torn at a line's end


def render(report: Mapping[str, Any]) -> str:
    """The whole page. Lists may be empty and numbers null; what is missing is said in words."""
    lines = [_BRACKET.sub("[\\1,\u00a0\\2]", line) for line in verdict(report)]
    training = report.get("training") or {}
    page = {
        "title": wording.visible(report.get("name") or "unnamed", one_line=True),
        "models": report.get("models") or {},
        "lead": lines[0],
        "findings": groups(lines[1:]),
        "reading": findings.reading(report),
        "tasks": rows.groups(report),
        "adjusted": any(map(findings.adjusted, pools.main_view(report))),
        "second_view": rows.second_view(report),
        "forest": forest(report),
        "contrast": contrast(report),
        "changed": changed(report),
        "changed_tables": tables.changed(report),
        "support": support(report),
        "support_tables": tables.support(report),
        "in_context": in_context(report.get("in_context")),
        "given_away": giveaway.cells(report),
        "given_away_answer": giveaway.answer(report),
        "given_away_note": giveaway.note(report),
        "against_clean": giveaway.against_clean(report),
        "evidence": giveaway.evidence(report),
        "style": tables.style(report),
        "judge": tables.judge(report),
        "style_notes": tables.notes(report),
        "training": training,
        "curve": curve(training.get("curve") or []),
        "funnel": funnel(report.get("funnel") or []),
        "samples": list(samples(report)),
        "samples_open": SAMPLES_OPEN,
        "limits": report.get("limits") or [],
        "facts": facts(report),
        "costs": costs(report),
        "versions": report.get("versions") or {},
        "roles": ROLES,
        "sample_chars": SAMPLE_CHARS,
    }
    return environment().get_template("report.html.j2").render(page)


def in_context(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The section's panels, tables by what they are folded into, and notes; None without any."""
    if not found:
        return None
    folds: dict[str, list[Any]] = {}
    for table in in_context_tables.tables(found):
        folds.setdefault(table.fold, []).append(table)
    return {
        "title": TITLE,
        "plots": plots(found),
        "tables": list(folds.items()),
        "notes": notes(found),
    }


def changed(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A card for every task with outcomes or flips: the roles' stacked bars, flips as bars."""
    made = []
    for task in pools.main_view(report):
        bars = [
            (role, endings.bar(found))
            for role in ROLES
            if (found := endings.counts(task, role)) is not None
        ]
        flips = list(_flips(task.get("flips") or {}))
        if bars or flips:
            name = wording.named(task.get("task"))
            made.append({"task": name, "outcomes": bars, "flips": flips})
    return made


def _flips(flips: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    names = {"acquired": "Acquired", "forgotten": "Forgotten", "copied": "Copied errors"}
    for key, label in names.items():
        entry = flips.get(key) or {}
        count, whole = (wording.finite(entry.get(name)) for name in ("count", "of"))
        if count is None or whole is None:
            continue
        base = wording.finite(entry.get("base_rate")) if key == "copied" else None
        yield {
            "label": label,
            "words": tables.of(entry),
            "share": round(100 * count / whole, 2) if whole else 0,
            "base": None if base is None else round(100 * base, 2),
            "base_words": wording.score({"value": base}, "share"),
        }


def samples(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Held-out prompts first, then those of the style section; each with its columns."""
    style = report.get("style") or {}
    for found, roles in (
        (report.get("samples") or [], ROLES),
        (style.get("samples") or [], (*ROLES, "teacher_again")),
    ):
        for sample in found:
            yield {
                "prompt": sample.get("prompt"),
                "said": [(wording.role(role), sample.get(role)) for role in roles],
                "style": len(roles) > len(ROLES),
            }


def facts(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The protocol as pairs; what the report does not know is left out."""
    protocol = report.get("protocol") or {}
    asked = protocol.get("asked") or {}
    known = [
        ("Form", protocol.get("form")),
        ("Prompt", protocol.get("prompt")),
        *((f"Questions to the {role}", form) for role, form in asked.items()),
        ("Largest completion", _tokens(protocol.get("max_tokens"))),
        ("Seed", protocol.get("seed")),
        ("Protocol hash", protocol.get("hash")),
        ("limbeck", report.get("limbeck_version")),
        ("Schema", report.get("schema")),
    ]
    return [(label, wording.visible(value)) for label, value in known if value is not None]


def costs(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the run cost, as pairs."""
    cost = report.get("cost") or {}
    known = [
        ("Teacher calls", _counted(cost.get("calls"))),
        ("Prompt tokens", _counted(cost.get("prompt_tokens"))),
        ("Completion tokens", _counted(cost.get("completion_tokens"))),
        ("Cost", _dollars(cost.get("usd"))),
    ]
    return [(label, value) for label, value in known if value is not None]


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
