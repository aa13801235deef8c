"""A judge model marks the sheet of an audit: one question a row, asked once more if need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from limbeck.aio import map_ordered, run
from limbeck.audit.marks import MODEL, NOT_MARKED, Marks
from limbeck.audit.sheet import Marked
from limbeck.audit.verdict import read_verdict
from limbeck.errors import AskError, UserError
from limbeck.ledger import Ledger
from limbeck.money import Meter, dollars, price_of
from limbeck.progress import Reporter
from limbeck.prompts import fill
from limbeck.protocols import Reply, Request, Teacher
from limbeck.reading.forms import Row
from limbeck.recipe import Budget, TeacherSection
from limbeck.record import Message, content_hash, user
from limbeck.teachers.connect import NO_BUDGET, connect, identity, width
from limbeck.teachers.drain import draining

PROMPT = "audit_judge.v1"
AGAIN = "audit_judge_again.v1"
MAX_TOKENS = 512


@dataclass(slots=True)
class Judged:
    """Marks by row id, and what is missing among them: `unread` rows had two replies without a
    verdict, `unanswered` ones no reply."""

    name: str
    marks: dict[str, Marks] = field(default_factory=dict)
    unread: int = 0
    unanswered: int = 0

    @property
    def marked(self) -> Marked:
        """The marks, signed."""
        return Marked(self.marks, (f"{MODEL}{self.name}",))

    def to_json(self) -> dict[str, int | str]:
        return {
            "prompt": PROMPT,
            "asked": len(self.marks),
            "unread": self.unread,
            "unanswered": self.unanswered,
        }


def judge_rows(
    rows: Sequence[Row],
    section: TeacherSection,
    *,
    reporter: Reporter,
    ledger: Path | None = None,
    budget: Budget = NO_BUDGET,
) -> Judged:
    """Have the model of `section` mark the rows; replies come from the ledger where it has them.

    `budget` holds for all that judging these rows with this model ever spent. Raises UserError
    when not one row was answered, for dollars without a price, and whatever connecting raises.
    """
    rates = price_of(section)
    if budget.usd is not None and rates is None:
        raise UserError(
            f"a budget in dollars needs a price, and none is known for {section.model} at "
            f"{section.base_url}. Judge with a recipe, whose teacher can have one (price: "
            "{input: ..., output: ...}, dollars for a million tokens)"
        )
    meter = Meter(rates)
    payer = content_hash([PROMPT, dict(identity(section)), [row.id for row in rows]])
    with (
        Ledger(ledger) as book,
        reporter.stage("judge", "rows", len(rows)) as bar,
    ):

        async def main() -> Judged:
            teacher = connect(section, book, meter=meter, budget=budget, run=f"audit-{payer}")
            judged = Judged(teacher.name)

            async def ask(row: Row) -> tuple[Row, dict[str, bool] | AskError | None]:
                try:
                    return row, await _verdict(row, teacher)
                except AskError as error:
                    return row, error

            try:
                async with (
                    draining(teacher, reporter.say),
                    map_ordered(ask, rows, width(section)) as results,
                ):
                    async for row, found in results:
                        judged.marks[row.id] = found if isinstance(found, dict) else NOT_MARKED
                        judged.unread += found is None
                        judged.unanswered += isinstance(found, AskError)
                        if isinstance(found, AskError):
                            reporter.say(f"judge: row {row.id} got no answer: {found}")
                        bar.advance(1, meter.note())
            finally:
                await teacher.aclose()
            return judged

        judged = run(main())
    if meter.new and meter.cost:
        reporter.say(f"judge: {meter.new} new answers cost {dollars(meter.cost)}")
    if rows and judged.unanswered == len(rows):
        raise UserError(f"none of the {len(rows)} rows was answered by {judged.name}")
    return judged


async def _verdict(row: Row, teacher: Teacher) -> dict[str, bool] | None:
    """The verdict on a row; None where two replies held none. Raises AskError."""
    values = {"instruction": row.instruction, "input": row.input, "output": row.output}
    question = user(fill(PROMPT, values))
    reply = await teacher.ask(_request(question))
    verdict = _read(reply)
    if verdict is not None:
        return verdict
    said = Message("assistant", reply.text if reply.text.strip() else "(empty)")
    return _read(await teacher.ask(_request(question, said, user(fill(AGAIN, {})))))


def _read(reply: Reply) -> dict[str, bool] | None:
    return None if reply.finish_reason == "content_filter" else read_verdict(reply.text)


def _request(*messages: Message) -> Request:
    return Request(messages=messages, max_tokens=MAX_TOKENS, temperature=0.0)
