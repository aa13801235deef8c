"""Do a student's training rows hold the items of lm-eval tasks?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.filters.contamination import Known, questions_of, with_options
from limbeck.questions.likeness import REASONS
from limbeck.questions.overlap import word_runs
from limbeck.seeds import seeds_of
from limbeck.store import read_jsonl

Item = Mapping[str, Any]


def compared(items: Mapping[str, Sequence[Item]], train: Path) -> list[dict[str, Any]]:
    """One entry for each task, see `build_report`'s `contamination`.

    `items` are by task as in eval/items.json; `train` is JSONL of any form that seeds have. Raises
    DataError for a row without a prompt.
    """
    rows, questions = _training_questions(train)
    known = Known((row, text) for text, row in questions.items())
    wanted = {
        run for found in items.values() for one in found for run in word_runs(one["question"])
    }
    shared = {run for text in questions for run in word_runs(text) if run in wanted}
    entries = []
    for task, found in items.items():
        hits = [known.find(with_options(i["question"], i["options"]), "context") for i in found]
        own = [word_runs(one["question"]) for one in found]
        reached = [REASONS.index(hit.reason) for hit in hits if hit is not None]
        entries.append(
            {
                "task": task,
                "items": len(found),
                "rows": rows,
                "questions": len(questions),
                **{str(r): sum(one <= n for one in reached) for n, r in enumerate(REASONS)},
                "ngram": sum(not shared.isdisjoint(runs) for runs in own),
                "short": sum(not runs for runs in own),
                "found": [
                    {"place": n, "item": found[n]["id"], "rule": h.reason, "row": h.nearest}
                    for n, h in enumerate(hits)
                    if h is not None
                ],
            }
        )
    return entries


def _training_questions(train: Path) -> tuple[int, dict[str, str]]:
    """How many rows there are, and for each of their questions a row's id, else its line."""
    rows = 0
    questions: dict[str, str] = {}
    for number, row in read_jsonl(train):
        try:
            asked = [text for seed in seeds_of(row) for text in questions_of(seed)]
        except (KeyError, TypeError, ValueError) as error:
            told = f"the key {error} is missing" if isinstance(error, KeyError) else error
            raise DataError(f"{train}, line {number}: {told}", path=train, line=number) from error
        rows += 1
        for text in asked:
            questions.setdefault(text, str(row.get("id", f"line {number}")))
    if not rows:
        raise DataError(f"{train} has no training row", path=train)
    return rows, questions
