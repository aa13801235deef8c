"""`limbeck curve`: one study of many students, which differ in rows, training seed or size alone.

The folder of a study holds `data/`, a run that generates and filters once, and one run folder for
each student, whose generate/ and filter/ are those of `data/`. The base and the teacher are
evaluated once for all students that they are the same for. What is done stays done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck import __version__
from limbeck.errors import DataError, MissingExtra, UserError
from limbeck.ledger import Keyer, Ledger
from limbeck.pipeline.beforehand import check_evaluation, check_training, usable_seeds
from limbeck.pipeline.context import Context
from limbeck.pipeline.evaluate import ROLES
from limbeck.pipeline.generate import generator_of
from limbeck.pipeline.run import do_stages
from limbeck.pipeline.seeds import seeds_of_recipe
from limbeck.pipeline.sharing import give_data, share_roles
from limbeck.pipeline.train import SUMMARY
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import read_json, write_json, write_text
from limbeck.teachers.connect import identity
from limbeck.yaml_lines import Places

DATA = "data"
FILES = ("curve.json", "curve.md", "curve.html")


@dataclass(frozen=True, slots=True)
class Child:
    """One student of the study, and its run folder."""

    student: str
    rows: int
    seed: int
    run: RunDir


@dataclass(frozen=True, slots=True)
class Study:
    """All of a curve's runs: `data` makes the rows, `children` are in the order of their work."""

    folder: Path
    data: Context
    children: tuple[Child, ...]

    def context(self, child: Child) -> Context:
        return Context(child.run, self.data.reporter, self.data.ledger)


def study_of(
    context: Context,
    folder: Path,
    *,
    rows: Sequence[int],
    seeds: Sequence[int],
    students: Sequence[str] = (),
) -> Study:
    """The study of a recipe; `folder` is its own. A student is MODEL, or MODEL:LAYERS for one with
    so many of its layers kept; none given is the recipe's.

    The context's run folder makes the rows where it is there already, `folder`/data where not.
    Raises RecipeError for what makes no recipe, UserError for no or equal values.
    """
    for name, values in (("rows", rows), ("seeds", seeds)):
        if not values or len(set(values)) < len(values):
            raise UserError(f"--{name} wants different numbers, such as 1,2,4; got {list(values)}")
    recipe = context.recipe
    section = recipe.need_student()
    own = section.model + (f":{section.layers}" if section.layers else "")
    named = {_short(student): student for student in students or (own,)}
    if len(named) < len(students):
        raise UserError(f"two of the students have one name, {', '.join(map(_short, students))}")
    children = []
    for short, student in named.items():
        given = _given(student) if students else {}
        for seed in seeds:
            for count in sorted(rows):
                name = f"{short}-rows{count}-seed{seed}"
                made = _recipe(recipe, student, given, count, seed, name)
                children.append(Child(short, count, seed, RunDir(folder / name, made)))
    is_run = (context.run.path / "recipe.yaml").is_file()
    data = context.run if is_run else RunDir(folder / DATA, recipe)
    return Study(folder, Context(data, context.reporter, context.ledger), tuple(children))


def _given(student: str) -> dict[str, Any]:
    found = re.fullmatch(r"(.+):(\d+)", student)
    if found is None:
        return {"model": student, "layers": None}
    return {"model": found[1], "layers": int(found[2])}


def _short(student: str) -> str:
    """A name for folders: the last part of a path, without what no file name has."""
    return re.sub(r"[^\w.-]+", "-", student.rstrip("/").rsplit("/", 1)[-1]).strip("-.")


def _recipe(
    recipe: Recipe, student: str, given: dict[str, Any], rows: int, seed: int, name: str
) -> Recipe:
    data = recipe.model_dump(mode="json")
    data["student"] |= given
    data["format"] |= {"rows": rows}
    data["train"] |= {"seed": seed}
    data["name"] = f"{recipe.name[: max(1, 99 - len(name))]}.{name}"[:100]
    return Recipe.of(data, Path.cwd(), Places(None, f"the recipe with the student {student}"))


