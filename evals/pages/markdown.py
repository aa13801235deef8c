"""The transfer report as Markdown, for a README, a pull request or a data card.

Text from models and files stands in fences that it cannot close, or is escaped so that it is no
table cell, no HTML, no link and no mention; the numbers and sentences are those of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from limbeck.evals.in_context import tables as in_context_tables
from limbeck.evals.in_context import words
from limbeck.evals.in_context.cells import Row, Table
from limbeck.evals.pages import findings, giveaway, rows, tables, wording
from limbeck.evals.pages.verdict import verdict

SAMPLE_CHARS = 600  # of one text; report.json holds the whole
CURVE_ROWS = 8
EVIDENCE = 3  # hits of a task; the page has more

_SPECIAL = re.compile(
    r"[\\`*\[\]|~$]|:(?=//)|(?<=mailto):|(?<![a-z0-9])_|_(?![a-z0-9])", re.IGNORECASE
)
_AT_START = re.compile(r"^(?:(?=[#+=-])|(\d+)(?=[.)](?:\s|$)))")
_WWW = re.compile(r"www(?=\.)", re.IGNORECASE)


def render(report: Mapping[str, Any]) -> str:
    """The whole report. Lists may be empty and numbers null; what is missing is said in words."""
    parts = [
        f"# Transfer report: {escape(report.get('name') or 'unnamed')}",
        _bullets(_models(report.get("models") or {})),
        *_verdict(report),
        "## Transfer",
        *_transfer(report),
        *_section("## Item by item", tables.changed(report, escape)),
        *_section("## Where does the gain come from?", tables.support(report, escape)),
        _bullets(tables.slopes(report, escape)),
        f"## {giveaway.QUESTION}",
        *_given_away(report),
        *_section("## Style", [*tables.style(report, escape), *tables.judge(report, escape)]),
        _bullets(map(escape, tables.notes(report))),
        *_in_context(report.get("in_context")),
        "## Training",
        *_training(report.get("training") or {}),
        "## Data",
        _funnel(report.get("funnel") or []),
        "## Samples",
        *_samples(report),
        "## What these numbers cannot say",
        _bullets(escape(limit) for limit in report.get("limits") or [])
        or "The report names no limits of its own.",
        "## Protocol",
        _pairs({**_protocol(report.get("protocol") or {}), **_costs(report.get("cost") or {})}),
        "## Versions",
        _pairs({"limbeck": report.get("limbeck_version"), **(report.get("versions") or {})}),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: object) -> str:
    """One line of text that Markdown shows and does not read."""
    line = wording.visible(text, one_line=True)
    line = _SPECIAL.sub(r"\\\g<0>", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = line.replace("@", "@\u2060")  # a word joiner: no address, no mention
    line = _WWW.sub(lambda match: f"{match[0]}\\", line)  # GitHub links www. without a scheme
    return _AT_START.sub(r"\1\\", line)


def fence(text: object) -> str:
    """Text as it is, between fences longer than any run of backticks in it."""
    clean, left_out = wording.visible(text), 0
    if len(clean) > SAMPLE_CHARS:
        clean, left_out = clean[:SAMPLE_CHARS], len(clean) - SAMPLE_CHARS
    longest = max((len(run) for run in re.findall("`+", clean)), default=0)
    ticks = "`" * max(3, longest + 1)
    more = f"\n\n{left_out:,} more characters are in report.json." if left_out else ""
    return f"{ticks}text\n{clean}\n{ticks}{more}"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is text, the others are numbers."""
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _models(models: Mapping[str, Any]) -> Iterator[str]:
    for role in ("teacher", "base", "student"):
        model = models.get(role)
        if model:
            parts = [f"**{escape(wording.model_name(model.get('name')))}**"]
            parts += [escape(model["about"])] if model.get("about") else []
            if wording.finite(model.get("parameters")) is not None:
                parts.append(f"{wording.count(model['parameters'])} parameters")
            yield f"{role}: {', '.join(parts)}"


def _verdict(report: Mapping[str, Any]) -> list[str]:
    headline, *found = verdict(report, escape=escape)
    return ["## Verdict", f"**{headline}**", findings.reading(report), _bullets(found)]


def _transfer(report: Mapping[str, Any]) -> Iterator[str]:
    made = rows.groups(report)
    if not made:
        yield "No task was run."
        return
    head = ["Task", "Base", "Student", "Teacher", "Student − base", "Gap closed", "n"]
    head.append("Smallest detectable")
    lines = [_row(row, kind) for kind, several in made for row in several]
    yield f"{_table(head, lines)}\n\n{wording.INTERVALS}"
    if second := rows.second_view(report):
        yield "Second view, student only: multiple choice by the likelihood of each option."
        yield _table(head, [_row(row, "") for row in second])


def _row(row: rows.Row, kind: str) -> list[str]:
    name = escape(row.name)
    if row.kind == "clean":
        name = f"{name}, {rows.ONLY_CLEAN}"
    elif row.kind == "mean":
        name = f"**{name}** ({kind.lower()})"
    elif row.metric:
        name = f"{name} ({escape(row.metric)})"
    return [
        name,
        f"{row.scores[0]} ({row.shown})" if row.shown else row.scores[0],
        *row.scores[1:],
        ", ".join(filter(None, [row.change, row.after])),
        f"{row.gap} ({row.note})" if row.note else row.gap,
        row.n,
        f"{row.detectable} ({row.before})" if row.before else row.detectable,
    ]


