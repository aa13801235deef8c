"""Record filter `contamination`: questions that are the evaluation's own.

Word for word, or made from one template: then the questions are equal where numbers, dates and
names are masked (`limbeck.questions.masking`). What prompts put around a question, and options
behind it, are set aside first (`limbeck.questions.affixes`). `Known` is what compares, for the
report as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.demos import Template
from limbeck.errors import DataError, UserError
from limbeck.questions.affixes import Asked, asked
from limbeck.questions.likeness import REASONS, Likeness, Reason
from limbeck.record import Message, Record, Verdict
from limbeck.seeds import seeds_of
from limbeck.store import read_jsonl

_BASE = Template()
_TOLD = {
    "same": "word for word",
    "template": "but for numbers, dates and names",
    "context": "but for numbers, dates, names and the last sentence",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A known question, and how another is the same."""

    reason: Reason
    nearest: str


class Known:
    """Questions that others are compared with, given as (name, text or what is `asked` in it).

    How they are compared is said at `limbeck.questions.likeness.Likeness`.
    """

    def __init__(self, questions: Iterable[tuple[str, str | Asked]]) -> None:
        self._questions = list(questions)
        self._likeness = Likeness(question for _, question in self._questions)

    def find(self, text: str | Asked, by: Reason = "template") -> Hit | None:
        """The first known question that is like `text`, in the strictest way there is up to `by`;
        None for none."""
        question = asked(text) if isinstance(text, str) else text
        for reason in REASONS[: REASONS.index(by) + 1]:
            place = self._likeness.find(question, reason)
            if place is not None:
                return Hit(reason, self._questions[place][0])
        return None


def question_text(messages: Sequence[Message]) -> str:
    """What a conversation asks: all its turns but the system's."""
    return "\n".join(message.content for message in messages if message.role != "system")


def questions_of(record: Record) -> tuple[str, ...]:
    """All that a record asks: its conversation; where it lists demos (`meta.demos`) the query, and
    the input of each demo that is to be seen.

    These are the user's turns of a chat. In a base prompt, which is MetaICL's, a demo's input is
    all but the last line of it: of one with an output of several lines it is not seen.
    """
    demos, query = record.meta.get("demos"), record.meta.get("input")
    turns = [message for message in record.messages if message.role != "system"]
    whole = question_text(record.messages)
    if not isinstance(demos, Sequence):
        return (whole,)
    if len(turns) > 1 and len(turns) == 2 * len(demos) + 1:
        return tuple(turn.content for turn in reversed(turns) if turn.role == "user")
    if len(turns) > 1 or not isinstance(query, str) or not whole.endswith(query + _BASE.to_output):
        return (whole,)
    above = str(record.meta.get("instruction", ""))
    before = whole.removesuffix(query + _BASE.to_output).removeprefix(above).lstrip("\n")
    shown = before.split(_BASE.to_example)[:-1]
    return (query, *(demo.rpartition(_BASE.to_output)[0] for demo in reversed(shown)))


def with_options(question: str, options: Any) -> Asked:
    """What is asked in a question whose options, a list of texts, are beside it: they count where
    the text has none of its own."""
    found = asked(question)
    if found.options or not isinstance(options, Sequence) or isinstance(options, str):
        return found
    return Asked(found.question, tuple(text for text in options if isinstance(text, str)))


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

    `by` says how far it goes: "same" refuses what is there word for word, "template" also what
    differs in numbers, dates and names only, "context" also what differs in them and in its last
    sentence, which is the one that asks. The reason is the strictest that holds, and `nearest` is
    the question's file and id: "dates_test/17".

    `against` are the files to compare with: JSONL of questions, items or a task's rows. The
    pipeline gives those among the recipe's eval.tasks where there are none. They are read when the
    first row is judged; UserError for none, DataError for one that cannot be read.
    """

    by: Reason = "template"
    against: tuple[Path, ...] = ()
    name: str = field(default="contamination", init=False)
    _known: Known | None = field(default=None, init=False, repr=False)
    _found: dict[str, Hit | None] = field(default_factory=dict, init=False, repr=False)
    _counts: Counter[str] = field(default_factory=Counter, init=False, repr=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        hits = [hit for text in questions_of(record) if (hit := self._find(text)) is not None]
        hit = min(hits, key=lambda hit: REASONS.index(hit.reason), default=None)
        self._counts["rows" if hit is None else hit.reason] += 1
        if hit is None:
            return Verdict(record.id, self.name, keep=True)
        return Verdict(record.id, self.name, False, reason=hit.reason, nearest=hit.nearest)

    def _find(self, text: str) -> Hit | None:
        if text not in self._found:  # a question has many rows, where many paths are sampled
            self._found[text] = self._tests().find(text, self.by)
        return self._found[text]

    def _tests(self) -> Known:
        if self._known is None:
            if not self.against:
                raise UserError(
                    "the filter contamination has nothing to compare with: eval.tasks names no "
                    "JSONL file of questions or items. Add one there, or set its option `against`"
                )
            self._known = Known(
                (f"{path.stem}/{name}", text)
                for path in self.against
                for name, text in read_asked(path)
            )
        return self._known

    def told(self) -> str:
        """What was refused so far, in a sentence; "" for nothing."""
        refused = {reason: self._counts[reason] for reason in REASONS if self._counts[reason]}
        count, rows = sum(refused.values()), self._counts.total()
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