def run_study(study: Study) -> dict[str, Any]:
    """Do all that is left of the study, and write curve.json, curve.md and curve.html; returns
    the first one's content.

    Every student's rows are chosen before one is trained, so that too few of them cost nothing.
    Raises what the stages raise.
    """
    say = study.data.reporter.say
    _check(study)
    do_stages(study.data, ("generate", "filter"))
    for child in study.children:
        give_data(study.data.run, child.run)
        do_stages(study.context(child), ("format",))
    done: list[Child] = []
    for number, child in enumerate(study.children, start=1):
        say(f"curve: student {number} of {len(study.children)}, {child.run.path.name}")
        context = study.context(child)
        do_stages(context, ("train",), found=False)
        same = next((other.run for other in done if other.student == child.student), None)
        share_roles(context, same_base=same, teacher_of=done[0].run if done else None)
        do_stages(context, ("eval", "report"), found=False)
        done.append(child)
    return _write(study)


def _check(study: Study) -> None:
    """What would stop the study later, as far as it is known before a call is paid."""
    check_evaluation(study.data.recipe, missing_ok=False)
    for child in {child.student: child for child in study.children}.values():
        is_new = child.run.done("train") is None
        check_training(child.run.recipe, before_calls=is_new)


def _write(study: Study) -> dict[str, Any]:
    try:
        from limbeck.evals.curves import page as curve_page
        from limbeck.evals.curves.curve import CurveRun, curve
    except ImportError as error:
        raise MissingExtra(f"the curve ({error.name})", "eval") from error
    runs = []
    for child in study.children:
        summary = read_json(child.run.folder("train") / SUMMARY)
        roles: dict[str, Any] = {
            role: read_json(child.run.folder("eval") / f"{role}.json") for role in ROLES
        }
        runs.append(
            CurveRun(
                child.run.path.name,
                child.student,
                child.rows,
                child.seed,
                int(summary["examples"]),
                int(summary["tokens"]),
                roles,
            )
        )
    made = curve(study.data.recipe.name, __version__, runs)
    write_json(study.folder / "curve.json", made)
    write_text(study.folder / "curve.md", curve_page.markdown(made))
    write_text(study.folder / "curve.html", curve_page.html(made))
    return made


def outlook(study: Study) -> list[str]:
    """What `run_study` would do, as lines; nothing is asked, trained or written into runs."""
    recipe, data = study.data.recipe, study.data.run
    lines = [f"{study.folder}: {len(study.children)} students"]
    if data.done("filter") is not None:
        kept = data.need("filter", by="format").counts["kept"]
        lines.append(f"{data.path}: generated and filtered, {kept} rows kept")
    else:
        lines.append(f"{data.path}: to generate and filter; {_left(study.data)}")
    asked = len({child.student for child in study.children})
    evaluated = "evaluated" if any(_has(c, "eval") for c in study.children) else "to evaluate"
    lines.append(
        f"teacher {recipe.teacher.model}: {evaluated} once; bases: {asked}, each evaluated once"
    )
    for child in study.children:
        left = next((s for s in ("train", "eval", "report") if not _has(child, s)), None)
        state = {"train": "to train", "eval": "trained, to evaluate", None: "done"}
        lines.append(f"{child.run.path.name}: {state.get(left, 'evaluated, to report')}")
    return lines


def _has(child: Child, stage: Any) -> bool:
    return child.run.done(stage) is not None


def _left(context: Context) -> str:
    """How many calls are left to ask to make the rows, where the generator knows beforehand."""
    recipe = context.recipe
    generator = generator_of(context)
    skipped: list[DataError] = []
    on_bad = skipped.append if recipe.seeds.on_bad_line == "skip" else None
    seeds = usable_seeds(recipe, seeds_of_recipe(recipe), generator, on_bad)
    requests = getattr(generator, "requests", None)
    if requests is None:
        return f"at most {generator.total(seeds)} calls"
    keyer = Keyer(identity(recipe.teacher))
    with Ledger(context.ledger) as ledger:
        keys = [keyer(request)[0] for request in requests(seeds)]
        found = sum(ledger.get(key) is not None for key in keys)
    return f"{len(keys)} calls, {found} answered in the ledger, {len(keys) - found} left to ask"
