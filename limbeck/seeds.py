"""Seeds: the starting records, from JSONL in the forms that people have.

    {"prompt": "..."}                                   a prompt
    {"messages": [{"role": "user", "content": "..."}]}  a chat; it may end with the assistant
    {"conversations": [{"from": "human", "value": ...}]}  ShareGPT
    {"instruction": "...", "input": "...", "output": "..."}   Alpaca
    {"instruction": "...", "instances": [{"input": ..., "output": ...}]}  Self-Instruct
    {"task": "...", "input": "...", "output": "...", "options": [...]}  a task's row (MetaICL)

The completion that a seed row has already (what the assistant said last, too) is kept as its
`target`, never shown to the teacher. A row with a `target` keeps its completion beside it: the
generator `given` holds the one against the other. A key whose value is null is no key. A question
may have the `kind` of its answer, its `options`, its `template` and `family`, and a worked
`solution`, kept as `rationale`. All other columns, and the row's `id` as `prompt_id`, are kept
under their names (`Record.columns`) and stand in all that is made of the row.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from limbeck.columns import OWN, PROMPT_ID
from limbeck.errors import DataError
from limbeck.prompts import fill
from limbeck.record import CHAT_FIELDS, Message, Provenance, Record, content_hash, to_messages, user
from limbeck.store import read_jsonl

INSTRUCTION = "instruction.v1"
_SURROGATE = re.compile("[\ud800-\udfff]")
_CARRIED = {"kind": "kind", "template": "template", "family": "family", "solution": "rationale"}
_NOT_SENT = ("functions", "function_call", "audio", "modalities", "prediction")
_SHAREGPT = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "system": "system",
}


def read_seeds(
    path: Path,
    *,
    limit: int | None = None,
    on_bad: Callable[[DataError], None] | None = None,
    repeats: bool = False,
) -> list[Record]:
    """The seed records of a file, at most `limit`, in file order; equal ones once, or with
    `repeats` as often as they stand there, each under an id of its own.

    Raises DataError with the line's number and reason for a row that cannot be used, unless
    `on_bad` takes it; for a missing or an empty file; and for a column that is called as one of
    limbeck's own. Without `repeats` such a row is also one whose `target` is not that of an equal
    question before it: of other answers (`completion`, `output`, what an assistant said) several
    can be good, and the first stands.
    """
    seeds: dict[str, Record] = {}
    lines: dict[str, tuple[int, bool]] = {}
    times: Counter[str] = Counter()
    for number, row in read_jsonl(path, on_bad=on_bad):
        try:
            found = list(seeds_of(row))
            is_exact = row.get("target") is not None
            for seed in found:
                first, was_exact = lines.setdefault(seed.id, (number, is_exact))
                asks = _asks(seeds.get(seed.id, seed))
                if not repeats and (is_exact or was_exact) and asks != _asks(seed):
                    raise ValueError(
                        f"line {first} has the same question with another target or other options"
                    )
        except Clash as error:  # of the file, not of a line
            raise DataError(f"{path}, line {number}: {error}", path=path, line=number) from error
        except (KeyError, TypeError, ValueError) as error:
            bad = DataError(f"{path}, line {number}: {_reason(error)}", path=path, line=number)
            if on_bad is None:
                raise bad from error
            on_bad(bad)
            continue
        for seed in found:
            before = times[seed.id]
            times[seed.id] += 1
            if repeats and before:
                made = replace(seed.provenance, index=before)
                seed = replace(seed, id=content_hash([seed.id, before]), provenance=made)
            seeds.setdefault(seed.id, seed)
        if limit is not None and len(seeds) >= limit:
            break
    if not seeds:
        raise DataError(f"{path} has no usable seed", path=path)
    return list(seeds.values())[:limit]


def _asks(seed: Record) -> tuple[str | None, Any]:
    """What a question's exact answer follows from."""
    return seed.target and seed.target.strip(), seed.meta.get("options")


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the key {error} is missing"
    return str(error)


