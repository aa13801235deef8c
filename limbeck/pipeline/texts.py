"""The text that a student learns: the chat as it is, or rationale and answer in fixed forms; and
which rows it learns, and whose completions, where the recipe has a control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from limbeck.arrow import arrow_completion, arrow_prompt
from limbeck.errors import UserError
from limbeck.pipeline.subset import first_rows
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
    `limbeck.taught`. Of the train side these are its first `rows`; `completions` are exchanged on
    all sides but test, which the imitation task compares with.

    A record without a rationale, without an answer, or whose answer has an arrow itself is left
    out where `on_left` takes the reason; else it raises UserError. So do a record that was cut off
    or that is more than one user turn, fewer rows than `rows`, rationales or completions that
    cannot be shuffled, and a record without the target that it is to be taught.
    """
    usable = list(records) if section.text == "chat" else _usable(records, section, on_left)
    if side == "train" and section.rows is not None:
        usable = first_rows(usable, section.rows, seed)
    made = usable if section.text == "chat" else _written(usable, section, seed, side)
    if section.completions == "own" or side == "test":
        return made
    if section.completions == "target":
        return [replace(record, completion=_target(record, section)) for record in made]
    # What was cut off is left out of the training: it must not be another prompt's end either.
    whole = [record for record in made if record.meta.get("finish_reason") not in TRUNCATED]
    own = [record.completion for record in whole]
    others = _shuffled(whole, own, seed, side, "completion")
    given = {record.id: text for record, text in zip(whole, others, strict=True)}
    return [replace(record, completion=given.get(record.id, record.completion)) for record in made]


def _usable(
    records: Sequence[Record], section: Format, on_left: Callable[[str], None] | None
) -> list[Record]:
    usable = []
    for record in records:
        one_turn(record.messages, f"the record {record.id}")
        if record.meta.get("finish_reason") in TRUNCATED:
            raise UserError(
                f"the record {record.id} was cut off by the token limit, and format.text "
                f"{section.text} would teach it as if it were whole; add the filter complete"
            )
        reason = _reason(section, record.meta.get("rationale"), taught_answer(record))
        if not reason:
            usable.append(record)
        elif on_left is not None:
            on_left(reason)
        else:
            raise UserError(unusable(f"the record {record.id} has {reason}"))
    return usable


def _written(records: Sequence[Record], section: Format, seed: int, side: str) -> list[Record]:
    """Usable records as question ###, and rationale --> answer or the answer alone."""
    answers = [taught_answer(record) for record in records]
    if section.text == "answer":
        texts = [f" {answer}" for answer in answers]
    else:
        own = [str(record.meta["rationale"]) for record in records]
        if section.rationales == "shuffled":
            own = _shuffled(records, own, seed, side, "rationale")
        texts = [arrow_completion(*pair) for pair in zip(own, answers, strict=True)]
    return [
        replace(
            record,
            messages=(user(arrow_prompt(record.prompt)),),
            completion=text,
            provenance=replace(record.provenance, template="raw"),
        )
        for record, text in zip(records, texts, strict=True)
    ]


def _target(record: Record, section: Format) -> str:
    """What gold labels teach, in the form of `section.text`."""
    target = (record.target or "").strip()
    if not target:
        raise UserError(
            f"format.completions is target, and the record {record.id} has none; take seeds that "
            "have one each, or set format.completions to own"
        )
    return target if section.text == "chat" else f" {target}"


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


def _shuffled(
    records: Sequence[Record], own: Sequence[str], seed: int, side: str, what: str
) -> list[str]:
    """For every record the text of one of another question; every text goes to one record."""
    keys = [content_hash([seed, prompt_key(record.messages)]) for record in records]
    order = sorted(range(len(own)), key=lambda place: (keys[place], records[place].id))
    # Questions stand together in this order, so as many places on as the largest has is another.
    far = max(Counter(keys).values(), default=0)
    if 2 * far > len(own):
        mend = "ask more questions" if side == "train" else f"make format.{side} larger, or 0"
        raise UserError(
            f"format.{what}s is shuffled, but {far} of {len(own)} {side} rows are of one "
            f"question, and there is no other question's {what} for each of them; {mend}"
        )
    given = dict(zip(order, order[far:] + order[:far], strict=True))
    return [own[given[place]] for place in range(len(own))]
