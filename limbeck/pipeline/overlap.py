"""How much of the test the training rows give away, task by task, for the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from limbeck.errors import DataError, UserError
from limbeck.filters.contamination import Known, question_text, questions_of, with_options
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.pipeline.output import RECORDS
from limbeck.questions.affixes import Asked, asked
from limbeck.questions.likeness import REASONS
from limbeck.questions.overlap import word_runs
from limbeck.store import file_hash, read_records


class _Item(NamedTuple):
    """An item: its id, its text for the 8-word test, and what is compared otherwise."""

    id: str
    text: str
    asked: Asked


def given_away(context: Context, protocol: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry for each task that is a file of questions or items, compared with the rows that
    the student was trained on; see `build_report`.

    Raises UserError for a file that changed since the models were evaluated on it.
    """
    files = context.recipe.eval.files
    if not files:
        return []
    tests = {path: _items(path, protocol)[: context.recipe.eval.limit] for path in files}
    rows, questions = _training_questions(context)
    known = Known((row, text) for text, row in questions.items())
    # As masked_overlap counts, which would mask all training questions again for every task.
    runs = {run for items in tests.values() for item in items for run in word_runs(item.text)}
    shared = {run for text in questions for run in word_runs(text) if run in runs}
    entries: list[dict[str, Any]] = []
    for path, items in tests.items():
        hits = [known.find(item.asked, "context") for item in items]
        own = [word_runs(item.text) for item in items]
        given = [
            {"place": place, "item": item.id, "reason": hit.reason, "row": hit.nearest}
            for place, (item, hit) in enumerate(zip(items, hits, strict=True))
            if hit is not None
        ]
        reached = [REASONS.index(hit.reason) for hit in hits if hit is not None]
        counts = {str(reason): sum(r <= n for r in reached) for n, reason in enumerate(REASONS)}
        entries.append(
            {
                "task": path.stem,
                "items": len(items),
                "rows": rows,
                "questions": len(questions),
                **counts,
                "ngram": sum(not shared.isdisjoint(found) for found in own),
                "short": sum(not found for found in own),
                "found": given,
            }
        )
    return entries


def _training_questions(context: Context) -> tuple[int, dict[str, str]]:
    """How many training rows there are, and a row's id for each of their questions.

    The questions are those of the records: a split may have them in another form (`format.text`).
    """
    run = context.run
    trained = {record.id for record in read_split(run.folder("format"), "train")}
    questions: dict[str, str] = {}
    for record in read_records(run.folder("generate") / RECORDS):
        if record.id in trained:
            for question in questions_of(record):
                questions.setdefault(question, record.id)
    return len(trained), questions


def _items(path: Path, protocol: Mapping[str, Any]) -> list[_Item]:
    """Every item, in the order and under the ids of the evaluation."""
    from limbeck.evals.items import read_items
    from limbeck.evals.questions import is_questions, read_questions

    try:
        same = file_hash(path) in protocol["data"]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    if not same:
        raise UserError(f"{path} changed since the evaluation; run limbeck eval again")
    if is_questions(path):
        texts = [(item.id, question_text(item.messages)) for item in read_questions(path)]
        return [_Item(name, text, asked(text)) for name, text in texts]
    return [
        _Item(item.id, item.question, with_options(item.question, item.options))
        for item in read_items(path)
    ]
