"""`Demo`: one in-context example, and the JSONL file that demos come in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.record import Record
from limbeck.store import read_jsonl

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Demo:
    """One labelled example of a task: what is asked, and the right output.

    `options` are the outputs that there are to choose from, in their fixed order; none for a
    task with free text. Raises ValueError for an empty id, input or output, a lone surrogate, an
    empty or a repeated option (spaces around it make none new), and an output that is no option.
    """

    id: str
    task: str
    input: str
    output: str
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in ("id", "task", "input", "output"):
            _check(key, getattr(self, key), may_be_empty=key == "task")
        object.__setattr__(self, "options", tuple(self.options))
        seen: set[str] = set()
        for option in self.options:
            _check("an option", option)
            if option.strip() in seen:
                raise ValueError(f"the option {option!r} is repeated")
            seen.add(option.strip())
        if self.options and self.output not in self.options:
            options = ", ".join(map(repr, self.options))
            raise ValueError(f"the output {self.output!r} is none of the options {options}")

    @classmethod
    def of_record(cls, record: Record) -> Demo:
        """The demo that a seed record is: its input, else its prompt, with its target.

        Raises UserError for a record without a target, or whose target is no option.
        """
        shown = f"the record {record.id} ({record.prompt[:60]!r})"
        if record.target is None:
            raise UserError(f"{shown} has no target, so it cannot be a demo; add one, or leave it")
        try:
            return cls(
                id=record.id,
                task=str(record.meta.get("task", "")),
                input=str(record.meta.get("input") or record.prompt),
                output=record.target,
                options=tuple(record.meta.get("options", ())),
            )
        except ValueError as error:
            raise UserError(f"{shown} cannot be a demo: {error}") from error

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Demo:
        """The demo of a row `{task, id, input, output, options}`; `options` may be missing.

        An id that is a whole number is taken as its digits. Raises KeyError or ValueError.
        """
        name, options = row["id"], row.get("options")
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        if not isinstance(options, list | None):
            raise ValueError(f"options must be a list of texts, got {options!r}")
        return cls(name, row["task"], row["input"], row["output"], tuple(options or ()))


def _check(key: str, text: Any, *, may_be_empty: bool = False) -> None:
    if not isinstance(text, str):
        raise ValueError(f"{key} must be text, got {text!r}")
    if not text.strip() and not may_be_empty:
        raise ValueError(f"{key} is empty")
    if _SURROGATE.search(text):
        raise ValueError(f"{key} holds half a character (a lone surrogate): no model can read it")


def read_demos(path: Path) -> list[Demo]:
    """The demos of a JSONL file, in its order.

    Raises DataError with the line's number and reason for a row that cannot be used or has the id
    of a row before it; and for a missing or an empty file.
    """
    demos: list[Demo] = []
    lines: dict[str, int] = {}
    for number, row in read_jsonl(path):
        try:
            demo = Demo.from_json(row)
            if demo.id in lines:
                raise ValueError(f"line {lines[demo.id]} has the id {demo.id!r}, too")
        except (KeyError, ValueError) as error:
            reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError(f"{path}, line {number}: {reason}", path=path, line=number) from error
        lines[demo.id] = number
        demos.append(demo)
    if not demos:
        raise DataError(f"{path} has no demos", path=path)
    return demos


def by_task(demos: Iterable[Demo]) -> dict[str, tuple[Demo, ...]]:
    """The pools of the tasks: tasks in the order of their first demos, demos in theirs."""
    pools: dict[str, list[Demo]] = {}
    for demo in demos:
        pools.setdefault(demo.task, []).append(demo)
    return {task: tuple(pool) for task, pool in pools.items()}
