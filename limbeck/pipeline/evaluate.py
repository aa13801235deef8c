"""Stage eval: base, student and teacher, one after the other, under one protocol.

eval/{base,student,teacher}.json hold one score per item and the protocol's hash, eval/items.json
what the items ask. eval/in_context/, eval/style/ and eval/judge.json are there where the recipe
asks for them. A model that was evaluated under the same protocol is not evaluated again; of one
that was killed half-way, or whose items are scored in a new way, no answer is asked for twice (the
ledger has it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.errors import BadRequest, MissingExtra
from limbeck.evals.questions import Asking, is_questions, read_questions
from limbeck.filters import answer
from limbeck.filters.answer.said import said
from limbeck.ledger import Ledger
from limbeck.models import parse_model
from limbeck.pipeline import in_context, judge, style
from limbeck.pipeline.asking import asking_of
from limbeck.pipeline.context import Context, Role
from limbeck.pipeline.format import read_split
from limbeck.pipeline.role_model import connect_role, fingerprint_of, section_of, weights_of
from limbeck.pipeline.subset import first_rows
from limbeck.progress import Quiet
from limbeck.record import Message, content_hash, messages_json
from limbeck.store import read_json, write_json

if TYPE_CHECKING:
    from limbeck.teachers.recorded import Recorded
    from limbeck.teachers.stored_scores import StoredScores

ROLES: tuple[Role, ...] = ("base", "student", "teacher")
ASKED, FEW_SHOT = "items.json", "base_few_shot.json"

OnDone = Callable[[int], None]


def inputs(context: Context) -> str:
    trained = context.run.need("train", by="eval")
    formatted = context.run.need("format", by="eval")
    return content_hash(
        {
            "weights": trained.outputs,
            "test": formatted.files.get("test.parquet"),
            "protocol": _protocol(context).hash,
            "teacher": fingerprint_of(context, "teacher"),
            "in_context": in_context.protocol(context),
            "style": style.protocol(context),
            "judge": judge.protocol(context),
            "few_shot_base": context.recipe.eval.few_shot_base,
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
            print_ = fingerprint_of(context, role)
            path = folder / f"{role}.json"
            if not _is_done(path, protocol.hash, print_) or not (folder / ASKED).is_file():
                result, asked = _evaluate(context, role, protocol)
                # After it: killed in between, the next role writes what was asked of this one.
                write_json(path, {"role": role, "model": print_, **result})
                write_json(folder / ASKED, asked)
            failures[role] = len(read_json(path)["failures"])
            done.files.append(path.name)
        done.files.append(ASKED)
        done.files += _few_shot_base(context, protocol)
        done.files += _part(context, in_context, in_context.ask_model)
        done.files += _part(context, style, style.ask_model)
        done.files += _judge(context)
        saved = [read_json(folder / name) for name in done.files if name != ASKED]
        lost = [one for part in saved for one in _failures(part)]
        hopeless = len(lost) - sum(map(_may_succeed, lost))
        done.counts |= {"failed_calls": failures, "failures": len(lost), "hopeless": hopeless}
    context.run.log("evaluated", protocol=protocol.hash)


def _few_shot_base(context: Context, protocol: Any) -> list[str]:
    """Asks the base after worked examples, where the recipe wants it; the file, or none."""
    shown = demos(context)
    if not shown:
        return []
    path = context.run.folder("eval") / FEW_SHOT
    turns = [[turn.role, turn.content] for turn in shown]
    print_ = content_hash([fingerprint_of(context, "base"), turns])
    if not _is_done(path, protocol.hash, print_):
        result, _ = _evaluate(context, "base", protocol, demos=shown)
        write_json(path, {"role": "base_few_shot", "model": print_, **result})
    return [FEW_SHOT]


def demos(context: Context) -> tuple[Message, ...]:
    """The turns of the training rows that the few-shot base is shown: the first of the order that
    nested training sets are drawn in. Empty, where the recipe wants none."""
    count = context.recipe.eval.few_shot_base
    if count is None:
        return ()
    rows = read_split(context.run.folder("format"), "train")
    return tuple(
        turn
        for row in first_rows(rows, min(count, len(rows)), context.recipe.seed)
        for turn in (*row.messages, Message("assistant", row.completion))
        if turn.role != "system"
    )


def _part(
    context: Context, part: Any, ask: Callable[[Context, Role], Mapping[str, Any]]
) -> list[str]:
    """A part of the evaluation that has a protocol and a folder of its own: asks the three models,
    where the recipe wants it; the files, or none."""
    protocol = part.protocol(context)
    if protocol is None:
        return []
    files = []
    for role in ROLES:
        print_ = fingerprint_of(context, role)
        name = f"{part.FOLDER}/{role}.json"
        path = context.run.folder("eval") / name
        if not _is_done(path, protocol["hash"], print_):
            path.parent.mkdir(exist_ok=True)
            found = ask(context, role)
            write_json(path, {"role": role, "model": print_, "protocol": protocol, **found})
        files.append(name)
    return files


def _judge(context: Context) -> list[str]:
    """Has the recipe's judge compare what was written for style; the file, or none."""
    if context.recipe.eval.judge is None:
        return []
    prompts, texts = style.texts(context)
    write_json(context.run.folder("eval") / judge.FILE, judge.judge_run(context, prompts, texts))
    return [judge.FILE]


