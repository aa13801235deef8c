"""`limbeck compare`: the students of several finished runs, on the tasks they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.commands import command
from limbeck.errors import MissingExtra, UserError
from limbeck.models import ModelName, fingerprint
from limbeck.pipeline.evaluate import ROLES
from limbeck.pipeline.in_context import FOLDER
from limbeck.pipeline.train import SUMMARY
from limbeck.rundir import RunDir
from limbeck.store import read_json


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run's student learned from."""

    name: str
    rows: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What every run trained on; the comparisons by task; and of in-context ability, where all of
    them were asked for it, what `limbeck.evals.in_context.summary` makes.

    The gap closed is that between the base and the teacher of the first run. `other_base` are the
    runs whose students did not begin from this base, and have none; `other_teacher` those that
    learned from another teacher; `left_out` the imitation tasks whose items differ.
    """

    trained: list[Trained]
    tasks: list[Any]
    in_context: dict[str, Any] | None
    other_base: list[str]
    other_teacher: list[str]
    left_out: list[str]


def compare_runs(paths: Sequence[Path]) -> Compared:
    """The runs beside each other, the others against the first.

    In-context scores are also those of base and teacher, where all runs have the same. Raises
    UserError for a folder that is no run or has no evaluation, or that of another student than it
    has now; for one given twice; for runs that were asked for their in-context ability in different
    ways; and what `limbeck.evals.compare` raises.
    """
    try:
        from limbeck.evals.compare import Ends, apart, compare
    except ImportError as error:
        raise MissingExtra(f"comparing runs ({error.name})", "eval") from error
    trained, roles, asked, ends = [], {}, {}, {}
    for name, path in zip(names_of(paths), paths, strict=True):
        run = RunDir.open(path)
        run.need("eval", by="report")
        roles[name] = _student(run)
        asked[name] = _in_context(run)
        ends[name] = _ends(run)
        summary = read_json(run.folder("train") / SUMMARY)
        trained.append(Trained(name, int(summary["examples"]), int(summary["tokens"])))
    if len(roles) < 2:
        raise UserError(f"comparing takes at least two runs, got {len(roles)}")
    together = _together(asked)
    plain = together is None or any(role["tasks"] for role in roles.values())
    first = next(iter(ends.values()))
    other = {
        role: [name for name, own in ends.items() if first and _differ(first, own, role)]
        for role in ("base", "teacher")
    }
    began = frozenset(roles) - frozenset(other["base"])
    by = Ends(first["base"], first["teacher"], began) if first else None
    return Compared(
        trained,
        compare(roles, ends=by) if plain else [],
        together,
        other["base"],
        other["teacher"],
        apart(roles),
    )


def _ends(run: RunDir) -> dict[str, Any]:
    """The results of base and teacher; nothing, where a run has not both."""
    paths = {role: run.folder("eval") / f"{role}.json" for role in ("base", "teacher")}
    if not all(path.is_file() for path in paths.values()):
        return {}
    return {role: read_json(path) for role, path in paths.items()}


def _differ(first: Mapping[str, Any], own: Mapping[str, Any], role: str) -> bool:
    return not own or bool(own[role]["model"] != first[role]["model"])


def _in_context(run: RunDir) -> dict[str, Any]:
    """What the roles said after demos; nothing, where the run was not asked for it."""
    folder = run.folder("eval") / FOLDER
    paths = {role: folder / f"{role}.json" for role in ROLES}
    if not all(path.is_file() for path in paths.values()):
        return {}
    return {role: read_json(path) for role, path in paths.items()}


def _together(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """Raises UserError where they were asked in different ways."""
    if not all(asked.values()):
        return None
    from limbeck.evals.in_context.summary import summary

    protocols = {name: roles["student"]["protocol"] for name, roles in asked.items()}
    (first, one), *others = protocols.items()
    for name, other in others:
        apart = [key for key in one if key != "hash" and one[key] != other.get(key)]
        if apart:
            raise UserError(
                f"{first} and {name} were asked for their in-context ability in different ways "
                f"({', '.join(apart)}); evaluate them with the same eval.in_context"
            )
    models = {name: roles["student"]["tasks"] for name, roles in asked.items()}
    for role in ("base", "teacher"):
        same = len({roles[role]["model"] for roles in asked.values()}) == 1
        if same and role not in models:
            models[role] = asked[first][role]["tasks"]
    return {"protocol": one, **summary(models, seed=0, first=first)}


def names_of(paths: Sequence[Path]) -> list[str]:
    """The folders' names, with as many of the folders above as tell them apart."""
    parts = [path.resolve().parts for path in paths]
    twice = next(
        (path for path, part in zip(paths, parts, strict=True) if parts.count(part) > 1), None
    )
    if twice is not None:
        raise UserError(f"{twice} is given twice; give each folder once")
    for depth in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return names


def _student(run: RunDir) -> Any:
    """The student's results. Raises UserError where it was trained again since."""
    results = read_json(run.folder("eval") / "student.json")
    weights = run.folder("train") / "student"
    # Without its weights (they are large, and may be gone) the results stand for themselves.
    is_here = any(weights.glob("*.safetensors"))
    if is_here and fingerprint(ModelName("path", str(weights))) != results["model"]:
        raise UserError(
            f"the student of {run.path} was trained again since it was evaluated. Run: "
            f"{command('eval', run.path)}"
        )
    return results
