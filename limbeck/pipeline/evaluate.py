"""Stage eval: base, student and teacher, one after the other, under one protocol.

eval/{base,student,teacher}.json hold one score per item and the protocol's hash, eval/items.json
what the items ask, and eval/in_context/ what each said after demos, where the recipe asks for that.
A model that was evaluated under the same protocol is not evaluated again; of one that was killed
half-way, or whose items are scored in a new way, no answer is asked for twice (the ledger has it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.errors import MissingExtra, StageError
from limbeck.evals.questions import is_questions
from limbeck.filters import answer
from limbeck.filters.answer.said import said
from limbeck.ledger import Ledger
from limbeck.models import ModelName, fingerprint, parse_model
from limbeck.money import Meter, price_of
from limbeck.pipeline import in_context
from limbeck.pipeline.asking import Role, asking_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.recipe import TeacherSection
from limbeck.record import content_hash
from limbeck.store import read_json, write_json

ROLES: tuple[Role, ...] = ("base", "student", "teacher")
ASKED = "items.json"

OnDone = Callable[[int], None]


def inputs(context: Context) -> str:
    trained = context.run.need("train", by="eval")
    formatted = context.run.need("format", by="eval")
    return content_hash(
        {
            "weights": trained.outputs,
            "test": formatted.files.get("test.parquet"),
            "protocol": _protocol(context).hash,
            "teacher": _fingerprint(context, "teacher"),
            "in_context": in_context.protocol(context),
        }
    )


def evaluate_roles(context: Context) -> None:
    """Evaluate the three models. Raises StageError before train is done."""
    hashed = inputs(context)
    protocol = _protocol(context)
    folder = context.run.folder("eval")
    recipe = context.recipe
    if recipe.train.objective == "step_by_step" and "imitation" in recipe.eval.tasks:
        context.reporter.say(
            "eval: the student learned to answer without a rationale, and imitation compares it "
            "with the teacher's whole completions; read its scores on questions with targets"
        )
    with context.run.stage("eval", hashed) as done:
        failures: dict[str, int] = {}
        for role in ROLES:
            print_ = _fingerprint(context, role)
            path = folder / f"{role}.json"
            if not _is_done(path, protocol.hash, print_) or not (folder / ASKED).is_file():
                result, asked = _evaluate(context, role, protocol)
                write_json(folder / ASKED, asked)
                write_json(path, {"role": role, "model": print_, **result})
            saved = read_json(path)
            failures[role] = len(saved["failures"])
            done.files.append(path.name)
        done.files.append(ASKED)
        done.files += _in_context(context)
        done.counts |= {"failed_calls": failures}
    context.run.log("evaluated", protocol=protocol.hash)


def _in_context(context: Context) -> list[str]:
    """Asks the three models after demos, where the recipe wants it; the files, or none."""
    protocol = in_context.protocol(context)
    if protocol is None:
        return []
    files = []
    for role in ROLES:
        print_ = _fingerprint(context, role)
        name = f"{in_context.FOLDER}/{role}.json"
        path = context.run.folder("eval") / name
        if not _is_done(path, protocol["hash"], print_):
            path.parent.mkdir(exist_ok=True)
            found = in_context.ask_model(context, role, _name(context, role))
            write_json(path, {"role": role, "model": print_, "protocol": protocol, **found})
        files.append(name)
    return files


def _is_done(path: Any, protocol: str, model: str) -> bool:
    if not path.is_file():
        return False
    saved = read_json(path)
    return bool(saved["protocol"]["hash"] == protocol and saved["model"] == model)


def _protocol(context: Context) -> Any:
    try:
        from limbeck.evals.protocol import make_protocol
    except ImportError as error:
        raise MissingExtra(f"the evaluation ({error.name})", "eval") from error
    test = read_split(context.run.folder("format"), "test")
    teacher = parse_model(context.recipe.teacher.model)
    asked: dict[str, str] = {}
    if any(_is_questions(task) for task in context.recipe.eval.every_task):
        asked = {role: asking_of(context, role).about for role in ROLES}
    try:
        return make_protocol(context.recipe.eval, test, black_box=not teacher.is_local, asked=asked)
    except ModuleNotFoundError as error:  # importlib.metadata: lm-eval is not there
        raise MissingExtra("lm-eval", "eval") from error


def _is_questions(task: str) -> bool:
    path = Path(task)
    return task.endswith(".jsonl") and path.is_file() and is_questions(path)


def _name(context: Context, role: Role) -> ModelName:
    if role == "teacher":
        return parse_model(context.recipe.teacher.model)
    path = context.run.folder("train") / role
    if not path.is_dir():
        raise StageError(f"there is no {path}. Run: limbeck train {context.run.path}")
    return ModelName("path", str(path))


def _fingerprint(context: Context, role: Role) -> str:
    if role == "teacher":
        from limbeck.teachers.connect import identity

        return content_hash(dict(identity(context.recipe.teacher)))
    return fingerprint(_name(context, role))


def _evaluate(context: Context, role: Role, protocol: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the role scored, and what it was asked, by task."""
    from limbeck.evals.harness import evaluate
    from limbeck.evals.planned import Plan

    section = context.recipe.eval
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(context.ledger))
        bar = stack.enter_context(context.reporter.stage(f"eval {role}", "requests"))
        model = _model(context, role, ledger, bar.advance)
        plan = Plan(
            section,
            protocol,
            read_split(context.run.folder("format"), "test"),
            asking_of(context, role),
            answer,
            lambda text: said(text).marked,
            scored=model.scores is not None,
            second_view=section.second_view and role != "teacher",
        )
        results, failures = evaluate(
            model.writer,
            model.scores,
            plan,
            width=model.width,
            on_planned=_said_before(context) if role == ROLES[0] else _nothing,
            on_total=bar.total,
            on_done=bar.advance,
            say=context.reporter.say,
        )
    told = {
        "protocol": protocol.to_json(),
        "about": model.about,
        "parameters": model.parameters,
        "tasks": [result.to_json() for result in results],
        "failures": failures,
    }
    asked = {r.task: r.asked for r in results if r.kind != "imitation" and r.view == "main"}
    return told, asked