def seeds_of(row: Mapping[str, Any]) -> Iterator[Record]:
    """The seeds in one row: one, or one for each of its instances.

    Raises KeyError, TypeError or ValueError for a row that cannot be used.
    """
    columns = _columns(row)
    row = {key: value for key, value in row.items() if value is not None}
    for seed in _seeds_of(row):
        yield replace(seed, columns=columns) if columns else seed


_FORMS = {
    "messages": (),
    "conversations": (),
    "instances": ("instruction",),
    "instruction": ("input", "output"),
    "prompt": (),
    "input": ("output",),
}
"""The keys of which a row has one, in this order, and what it reads besides."""
KEYS = frozenset({
    "id", "target", "completion", "output", "options", "task", "is_classification", *_FORMS,
    *_CARRIED, *CHAT_FIELDS,
})  # fmt: skip
"""What a row is read for; null is no value of these."""


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row is read as nothing else. Raises Clash for the name of a column that limbeck
    writes itself."""
    form = next((key for key in _FORMS if row.get(key) is not None), "")
    read = {form, *_FORMS.get(form, ()), "id", "target", "completion", *CHAT_FIELDS}
    read |= {key for key in _CARRIED if isinstance(row.get(key), str)}
    if isinstance(row.get("options"), list) and all(isinstance(o, str) for o in row["options"]):
        read.add("options")
    task, flag = isinstance(row.get("task"), str), isinstance(row.get("is_classification"), bool)
    read |= {"task"} if task else {"is_classification"} if flag else set()
    further = {
        key: value
        for key, value in row.items()
        if key not in read and not (value is None and key in KEYS)
    }
    if form in ("messages", "conversations") and isinstance(further.get("prompt"), str):
        turns = row[form] if isinstance(row[form], list) else []  # as many sets have it, once more
        last = turns[-1:] and isinstance(turns[-1], Mapping) and turns[-1]
        texts = [t.get("content", t.get("value")) for t in turns if isinstance(t, Mapping)]
        if last and further["prompt"] in texts:
            del further["prompt"]
    if row.get("id") is not None:
        if PROMPT_ID in further:
            raise Clash(PROMPT_ID, f"{PROMPT_ID}, in which the row's id stands")
        further = {PROMPT_ID: row["id"], **further}
    for key in further:
        if key in OWN:
            raise Clash(key, key)
    return further


class Clash(ValueError):
    """A further column that is called as one that limbeck writes."""

    def __init__(self, theirs: str, ours: str) -> None:
        super().__init__(
            f"its column {theirs!r} would stand in the place of limbeck's own column {ours}; give "
            "it another name"
        )


def _seeds_of(row: Mapping[str, Any]) -> Iterator[Record]:
    if "messages" in row:
        yield _seed(to_messages(_list(row["messages"])), row)
    elif "conversations" in row:
        turns = [
            {"role": _SHAREGPT.get(str(turn["from"]), str(turn["from"])), "content": turn["value"]}
            for turn in _list(row["conversations"])
        ]
        yield _seed(to_messages(turns), row)
    elif "instances" in row or "instruction" in row:
        for instruction, given, output in instances_of(row):
            meta = {"instruction": instruction, "input": given}
            prompt = fill(INSTRUCTION, meta)
            both = output is not None and row.get("target") is not None
            answer = {"completion": output} if both else {"target": output}
            yield _seed((user(prompt),), {**row, **answer}, meta, INSTRUCTION)
    elif "prompt" in row:
        yield _seed((user(_text(row["prompt"], "prompt")),), row)
    elif "input" in row:
        yield _of_task(row)
    else:
        raise ValueError(
            "no prompt found: a seed has prompt, messages, conversations, instruction, or input"
        )


def _of_task(row: Mapping[str, Any]) -> Record:
    """The seed of a task's row. What it asks is its task and its options too: the same input in
    another task, or with other options, is another seed."""
    given, options = _text(row["input"], "input"), row.get("options")
    output = next((row[key] for key in ("output", "target", "completion") if key in row), None)
    if output is not None:
        _text(output, "output")
    if options is not None:
        if not isinstance(options, list) or not all(isinstance(one, str) for one in options):
            raise ValueError(f"options must be a list of texts, got {options!r}")
        if options and output is not None and output not in options:
            raise ValueError(
                f"the output {output!r} is none of the options {', '.join(map(repr, options))}"
            )
    seed = _seed((user(given),), {**row, "target": output}, {"input": given})
    return replace(seed, id=content_hash([given, seed.meta.get("task", ""), options or []]))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ValueError("messages, conversations and instances are lists of objects")
    return value


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must be a text that is not empty, got {value!r}")
    return value


def instances_of(row: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Instruction, input ("" for none) and output of an Alpaca row, or of each instance of a
    Self-Instruct one. The output is as it stands there; the rest was checked.

    Raises what `seeds_of` raises.
    """
    instances = _list(row["instances"]) if "instances" in row else [row]
    if not instances:
        raise ValueError("instances is empty")
    instruction = _text(row["instruction"], "instruction")
    for instance in instances:
        given = instance.get("input")
        if not isinstance(given, str | None):
            raise ValueError(f"input must be text, got {given!r}")
        given = "" if given is None or given.strip() in ("", "<noinput>") else given
        yield instruction, given, instance.get("output")


