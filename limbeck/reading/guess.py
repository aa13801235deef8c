"""Which column is what, from the first rows: by names, and where those say nothing, by texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from limbeck.reading.aliases import is_meta, likely, role_of
from limbeck.reading.forms import Reader
from limbeck.reading.plan import Naming
from limbeck.reading.special import is_record
from limbeck.reading.templates import Template, template_of

_FREE_TEXT = 8  # characters, the least mean length of a column of free text
_UNIQUE = 0.3  # the least share of different texts
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first rows say. `names` are all columns seen, in order; `columns` what is read as
    what in most rows, by role; `left` the columns that are not read; `unread` what the user named
    and no row is read so."""

    names: tuple[str, ...]
    columns: Mapping[str, str]
    left: tuple[str, ...]
    guessed: Mapping[str, str]
    template: Template | None
    texts: frozenset[str]
    notes: tuple[str, ...]
    unread: tuple[str, ...] = ()


def surveyed(rows: Rows, named: Mapping[str, str]) -> Survey:
    """Raises nothing: rows that cannot be read are told when they are read."""
    names = tuple(dict.fromkeys(str(name) for row in rows for name in row))
    guessed, notes = _guessed(rows, names, named)
    naming = Naming(named, guessed)
    reader = Reader(naming)
    plans = [reader.plan(row) for row in rows]
    usual = Counter(tuple(plan.columns.items()) for plan in plans).most_common(1)
    columns = dict(usual[0][0]) if usual else {}
    template = None
    alone = [row[plan.text] for row, plan in zip(rows, plans, strict=True) if plan.text]
    if alone and len(alone) == len(rows):
        template = template_of([text for text in alone if isinstance(text, str)])
        columns = {"output": columns["text"]} if template is None else columns
    if rows and all(is_record(row) for row in rows):
        columns = {"messages": "messages", "output": "completion"}
        return Survey(names, columns, (), {}, None, frozenset(), ())
    read = {*columns.values(), *named.values()}
    left = tuple(name for name in names if name not in read)
    if "chosen" in columns.values() and "rejected" in left:
        notes.append("of preference pairs the chosen answer is read, the rejected one is not")
    unread = tuple(
        role for role, name in named.items() if all(plan.read.get(role) != name for plan in plans)
    )
    texts = texts_of(rows)
    return Survey(names, columns, left, guessed, template, texts, tuple(notes), unread)


def _guessed(
    rows: Rows, names: Sequence[str], named: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Columns whose names are not known, as instruction and output; and what to say of it."""
    free = [
        name
        for name in names
        if name not in named.values() and role_of(name) is None and _is_free_text(rows, name)
    ]
    known = {role for name in names if (role := role_of(name)) is not None} | set(named)
    guessed: dict[str, str] = {}
    if known & {"messages", "text"}:
        return guessed, []
    for role in ("instruction", "output"):
        if role not in known:
            name = next((one for one in free if likely(one, role)), None)
            if name is not None:
                guessed[role] = name
                free.remove(name)
    if "instruction" not in known and "instruction" not in guessed:
        free = [name for name in free if not is_meta(name)]
        answered = "output" in known or "output" in guessed
        wanted = 1 if answered else 2
        longest = sorted(free, key=lambda name: -_length(rows, name))[:wanted]
        chosen = [name for name in names if name in longest]
        if len(chosen) == wanted:
            guessed["instruction"] = chosen[0]
            if not answered:
                guessed["output"] = chosen[1]
    told = ", ".join(f"{name!r} as the {role}" for role, name in guessed.items())
    says = f"no column has a known name for it, so {told} is a guess; name columns to be sure"
    return guessed, [says] if guessed else []


def _values(rows: Rows, name: str) -> list[Any]:
    return [row[name] for row in rows if row.get(name) is not None]


def _is_free_text(rows: Rows, name: str) -> bool:
    values = _values(rows, name)
    if not values or not all(isinstance(value, str) for value in values):
        return False
    length = sum(map(len, values)) / len(values)
    return length >= _FREE_TEXT and len(set(values)) / len(values) >= _UNIQUE


def _length(rows: Rows, name: str) -> float:
    values = [value for value in _values(rows, name) if isinstance(value, str)]
    return sum(map(len, values)) / max(len(values), 1)


def texts_of(rows: Sequence[Mapping[str, Any]], least: int = 20) -> frozenset[str]:
    """The columns that hold text, and nothing else but nulls, in at least so many of the rows."""
    seen: dict[str, int] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str):
                seen[name] = seen.get(name, 0) + (seen.get(name, 0) >= 0)
            elif value is not None:
                seen[name] = -1
    return frozenset(name for name, number in seen.items() if number >= least)
