"""Stage format: kept records split by prompt into format/{train,valid,test}.parquet.

A prompt, whatever its case, width and spacing, is on one side only; which side is a function of
the recipe's seed and the prompt, or of its template or source. `test` is never trained on nor looked at: the
imitation task asks for it. `format.rows` and `format.completions` change train (and the completions
of valid), never test.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import VERDICTS, kept_records
from limbeck.pipeline.groups import By, group_keys
from limbeck.pipeline.texts import as_text, unusable
from limbeck.recipe import Format
from limbeck.record import Record, content_hash
from limbeck.store import read_parquet, write_parquet

SPLITS = ("train", "valid", "test")


def inputs(context: Context) -> str:
    context.run.need("generate", by="format")
    filtered = context.run.need("filter", by="format")
    return content_hash(
        {
            "verdicts": filtered.outputs,
            "format": context.recipe.format.hashed(),
            "seed": context.recipe.seed,
        }
    )


def format_records(context: Context) -> None:
    """Write the three splits. Raises UserError when nothing is left to train on."""
    hashed = inputs(context)
    section = context.recipe.format
    records = list(kept_records(context))
    if not records:
        raise UserError(
            "the filters kept none of the records; why is in "
            f"{context.run.folder('filter') / VERDICTS}. Loosen them, or ask for more"
        )
    sides = split(
        records,
        valid=section.valid,
        test=section.test,
        seed=context.recipe.seed,
        by=section.by,
    )
    if not sides["train"]:
        raise UserError(
            f"{len(records)} records were kept and none is left to train on; ask for more, "
            "loosen the filters, or lower format.valid and format.test"
        )
    before = len(sides["train"])
    sides, left = _texts(sides, section, context.recipe.seed)
    folder = context.run.folder("format")
    with context.run.stage("format", hashed) as done:
        for name, part in sides.items():
            if part:
                write_parquet(folder / f"{name}.parquet", [to_row(record) for record in part])
                done.files.append(f"{name}.parquet")
            else:
                (folder / f"{name}.parquet").unlink(missing_ok=True)
        done.counts |= {name: len(part) for name, part in sides.items()}
        if left:
            done.counts["left_out"] = left
    counts = ", ".join(f"{len(part)} {name}" for name, part in sides.items())
    context.reporter.say(f"format: {counts} records, no {section.by} on two sides")
    if section.rows is not None:
        context.reporter.say(f"format: {section.rows} of {before} training rows, by format.rows")
    if left:
        context.reporter.say(
            f"format: {sum(left.values())} of {len(records)} records have no text {section.text} "
            f"and were left out ({_told(left)})"
        )


def _texts(
    sides: Mapping[str, Sequence[Record]], section: Format, seed: int
) -> tuple[dict[str, list[Record]], dict[str, int]]:
    """The sides in the text that students learn, and how many records have none, by reason.

    Raises UserError where that is all of the training rows, and what `as_text` raises.
    """
    left: Counter[str] = Counter()

    def leave(reason: str) -> None:
        left[reason] += 1

    made = {
        name: as_text(part, section, seed, side=name, on_left=leave) for name, part in sides.items()
    }
    if not made["train"]:
        raise UserError(
            unusable(f"no training row can be written so ({left.total()} rows, {_told(left)})")
        )
    return made, {reason: left[reason] for reason in sorted(left)}


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
    1 on. Raises UserError when they leave nothing.

    What a group is, `limbeck.pipeline.groups` says.
    """
    found = group_keys(records, by)
    keys = {record.id: key for record, key in zip(records, found, strict=True)}
    order = sorted(set(keys.values()), key=lambda key: content_hash([seed, key]))
    tests, valids = held_out_prompts(test, len(order)), held_out_prompts(valid, len(order))
    if tests + valids >= len(order):
        raise UserError(
            f"format asks for {tests} test and {valids} valid {by}s, but only {len(order)} "
            f"{by}s were kept; lower format.test or format.valid"
        )
    side = {key: "test" for key in order[:tests]}
    side |= {key: "valid" for key in order[tests : tests + valids]}
    parts: dict[str, list[Record]] = {name: [] for name in SPLITS}
    for record in records:
        parts[side.get(keys[record.id], "train")].append(record)
    return parts


def held_out_prompts(wanted: float, prompts: int) -> int:
    """How many of the prompts a share of them, or a number from 1 on, are."""
    return round(wanted * prompts) if wanted < 1 else int(wanted)


def to_row(record: Record) -> dict[str, Any]:
    """A flat row that loads anywhere: chat `messages` with the answer last, and the record."""
    row = record.to_json()
    turns = [*row["messages"], {"role": "assistant", "content": record.completion}]
    return {
        "id": record.id,
        "messages": turns,
        "prompt": record.prompt,
        "completion": record.completion,
        "target": record.target,
        "provenance": json.dumps(row["provenance"], ensure_ascii=False),
        "meta": json.dumps(row.get("meta", {}), ensure_ascii=False),
    }


def from_row(row: Mapping[str, Any]) -> Record:
    """The record that `to_row` wrote."""
    return Record.from_json(
        {
            "id": row["id"],
            "messages": row["messages"][:-1],
            "completion": row["completion"],
            "target": row["target"],
            "provenance": json.loads(row["provenance"]),
            "meta": json.loads(row["meta"]),
        }
    )


def read_split(folder: Path, name: str) -> list[Record]:
    """The records of one side; an empty list where the side has none."""
    path = folder / f"{name}.parquet"
    return [from_row(row) for row in read_parquet(path)] if path.is_file() else []
