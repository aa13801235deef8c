"""A teacher's likeliest tokens as soft targets of a student, where the two cut the text alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from limbeck.errors import UserError
from limbeck.record import Record
from limbeck.teachers.logprobs import SENTINEL, TokenLogprob, from_meta
from limbeck.trainers.example import Example, Soft
from limbeck.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    import torch

DO_INSTEAD = "set train.objective to sft, which learns from any teacher's texts"


def soft_targets(
    tokenizer: Any, record: Record, example: Example, *, eos_ids: Sequence[int]
) -> Soft | None:
    """The teacher's log-probabilities at each predicted token of the example, as far as the student
    cuts the completion into the same tokens: what comes after the first other one was thought after
    other tokens. A teacher that samples cuts a text now and then as its tokenizer would not. None
    where there is no value at all.

    The teacher's token and its likeliest are told by their bytes. What the student has no token
    for is left out, and so counts to the rest. The end token has soft targets where the teacher
    gave some for an end token of the student's, as local teachers and vLLM do.

    Raises UserError for a record without log-probabilities, and where the teacher said a token that
    the student's vocabulary has not (vocabulary mismatch).
    """
    said = _said(record)
    known = vocabulary(tokenizer)
    predicted = [
        token for token, loss in zip(example.ids[1:], example.loss[1:], strict=True) if loss
    ]
    body, end = predicted[:-1], predicted[-1:]
    lead = _lead(known, body, said)
    named = [known.id_of(lead * (at == 0) + token.text) for at, token in enumerate(said)]
    alike = _alike(known, body, named)
    if alike < len(body):
        _require_vocabulary(known, said)
    rows: list[dict[int, float]] = [{} for _ in predicted]
    for at in range(alike):
        rows[at] = _row(known, body[at], said[at], lead if at == 0 else "")
    if alike == len(body) < len(said) and [named[alike]] == end and end[0] in eos_ids:
        rows[-1] = _row(known, end[0], said[alike], "")
    width = max(map(len, rows), default=0)
    if not width:
        return None
    ids = np.zeros((len(rows), width), np.int64)
    logprobs = np.full((len(rows), width), -np.inf, np.float32)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = list(row)
        logprobs[at, : len(row)] = list(row.values())
    return Soft(ids, logprobs)


def stacked(examples: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor] | None:
    """The soft targets of a batch: `ids` (N, K) and `logprobs` (N, K) of its N predicted tokens,
    example by example, -inf where there is no value. None where no example has any."""
    import torch

    if all(example.soft is None for example in examples):
        return None
    width = max(example.soft.ids.shape[1] for example in examples if example.soft is not None)
    total = sum(sum(example.loss[1:]) for example in examples)
    ids = torch.zeros(total, width, dtype=torch.long)
    logprobs = torch.full((total, width), -torch.inf)
    start = 0
    for example in examples:
        if example.soft is not None:
            rows, columns = example.soft.ids.shape
            ids[start : start + rows, :columns] = torch.from_numpy(example.soft.ids)
            logprobs[start : start + rows, :columns] = torch.from_numpy(example.soft.logprobs)
        start += sum(example.loss[1:])
    return ids, logprobs


def _said(record: Record) -> list[TokenLogprob]:
    if "logprobs" not in record.meta:
        raise UserError(
            f"train.objective: topk_kl needs the teacher's log-probabilities, and the record "
            f"{record.id} has none; set generate.top_logprobs (the generator answers has it, where "
            f"the teacher gives them), or {DO_INSTEAD}"
        )
    try:
        return from_meta(record.meta["logprobs"])
    except ValueError as error:
        raise UserError(f"the record {record.id}: {error}") from error


def _lead(known: Vocabulary, body: Sequence[int], said: Sequence[TokenLogprob]) -> str:
    """A space where the student's first token begins with one that servers leave out of the
    teacher's, as SentencePiece's decoding does."""
    if not body:
        return ""
    own = known.bytes_of(body[0])
    return " " if own == b" " + said[0].text.encode("utf-8", "surrogatepass") else ""


def _alike(known: Vocabulary, body: Sequence[int], named: Sequence[int | None]) -> int:
    """How many tokens the two begin with alike, by their bytes."""
    for at, (own, theirs) in enumerate(zip(body, named, strict=False)):
        if theirs is None or known.bytes_of(own) != known.bytes_of(theirs):
            return at
    return min(len(body), len(named))


def _row(known: Vocabulary, token: int, said: TokenLogprob, lead: str) -> dict[int, float]:
    """Ids to log-probabilities at one place: the token that came, and the likeliest."""
    row: dict[int, float] = {}
    if said.logprob is not None and said.logprob > SENTINEL:
        row[token] = min(said.logprob, 0.0)
    for text, value in said.top:
        one = known.id_of(lead + text)
        if one is not None and value > SENTINEL:
            row.setdefault(one, min(value, 0.0))
    return row


def _require_vocabulary(known: Vocabulary, said: Sequence[TokenLogprob]) -> None:
    """Raises UserError where a token in the middle of what the teacher said is none of the
    student's; the first may lack its space, and the last be an end token of the teacher's own."""
    for token in said[1:-1]:
        if "\ufffd" not in token.text and known.id_of(token.text) is None:
            raise UserError(
                f"vocabulary mismatch: the teacher's token {token.text!r} is none of the "
                f"student's, so its probabilities say nothing about the student's tokens; choose "
                f"a student with the teacher's tokenizer, or {DO_INSTEAD}"
            )