def _seed(
    messages: tuple[Message, ...],
    row: Mapping[str, Any],
    meta: Mapping[str, Any] | None = None,
    prompt_version: str = "",
) -> Record:
    for key in _NOT_SENT if "messages" in row else ():
        if key in row:
            known = ", ".join(CHAT_FIELDS)
            raise ValueError(f"{key} is sent to no teacher; a row may have {known}")
    exact, said = row.get("target"), row.get("completion")
    answer: Message | None = None
    while messages and messages[-1].role == "assistant":
        said = messages[-1].content if said is None else said
        answer = answer or messages[-1]
        messages = messages[:-1]
    target = said if exact is None else exact
    if not messages or messages[-1].role not in ("user", "tool"):
        raise ValueError("a seed must end with a user turn, or with what a tool said")
    if messages[-1].role == "user":
        _text(messages[-1].content, "the user turn")
    if not isinstance(target, str | None):
        raise ValueError(f"the answer of a seed must be text, got {target!r}")
    meta = dict(meta or {}) | {key: _field(key, row[key]) for key in CHAT_FIELDS if key in row}
    if answer is not None:
        meta |= {"tool_calls": answer.tool_calls} if answer.tool_calls else {}
        meta |= {"reasoning": answer.reasoning} if answer.reasoning else {}
    for key, name in _CARRIED.items():
        if isinstance(row.get(key), str):
            meta[name] = row[key]
    options = row.get("options")
    if isinstance(options, list) and all(isinstance(option, str) for option in options):
        meta["options"] = options
    if isinstance(row.get("task"), str):
        meta["task"] = row["task"]
    elif isinstance(row.get("is_classification"), bool):
        meta["task"] = "classification" if row["is_classification"] else "generation"
    both = exact is not None and isinstance(said, str)
    if both and not said:  # an empty completion is an answer, too, and not the target
        meta["answered"] = True
    named = row.get("id")
    parents = (str(named),) if named is not None else ()
    options = meta.get("options", [])
    texts = [*(m.content for m in messages), target or "", str(said or ""), *options, *parents]
    if any(_SURROGATE.search(text) for text in [*texts, *map(str, meta.values())]):
        raise ValueError("the text holds half a character (a lone surrogate): no model can read it")
    return Record(
        messages=messages,
        completion=str(said) if both else "",
        provenance=Provenance("seed", prompt_version=prompt_version, parents=parents),
        target=target,
        meta=meta,
        id=content_hash(_asked(messages, meta)),
    )


def _asked(messages: tuple[Message, ...], meta: Mapping[str, Any]) -> list[Any]:
    fields = {key: meta[key] for key in CHAT_FIELDS if key in meta}
    turns = [[m.role, m.content] if m.is_plain else m.to_json() for m in messages]
    return [*turns, fields] if fields else turns


def _field(key: str, value: Any) -> Any:
    """Tools may stand as JSON text, as datasets store them."""
    if key == "tools" and isinstance(value, str):
        value = json.loads(value)
    if key == "tools" and not (isinstance(value, list) and all(isinstance(t, dict) for t in value)):
        raise ValueError("tools must be a list of objects, each with the schema of a function")
    return value
