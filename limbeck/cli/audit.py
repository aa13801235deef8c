"""`limbeck audit`: what is in a dataset, what is wrong with it, and what to do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from limbeck import __version__
from limbeck.cli.options import LedgerFile, ProgressMode, columns_of
from limbeck.cli.probe import section_of
from limbeck.errors import Interrupted, UserError

if TYPE_CHECKING:
    from limbeck.audit.sheet import Marked
    from limbeck.filters.rouge_tokens import Tokenizer
    from limbeck.pipeline.audit_judge import Judged
    from limbeck.progress import Reporter
    from limbeck.reading.forms import Row
    from limbeck.recipe import TeacherSection


def audit(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A run folder, a file or folder of rows (JSON, CSV, Parquet), or hf:ORG/NAME.",
        ),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="FILE_OR_TASK",
            help="Evaluation items (JSON lines, or knowledge, language) that no row should hold. "
            "Default: those of the run's recipe. Give it again for more.",
        ),
    ] = None,
    targets: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column of right answers.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="ROLE=COLUMN",
            help="Which column is what: instruction=frage. Default: guessed and said.",
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="The split to read, of data that has several.")
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="CONDITIONS",
            help="Exit with 1 where one holds: 'contamination>0,duplicates>1%,problems>0'.",
        ),
    ] = None,
    seeds: Annotated[
        Path | None,
        typer.Option(help="The seeds that the data grew from. Default: those of the run's recipe."),
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="Rows on the sheet to mark.")] = 200,
    seed: Annotated[int, typer.Option(help="Decides which rows are drawn.")] = 0,
    tokenizer: Annotated[
        str,
        typer.Option(help="Words for ROUGE-L: unicode, or rouge (the paper's, Latin script only)."),
    ] = "unicode",
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that read the rows; 0 is one for each core.")
    ] = 0,
    into: Annotated[
        Path | None,
        typer.Option(help="Where to write. Default: audit in the run folder, or DATA.audit."),
    ] = None,
    marks: Annotated[
        Path | None, typer.Option(help="A sheet.csv that somebody has marked.")
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL_OR_RECIPE",
            help="A model that marks the sheet: openai:MODEL, another name, or a recipe's teacher.",
        ),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Where openai:MODEL is. Default: OpenAI.")
    ] = None,
    api_key_env: Annotated[
        str | None,
        typer.Option(
            "--api-key-env",
            help="The environment variable that holds the judge's key. Default: OPENAI_API_KEY.",
        ),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="Dollars that the judge may cost; it stops before more.")
    ] = None,
    ledger: LedgerFile = None,
    progress: ProgressMode = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print audit.json.")] = False,
) -> None:
    """Grade a dataset: what is in it, what is wrong with it, what to do.

    Writes a page, Markdown, JSON, and sheet.csv: rows for a human to mark. Give the marked sheet
    back with --marks, or let a model mark it with --judge. With --fail-on the exit code is 1 where
    a condition holds.
    """
    from limbeck.audit.drawing import Drawing
    from limbeck.audit.fail_on import failures, read_conditions
    from limbeck.audit.findings.finding import TITLES
    from limbeck.audit.measure import measure
    from limbeck.audit.measured import Options
    from limbeck.audit.sheet import read_marks
    from limbeck.audit.terminal import compact
    from limbeck.audit.write import write_audit
    from limbeck.cli import audit_inputs
    from limbeck.progress import shown_json, visible
    from limbeck.reading.source import open_source

    if marks is not None and judge is not None:
        raise UserError("--marks and --judge both mark the sheet; give one of them at a time")
    if judge is None and (base_url, api_key_env, budget) != (None, None, None):
        raise UserError("--base-url, --api-key-env and --budget are about the judge: name --judge")
    conditions = read_conditions(fail_on or (), TITLES)
    columns = columns_of(column)
    words = _tokenizer(tokenizer)
    shown = _reporter(progress)
    section = None if judge is None else section_of(judge, base_url, api_key_env)
    most = _dollars(budget)
    run = audit_inputs.run_of(data)
    recipe = audit_inputs.recipe_of(run)
    items = audit_inputs.against_of(against or (), recipe, shown)
    grown_from = audit_inputs.seeds_of(seeds, recipe, shown)
    source = Drawing(open_source(data, columns=columns, targets=targets, split=split), sample, seed)
    marked = None if marks is None else read_marks(marks, (row.id for row in source.rows()))
    options = Options(
        sample=sample,
        seed=seed,
        tokenizer=words,
        workers=workers,
        ledger=audit_inputs.ledger_of(ledger, run, writes=judge is not None),
        rates=audit_inputs.rates_of(recipe),
        run=run,
    )
    report = measure(
        source,
        version=__version__,
        seeds=grown_from,
        options=options,
        against=items,
        reporter=shown,
    )
    judged = None
    if section is not None:
        if report["outputs"] is None:
            raise UserError(f"{data} holds instructions without outputs: no judge can mark them")
        judged = _judged(source.drawn, section, most, ledger, shown)
    report |= {"sheet_rows": len(source.drawn), "marks": _marks(marked, judged)}
    if stages := audit_inputs.stages_of(run):
        report["inputs"] = stages
    folder = into or audit_inputs.folder_of(data)
    fresh = write_audit(folder, report, source.drawn, judged.marked if judged else None)
    if as_json:
        typer.echo(shown_json(report))
    else:
        again = _again(data, against, targets, column, split, seeds, into)
        asked = report["outputs"] is not None and marked is None and judged is None
        more = _next(folder, again, fresh, asked, judged is not None)
        for line in [*compact(report), *_unread(report), "", *more]:
            typer.echo(visible(line))
    failed = failures(conditions, report)
    for sentence in failed:
        _tell_failed(sentence, progress)
    if failed:
        raise typer.Exit(1)


def _tell_failed(sentence: str, progress: str) -> None:
    """On stderr whatever the progress is: it is why the exit code is 1."""
    from limbeck.progress import visible

    if progress == "json":
        typer.echo(json.dumps({"event": "failed", "text": sentence}), err=True)
    else:
        typer.echo(visible(f"limbeck: --fail-on {' '.join(sentence.split())}"), err=True)


def _again(
    data: str,
    against: Sequence[str] | None,
    targets: str | None,
    column: Sequence[str] | None,
    split: str | None,
    seeds: Path | None,
    into: Path | None,
) -> str:
    """The command with all that decides which rows are read and with what they are compared."""
    pairs: list[tuple[str, object]] = [("--against", one) for one in against or ()]
    pairs += [("--column", one) for one in column or ()]
    pairs += [("--targets", targets), ("--split", split)]
    pairs += [("--seeds", seeds), ("--into", into)]
    words = [word for pair in pairs if pair[1] is not None for word in map(str, pair)]
    return shlex.join(["limbeck", "audit", data, *words])


def _marks(marked: Marked | None, judged: Judged | None) -> dict[str, Any] | None:
    from limbeck.audit.marks import summary

    if judged is not None:
        return summary(judged.marks, judged.marked.by) | {"judge": judged.to_json()}
    return None if marked is None else summary(marked.marks, marked.by)


def _next(folder: Path, again: str, fresh: bool, asked: bool, judged: bool) -> Iterator[str]:
    """Where everything is, and how the sheet is marked."""
    from limbeck.audit.write import JUDGED, SHEET

    sheet = folder / SHEET
    count = f"{again} --marks {shlex.quote(str(sheet))}"
    yield f"Audit: {folder / 'index.html'}"
    if judged:
        yield f"The judge's marks: {folder / JUDGED}"
    if asked and fresh:
        yield f"To say how good the rows are, mark {sheet}, then: {count}"
    elif asked:
        yield f"{sheet} has marks and was left as it was. To count them: {count}"


def _reporter(mode: str) -> Reporter:
    from limbeck.progress import Mode, reporter

    if mode not in get_args(Mode):
        raise UserError(f"--progress is one of {', '.join(get_args(Mode))}, got {mode!r}")
    return reporter(mode)  # type: ignore[arg-type]


def _tokenizer(name: str) -> Tokenizer:
    from limbeck.filters.rouge_tokens import TOKENIZERS

    if name not in TOKENIZERS:
        raise UserError(f"--tokenizer is one of {', '.join(sorted(TOKENIZERS))}, got {name!r}")
    return name


def _unread(report: Mapping[str, Any]) -> list[str]:
    from limbeck.audit.sentences import unread

    return [f"not read: {line}" for line in unread(report)]


def _dollars(usd: float | None) -> float | None:
    if usd is not None and not 0 < usd < float("inf"):
        raise UserError(f"--budget is dollars above 0, got {usd}")
    return usd


def _judged(
    rows: Sequence[Row],
    section: TeacherSection,
    usd: float | None,
    ledger: Path | None,
    shown: Reporter,
) -> Judged:
    from limbeck.pipeline.audit_judge import judge_rows
    from limbeck.recipe import Budget

    try:
        return judge_rows(rows, section, reporter=shown, ledger=ledger, budget=Budget(usd=usd))
    except (KeyboardInterrupt, Interrupted):
        shown.say("stopped; what was answered is in the ledger. Give the same command to go on")
        raise KeyboardInterrupt from None