def _is_done(path: Path, protocol: str, model: str) -> bool:
    """Whether it is of this model and protocol, and no call of it is worth being made again."""
    if not path.is_file():
        return False
    saved = read_json(path)
    same = saved["protocol"]["hash"] == protocol and saved["model"] == model
    return bool(same and not any(map(_may_succeed, _failures(saved))))


def _failures(saved: Mapping[str, Any]) -> list[str]:
    """The failed calls that a file of this stage tells of."""
    found = [*saved.get("failures", ()), *saved.get("again", {}).get("failures", ())]
    for pair in saved.get("pairs", ()):
        found += [row["failed"] for row in pair["rows"] if "failed" in row]
    return found


def _may_succeed(failure: str) -> bool:
    return not failure.startswith(f"{BadRequest.reason}:")


def _protocol(context: Context) -> Any:
    try:
        from limbeck.evals.protocol import make_protocol
    except ImportError as error:
        raise MissingExtra(f"the evaluation ({error.name})", "eval") from error
    test = read_split(context.run.folder("format"), "test")
    teacher = parse_model(context.recipe.teacher.model)
    asked: dict[str, str] = {}
    prompts = ""
    if files := [Path(task) for task in context.recipe.eval.every_task if _is_questions(task)]:
        askings = {role: asking_of(context, role) for role in ROLES}
        asked = {role: asking.about for role, asking in askings.items()}
        prompts = _prompts(files, list(askings.values()))
    try:
        return make_protocol(
            context.recipe.eval,
            test,
            black_box=not teacher.is_local,
            asked=asked,
            prompts=prompts,
        )
    except ModuleNotFoundError as error:  # importlib.metadata: lm-eval is not there
        raise MissingExtra("lm-eval", "eval") from error


def _prompts(files: Sequence[Path], askings: Sequence[Asking]) -> str:
    """A hash of all that the roles are asked: how a role is asked is told in a few words, which are
    the same for other worked examples or another system prompt."""
    asked = [asking.prompt(q) for f in files for q in read_questions(f) for asking in askings]
    texts = [prompt if isinstance(prompt, str) else messages_json(prompt) for prompt in asked]
    return content_hash([texts, [list(asking.stop) for asking in askings]])


def _is_questions(task: str) -> bool:
    path = Path(task)
    return task.endswith(".jsonl") and path.is_file() and is_questions(path)


def _evaluate(
    context: Context, role: Role, protocol: Any, *, demos: Sequence[Message] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the role scored, and what it was asked, by task."""
    from limbeck.evals.harness import evaluate
    from limbeck.evals.planned import Plan
    from limbeck.teachers.connect import width

    name = f"eval {role}{' (few-shot)' if demos else ''}"
    section, asked_as = context.recipe.eval, section_of(context, role)
    shown = context.reporter if section.every_task else Quiet()  # nothing is asked: nothing to show
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(context.ledger))
        bar = stack.enter_context(shown.stage(name, "requests"))
        writer = connect_role(context, role, ledger)
        weights = weights_of(writer)
        scores = _scores(writer, ledger, bar.advance) if weights is not None else None
        plan = Plan(
            section,
            protocol,
            read_split(context.run.folder("format"), "test"),
            asking_of(context, role),
            answer,
            lambda text: said(text).marked,
            scored=scores is not None,
            second_view=section.second_view and role != "teacher" and not demos,
        )
        results, failures = evaluate(
            writer,
            scores,
            plan,
            width=width(asked_as),
            demos=demos,
            on_planned=_nothing if role != ROLES[0] or demos else _said_before(context),
            on_total=bar.total,
            on_done=bar.advance,
            say=context.reporter.say,
        )
    told = {
        "protocol": protocol.to_json(),
        "about": weights.about if weights is not None else asked_as.model,
        "parameters": weights.parameters if weights is not None else None,
        "tasks": [result.to_json() for result in results],
        "failures": failures,
    }
    asked = {r.task: r.asked for r in results if r.kind != "imitation" and r.view == "main"}
    return told, asked


def _scores(writer: Recorded, ledger: Ledger, on_done: OnDone) -> StoredScores:
    """Likelihoods of the writer's own weights, recorded as its words are."""
    from limbeck.teachers.scoring import Scorer
    from limbeck.teachers.stored_scores import StoredScores

    weights = weights_of(writer)
    assert weights is not None
    return StoredScores(Scorer(weights), ledger, writer.identity, on_done=on_done)


def _said_before(context: Context) -> Callable[[Sequence[Mapping[str, Any]]], None]:
    """What each task can show is said before anything is spent on it."""
    from limbeck.evals.statistics.power import report_lines

    def say(tasks: Sequence[Mapping[str, Any]]) -> None:
        for line in report_lines(tasks):
            context.reporter.say(f"eval: {line}")

    return say


def _nothing(tasks: Sequence[Mapping[str, Any]]) -> None:
    return
