"""Stage eval: base, student and teacher, one after the other, under one protocol.

eval/{base,student,teacher}.json hold one score per item and the protocol's hash, and
eval/in_context/ what each said after demos, where the recipe asks for that. A model that was
evaluated under the same protocol is not evaluated again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

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
from limbeck.record import content_hash
from limbeck.store import read_json, write_json

ROLES: tuple[Role, ...] = ("base", "student", "teacher")


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
            if not _is_done(path, protocol.hash, print_):
                result = _evaluate(context, role, protocol)
                write_json(path, {"role": role, "model": print_, **result})
            saved = read_json(path)
            failures[role] = len(saved["failures"])
            done.files.append(path.name)
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
    if any(_is_questions(task) for task in context.recipe.eval.tasks):
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


def _evaluate(context: Context, role: Role, protocol: Any) -> Mapping[str, Any]:
    from limbeck.evals.harness import evaluate
    from limbeck.hf import load
    from limbeck.teachers.connect import width as under_way
    from limbeck.teachers.local import LocalTeacher

    name = _name(context, role)
    section = context.recipe.eval
    with ExitStack() as stack:
        if name.is_local:
            dtype = context.recipe.teacher.dtype if role == "teacher" else "bfloat16"
            loaded = load(name, dtype=dtype)
            writer: Any = LocalTeacher(loaded, batch_size=section.batch_size)
            width = 2 * section.batch_size
        else:
            loaded = None
            ledger = stack.enter_context(Ledger(context.ledger))
            writer = context.connect(ledger, Meter(price_of(context.recipe.teacher)))
            width = under_way(context.recipe.teacher)
        bar = stack.enter_context(context.reporter.stage(f"eval {role}", "requests"))
        results, failures = evaluate(
            writer,
            loaded,
            protocol,
            section,
            read_split(context.run.folder("format"), "test"),
            asking=asking_of(context, role),
            verifier=answer,
            is_marked=lambda text: said(text).marked,
            width=width,
            on_total=bar.total,
            on_done=bar.advance,
            say=context.reporter.say,
        )
    return {
        "protocol": protocol.to_json(),
        "about": loaded.about if loaded else context.recipe.teacher.model,
        "parameters": loaded.parameters if loaded else None,
        "tasks": [result.to_json() for result in results],
        "failures": failures,
    }
