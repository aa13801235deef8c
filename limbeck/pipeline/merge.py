"""Run folders of several machines made one: the same recipe, each with its part of the seeds.

Of a generator that asks for every seed by itself the merged generate/ is, byte for byte, what one
machine would have written for the whole recipe, and its stage is done. Of a chained one
(Self-Instruct) rows are united, part after part: no single run would have made them.

Ledgers are merged apart (`limbeck ledger merge`). The merged run has an id of its own; merge.json
keeps those of its parts, under which the ledger has what the rows cost (`payers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck import __version__
from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import inputs, is_chained
from limbeck.pipeline.merge_parts import (
    MERGED,
    SCHEMA,
    left_alone,
    open_part,
    read_merged,
)
from limbeck.pipeline.merge_parts import payers as payers
from limbeck.pipeline.merge_plan import Plan, order_of, plan_of
from limbeck.pipeline.merge_recipes import check_agreement, merged_recipe
from limbeck.pipeline.merge_rows import in_order, one_after_the_other, united
from limbeck.pipeline.output import DRAFTS, FAILURES, RECORDS
from limbeck.progress import Bar, Quiet, Reporter
from limbeck.registry import build
from limbeck.rundir import RunDir
from limbeck.store import fresh_folder, write_json, writing

STEP = 1000  # rows between two updates of the bar


@dataclass(slots=True)
class Merged:
    """A merged run: its folder, the counts of its stage generate, and what is to be said."""

    path: Path
    counts: Mapping[str, Any]
    chained: bool
    unchanged: bool = False
    notes: list[str] = field(default_factory=list)


def merge(
    paths: Sequence[Path],
    into: Path,
    *,
    sets: Sequence[str] = (),
    prefer_first: bool = False,
    reporter: Reporter | None = None,
) -> Merged:
    """Make one run folder, `into`, of several, which are only read.

    `sets` changes every recipe as `--set` does; what decides about the rows must stay what it was.
    `prefer_first` takes the run that was named first where two have other rows of the same seeds.
    The order of `paths` does not matter else. A folder that was merged of the same runs before is
    merged anew in place; its later stages stay, and see what changed.

    Raises UserError (and its kinds) before anything is written: for runs that are not finished, at
    work, not whole, or of other recipes; for a part that is missing or stands twice with other
    content; for a folder that is something else.
    """
    if not paths:
        raise UserError("name the run folders that are to be merged")
    _check_target(into, paths)
    with ExitStack() as stack:
        for path in dict.fromkeys(path.resolve() for path in paths if path.is_dir()):
            stack.enter_context(left_alone(path))
        named = [open_part(path, place, sets) for place, path in enumerate(paths)]
        named.sort(key=order_of)
        recipe = merged_recipe(named, into.resolve().name)
        chained = is_chained(
            build("generators", recipe.generate.generator, recipe.generate.options)
        )
        notes = check_agreement(named, recipe, chained=chained)
        plan = plan_of(named, recipe, chained=chained, prefer_first=prefer_first, notes=notes)
        merged = _write(plan, into, reporter or Quiet())
    merged.notes = notes + merged.notes
    return merged


def _check_target(into: Path, paths: Sequence[Path]) -> None:
    if into.is_symlink():
        raise UserError(f"{into} is a link; name the folder itself")
    for path in paths:
        if into.resolve().is_relative_to(path.resolve()):
            raise UserError(f"{into} is in the run folder {path}, which is only read; name another")
    if not into.exists() or (into.is_dir() and not any(into.iterdir())):
        return
    if not into.is_dir() or read_merged(into) is None:
        raise UserError(f"{into} is there already and no merged run; name a new folder")


def _write(plan: Plan, into: Path, reporter: Reporter) -> Merged:
    chained = plan.ids is None
    about = _about(plan)
    before = read_merged(into) if into.is_dir() else None
    if before is None:
        with fresh_folder(into.resolve()) as draft:
            run = RunDir(draft, plan.recipe)
            run.save_recipe()
            counts = _write_rows(run, plan, about, reporter)
            assert run.id  # made here: what it pays from now on is its own
        return Merged(into, counts, chained)
    if _runs(before) != _runs(about):
        raise UserError(f"{into} is merged of other runs than these; name a new folder")
    run = RunDir(into, plan.recipe)
    with run.locked():
        done = run.done("generate")
        # The recipe of a merged run may have been changed since, in filters and what comes after.
        old = RunDir.open(into)
        hashed = inputs(Context(run, Quiet()))
        if inputs(Context(old, Quiet())) == hashed:
            run = old
        if before == about and done is not None and done.inputs == hashed:
            return Merged(into, done.counts, chained, unchanged=True)
        run.save_recipe()
        return Merged(into, _write_rows(run, plan, about, reporter), chained)


def _runs(about: Mapping[str, Any]) -> list[list[Any]]:
    """What says that two merges are of the same runs, whatever became of their rows."""
    rows = [[part.get("part"), part.get("seed"), part.get("payers")] for part in about["parts"]]
    return sorted(rows, key=str)


def _about(plan: Plan) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "limbeck_version": __version__,
        "parts": [
            {
                "run": part.path.resolve().name,
                "part": part.run.recipe.seeds.part,
                "seed": part.run.recipe.seed,
                "taken": part in plan.parts,
                "payers": list(part.payers),
                "inputs": part.done.inputs,
                "outputs": part.done.outputs,
            }
            for part in sorted([*plan.parts, *plan.copies], key=order_of)
        ],
    }


def _write_rows(
    run: RunDir, plan: Plan, about: Mapping[str, Any], reporter: Reporter
) -> Mapping[str, Any]:
    hashed = inputs(Context(run, Quiet()))
    folder = run.folder("generate")
    total = sum(part.count("records") for part in plan.parts)
    with ExitStack() as stack:
        done = stack.enter_context(run.stage("generate", hashed, whole=True))
        bar = stack.enter_context(reporter.stage("merge", "records", total))
        counts = _counts(plan)
        for name, lines in _files(plan).items():
            draft = stack.enter_context(writing(folder / name))
            written = 0
            with draft.open("wb") as file:
                for line in _shown(lines, bar) if name == RECORDS else lines:
                    file.write(line)
                    written += 1
            if name == RECORDS:
                counts["records"] = written
            done.files.append(name)
        done.replace()
        write_json(run.path / MERGED, about)
        done.counts |= counts
    run.log("merged", parts=about["parts"], records=counts["records"])
    return counts


def _shown(lines: Iterator[bytes], bar: Bar) -> Iterator[bytes]:
    pending = 0
    for line in lines:
        yield line
        pending += 1
        if pending == STEP:
            bar.advance(pending)
            pending = 0
    bar.advance(pending)


def _files(plan: Plan) -> dict[str, Iterator[bytes]]:
    if plan.ids is None:
        return {
            RECORDS: united(plan.parts, prefer_first=plan.prefer_first),
            FAILURES: one_after_the_other(plan.parts, FAILURES),
            DRAFTS: one_after_the_other(plan.parts, DRAFTS),
        }
    return {name: in_order(plan.parts, plan.owner, plan.ids, name) for name in (RECORDS, FAILURES)}


def _counts(plan: Plan) -> dict[str, Any]:
    """The counts of all parts summed; what each has seen of the same seed file counts once."""
    counts: dict[str, Any] = {}
    for part in plan.parts:
        for name, value in part.done.counts.items():
            if isinstance(value, Mapping):
                own = counts.setdefault(name, {})
                for line, number in value.items():
                    own[line] = own.get(line, 0) + int(number)
            else:
                counts[name] = counts.get(name, 0) + int(value)
    # Several runs of a chained generator may be over the same seeds.
    shares = list({part.share: part for part in plan.parts}.values())
    passed_over = sum(part.count("skipped_lines") for part in shares)
    counts["seeds"] = sum(part.count("seeds") for part in shares)
    counts["skipped_lines"] = passed_over - (len(shares) - 1) * plan.skipped
    return counts
