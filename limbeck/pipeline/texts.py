"""The text that a student learns: the chat as it is, or rationale and answer in fixed forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from limbeck.arrow import arrow_completion, arrow_prompt
from limbeck.errors import UserError
from limbeck.recipe import Format
from limbeck.record import Record, content_hash, user
from limbeck.text import prompt_key


def as_text(records: Sequence[Record], section: Format, seed: int) -> list[Record]:
    """The records of one side with the text that `section` says; see `limbeck.arrow`.

    The answer is the target, but what the teacher answered where that was not found to be right,
    or where there is no target. Raises UserError for a record without a rationale or an answer,
    and where there is but one rationale to shuffle.
    """
    if section.text == "chat":
        return list(records)
    rationales: list[str] = [] if section.text == "answer" else _rationales(records, section, seed)
    texts = []
    for place, record in enumerate(records):
        answer = _answer(record)
        try:
            text = arrow_completion(rationales[place], answer) if rationales else f" {answer}"
        except ValueError as error:
            raise UserError(f"the record {record.id}: {error}") from error
        texts.append(text)
    return [
        replace(
            record,
            messages=(user(arrow_prompt(record.prompt)),),
            completion=text,
            provenance=replace(record.provenance, template="raw"),
        )
        for record, text in zip(records, texts, strict=True)
    ]


def _rationales(records: Sequence[Record], section: Format, seed: int) -> list[str]:
    """The rationale for every record: its own, or, shuffled, one of another question."""
    own = [_wanted(record, record.meta.get("rationale"), "rationale") for record in records]
    if section.rationales == "own":
        return own
    keys = [content_hash([seed, prompt_key(record.messages)]) for record in records]
    order = sorted(range(len(own)), key=lambda place: (keys[place], records[place].id))
    # Questions stand together in this order, so as many places on as the largest has is another.
    far = max(Counter(keys).values())
    if 2 * far > len(own):
        raise UserError(
            f"format.rationales is shuffled, but {far} of {len(own)} rows are of one question, "
            "and there is no other question's rationale for each of them"
        )
    given = dict(zip(order, order[far:] + order[:far], strict=True))
    return [own[given[place]] for place in range(len(own))]


def _answer(record: Record) -> str:
    check = record.meta.get("check")
    wrong = isinstance(check, Mapping) and check.get("status") != "correct"
    if record.target is not None and not wrong:
        return record.target
    said = record.meta.get("answer_text") if wrong else record.meta.get("answer")
    return _wanted(record, said, "answer").strip()


def _wanted(record: Record, value: object, what: str) -> str:
    if not isinstance(value, str):
        raise UserError(
            "format.text arrow and answer are for rationales with an answer (the generator "
            f"chain_of_thought makes them), and the record {record.id} has no {what}; filter "
            "such records out (answer, vote), or set format.text to chat"
        )
    return value
