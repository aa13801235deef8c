"""A loop's rounds as one HTML page and as Markdown: no network, no script, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.pages import plain, wording
from limbeck.evals.pages.environment import environment
from limbeck.evals.pages.markdown import escape
from limbeck.evals.rounds import names, words
from limbeck.evals.rounds.plot import round_panels, task_panels
from limbeck.evals.rounds.reading import notes
from limbeck.evals.rounds.tables import round_tables, tables, task_table

Found = Mapping[str, Any]


def html(found: Found) -> str:
    """The whole page of an iterate.json (limbeck.evals.rounds.rounds), in light and in dark."""
    tasks = [{"table": task_table(task), "panels": task_panels(task)} for task in found["tasks"]]
    page = {
        "title": _title(found),
        "facts": facts(found),
        "controls": names.controls(found),
        "lead": words.lead(found),
        "findings": words.findings(found),
        "tasks": tasks,
        "panels": round_panels(found),
        "tables": round_tables(found),
        "notes": notes(found),
    }
    return environment().get_template("rounds.html.j2").render(page)


def markdown(found: Found) -> str:
    """The same sentences and tables as Markdown."""
    parts = [f"# Rounds: {escape(_title(found))}", f"**{escape(words.lead(found))}**"]
    parts += [
        "\n".join(f"- {escape(name)}: {escape(line)}" for line in lines)
        for name, lines in words.findings(found)
    ]
    for table in tables(found):
        parts += plain.markdown(table)
    parts.append("## How it was run")
    parts.append("\n".join(f"- {name}: {escape(value)}" for name, value in facts(found)))
    parts.append("## How to read it")
    parts.append("\n".join(f"- {escape(note)}" for note in notes(found)))
    return "\n\n".join(parts) + "\n"


def lines(found: Found) -> list[str]:
    """The finding for a terminal, a sentence a line; control characters of names are visible."""
    return [
        words.lead(found),
        *(f"{kind}: {line}" for kind, told in words.findings(found) for line in told),
    ]


def facts(found: Found) -> list[tuple[str, str]]:
    """How the loop was set up; what is not set is not there."""
    settings = found["settings"]
    ran = len(next(one["rounds"] for one in found["arms"] if one["arm"] == "loop"))
    planned = settings.get("rounds")
    known = [
        ("Teacher", wording.model_name(found["teacher"])),
        ("Student", wording.model_name(found["student"])),
        ("Referee", found["referee"] and wording.model_name(found["referee"])),
        ("Rounds", f"{ran} of {planned}" if planned and planned != ran else ran),
        ("Each starts from", _start(settings.get("start"))),
        (
            "Train pool",
            {"accumulate": "accumulated", "replace": "replaced"}.get(
                str(settings.get("train_pool")), settings.get("train_pool")
            ),
        ),
        ("Scored by", settings.get("by")),
        ("Hard from a gap of", settings.get("tau")),
        ("New a round", settings.get("new")),
        ("New ones come from", "a reserve" if settings.get("reserve") else None),
        ("Of these from hard", _percent(settings.get("hard_share"))),
        ("Sources drawn", settings.get("weight")),
        ("limbeck", found["limbeck_version"]),
    ]
    return [
        (name, wording.visible(value, one_line=True)) for name, value in known if value is not None
    ]


def _title(found: Found) -> str:
    return wording.visible(found["name"], one_line=True)


def _start(value: object) -> object:
    return {"base": "the base", "previous": "the round before"}.get(str(value), value)


def _percent(value: object) -> str | None:
    number = wording.finite(value)
    return None if number is None else f"{100 * number:.0f}%"
