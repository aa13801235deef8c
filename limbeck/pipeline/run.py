"""The main job: every stage in order, what is done already left alone, the manifest last."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck import __version__, progress
from limbeck.errors import UserError
from limbeck.ledger import Ledger
from limbeck.money import PICO, dollars, price_of
from limbeck.pipeline import evaluate, filter, format, generate, report, train
from limbeck.pipeline.beforehand import check_evaluation, check_training
from limbeck.pipeline.context import Context
from limbeck.pipeline.output import REPLIES
from limbeck.pipeline.unchanged import check_unchanged
from limbeck.progress import Reporter
from limbeck.recipe import Recipe
from limbeck.registry import did_you_mean
from limbeck.rundir import Done, RunDir, StageName
from limbeck.store import read_json, write_json
from limbeck.teachers.connect import spent_by

_WORK: dict[StageName, tuple[Callable[[Context], str], Callable[[Context], Any]]] = {
    "generate": (generate.inputs, generate.generate),
    "filter": (filter.inputs, filter.filter_records),
    "format": (format.inputs, format.format_records),
    "train": (train.inputs, train.train),
    "eval": (evaluate.inputs, evaluate.evaluate_roles),
    "report": (report.inputs, report.write_report),
}


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A finished run: its folder, the content of its report, what each stage counted, and what its
    teacher's answers cost in dollars, None where no price is known. The report is empty where the
    recipe has no student and the run ended with its rows."""

    path: Path
    report: dict[str, Any]
    counts: Mapping[str, Mapping[str, Any]]
    cost: float | None

    @property
    def paths(self) -> dict[str, Path]:
        """The folder of each stage."""
        return {stage: self.path / stage for stage in self.counts}

    def __repr__(self) -> str:
        money = "no price known" if self.cost is None else dollars(round(self.cost * PICO))
        lines = [f"{self.path}: {money}"]
        for stage, counts in self.counts.items():
            told = [f"{n} {what}" for what, n in counts.items() if n and type(n) is int]
            lines.append(f"{stage}: {', '.join(told) or 'done'}")
        if "report" in self.paths:
            lines.append(str(self.paths["report"] / "index.html"))
        return "\n".join(lines)

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The rows of the transfer table."""
        return list(self.report.get("tasks", ()))


def run(
    recipe: Recipe,
    *,
    into: str | Path = "runs",
    reporter: Reporter | None = None,
    ledger: Path | None = None,
    fresh: bool = False,
) -> Run:
    """Run a recipe from seeds to report in `into`/<name>; call it again to resume. Within a
    running event loop, too. Without a reporter it says nothing, but in a notebook or at the prompt.
    Records there that were made otherwise are only overwritten with `fresh`.

    Raises UserError (and its kinds) for everything that the user can mend.
    """
    recipe = recipe.resolved(Path.cwd())
    interactive = hasattr(sys, "ps1") or "ipykernel" in sys.modules
    reporter = reporter or progress.reporter("auto" if interactive else "quiet")
    context = Context(RunDir.of(Path(into), recipe), reporter, ledger, fresh=fresh)
    done = context.run
    do_stages(context, done.stages)
    counts: dict[str, Mapping[str, Any]] = {
        stage: done.need(stage, by="report").counts for stage in done.stages
    }
    rates = price_of(recipe.teacher)
    with Ledger(context.ledger) as book:
        cost = None if rates is None else spent_by(book, done.id, rates)[0] / PICO
    report = {} if recipe.student is None else read_json(done.folder("report") / "report.json")
    return Run(done.path, report, counts, cost)


def do_stages(
    context: Context, stages: Sequence[StageName], *, again: bool = True, found: bool = True
) -> None:
    """Do these stages in order under the folder's lock; a stage with unchanged inputs and no
    failed requests is left as it is. Without `again` one with failed requests is, too: for who
    makes more from what it left. `found` says first what is in the folder."""
    run = context.run
    if {"train", "eval", "report"} & set(stages):
        run.recipe.need_student()
    if "train" in stages:
        check_training(
            run.recipe, before_calls="generate" in stages and run.done("generate") is None
        )
    with run.locked():
        check_unchanged(context, asks="generate" in stages)
        run.save_recipe()
        if {"generate", "train", "eval"} & set(stages):
            check_evaluation(run.recipe, missing_ok="eval" not in stages)
        if found:
            context.reporter.say(_what_is_here(run))
        for stage in stages:
            inputs, work = _WORK[stage]
            done = run.done(stage)
            unchanged = done is not None and done.inputs == inputs(context)
            whole = done is not None and (done.is_whole or not again)
            whole = whole and _is_accounted(context, stage, done)
            if unchanged and whole and not context.ask_again:
                context.reporter.say(f"{stage}: already done, nothing changed")
                continue
            if stage == "generate" and "filter" in stages:
                filter.check_filters(filter.filters_of(run.recipe))
            run.log("stage_started", stage=stage)
            work(context)
        if stages[-1] == "report":
            _write_manifest(context)
        if run.recipe.student is None and tuple(stages) == run.stages:
            context.reporter.say(
                "the recipe has no student: the run ends here, with its rows in "
                f"{run.folder('format')}"
            )


REASONS = {
    "rate_limited", "transient", "unreachable", "timeout", "malformed", "bad_request",
    "refused", "truncated", "empty",
}  # fmt: skip


def retry(context: Context) -> None:
    """Generate once more: calls that ended for the context's `ask_again` reasons are made again,
    others stay as they are. Raises UserError for a reason that there is not."""
    unknown = sorted(context.ask_again - REASONS)
    if unknown:
        raise UserError(
            "a run that stopped as a whole (a wrong key, a spent budget) goes on with the same "
            f"command, and there is no reason {unknown[0]!r}{did_you_mean(unknown[0], REASONS)}"
        )
    do_stages(context, ("generate",))


def _is_accounted(context: Context, stage: StageName, done: Done | None) -> bool:
    """Whether the replies that a stage used are written down, where the context wants that: a
    retry by hand, which does not, may have been there since."""
    wanted = context.accounts and stage == "generate"
    return not wanted or (done is not None and REPLIES in done.files)


def _what_is_here(run: RunDir) -> str:
    """The first line: what was found, and what is left."""
    found = {stage: run.done(stage) for stage in run.stages}
    told = []
    for stage, done in found.items():
        if done is not None:
            counts = {k: v for k, v in done.counts.items() if isinstance(v, int) and v}
            detail = ", ".join(f"{value} {key}" for key, value in list(counts.items())[:2])
            told.append(f"{stage} done" + (f" ({detail})" if detail else ""))
    left = [stage for stage, done in found.items() if done is None]
    if not told:
        # The log is the first thing that a run writes: with one, it was interrupted.
        begun = (run.path / "log.jsonl").is_file()
        what = "taken up again" if begun else "a new run"
        return f"{run.path}: {what}; to do: {', '.join(left)}"
    rest = f"to do: {', '.join(left)}" if left else "everything done"
    return f"{run.path}: found {', '.join(told)}; {rest}"


def _write_manifest(context: Context) -> None:
    """The last file: it stands for a complete run."""
    run = context.run
    stages = {}
    for stage in run.stages:
        done = run.need(stage, by="report")
        stages[stage] = {
            "inputs": done.inputs,
            "counts": dict(done.counts),
            "files": dict(done.files),
        }
    write_json(
        run.path / "manifest.json",
        {
            "schema": "limbeck.manifest/1",
            "name": context.recipe.name,
            "limbeck_version": __version__,
            "git": _git(),
            "seed": context.recipe.seed,
            "versions": report.versions(),
            "stages": stages,
        },
    )


def _git() -> str | None:
    """The commit of the checkout that runs, None for an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
