"""The text that a student learns: the chat as it is, or rationale and answer in fixed forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from limbeck.arrow import arrow_completion, arrow_prompt
from limbeck.errors import UserError
from limbeck.recipe import Format
from limbeck.record import Message, Record, content_hash, user
from limbeck.taught import taught_answer
from limbeck.text import prompt_key

TRUNCATED = ("length", "max_tokens")


def as_text(
    records: Sequence[Record],
    section: Format,
    seed: int,
    *,
    side: str = "train",
    on_left: Callable[[str], None] | None = None,
) -> list[Record]:
    """The records of one side with the text that `section` says; see `limbeck.arrow` and
    `limbeck.taught`.

    A record without a rationale, without an answer, or whose answer has an arrow itself is left
    out where `on_left` takes the reason; else it raises UserError. So do a record that was cut off
    or that is more than one user turn, and rationales that cannot be shuffled.
    """
    if section.text == "chat":
        return list(records)
    usable: list[tuple[Record, str, str]] = []
    for record in records:
        one_turn(record.messages, f"the record {record.id}")
        if record.meta.get("finish_reason") in TRUNCATED:
            raise UserError(
                f"the record {record.id} was cut off by the token limit, and format.text "
                f"{section.text} would teach it as if it were whole; add the filter complete"
            )
        rationale, answer = record.meta.get("rationale"), taught_answer(record)
        reason = _reason(section, rationale, answer)
        if not reason:
            usable.append((record, str(rationale), answer))
        elif on_left is not None:
            on_left(reason)
        else:
            raise UserError(unusable(f"the record {record.id} has {reason}"))
    kept = [record for record, _, _ in usable]
    answers = [answer for _, _, answer in usable]
    if section.text == "answer":
        texts = [f" {answer}" for answer in answers]
    else:
        own = [rationale for _, rationale, _ in usable]
        if section.rationales == "shuffled":
            own = _shuffled(kept, own, seed, side)
        texts = [arrow_completion(*pair) for pair in zip(own, answers, strict=True)]
    return [
        replace(
            record,
            messages=(user(arrow_prompt(record.prompt)),),
            completion=text,
            provenance=replace(record.provenance, template="raw"),
        )
        for record, text in zip(kept, texts, strict=True)
    ]


def unusable(what: str) -> str:
    """The sentence on records that have no such text; `what` names them and what is missing."""
    return (
        "format.text arrow and answer are for rationales with an answer (the generator "
        f"chain_of_thought makes them), and {what}; filter such records out (answer, vote), or set "
        "format.text to chat"
    )


def one_turn(messages: Sequence[Message], what: str) -> None:
    """Raises UserError, which names `what`, for more than one user turn: the text of a question
    would not hold the others."""
    if len(messages) > 1:
        has = "a system turn" if messages[0].role == "system" else "several turns"
        raise UserError(
            f"format.text arrow and answer write one question alone, and {what} has {has}, which "
            "would be lost; put all of it into the question, or set format.text to chat"
        )


def _reason(section: Format, rationale: object, answer: str) -> str:
    """What keeps a record from having the text; "" for nothing."""
    if section.text == "arrow":
        if not isinstance(rationale, str):
            return "no rationale"
        try:
            arrow_completion(rationale, answer)
        except ValueError:
            return "an answer that holds '-->'"
    return "" if answer else "no answer"


def _shuffled(records: Sequence[Record], own: Sequence[str], seed: int, side: str) -> list[str]:
    """For every record the rationale of one of another question."""
    keys = [content_hash([seed, prompt_key(record.messages)]) for record in records]
    order = sorted(range(len(own)), key=lambda place: (keys[place], records[place].id))
    # Questions stand together in this order, so as many places on as the largest has is another.
    far = max(Counter(keys).values(), default=0)
    if 2 * far > len(own):
        mend = "ask more questions" if side == "train" else f"make format.{side} larger, or 0"
        raise UserError(
            f"format.rationales is shuffled, but {far} of {len(own)} {side} rows are "
            f"of one question, and there is no other question's rationale for each of them; {mend}"
        )
    given = dict(zip(order, order[far:] + order[:far], strict=True))
    return [own[given[place]] for place in range(len(own))]
