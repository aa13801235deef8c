"""How much of the test the training rows give away, task by task, for the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.filters.contamination import REASONS, Known, question_text
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.pipeline.output import RECORDS
from limbeck.questions.overlap import NGRAM
from limbeck.store import file_hash, read_records
from limbeck.text import folded


def given_away(context: Context, protocol: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry for each task that is a file of questions or items, compared with the rows that
    the student was trained on; see `build_report`.

    Raises UserError for a file that changed since the models were evaluated on it.
    """
    files = context.recipe.eval.files
    if not files:
        return []
    tests = {path: _asked(path, protocol)[: context.recipe.eval.limit] for path in files}
    rows, questions = _training_questions(context)
    known = Known((row, text) for text, row in questions.items())
    runs = {run for asked in tests.values() for _, text in asked for run in _runs(text)}
    shared = {run for text in questions for run in _runs(text) if run in runs}
    entries: list[dict[str, Any]] = []
    for path, asked in tests.items():
        hits = [known.find(text, "context") for _, text in asked]
        own = [_runs(text) for _, text in asked]
        given = [
            {"place": place, "item": name, "reason": hit.reason, "row": hit.nearest}
            for place, ((name, _), hit) in enumerate(zip(asked, hits, strict=True))
            if hit is not None
        ]
        reached = [REASONS.index(hit.reason) for hit in hits if hit is not None]
        counts = {str(reason): sum(r <= n for r in reached) for n, reason in enumerate(REASONS)}
        entries.append(
            {
                "task": path.stem,
                "items": len(asked),
                "rows": rows,
                "questions": len(questions),
                **counts,
                "ngram": sum(not shared.isdisjoint(found) for found in own),
                "short": sum(not found for found in own),
                "found": given,
            }
        )
    return entries


def _runs(text: str) -> set[tuple[str, ...]]:
    """All 8 words in a row, as `limbeck questions --overlap` counts them (it would mask all of the
    training questions again for every task)."""
    words = re.findall(r"\w+", folded(text))
    return {tuple(words[at : at + NGRAM]) for at in range(len(words) - NGRAM + 1)}


def _training_questions(context: Context) -> tuple[int, dict[str, str]]:
    """How many training rows there are, and a row's id for each of their questions.

    The questions are those of the records: a split may have them in another form (`format.text`).
    """
    run = context.run
    trained = {record.id for record in read_split(run.folder("format"), "train")}
    questions: dict[str, str] = {}
    for record in read_records(run.folder("generate") / RECORDS):
        if record.id in trained:
            questions.setdefault(question_text(record.messages), record.id)
    return len(trained), questions


def _asked(path: Path, protocol: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(id, question) of every item, in the order and under the ids of the evaluation."""
    from limbeck.evals.items import read_items
    from limbeck.evals.questions import is_questions, read_questions

    try:
        same = file_hash(path) in protocol["data"]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    if not same:
        raise UserError(f"{path} changed since the evaluation; run limbeck eval again")
    if is_questions(path):
        return [(item.id, question_text(item.messages)) for item in read_questions(path)]
    return [(item.id, item.question) for item in read_items(path)]