class _Model(NamedTuple):
    """A role's model: who writes, what gives likelihoods (None for a black box), how many requests
    are under way at once, and what is told of it."""

    writer: Any
    scores: Any
    width: int
    about: str
    parameters: int | None


def _model(context: Context, role: Role, ledger: Ledger, on_done: OnDone) -> _Model:
    """What a model said is in the ledger, under its weights: a run that was killed goes on, and
    items are scored again without asking.

    Base and student are read in float32: log-probabilities of bfloat16 have two digits.
    """
    from limbeck.teachers.connect import width as under_way

    name, section = _name(context, role), context.recipe.teacher
    if not name.is_local:
        writer = context.connect(ledger, Meter(price_of(section)))
        return _Model(writer, None, under_way(section), section.model, None)
    from limbeck.hf import load
    from limbeck.teachers.connect import identity
    from limbeck.teachers.local import LocalTeacher
    from limbeck.teachers.recorded import Recorded
    from limbeck.teachers.scoring import Scorer
    from limbeck.teachers.stored_scores import StoredScores

    if role != "teacher":
        section = TeacherSection(model=str(name), dtype="float32")
    size = context.recipe.eval.batch_size
    loaded = load(name, dtype=section.dtype)
    who = identity(section)
    return _Model(
        Recorded(LocalTeacher(loaded, batch_size=size, identity=who), ledger),
        StoredScores(Scorer(loaded), ledger, who, on_done=on_done),
        2 * size,
        loaded.about,
        loaded.parameters,
    )


def _said_before(context: Context) -> Callable[[Sequence[Mapping[str, Any]]], None]:
    """What each task can show is said before anything is spent on it."""
    from limbeck.evals.power import report_lines

    def say(tasks: Sequence[Mapping[str, Any]]) -> None:
        for line in report_lines(tasks):
            context.reporter.say(f"eval: {line}")

    return say


def _nothing(tasks: Sequence[Mapping[str, Any]]) -> None:
    return
