"""What can be counted from published rows alone: whoever publishes and whoever verifies count with
this code, so that each number on the card can be had again from the files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from limbeck.pipeline.groups import By, group_keys
from limbeck.publish.rows import follows, from_published, group_id, is_raw
from limbeck.record import Record
from limbeck.text import folded

SAMPLE = 600  # characters of a text on the card
SPLITS = ("train", "validation", "test")


class Facts:
    """Counts over the rows of all splits, which are added in the order train, validation, test.

    `spread` are groups that are on two sides, which must not be.
    """

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.spread = 0
        self._ids: set[str] = set()
        self._sides: dict[str, str] = {}
        self._groups: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._named: dict[str, Counter[str]] = {
            name: Counter() for name in ("checked", "generators", "teachers", "prompt_versions")
        }
        self._verdicts: Counter[tuple[str, str]] = Counter()
        self._completions: set[bytes] = set()
        self._prompts: set[bytes] = set()
        self._sample: dict[str, Any] | None = None

    def add(self, side: str, row: Mapping[str, Any]) -> Record:
        """Count one row. Raises KeyError, TypeError or ValueError for one that limbeck did not
        write."""
        record = from_published(row)
        self.rows[side] += 1
        self._ids.add(record.id)
        known = self._sides.setdefault(row["group"], side)
        if known != side:
            self.spread += 1
        counts, meta = self._counts, record.meta
        counts["follows"] += follows(record)
        counts["raw"] += is_raw(record)
        counts["json_turns"] += isinstance(row["prompt"], list) and isinstance(
            row["prompt"][0], str
        )
        counts["tools"] += "tools" in row
        counts["with_target"] += record.target is not None
        counts["with_options"] += bool(meta.get("options"))
        counts["prompt_characters"] += sum(len(turn.content) for turn in record.messages)
        counts["completion_characters"] += len(record.completion)
        usage = meta.get("usage")
        if isinstance(usage, Mapping) and isinstance(usage.get("completion_tokens"), int):
            counts["with_usage"] += 1
            counts["completion_tokens"] += usage["completion_tokens"]
        check = meta.get("check")
        if isinstance(check, Mapping) and isinstance(check.get("status"), str):
            self._named["checked"][check["status"]] += 1
        self._named["generators"][record.provenance.generator] += 1
        self._named["teachers"][record.provenance.teacher] += 1
        self._named["prompt_versions"][record.provenance.prompt_version] += 1
        for verdict in row["verdicts"]:
            self._verdicts[verdict["filter"], verdict["reason"]] += 1
        self._texts(side, record)
        return record

    def _texts(self, side: str, record: Record) -> None:
        completion = _key(folded(record.completion))
        if side != "train" and completion in self._completions:
            self._counts["completions_of_train"] += 1
        if side == "train":
            self._completions.add(completion)
        self._prompts.add(_key(folded(record.prompt)))
        if self._sample is None:
            self._sample = {"prompt": record.prompt, "completion": record.completion}

    def to_json(self) -> dict[str, Any]:
        """All counts, as `rows` of limbeck.json has them."""
        groups = Counter(self._sides.values())
        counts = ("with_target", "with_options", "prompt_characters", "completion_characters")
        more = ("with_usage", "completion_tokens", "completions_of_train")
        sample = self._sample or {"prompt": "", "completion": ""}
        return {
            "total": self.rows.total(),
            "raw": bool(self._counts["raw"]),
            **{name: True for name in ("json_turns", "tools") if self._counts[name]},
            "splits": {
                side: {"rows": self.rows[side], "groups": groups[side]}
                for side in SPLITS
                if self.rows[side]
            },
            "ids": len(self._ids),
            "ids_that_follow": self._counts["follows"],
            "prompts": len(self._prompts),
            **{name: self._counts[name] for name in (*counts, *more)},
            **{name: _sorted(found) for name, found in self._named.items()},
            "verdicts": [
                {"filter": name, "reason": reason, "rows": self._verdicts[name, reason]}
                for name, reason in sorted(self._verdicts)
            ],
            "sample": {name: _shortened(text) for name, text in sample.items()},
        }


def each(money: int | None, rows: int) -> int | None:
    """What one of so many rows costs, in pico-dollars, rounded up; None where nobody knows."""
    return None if money is None or not rows else -(-money // rows)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _sorted(found: Counter[str]) -> dict[str, int]:
    return {name: found[name] for name in sorted(found)}


def _shortened(text: str) -> dict[str, Any]:
    return {"text": text[:SAMPLE], "left_out": max(0, len(text) - SAMPLE)}


def wrong_groups(rows: Iterable[Mapping[str, Any]], by: By) -> int:
    """How many rows say another group than they have by their prompts, templates or sources.

    Reads the rows once. Raises what `from_published` raises.
    """
    said: list[str] = []

    def records() -> Iterator[Record]:
        for row in rows:
            said.append(row["group"])
            yield from_published(row)

    keys = group_keys(records(), by)
    return sum(group_id(by, key) != group for key, group in zip(keys, said, strict=True))
