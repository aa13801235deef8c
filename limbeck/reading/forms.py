"""One row of a dataset, in any of the forms that people have, as instances to audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from limbeck.record import Record, content_hash
from limbeck.seeds import instances_of, seeds_of

# Other names that people give the same columns; the first that a row has counts. `target` comes
# last: beside a model's response it is the reference.
_OUTPUTS = ("output", "completion", "response", "answer", "target")
_INPUTS = ("input", "context")
_ASKED = ("instruction", "prompt", "question", "query", "input")
_SAID = {"yes": True, "true": True, "classification": True}
_SAID |= {"no": False, "false": False, "generation": False}


@dataclass(frozen=True, slots=True)
class Row:
    """One instance: an instruction, the input it is about, and the output.

    Of a chat, `instruction` is the last user turn, `input` the turns before it and `output` what
    the assistant said last; `system` is its system turn. `id` is the hash of these four texts,
    with a number behind it where the dataset has the same row again. `place` is the line (or the
    place in the list, from 1) in the file.
    """

    id: str
    instruction: str
    input: str
    output: str
    system: str = ""
    finish_reason: str = "stop"
    classification: bool | None = None
    place: int = 0
    target: str | None = None
    kind: str = ""
    options: tuple[str, ...] = ()
    model: str = ""
    licence: str = ""
    origin: str = ""
    request: str = ""
    record: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """The instances of one row, how it was read ("instruction, input, output"), and whether it
    says any output, be it an empty one."""

    form: str
    rows: list[Row]
    answered: bool


def read_row(raw: Mapping[str, Any], place: int) -> Read:
    """Raises KeyError, TypeError, ValueError or AttributeError for a row that cannot be used."""
    if "messages" in raw and "provenance" in raw:
        record = Record.from_json(raw)
        seed = record.provenance.generator == "seed"
        output = record.target if seed else record.completion
        finish = record.meta.get("finish_reason", "stop")
        row = _chat(record, output, finish, record.meta.get("task"), place)
        return Read("limbeck records", [row], output is not None)
    keys = {key: value for key, value in raw.items() if value is not None}
    finish, kind = keys.get("finish_reason", "stop"), keys.get("is_classification")
    form = next((key for key in ("messages", "conversations") if key in keys), "")
    if isinstance(keys.get("prompt"), list):  # a chat in two parts
        form = "chat prompt, completion"
        keys["messages"] = [*keys["prompt"], *_turns(keys.pop("completion", []))]
    if form:
        records = list(seeds_of(keys))
        rows = [_chat(record, record.target, finish, kind, place) for record in records]
        return Read(form, rows, any(record.target is not None for record in records))
    form, usual = _usual(keys)
    rows, answered = [], False
    for instruction, given, output in instances_of(usual):
        answered |= output is not None
        rows.append(_row(("", instruction, given, _output(output)), finish, kind, place))
    return Read(form, rows, answered)


def _usual(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """How the row is read, and the row under the names that `instances_of` reads."""
    if "instances" in row:
        return "instruction, instances", row
    asked = _first(row, _ASKED)
    if asked is None:
        raise ValueError(
            "no instruction found: a row has messages, conversations or one of "
            f"{', '.join(_ASKED)}; this one has {', '.join(sorted(row)) or 'nothing'}"
        )
    given = _first(row, [name for name in _INPUTS if name != asked])
    said = _first(row, _OUTPUTS)
    form = ", ".join(name for name in (asked, given, said) if name is not None)
    if said is None:
        form += ", without an output"
        form += " (raw_instances is not parsed)" * ("raw_instances" in row)
    return form, {
        "instruction": row[asked], "input": row.get(given or ""), "output": row.get(said or "")
    }  # fmt: skip


def _output(value: Any) -> str:
    if isinstance(value, int | float):  # a label, a number
        return str(value)
    if not isinstance(value, str | None):
        raise ValueError(f"the output must be text, got {value!r}")
    return value or ""


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in row), None)


def _turns(completion: Any) -> list[Any]:
    if isinstance(completion, str):
        return [{"role": "assistant", "content": completion}]
    return list(completion)


def _chat(record: Record, output: str | None, finish: Any, kind: Any, place: int) -> Row:
    system = "\n".join(m.content for m in record.messages if m.role == "system")
    instruction, given = record.meta.get("instruction"), record.meta.get("input") or ""
    if not isinstance(instruction, str):
        instruction = record.prompt
        turns = [m for m in record.messages if m.role != "system"][:-1]
        given = "\n\n".join(f"{turn.role}: {turn.content}" for turn in turns)
    return _row((system, instruction, given, output or ""), finish, kind, place)


def _row(texts: tuple[str, str, str, str], finish: Any, kind: Any, place: int) -> Row:
    """Of system turn, instruction, input and output."""
    system, instruction, given, output = texts
    if not instruction.strip():
        raise ValueError("the instruction is empty")
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half a character (a lone surrogate)") from None
    name = f"r{content_hash(texts, size=8)}"
    return Row(name, instruction, given, output, system, str(finish), _classified(kind), place)


def _classified(kind: Any) -> bool | None:
    """What a row says itself: a flag, the reference's "Yes" and "No", or a task's name."""
    return kind if isinstance(kind, bool) else _SAID.get(str(kind).strip().casefold())
