"""Record filter `rouge`: what says nearly the same as a row before it, by ROUGE-L."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Literal

from limbeck.filters.rouge_pool import Neighbours, RougePool
from limbeck.filters.rouge_search import Hit
from limbeck.filters.rouge_tokens import Tokenizer
from limbeck.record import Record, Verdict

__all__ = ["Hit", "Neighbours", "Rouge", "RougePool"]


@dataclass
class Rouge:
    """Refuses a row too similar to a kept one before it (Self-Instruct's novelty filter).

    A row is refused when its greatest ROUGE-L F-measure with the rows kept so far is above
    `threshold`; the reason is "similar", `score` is that greatest one, `nearest` the row it is
    with. `on` says what is compared: "instruction" (the record's `instruction` where it has one,
    else its prompt) or "completion". Rows with the same `instruction` are instances of one task:
    the first one decides for all (repeats among them are for `exact`).

    `tokenizer` "rouge" decides as rouge_score does, for which text in other scripts than Latin
    has no words and is never refused; "unicode" sees every script. A kept row has a score and a
    nearest row only with `all_scores`, which compares every row with every kept one and takes far
    longer.
    """

    threshold: float = 0.7
    tokenizer: Tokenizer = "unicode"
    on: Literal["instruction", "completion"] = "instruction"
    all_scores: bool = False
    name: str = field(default="rouge", init=False)
    _pool: RougePool = field(init=False, repr=False)
    _ids: list[str] = field(default_factory=list, init=False, repr=False)
    _tasks: dict[str, Verdict] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._pool = RougePool(self.tokenizer, self.threshold)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        tasks = [self._task(record) for record in records]
        places = {task: place for place, task in reversed([*enumerate(tasks)]) if task is not None}
        decides = [
            task is None or (task not in self._tasks and places[task] == place)
            for place, task in enumerate(tasks)
        ]
        new = iter(self._decide([*compress(records, decides)]))
        verdicts = []
        for record, task, is_new in zip(records, tasks, decides, strict=True):
            verdict = next(new) if is_new else replace(self._tasks[task or ""], record=record.id)
            if task is not None:
                self._tasks.setdefault(task, verdict)
            verdicts.append(verdict)
        return verdicts

    def _decide(self, records: Sequence[Record]) -> list[Verdict]:
        if self.all_scores:
            return [self._judge_with_score(record) for record in records]
        hits = self._pool.add_novel([self._text(record) for record in records])
        return [self._verdict(record, hit) for record, hit in zip(records, hits, strict=True)]

    def _judge_with_score(self, record: Record) -> Verdict:
        text = self._text(record)
        nearest = self._pool.nearest(text)
        if nearest is not None and nearest[1] > self.threshold:
            return self._verdict(record, nearest)
        self._pool.add(text)
        item, score = nearest if nearest is not None else (-1, 0.0)
        row = self._ids[item] if score else None
        self._ids.append(record.id)
        return Verdict(record.id, self.name, keep=True, score=score, nearest=row)

    def _verdict(self, record: Record, hit: Hit | None) -> Verdict:
        if hit is None:
            self._ids.append(record.id)
            return Verdict(record.id, self.name, keep=True)
        return Verdict(record.id, self.name, False, hit[1], "similar", self._ids[hit[0]])

    def _text(self, record: Record) -> str:
        if self.on == "completion":
            return record.completion
        return _instruction(record) or record.prompt

    def _task(self, record: Record) -> str | None:
        """What makes instances of one task one; None for a row that stands for itself."""
        return _instruction(record) if self.on == "instruction" else None


def _instruction(record: Record) -> str | None:
    instruction = record.meta.get("instruction")
    return instruction if isinstance(instruction, str) and instruction else None
