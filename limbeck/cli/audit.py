"""`limbeck audit`: what is in an instruction dataset, and how good it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from limbeck import __version__
from limbeck.cli.options import LedgerFile, ProgressMode
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
        Path,
        typer.Argument(
            metavar="DATA",
            help="A run folder, or a file of rows: JSON lines, a JSON list, or Parquet.",
        ),
    ],
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count, measure and sample an instruction dataset; with marks, say how good it is.

    Writes a page, Markdown, JSON, and sheet.csv: rows for a human to mark. Give the marked sheet
    back with --marks, or let a model mark it with --judge.
    """
    from limbeck.audit.measure import Options, measure
    from limbeck.audit.sheet import read_marks, sampled
    from limbeck.audit.terminal import compact
    from limbeck.audit.write import write_audit
    from limbeck.progress import visible
    from limbeck.reading.rows import read_dataset
    from limbeck.store import dump_line

    if marks is not None and judge is not None:
        raise UserError("--marks and --judge both mark the sheet; give one of them at a time")
    if judge is None and (base_url, api_key_env, budget) != (None, None, None):
        raise UserError("--base-url, --api-key-env and --budget are about the judge: name --judge")
    options = Options(sample=sample, seed=seed, tokenizer=_tokenizer(tokenizer))
    shown = _reporter(progress)
    dataset = read_dataset(data)
    marked = None if marks is None else read_marks(marks, (row.id for row in dataset.rows))
    rows = sampled(dataset.rows, sample, seed)
    judged = None
    if judge is not None:
        if not dataset.answered:
            raise UserError(f"{data} holds instructions without outputs: no judge can mark them")
        section = section_of(judge, base_url, api_key_env)
        judged = _judged(rows, section, budget, ledger, shown)
    report = measure(
        dataset, version=__version__, seeds=_seeds(data, seeds, shown), options=options
    )
    report |= {"sheet_rows": len(rows), "marks": _marks(marked, judged)}
    folder = into or _folder(data)
    fresh = write_audit(folder, report, rows, judged.marked if judged else None)
    if as_json:
        typer.echo(dump_line(report), nl=False)
        return
    again = ["limbeck", "audit", str(data)]
    again += ["--seeds", str(seeds)] if seeds is not None else []
    again += ["--into", str(into)] if into is not None else []
    asked = dataset.answered and marked is None and judged is None
    more = _next(folder, shlex.join(again), fresh, asked, judged is not None)
    for line in [*compact(report), *_unread(report), "", *more]:
        typer.echo(visible(line))


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


def _folder(data: Path) -> Path:
    return data / "audit" if data.is_dir() else data.with_name(f"{data.name}.audit")


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
    from limbeck.audit.markdown import unread

    return [f"not read: {line}" for line in unread(report)]


def _seeds(data: Path, given: Path | None, shown: Reporter) -> list[str] | None:
    """The instructions of the seeds: those given, else those of the run's recipe."""
    from limbeck.pipeline.seeds import seeds_of_recipe
    from limbeck.reading.rows import read_dataset
    from limbeck.rundir import RunDir

    path = given
    if path is None and (data / "recipe.yaml").is_file():
        recipe = RunDir.open(data).recipe
        path, split = recipe.seeds.path, recipe.seeds.split
        lost = [one for one in (path, split) if one is not None and not one.is_file()]
        if lost:
            shown.say(f"the seeds of the run, {lost[0]}, are gone: no nearest seed is looked for")
            return None
        if split is not None:  # not every row of the file is a seed
            rows = seeds_of_recipe(recipe)
            return [str(row.meta.get("instruction") or row.prompt) for row in rows]
    if path is None:
        return None
    seeds = read_dataset(path)
    for reason in seeds.reasons:
        shown.say(f"seed not read: {reason}")
    return [row.instruction for row in seeds.rows]


def _judged(
    rows: Sequence[Row],
    section: TeacherSection,
    usd: float | None,
    ledger: Path | None,
    shown: Reporter,
) -> Judged:
    from limbeck.pipeline.audit_judge import judge_rows
    from limbeck.recipe import Budget

    if usd is not None and not 0 < usd < float("inf"):
        raise UserError(f"--budget is dollars above 0, got {usd}")
    try:
        return judge_rows(rows, section, reporter=shown, ledger=ledger, budget=Budget(usd=usd))
    except (KeyboardInterrupt, Interrupted):
        shown.say("stopped; what was answered is in the ledger. Give the same command to go on")
        raise KeyboardInterrupt from None