def _section(heading: str, several: Sequence[Table]) -> Iterator[str]:
    if several:
        yield heading
    for table in several:
        yield from _whole(table)


def _whole(table: Table) -> Iterator[str]:
    if table.rows:
        yield f"**{table.title}.** {table.caption}".rstrip()
        yield _table(table.head, map(_cells, table.rows))


def _in_context(found: Mapping[str, Any] | None) -> Iterator[str]:
    if not found:
        return
    yield f"## {words.TITLE}"
    for table in (in_context_tables.curve(found, escape), *in_context_tables.tables(found, escape)):
        yield from _whole(table)
    yield _bullets(map(escape, words.notes(found)))


def _cells(row: Row) -> list[str]:
    return [f"{text} ({note})" if note else text for text, note in (row[0], *row[1])]


def _given_away(report: Mapping[str, Any]) -> Iterator[str]:
    yield giveaway.answer(report)
    if made := giveaway.cells(report):
        head = ["Task", *(label for label, _ in made[0][1])]
        yield _table(head, ([escape(task), *(cell for _, cell in row)] for task, row in made))
        yield giveaway.note(report)
    for table in giveaway.against_clean(report, escape):
        yield from _whole(table)
    for task in giveaway.evidence(report):
        for hit in task["hits"][:EVIDENCE]:
            yield f"{escape(task['task'])}, item {escape(hit['item'])}, {escape(hit['about'])}:"
            yield fence(hit["question"])
            yield f"Training {escape(hit['side'])}, row {escape(hit['row'])}:"
            yield fence(hit["text"])
        if more := len(task["hits"]) - len(task["hits"][:EVIDENCE]) + task["more"]:
            yield f"{wording.count(more)} more are in report.json."


def _training(training: Mapping[str, Any]) -> list[str]:
    names = {"examples": "examples", "epochs": "epochs", "tokens": "tokens"}
    names["loss_tokens"] = "tokens in the loss"
    known = [
        f"{wording.count(training[key])} {name}"
        for key, name in names.items()
        if wording.finite(training.get(key)) is not None
    ]
    curve = training.get("curve") or []
    if not curve:
        return [", ".join(known), "No training loss was written down."]
    head = ["Step", "Training loss", "Validation loss"]
    return [", ".join(known), _table(head, map(_curve_row, _thin(curve)))]


def _thin(curve: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A few rows, evenly spread: the first, the last and, where there are some, the validated."""
    last = len(curve) - 1
    measured = [point for point in curve[1:last] if point.get("valid_loss") is not None]
    curve = [curve[0], *measured, curve[last]] if measured else curve
    last = len(curve) - 1
    places = {round(i * last / (CURVE_ROWS - 1)) for i in range(CURVE_ROWS)}
    return [curve[place] for place in sorted(places)]


def _curve_row(point: Mapping[str, Any]) -> list[str]:
    losses = [{"value": point.get(key)} for key in ("train_loss", "valid_loss")]
    return [wording.count(point.get("step")), *(wording.score(loss, "") for loss in losses)]


def _funnel(steps: Sequence[Mapping[str, Any]]) -> str:
    if not steps:
        return "No counts were written down."
    rows = [[escape(step.get("label", "")), wording.count(step.get("count"))] for step in steps]
    return _table(["Step", "Rows"], rows)


def _samples(report: Mapping[str, Any]) -> Iterator[str]:
    samples = [*(report.get("samples") or []), *((report.get("style") or {}).get("samples") or [])]
    if not samples:
        yield "No samples were kept."
    for place, sample in enumerate(samples, 1):
        yield f"### Sample {place}"
        roles = ["prompt", "base", "student", "teacher"]
        for role in (*roles, *(["teacher_again"] if "teacher_again" in sample else [])):
            text = sample.get(role)
            yield f"{wording.role(role).capitalize()}:"
            yield wording.MISSING if text is None else fence(text) if text else "(empty)"


def _protocol(protocol: Mapping[str, Any]) -> dict[str, Any]:
    asked = protocol.get("asked") or {}
    pairs = {f"questions to the {role}": form for role, form in asked.items()}
    return {key: value for key, value in protocol.items() if key != "asked"} | pairs


def _costs(cost: Mapping[str, Any]) -> dict[str, str]:
    names = {"calls": "teacher calls", "prompt_tokens": "prompt tokens"}
    names["completion_tokens"] = "completion tokens"
    known = {
        name: wording.count(cost[key])
        for key, name in names.items()
        if wording.finite(cost.get(key)) is not None
    }
    dollars = wording.finite(cost.get("usd"))
    return known | ({} if dollars is None else {"US dollars": f"{dollars:,.2f}"})


def _pairs(pairs: Mapping[str, Any]) -> str:
    known = ((key, value) for key, value in pairs.items() if value is not None)
    return _bullets(
        f"{escape(str(key).replace('_', ' '))}: {escape(value)}" for key, value in known
    )
