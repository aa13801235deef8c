"""`Comparison`: training rows, as they come, compared with the items of every task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from limbeck.contamination.coding import Vocabulary
from limbeck.contamination.evidence import excerpt
from limbeck.contamination.index import Index, Look, variants_of
from limbeck.contamination.known import Known
from limbeck.contamination.products import Floats
from limbeck.contamination.texts import Item, Row, Text, texts_of
from limbeck.questions.affixes import Asked
from limbeck.questions.likeness import REASONS
from limbeck.record import content_hash

RULES = ("same", "exact", "template", "coverage", "cosine", "context")
"""In the order in which one is named for an item; `context` alone does not count as a leak."""
_CELLS = 4_000_000  # of a block's matrix: 32 MB each


class Found(NamedTuple):
    """An item's best training text by a rule."""

    score: float
    text: Text


@dataclass
class _Task:
    """A task's items, and what the rows so far are to them."""

    items: Sequence[Item]
    asks: Sequence[Asked]
    index: Index
    similar: Floats
    found: dict[tuple[int, str], Found] = field(default_factory=dict)
    common: set[int] = field(default_factory=set)

    def take(self, look: Look, texts: Sequence[Text]) -> None:
        self.similar = np.maximum(self.similar, look.similar.max(axis=0, initial=0.0))
        self.common.update(look.common.tolist())
        for place, item in look.exact:
            self._keep(item, "exact", 1.0, texts[place])
        for rule, matrix in (("coverage", look.coverage), ("cosine", look.cosine)):
            if matrix is not None:
                best = matrix.argmax(axis=0)
                for item in np.flatnonzero(matrix.any(axis=0)).tolist():
                    text = int(best[item])
                    self._keep(item, rule, float(matrix[text, item]), texts[text])

    def _keep(self, item: int, rule: str, score: float, text: Text) -> None:
        """The best stays, and the first of equals."""
        before = self.found.get((item, rule))
        if before is None or score > before.score:
            self.found[item, rule] = Found(score, text)


class Comparison:
    """Compares rows with tasks by all rules. Add the rows, then read `entries` and `similarities`.

    The rows may come in any order and in any number of calls: nothing depends on it but which of
    equally good rows is named, the first. What is kept is a key and the masked form of every
    different question, and the texts that are evidence; the rest is computed in blocks.
    """

    def __init__(self, tasks: Mapping[str, Sequence[Item]]) -> None:
        variants = {name: variants_of(items) for name, items in tasks.items()}
        self.vocabulary = Vocabulary(chain.from_iterable(v.texts for v in variants.values()))
        self.tasks = {
            name: _Task(
                items,
                variants[name].asks,
                Index(variants[name], self.vocabulary),
                np.zeros(len(items)),
            )
            for name, items in tasks.items()
        }
        most = max((len(v.texts) for v in variants.values()), default=1)
        self._block = min(512, max(16, _CELLS // max(most, 1)))
        self._seen: set[str] = set()
        self._questions: dict[str, str] = {}
        self._rows = 0

    def add(self, rows: Iterable[Row]) -> None:
        texts = self._texts(rows)
        while block := list(islice(texts, self._block)):
            coded = self.vocabulary.code([text.text for text in block])
            for task in self.tasks.values():
                task.take(task.index.look(coded, block), block)

    def _texts(self, rows: Iterable[Row]) -> Iterator[Text]:
        """Each different text once: the rows of a question's many paths share their prompt."""
        for row in rows:
            self._rows += 1
            for prompt in row.prompts:
                self._questions.setdefault(prompt, row.id)
            for text in texts_of(row):
                key = content_hash([text.side, text.listed, text.text], size=12)
                if key not in self._seen:
                    self._seen.add(key)
                    yield text

    def similarities(self) -> dict[str, Floats]:
        """For every task the largest cosine of each item with any text of a training row."""
        return {name: task.similar.copy() for name, task in self.tasks.items()}

    def entries(self) -> list[dict[str, Any]]:
        """One entry for each task, as report.json has it: how many items each rule flags, and for
        every flagged item the row, the side and the text that it was found in.

        `same`, `template` and `context` each include those before it; `flagged` are all but what
        only `context` finds. `ngram` are items of which a prompt has any 8 words in a row, `short`
        those with fewer than 8 words.
        """
        known = Known((text, text) for text in self._questions)
        return [self._entry(name, task, known) for name, task in self.tasks.items()]

    def _entry(self, name: str, task: _Task, known: Known) -> dict[str, Any]:
        hits: dict[int, dict[str, Found]] = {}
        for (place, rule), found in task.found.items():
            hits.setdefault(place, {})[rule] = found
        reached = Counter[str]()
        for place, ask in enumerate(task.asks):
            if (hit := known.find(ask, "context")) is not None:
                text = Text(self._questions[hit.nearest], "prompt", hit.nearest)
                hits.setdefault(place, {})[hit.reason] = Found(1.0, text)
                reached.update(REASONS[REASONS.index(hit.reason) :])
        given = [_named(task, place, hits[place]) for place in sorted(hits)]
        counts = Counter(rule for _, rule in task.found)
        return {
            "task": name,
            "items": len(task.items),
            "rows": self._rows,
            "questions": len(self._questions),
            **{reason: reached[reason] for reason in REASONS},
            "ngram": len(task.common),
            "short": int(task.index.short.sum()),
            **{rule: counts[rule] for rule in ("exact", "coverage", "cosine")},
            "flagged": sum(one["rule"] != "context" for one in given),
            "found": given,
        }


def _named(task: _Task, place: int, hits: Mapping[str, Found]) -> dict[str, Any]:
    """What is told of an item: its first rule with the text that it found, and all of them."""
    rules = [rule for rule in RULES if rule in hits]
    item, (score, text) = task.items[place], hits[rules[0]]
    question = "\n".join((task.asks[place].question, *task.asks[place].options))
    return {
        "place": place,
        "item": item.id,
        "rule": rules[0],
        "rules": rules,
        "score": round(score, 4),
        "side": text.side,
        "row": text.row,
        "text": excerpt(text.text, f"{question}\n{item.target}"),
        "question": excerpt(question, question),
    }
