"""What a ledger holds: summed up, exported, or merged into another one.

A ledger is only read here, whatever its format and whoever writes it meanwhile; `merge` writes
the one that receives.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from limbeck.errors import UserError
from limbeck.ledger.schema import BATCH, FACT, FAILURE, ITEM, REPLY, open_ledger, open_source
from limbeck.store import writing

WASTED = "sum(wasted_prompt_tokens), sum(wasted_completion_tokens)"


@contextmanager
def _source(path: Path, link: sqlite3.Connection | None = None) -> Iterator[sqlite3.Connection]:
    """`open_source` for a block; what SQLite says against the file becomes a UserError."""
    link = open_source(path, link)
    try:
        yield link
    except sqlite3.Error as error:
        raise UserError(f"cannot read the ledger {path}: {error}; nothing was changed") from error
    finally:
        link.close()


@dataclass(slots=True)
class TeacherStats:
    """What a ledger holds of one teacher. Tokens are [prompt, completion]; `first` and `last`
    are when its replies were stored, in seconds since 1970."""

    teacher: dict[str, Any]
    replies: int = 0
    finish_reasons: dict[str, int] = field(default_factory=dict)
    failures: int = 0
    failure_reasons: dict[str, int] = field(default_factory=dict)
    retired: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    wasted_prompt_tokens: int = 0
    wasted_completion_tokens: int = 0
    mean_seconds: float | None = None
    first: float | None = None
    last: float | None = None


def stats(path: Path) -> list[TeacherStats]:
    """One entry for every teacher, in the order of their JSON. Tokens count retired replies too:
    they were paid. Raises UserError for a file that is no ledger."""
    teachers: dict[str, TeacherStats] = {}

    def of(teacher: str) -> TeacherStats:
        return teachers.setdefault(teacher, TeacherStats(json.loads(teacher)))

    tokens = "sum(prompt_tokens), sum(completion_tokens), sum(cached_tokens)"
    with _source(path) as link:
        seconds: dict[str, float] = {}
        for teacher, reason, count, took, first, last in link.execute(
            "SELECT teacher, finish_reason, count(*), sum(seconds), min(at), max(at)"
            " FROM source_replies GROUP BY teacher, finish_reason ORDER BY teacher, finish_reason"
        ):
            one = of(teacher)
            one.replies += count
            one.finish_reasons[reason] = count
            seconds[teacher] = seconds.get(teacher, 0.0) + took
            one.first = first if one.first is None else min(one.first, first)
            one.last = last if one.last is None else max(one.last, last)
            one.mean_seconds = seconds[teacher] / one.replies
        for teacher, count in link.execute(
            "SELECT teacher, count(*) FROM source_retired GROUP BY teacher ORDER BY teacher"
        ):
            of(teacher).retired = count
        for teacher, reason, count, *wasted in link.execute(
            f"SELECT teacher, reason, count(*), {WASTED} FROM source_failures"
            " GROUP BY teacher, reason ORDER BY teacher, reason"
        ):
            one = of(teacher)
            one.failures += count
            one.failure_reasons[reason] = count
            _waste(one, wasted)
        for table in ("source_replies", "source_retired"):
            for teacher, prompt, completion, cached, *wasted in link.execute(
                f"SELECT teacher, {tokens}, {WASTED} FROM {table} GROUP BY teacher"
            ):
                one = of(teacher)
                one.prompt_tokens += prompt
                one.completion_tokens += completion
                one.cached_tokens += cached
                _waste(one, wasted)
    return [teachers[teacher] for teacher in sorted(teachers)]


def _waste(one: TeacherStats, wasted: list[int]) -> None:
    one.wasted_prompt_tokens += wasted[0]
    one.wasted_completion_tokens += wasted[1]


JSON_COLUMNS = ("teacher", "request", "reply")  # they hold JSON already


def export(path: Path, file: BinaryIO, *, failures: bool = False) -> int:
    """Write every reply as one line of JSON, in the order in which they were stored, then the
    failures where they are wanted; returns the number of lines.

    Rows are read one at a time, from one snapshot. The fields are the table's columns; `kind` is
    "reply" or "failure". Raises UserError for a file that is no ledger.
    """
    count = 0
    with _source(path) as link:
        for kind, table, columns in (
            ("reply", "source_replies", REPLY),
            ("failure", "source_failures", FAILURE),
        ):
            if kind == "failure" and not failures:
                continue
            names = columns.split(", ")
            for row in link.execute(f"SELECT {columns} FROM {table} ORDER BY id"):
                fields = [f'"kind":"{kind}"']
                for name, value in zip(names, row, strict=True):
                    text = value if name in JSON_COLUMNS else json.dumps(value, ensure_ascii=False)
                    fields.append(f'"{name}":{text}')
                file.write(("{" + ",".join(fields) + "}\n").encode())
                count += 1
    return count


def export_file(path: Path, out: Path, *, failures: bool = False) -> int:
    """`export` into a file that appears whole or not at all. Raises UserError, also where the
    file is an SQLite file: a slip would overwrite a ledger."""
    if out.is_file():
        with out.open("rb") as old:
            if old.read(15) == b"SQLite format 3":
                raise UserError(f"{out} is an SQLite file and stays as it is. Name another file")
    if out.exists() and not out.is_file():  # a pipe, a device: nothing to put in its place
        raise UserError(f"{out} is no file to write to. Give another name, or '-' for the terminal")
    if not out.parent.is_dir():
        raise UserError(f"there is no folder {out.parent} to write {out.name} into; make it first")
    with writing(out) as draft, draft.open("wb") as file:
        return export(path, file, failures=failures)


@dataclass(slots=True)
class Merged:
    """What a merge did: rows by table, and keys with another reply here and there."""

    copied: dict[str, int] = field(default_factory=dict)
    present: dict[str, int] = field(default_factory=dict)
    different: int = 0


# A reply is known when the same one, made at the same moment, is here, retired or not.
KNOWN = (
    "EXISTS (SELECT 1 FROM main.replies o WHERE o.key = s.key AND o.at = s.at)"
    " OR EXISTS (SELECT 1 FROM main.retired o WHERE o.key = s.key AND o.at = s.at)"
)
# (table, columns, order, what says that a row s of the other ledger is here already). Items come
# before their batches, so that a batch that is here already gets none.
TABLES = (
    (
        "replies",
        REPLY,
        "s.id",
        f"EXISTS (SELECT 1 FROM main.replies o WHERE o.key = s.key) OR {KNOWN}",
    ),
    ("retired", REPLY, "s.id", KNOWN),
    (
        "failures",
        FAILURE,
        "s.id",
        "EXISTS (SELECT 1 FROM main.failures o WHERE o.key = s.key AND o.at = s.at"
        " AND o.reason = s.reason)",
    ),
    (
        "facts",
        FACT,
        "s.kind, s.name",
        "EXISTS (SELECT 1 FROM main.facts o WHERE o.kind = s.kind AND o.name = s.name)",
    ),
    (
        "batch_items",
        ITEM,
        "s.rowid",
        "EXISTS (SELECT 1 FROM main.batches o WHERE o.id = s.batch)",
    ),
    ("batches", BATCH, "s.rowid", "EXISTS (SELECT 1 FROM main.batches o WHERE o.id = s.id)"),
)


def merge(path: Path, other: Path) -> Merged:
    """Copy into `path` what only `other` holds, in one transaction; `other` stays as it is.

    A key with two different replies keeps the one of `path`. Raises UserError for a file that is
    no ledger, or the same one.
    """
    if path.exists() and other.exists() and path.samefile(other):
        raise UserError(f"{path} and {other} are the same ledger. Name two different ones")
    with _source(other):
        pass  # what is no ledger is refused before ours is made
    try:
        link = open_ledger(path)
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"cannot open the ledger {path}: {error}. Check the path") from error
    with _source(other, link):
        try:
            return _copy(link)
        except sqlite3.Error as error:
            raise UserError(
                f"cannot copy {other} into {path}: {error}; nothing was changed"
            ) from error


def _copy(link: sqlite3.Connection) -> Merged:
    merged = Merged(different=_different(link))
    for table, columns, order, known in TABLES:
        (total,) = link.execute(f"SELECT count(*) FROM source_{table}").fetchone()
        copied = link.execute(
            f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM source_{table} s"
            f" WHERE NOT ({known}) ORDER BY {order}"
        ).rowcount
        merged.copied[table] = copied
        merged.present[table] = total - copied
    link.execute("COMMIT")
    merged.present["replies"] -= merged.different
    return merged


def _different(link: sqlite3.Connection) -> int:
    """How many keys have one text here and another one there."""
    rows = link.execute(
        "SELECT o.reply, o.finish_reason, s.reply, s.finish_reason"
        " FROM source_replies s JOIN main.replies o ON o.key = s.key"
        " WHERE o.reply <> s.reply OR o.finish_reason <> s.finish_reason"
    )
    return sum(
        (json.loads(ours)["text"], our_reason) != (json.loads(theirs)["text"], their_reason)
        for ours, our_reason, theirs, their_reason in rows
    )
