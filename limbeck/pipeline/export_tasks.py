"""`limbeck tasks export`: a recipe's own evaluation tasks for plain lm-eval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import MissingExtra, UserError
from limbeck.evals.lm_eval_files import export as forms
from limbeck.evals.lm_eval_files.export import Exported, export
from limbeck.evals.planned import drawn
from limbeck.evals.questions import Prompt
from limbeck.pipeline import lm_eval_functions
from limbeck.pipeline.asking import asking_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.record import Record, messages_json
from limbeck.store import write_text

README = """\
# Tasks exported by limbeck

Plain lm-eval runs them; limbeck need not be installed. The folder may be moved. A prompt that is
too long for a model is cut by lm-eval, where limbeck leaves the item out.

{tasks}
"""


def export_tasks(context: Context, folder: Path) -> tuple[list[Exported], list[str]]:
    """Write the tasks, utils.py and a README into a folder; also what was not exported, in
    sentences.

    The imitation task needs a run whose data is there; a recipe alone has none. Raises UserError
    where nothing is left to export, and MissingExtra without lm-eval.
    """
    section = context.recipe.eval
    made: list[Exported] = []
    skipped: list[str] = []
    for task in section.every_task:
        if task == "imitation":
            limit = section.options_of(task).limit
            test = drawn(_test(context), limit, lambda record: record.id)
            if test:
                made += _imitation(folder, context, test)
            else:
                skipped.append(
                    "imitation: there are no held-out completions yet; run limbeck filter, and "
                    "export from the run folder"
                )
        elif task.endswith(".jsonl"):
            made += _file(folder, context, Path(task))
        else:
            skipped.append(f"{task}: it is lm-eval's own already")
    if section.in_context is not None:
        skipped.append("in_context: lm-eval has no form for its controls and selectors")
    if not made:
        told = f" ({'; '.join(skipped)})" if skipped else ""
        raise UserError(f"the recipe {context.recipe.name} has no task to export{told}")
    functions = Path(lm_eval_functions.__file__).read_text(encoding="utf-8")
    write_text(folder / f"{forms.FUNCTIONS}.py", functions)
    write_text(folder / "README.md", README.format(tasks="\n\n".join(map(_told, made))))
    return made, skipped


def _told(task: Exported) -> str:
    chat = " --apply_chat_template" if task.chat else ""
    lines = [
        f"## {task.name}",
        "",
        f"{task.about[:1].upper()}{task.about[1:]}; {task.items} items.",
        "",
        f"    lm_eval --model hf --model_args pretrained=MODEL --include_path . "
        f"--tasks {task.name}{chat}",
    ]
    lines += ["", *(f"- {one}" for one in task.unlike)] if task.unlike else []
    return "\n".join(lines)


def _test(context: Context) -> list[Record]:
    folder = context.run.folder("format")
    return read_split(folder, "test") if (folder / "test.parquet").is_file() else []


def _most(context: Context, task: str) -> int:
    section = context.recipe.eval
    return section.options_of(task).max_tokens or section.max_tokens


def _greedy(most: int, stop: Sequence[str] = ()) -> dict[str, Any]:
    return {"until": list(stop), "max_gen_toks": most, "do_sample": False}


def _imitation(folder: Path, context: Context, test: Sequence[Record]) -> Iterator[Exported]:
    own = _own_tasks()
    section = context.recipe.eval
    chat = section.prompt == "chat"
    nll = own.imitation_nll(test)
    docs = []
    for doc in nll.test_docs():
        # The task's own scale: what it makes of one nat.
        scale = nll.process_results(doc, [(-1.0, False)])["nll_per_token"]
        docs.append({**doc, "per_token": scale})
    about = "the teacher's completions of held-out prompts, in nats per token"
    yield from export(
        folder, "imitation_nll", forms.NLL, docs, nll.prompt_of, about=about, chat=chat
    )
    most = _most(context, "imitation")
    rouge = own.imitation_rouge_l(test, most)
    yield from export(
        folder,
        "imitation_rouge_l",
        forms.ROUGE_L,
        list(rouge.test_docs()),
        rouge.prompt_of,
        about="ROUGE-L of the greedy answer to the teacher's completion of held-out prompts",
        chat=chat,
        settings=_greedy(most),
    )


def _file(folder: Path, context: Context, path: Path) -> Iterator[Exported]:
    from limbeck.evals.items import read_items
    from limbeck.evals.questions import is_questions, read_questions

    section = context.recipe.eval
    if is_questions(path):
        yield from _questions(folder, context, path, read_questions(path))
        return
    own = _own_tasks()
    most, limit = _most(context, str(path)), section.options_of(str(path)).limit
    items = drawn(read_items(path), limit, lambda item: [item.id, item.question])
    likely = own.choice_by_likelihood(path.stem, items)
    written = own.choice_by_writing(f"{path.stem}_written", items, most)
    chat = section.prompt == "chat"
    yield from export(
        folder,
        path.stem,
        forms.LIKELIHOOD,
        list(likely.test_docs()),
        likely.prompt_of,
        about="multiple choice, by the likelihood of each option",
        chat=chat,
    )
    yield from export(
        folder,
        f"{path.stem}_written",
        forms.WRITTEN,
        list(written.test_docs()),
        written.prompt_of,
        about="multiple choice, by the option that the model writes",
        chat=chat,
        settings=_greedy(most),
    )


def _questions(
    folder: Path, context: Context, path: Path, questions: Sequence[Record]
) -> Iterator[Exported]:
    """The questions as base and teacher are asked them; once more as the student is, where it was
    trained on another form."""
    section = context.recipe.eval
    limit = section.options_of(str(path)).limit
    questions = drawn(questions, limit, lambda one: [one.id, one.prompt])
    before: Any = None
    for role, name in (("teacher", path.stem), ("student", f"{path.stem}_as_student")):
        asking = asking_of(context, role)  # type: ignore[arg-type]
        prompts: dict[str, forms.Prompt] = {}
        for question in questions:
            prompt = asking.prompt(question)
            prompts[question.id] = (
                prompt if isinstance(prompt, str) else messages_json(tuple(prompt))
            )
        if (prompts, asking.stop) == before:
            continue
        before = (prompts, asking.stop)
        yield from export(
            folder,
            name,
            forms.QUESTIONS,
            [_doc(question) for question in questions],
            lambda doc, prompts=prompts: prompts[doc["id"]],  # type: ignore[misc]
            about=f"questions with exact targets, asked as the {role} is: {asking.about}",
            chat=section.prompt == "chat",
            settings=_greedy(_most(context, str(path)), asking.stop),
        )


def _json(prompt: Prompt) -> forms.Prompt:
    return prompt if isinstance(prompt, str) else messages_json(tuple(prompt))


def _doc(question: Record) -> Mapping[str, Any]:
    return {
        "id": question.id,
        "question": question.prompt,
        "target": question.target,
        "kind": str(question.meta.get("kind", "auto")),
        "options": list(question.meta.get("options", ())),
        "cluster": str(question.meta.get("template", "")),
    }


def _own_tasks() -> Any:
    try:
        from limbeck.evals import tasks
    except ImportError as error:
        raise MissingExtra("lm-eval", "eval") from error
    return tasks
