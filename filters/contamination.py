"""Record filter `contamination`: questions that are the evaluation's own.

The rules are the report's, of `limbeck.contamination`: which of them refuse is the recipe's choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from limbeck.contamination.coding import Vocabulary
from limbeck.contamination.index import Index, variants_of
from limbeck.contamination.known import Known
from limbeck.contamination.texts import (
    Item,
    Text,
    question_text,
    questions_of,
    row_of,
    texts_of,
    with_options,
)
from limbeck.errors import DataError, UserError
from limbeck.questions.affixes import Asked, asked
from limbeck.questions.likeness import Reason
from limbeck.record import Record, Verdict
from limbeck.seeds import seeds_of
from limbeck.store import read_jsonl

_TOLD = {
    "same": "word for word",
    "template": "but for numbers, dates and names",
    "context": "but for numbers, dates, names and the last sentence",
    "coverage": "with more than half of an item's 8 words in a row",
    "cosine": "in other words with the same numbers",
}
_ORDER = tuple(_TOLD)
_REMEMBERED = 4096  # questions: the rows of one stand together


@dataclass(frozen=True, slots=True)
class _Hit:
    """The rule that refuses, the item's file and id, and the score of the rules that have one."""

    reason: str
    nearest: str
    score: float | None = None


def read_asked(path: Path) -> list[tuple[str, Asked]]:
    """(id, question) of every row of a JSONL file of questions, multiple-choice items, or a task's
    rows, whose question is their input: with which options it is asked says nothing there.

    The id is the row's own, else the place from 0. Raises DataError with the
    line of a row without a question, and for a missing or an empty file.
    """
    found: list[tuple[str, Asked]] = []
    for number, row in read_jsonl(path):
        name = str(row.get("id", len(found)))
        try:
            found += [(name, question) for question in _asked(row)]
        except (KeyError, TypeError, ValueError) as error:
            reason = f"the key {error} is missing" if isinstance(error, KeyError) else error
            raise DataError(f"{path}, line {number}: {reason}", path=path, line=number) from error
    if not found:
        raise DataError(f"{path} has no question", path=path)
    return found


def _asked(row: Mapping[str, Any]) -> list[Asked]:
    question = row.get("question")
    if isinstance(question, str) and question.strip():
        return [with_options(question, row.get("options"))]
    return [asked(question_text(seed.messages)) for seed in seeds_of(row)]


