"""Rows that other tools write whole: limbeck's records, and the files of batch endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from limbeck.reading.chat import asked_of, told, turns_of
from limbeck.reading.row import Read, Row, row_id
from limbeck.reading.unreadable import Unreadable, shown
from limbeck.record import Record

_CLASSES = {"classification": True, "generation": False}


def is_record(raw: Mapping[str, Any]) -> bool:
    """Whether it is a record of limbeck, a row of `format`, or one of a published folder."""
    has_chat = "messages" in raw or all(name in raw for name in ("prompt", "prompt_version"))
    return has_chat and "provenance" in raw and "completion" in raw


def is_batch(raw: Mapping[str, Any]) -> bool:
    """Whether it is a line of a batch endpoint's files."""
    return "custom_id" in raw and any(name in raw for name in ("response", "body", "error"))


def record_row(raw: Mapping[str, Any], place: int) -> Read:
    """A record of a run, or of a published folder, where provenance and meta are JSON text."""
    try:
        record = record_of(raw)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise Unreadable("not_a_record", f"not a limbeck record ({reason})") from error
    meta, provenance = record.meta, record.provenance
    is_seed = provenance.generator == "seed"
    output = record.target if is_seed else record.completion
    turns = [(m.role, m.content) for m in record.messages]
    chat = asked_of(turns)
    asked, given = meta.get("instruction"), meta.get("input") or ""
    if not isinstance(asked, str):
        asked = record.prompt
        given = told([turn for turn in turns if turn[0] != "system"][:-1])
    if not asked.strip():
        raise Unreadable("empty_instruction", "the instruction is empty")
    options = meta.get("options") or ()
    row = Row(
        row_id(chat.system, asked, str(given), output or ""),
        asked,
        str(given),
        output or "",
        system=chat.system,
        finish_reason=str(meta.get("finish_reason", "stop")),
        classification=_CLASSES.get(str(meta.get("task"))),
        place=place,
        target=None if is_seed else record.target,
        kind=str(meta.get("kind", "")),
        options=tuple(options),
        model=provenance.teacher,
        origin=provenance.generator,
        request=provenance.request,
        record=record.id,
        template=str(meta.get("template", "")),
    )
    return Read("limbeck records", [row], output is not None, tuple(turns))


def record_of(raw: Mapping[str, Any]) -> Record:
    """The record of a flat row: `messages` with the answer last, or `prompt` and `completion` as
    turns, or as a base model's texts. Raises KeyError, TypeError or ValueError."""
    provenance, meta = raw["provenance"], raw.get("meta") or {}
    if not isinstance(provenance, str):
        return Record.from_json(raw)
    meta = json.loads(meta) if isinstance(meta, str) else dict(meta)
    turns, columns = meta.pop("messages", None), meta.pop("columns", {})
    if turns is None:
        turns = raw["messages"][:-1] if "messages" in raw else turns_in(raw["prompt"])
    said = turns_in(raw["completion"]) if "messages" not in raw else raw["completion"]
    return Record.from_json(
        {
            "id": raw["id"],
            "messages": [{"role": "user", "content": turns}] if isinstance(turns, str) else turns,
            "completion": said if isinstance(said, str) else said[-1]["content"],
            "target": raw.get("target"),
            "provenance": orjson.loads(provenance),
            "meta": meta,
            "columns": columns,
        }
    )


def turns_in(value: Any) -> Any:
    """The turns of a published column, each of which is JSON where they have calls or reasoning;
    a base model's text as it is."""
    if not isinstance(value, list):
        return value
    return [json.loads(turn) if isinstance(turn, str) else turn for turn in value]


def batch_rows(raw: Mapping[str, Any], place: int) -> Read | None:
    """A request or an answer of OpenAI's batch endpoint; None where the row is neither.

    An answer does not say what was asked, so its rows have no instruction.
    """
    body = raw.get("body")
    if isinstance(body, Mapping) and "messages" in body:
        chat = asked_of(turns_of(body["messages"]))
        texts = (chat.system, chat.instruction, chat.input, chat.said or "")
        row = Row(
            row_id(*texts), *texts[1:], system=chat.system, place=place, model=_text(body, "model")
        )
        return Read("batch requests, without an output", [row], chat.said is not None, chat.before)
    answer = raw.get("response")
    if raw.get("error") is not None or (isinstance(answer, Mapping) and _failed(answer)):
        raise Unreadable(
            "failed_request", f"the request failed: {shown(raw.get('error') or answer)}"
        )
    body = answer.get("body") if isinstance(answer, Mapping) else None
    choices = body.get("choices") if isinstance(body, Mapping) else None
    if not isinstance(choices, list) or not isinstance(body, Mapping):
        return None
    rows = []
    for choice in choices:
        message = choice.get("message") if isinstance(choice, Mapping) else None
        if not isinstance(message, Mapping):
            raise Unreadable("not_text", f"a choice without a message: {shown(choice)}")
        ((_, said),) = turns_of([{**message, "role": "assistant"}])
        finish = str(choice.get("finish_reason") or "stop")
        rows.append(
            Row(
                row_id("", "", "", said),
                "",
                "",
                said,
                finish_reason=finish,
                place=place,
                model=_text(body, "model"),
            )
        )
    return Read("batch answers, as the output alone", rows, True)


def _failed(answer: Mapping[str, Any]) -> bool:
    status = answer.get("status_code")
    return isinstance(status, int) and status != 200


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""
