"""The loop's report: every round of every arm, as iterate.json, iterate.md and index.html."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from limbeck import __version__
from limbeck.evals.rounds import page
from limbeck.evals.rounds.rounds import RoundRun, rounds
from limbeck.pipeline.evaluate import ROLES
from limbeck.pipeline.iterate.layout import Loop, Round, Work
from limbeck.pipeline.iterate.write import written
from limbeck.pipeline.train import SUMMARY
from limbeck.recipe_eval import task_name
from limbeck.store import read_json, write_json, write_text

FILES = ("iterate.json", "iterate.md", "index.html")


def open_again(loop: Loop) -> None:
    """Say in iterate.json, where there is one, that its loop is at work: until that is done, its
    runs may be of another recipe than its numbers, and nothing is to be made of both."""
    path = loop.folder / FILES[0]
    if path.is_file() and (found := read_json(path)).get("whole"):
        write_json(path, found | {"whole": False})


def write_so_far(work: Work) -> None:
    """Write the files with all rounds that are there, where they would have more than before: so
    that a loop at work, or one that fails late, has a page."""
    done, path = [*work.rounds, *work.controls], work.loop.folder / FILES[0]
    if path.is_file() and len(read_json(path)["runs"]) >= len(done):
        return
    rounds_, controls = len(work.rounds), len(work.controls)
    told = f"{rounds_} of {work.loop.section.rounds} rounds are done"
    if work.stopped:
        told = f"{work.stopped}; the control goes on, with {controls} of its runs done"
    write_up(work.loop, done, told, whole=False)


def write_up(
    loop: Loop, done: Sequence[Round], stopped: str, *, whole: bool = True
) -> dict[str, Any]:
    """Write the three files; returns the first one's content. `whole` says, there too, that the
    loop and its control are done."""
    recipe, section = loop.recipe, loop.section
    task = section.stop.task
    made = rounds(
        recipe.name,
        __version__,
        [_run(one) for one in done],
        base_held_out=_reviewed(done[0], "base_held_out"),
        settings=section.model_dump(mode="json"),
        stopped=stopped,
        stop_task=task and task_name(task),
        teacher=recipe.teacher.model,
        student=recipe.need_student().model,
        referee=None if section.referee is None else section.referee.model,
        seed=recipe.seed,
    )
    made |= {"whole": whole}
    write_json(loop.folder / FILES[0], made)
    write_text(loop.folder / FILES[1], page.markdown(made))
    write_text(loop.folder / FILES[2], page.html(made))
    return made


def _run(one: Round) -> RoundRun:
    run = one.context.run
    trained = read_json(run.folder("train") / SUMMARY)
    return RoundRun(
        arm=one.arm,
        number=one.number,
        name=run.path.name,
        seeds=len(one.pools.train),
        rows=trained["examples"],
        tokens=trained["tokens"],
        roles={role: read_json(run.folder("eval") / f"{role}.json") for role in ROLES},
        cost=one.cost,
        discriminated=_summary(one, "discriminate"),
        written=written(one.context) if "write" in one.cost else None,
        held_out=_reviewed(one, "held_out"),
    )


def _summary(one: Round, phase: str) -> dict[str, Any] | None:
    path: Path = one.context.run.path / phase / "summary.json"
    return read_json(path) if path.is_file() else None


def _reviewed(one: Round, phase: str) -> dict[str, Any] | None:
    """What the referee said of the held-out prompts; None where the loop has none, whatever an
    earlier one left there."""
    found = _summary(one, phase) if "held_out" in one.cost else None
    return None if found is None else found["referee"]
