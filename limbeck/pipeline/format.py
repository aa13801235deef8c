"""Stage format: kept records split by prompt into format/{train,valid,test}.parquet.

A prompt, whatever its case, width and spacing, is on one side only; which side is a function of
the recipe's seed and the prompt, or of its template or source. `test` is never trained on nor
looked at: the imitation task asks for it. `format.rows` and `format.completions` change train (and
the completions of valid), never test.

Records are read twice, as a stream: once for the sides, once to write them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from limbeck.columns import Columns, cells, schema
from limbeck.errors import UserError
from limbeck.kept import KEPT
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import VERDICTS, kept_records
from limbeck.pipeline.groups import By, group_keys
from limbeck.pipeline.texts import as_text, unusable
from limbeck.reading.special import record_of
from limbeck.record import Record, content_hash
from limbeck.store import ParquetRows, parquet_writer, read_parquet
from limbeck.text import prompt_key

SPLITS = ("train", "valid", "test")
PIECE = 1024  # records
MESSAGES = "messages"  # in the JSON of meta: turns that are more than role and text
COLUMNS = "columns"  # there, too: the further ones of the row of prompts


def inputs(context: Context) -> str:
    generated = context.run.need("generate", by="format")
    filtered = context.run.need("filter", by="format")
    row = {
        "verdicts": filtered.outputs,
        "format": context.recipe.format.hashed(),
        "seed": context.recipe.seed,
    }
    if KEPT.name in filtered.files:  # what an older limbeck filtered stays done
        # Ids do not follow from completions: other ones may have the same verdicts.
        row["records"] = generated.outputs
    return content_hash(row)


def format_records(context: Context) -> None:
    """Write the three splits. Raises UserError when nothing is left to train on."""
    hashed = inputs(context)
    section = context.recipe.format
    columns = Columns()
    sides = _sides(
        columns.noted(kept_records(context)),
        valid=section.valid,
        test=section.test,
        seed=context.recipe.seed,
        by=section.by,
        none=f"the filters kept none of the records; why is in "
        f"{context.run.folder('filter') / VERDICTS}. Loosen them, or ask for more",
    )
    before = int((sides == SPLITS.index("train")).sum())
    if not before:
        raise UserError(
            f"{len(sides)} records were kept and none is left to train on; ask for more, "
            "loosen the filters, or lower format.valid and format.test"
        )
    kinds = columns.kinds
    folder = context.run.folder("format")
    counts = dict.fromkeys(SPLITS, 0)
    left: Counter[str] = Counter()
    with context.run.stage("format", hashed, whole=True) as done, ExitStack() as stack:
        writers: dict[str, ParquetRows] = {}
        for name, part in _texts(context, sides, left):
            if part and name not in writers:
                file = parquet_writer(folder / f"{name}.parquet", _schema(kinds))
                writers[name] = stack.enter_context(file)
            for record in part:
                writers[name].write(to_row(record) | cells(record, kinds))
            counts[name] += len(part)
        if not counts["train"]:
            raise UserError(
                unusable(f"no training row can be written so ({left.total()} rows, {_told(left)})")
            )
        done.replace()
        for name in SPLITS:
            if counts[name]:
                done.files.append(f"{name}.parquet")
            else:
                (folder / f"{name}.parquet").unlink(missing_ok=True)
        done.counts |= counts
        if left:
            done.counts["left_out"] = {reason: left[reason] for reason in sorted(left)}
        stack.close()
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    context.reporter.say(f"format: {told} records, no {section.by} on two sides")
    if section.rows is not None:
        context.reporter.say(f"format: {section.rows} of {before} training rows, by format.rows")
    if left:
        context.reporter.say(
            f"format: {left.total()} of {len(sides)} records have no text {section.text} "
            f"and were left out ({_told(left)})"
        )


def _texts(
    context: Context, sides: NDArray[np.uint8], left: Counter[str]
) -> Iterator[tuple[str, list[Record]]]:
    """The records in the text that students learn, side by side in pieces; those that have none
    are counted in `left` by reason. A side that is shuffled or drawn from is one piece."""
    section, seed = context.recipe.format, context.recipe.seed
    whole = section.rows is not None or "shuffled" in (section.rationales, section.completions)

    def leave(reason: str) -> None:
        left[reason] += 1

    parts: dict[str, list[Record]] = {name: [] for name in SPLITS}
    for record, side in zip(kept_records(context), sides, strict=True):
        name = SPLITS[side]
        parts[name].append(record)
        if len(parts[name]) >= PIECE and not whole:
            yield name, as_text(parts[name], section, seed, side=name, on_left=leave)
            parts[name] = []
    for name, part in parts.items():
        yield name, as_text(part, section, seed, side=name, on_left=leave)


def _told(left: Mapping[str, int]) -> str:
    return ", ".join(f"{left[reason]} with {reason}" for reason in sorted(left))


def split(
    records: Sequence[Record],
    *,
    valid: float,
    test: float,
    seed: int,
    by: By = "prompt",
) -> dict[str, list[Record]]:
    """Records by side. `valid` and `test` are shares of the groups below 1, numbers of them from
    1 on; what a group is, `limbeck.pipeline.groups` says. Raises UserError when they leave nothing.
    """
    sides = _sides(records, valid=valid, test=test, seed=seed, by=by)
    parts: dict[str, list[Record]] = {name: [] for name in SPLITS}
    for record, side in zip(records, sides, strict=True):
        parts[SPLITS[side]].append(record)
    return parts


def _sides(
    records: Iterable[Record],
    *,
    valid: float,
    test: float,
    seed: int,
    by: By,
    none: str = "",
) -> NDArray[np.uint8]:
    """The place in SPLITS of every record's side. Raises UserError, with the text `none` for no
    records where there is one.

    Of a prompt 16 bytes a record are kept, of another group its name, too.
    """
    drawn = _drawn(records, seed) if by == "prompt" else _drawn_groups(records, seed, by)
    if none and not len(drawn):
        raise UserError(none)
    order = np.unique(drawn)
    tests, valids = held_out_prompts(test, len(order)), held_out_prompts(valid, len(order))
    if tests + valids >= len(order):
        raise UserError(
            f"format asks for {tests} test and {valids} valid {by}s, but only {len(order)} "
            f"{by}s were kept; lower format.test or format.valid"
        )
    sides = np.full(len(drawn), SPLITS.index("train"), np.uint8)
    sides[drawn < order[tests + valids]] = SPLITS.index("valid")
    sides[drawn < order[tests]] = SPLITS.index("test")
    return sides


def _drawn(records: Iterable[Record], seed: int) -> NDArray[np.bytes_]:
    """For every record the hash of seed and prompt, by whose order sides are filled."""
    found = bytearray()
    for record in records:
        found += bytes.fromhex(content_hash([seed, prompt_key(record.messages)]))
    return np.frombuffer(found, "S16")


def _drawn_groups(records: Iterable[Record], seed: int, by: By) -> NDArray[np.bytes_]:
    keys = group_keys(records, by)
    hashed = {key: bytes.fromhex(content_hash([seed, key])) for key in set(keys)}
    return np.array([hashed[key] for key in keys], "S16")


def held_out_prompts(wanted: float, prompts: int) -> int:
    """How many of the prompts a share of them, or a number from 1 on, are."""
    return round(wanted * prompts) if wanted < 1 else int(wanted)


def to_row(record: Record) -> dict[str, Any]:
    """A flat row that loads anywhere: chat `messages` with the answer last, and the record."""
    row = record.to_json()
    plain = all(message.is_plain for message in record.messages)
    more = {} if plain else {MESSAGES: row["messages"]}
    more |= {COLUMNS: row["columns"]} if record.columns else {}
    turns = [*row["messages"], {"role": "assistant", "content": record.completion}]
    return {
        "id": record.id,
        "messages": turns,
        "prompt": record.prompt,
        "completion": record.completion,
        "target": record.target,
        "provenance": json.dumps(row["provenance"], ensure_ascii=False),
        "meta": json.dumps(row.get("meta", {}) | more, ensure_ascii=False),
    }


def _schema(kinds: Mapping[str, Any]) -> Any:
    texts = ("prompt", "completion", "target", "provenance", "meta")
    turns = [{"role": "string", "content": "string"}]
    plain = dict.fromkeys(texts, "string")
    return schema({"id": "string", "messages": turns, **plain, **kinds})


def from_row(row: Mapping[str, Any]) -> Record:
    """The record that `to_row`, or `limbeck publish`, wrote."""
    return record_of(row)


def read_split(folder: Path, name: str) -> list[Record]:
    """The records of one side; an empty list where the side has none."""
    path = folder / f"{name}.parquet"
    return [from_row(row) for row in read_parquet(path)] if path.is_file() else []