@dataclass
class Contamination:
    """Refuses a row whose question is one of the evaluation's, or that of a demo in its prompt.

    `by` says how far masks go: "same" refuses what is there word for word, "template" also what
    differs in numbers, dates and names only, "context" also what differs in them and in its last
    sentence, which is the one that asks. The reason is the strictest that holds, and `nearest` is
    the question's file and id: "dates_test/17".

    Two more rules look at the completion, too, and are off until they are asked for: `coverage`
    refuses a row with more than half of an item's 8 words in a row, `cosine` one that is an item in
    other words, by TF-IDF and the numbers in both. The verdict has their score.

    `against` are the files to compare with: JSONL of questions, items or a task's rows. The
    pipeline gives those among the recipe's eval.tasks where there are none. They are read when the
    first row is judged; UserError for none, DataError for one that cannot be read.
    """

    stateless = True  # what it counts says nothing of later verdicts

    by: Reason = "template"
    against: tuple[Path, ...] = ()
    coverage: bool = False
    cosine: bool = False
    name: str = field(default="contamination", init=False)
    _known: Known | None = field(default=None, init=False, repr=False)
    _words: _Words | None = field(default=None, init=False, repr=False)
    _found: dict[str, _Hit | None] = field(default_factory=dict, init=False, repr=False)
    _counts: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        if not records:
            return []
        self._read()
        near: list[list[_Hit]] = [[] for _ in records]
        if self._words is not None:
            texts = [texts_of(row_of(record)) for record in records]
            places = [place for place, found in enumerate(texts) for _ in found]
            for place, hits in zip(places, self._words.find([*chain(*texts)]), strict=True):
                near[place] += hits
        return [self._judge(record, hits) for record, hits in zip(records, near, strict=True)]

    def _judge(self, record: Record, near: Sequence[_Hit]) -> Verdict:
        hits = [hit for text in questions_of(record) if (hit := self._find(text)) is not None]
        hits += sorted(near, key=lambda hit: -(hit.score or 0))
        hit = min(hits, key=lambda hit: _ORDER.index(hit.reason), default=None)
        self._counts["" if hit is None else hit.reason] += 1
        if hit is None:
            return Verdict(record.id, self.name, keep=True)
        return Verdict(
            record.id, self.name, False, reason=hit.reason, score=hit.score, nearest=hit.nearest
        )

    def _find(self, text: str) -> _Hit | None:
        if text not in self._found:  # a question has many rows, where many paths are sampled
            assert self._known is not None
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            hit = self._known.find(text, self.by)
            self._found[text] = None if hit is None else _Hit(hit.reason, hit.nearest)
        return self._found[text]

    def _read(self) -> None:
        if self._known is not None:
            return
        if not self.against:
            raise UserError(
                "the filter contamination has nothing to compare with: eval.tasks names no "
                "JSONL file of questions or items. Add one there, or set its option `against`"
            )
        files = [(path.stem, read_asked(path)) for path in self.against]
        self._known = Known((f"{stem}/{name}", text) for stem, rows in files for name, text in rows)
        if self.coverage or self.cosine:
            rules = [rule for rule in ("coverage", "cosine") if getattr(self, rule)]
            self._words = _Words(files, rules)

    def told(self) -> str:
        """What was refused so far, in a sentence; "" for nothing."""
        return self.summary(self._counts)

    def summary(self, counts: Mapping[str, int]) -> str:
        """The same of verdicts counted by reason, "" for those that are kept."""
        refused = {reason: counts[reason] for reason in _ORDER if counts.get(reason)}
        count, rows = sum(refused.values()), sum(counts.values())
        if not count:
            return ""
        ways = ", ".join(f"{number} {_TOLD[reason]}" for reason, number in refused.items())
        text = f"{count} of {rows} rows share a question with the evaluation ({ways}) and"
        if 2 * count <= rows:
            return f"{text} were refused"
        return (
            f"{text} were refused. That is most of the data: take other questions, of templates "
            "that the test has not (limbeck questions), or another test"
        )


class _Words:
    """The rules by words, over every file's items as the report has them for a task."""

    def __init__(
        self, files: Sequence[tuple[str, list[tuple[str, Asked]]]], rules: Sequence[str]
    ) -> None:
        self._rules = rules
        asks = [
            [Item(f"{stem}/{name}", text.question, text.options) for name, text in rows]
            for stem, rows in files
        ]
        variants = [variants_of(items) for items in asks]
        self._vocabulary = Vocabulary(chain.from_iterable(found.texts for found in variants))
        self._tests = [
            (items, Index(found, self._vocabulary))
            for items, found in zip(asks, variants, strict=True)
        ]

    def find(self, texts: Sequence[Text], block: int = 256) -> list[list[_Hit]]:
        """What every text is by the rules: its best item of each file."""
        found: list[list[_Hit]] = [[] for _ in texts]
        for begin in range(0, len(texts), block):
            part = texts[begin : begin + block]
            coded = self._vocabulary.code([text.text for text in part])
            for items, index in self._tests:
                look = index.look(coded, part)
                for rule in self._rules:
                    matrix = look.coverage if rule == "coverage" else look.cosine
                    if matrix is None:
                        continue
                    best = matrix.argmax(axis=1)
                    for place in np.flatnonzero(matrix.any(axis=1)).tolist():
                        item = int(best[place])
                        score = round(float(matrix[place, item]), 4)
                        found[begin + place].append(_Hit(rule, items[item].id, score))
        return found
