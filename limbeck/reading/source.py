"""Source: anybody's dataset, opened, and read as a stream of rows as often as wanted."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from limbeck.errors import UserError
from limbeck.reading.aliases import ROLES
from limbeck.reading.forms import Reader
from limbeck.reading.guess import Survey, surveyed
from limbeck.reading.ids import Times
from limbeck.reading.opened import Opened, opened
from limbeck.reading.plan import Naming
from limbeck.reading.row import Read, Row
from limbeck.reading.special import is_batch, is_record
from limbeck.reading.unreadable import Unreadable

SHOWN = 10  # unreadable places whose reasons are kept
SURVEYED = 1000  # rows from which the columns are guessed
_MOST_SURVEYED = 64 << 20  # characters of them
_NESTED = 4096  # what a list or an object is taken for


class Source:
    """A dataset that is opened and not read yet; every call of `rows` reads it from the start.

    `name` is what to call it; `about` how it is read, for people; `forms` counts the rows of the
    file by how they were read; `columns` says which column is read as what, `left` which are not
    read, `notes` what else the user should know; `licence` is that of the dataset where it says
    one, "" else. `unreadable` counts by reason (reading.unreadable.REASONS) what could not be
    read, and `reasons` has the first SHOWN sentences, with places. `answered` is False while no
    row has said an output. `forms`, `unreadable`, `reasons` and `answered` are those of the rows
    read so far, and start anew with every `rows()`.
    """

    def __init__(self, found: Opened, survey: Survey, reader: Reader) -> None:
        self.name = found.name
        self.kind = found.about
        self.licence = found.licence
        self.columns: dict[str, str] = dict(survey.columns)
        self.left: tuple[str, ...] = survey.left
        self.notes: tuple[str, ...] = (*found.notes, *survey.notes)
        self._found = found
        self._reader = reader
        self._clear()

    def _clear(self) -> None:
        self.forms: Counter[str] = Counter()
        self.unreadable: Counter[str] = Counter()
        self.reasons: list[str] = []
        self.answered = False

    @property
    def about(self) -> str:
        """ "JSON lines, 1,000 rows read as instruction, input, output"; without the number of rows
        before they are read."""
        if not self.forms:
            named = ", ".join(f"{role}: {name}" for role, name in self.columns.items())
            return f"{self.kind}, columns {named}" if named else self.kind
        parts = [
            f"{number:,} row{'s' * (number != 1)} read as {form}"
            for form, number in self.forms.most_common()
        ]
        return f"{self.kind}, {'; '.join(parts)}"

    def rows(self) -> Iterator[Row]:
        """Every row that can be read, in the order of the source. Raises DataError where the
        source as a whole is gone."""
        self._clear()
        times = Times()
        for _, read in self.read():
            for row in read.rows:
                again = times.add(int(row.id[1:], 16))
                yield row if again == 1 else replace(row, id=f"{row.id}-{again}")

    def read(self) -> Iterator[tuple[Mapping[str, Any], Read]]:
        """The rows of the file as they stand there, with what they are read as; for importers."""
        self._clear()
        read, forms = self._reader.read, self.forms
        for place, raw in self._found.rows(self._refuse):
            try:
                found = read(raw, place)
            except Unreadable as bad:
                self._refuse(self._found.told(place), bad)
                continue
            except RecursionError:
                self._refuse(self._found.told(place), Unreadable("too_deep", "nested too deeply"))
                continue
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                says = f"the row has no known shape ({type(error).__name__}: {error})"
                self._refuse(self._found.told(place), Unreadable("odd_shape", says))
                continue
            forms[found.form] += 1
            self.answered |= found.answered
            yield raw, found

    def _refuse(self, where: str, bad: Unreadable) -> None:
        self.unreadable[bad.reason] += 1
        if len(self.reasons) < SHOWN:
            self.reasons.append(f"{where}: {bad}")


def open_source(
    spec: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    targets: str | None = None,
    split: str | None = None,
) -> Source:
    """Open a run folder, a file or a folder of files, or `hf:ORG/NAME[:CONFIG]`.

    `columns` says which column is read as what ({"instruction": "q", "output": "a"}; roles are
    those of reading.aliases.ROLES), `targets` which holds the reference answers, `split` which of
    a dataset's splits is read. What is not named is guessed from the first SURVEYED rows.

    Raises DataError for what is missing, refused by its kind, or no dataset; UserError for a role
    or a column that does not exist; MissingExtra.
    """
    named = _named(columns, targets)
    found = opened(spec, split)
    first = _first(found)
    survey = surveyed(first, named)
    for role, name in named.items():
        if survey.names and name not in survey.names:
            raise UserError(
                f"{found.name} has no column {name!r} to read as {role}{_near(name, survey.names)}"
                f"; its columns are {', '.join(survey.names)}"
            )
    known = first and (is_record(first[0]) or is_batch(first[0]))
    for role, name in named.items() if known else ():
        if is_batch(first[0]) or _OF_RECORDS.get(role) != name:
            what = "lines of a batch" if is_batch(first[0]) else "limbeck's records"
            raise UserError(
                f"{found.name} holds {what}, which are read as what they are: {name!r} "
                f"cannot be read as {role}. Leave it out"
            )
    for role in survey.unread if first and not known else ():
        form = ", ".join(f"{name} as {one}" for one, name in survey.columns.items() if one != role)
        raise UserError(
            f"{found.name}: {named[role]!r} cannot be read as {role} beside {form or 'the rest'}; "
            "leave it out, or name the other columns too"
        )
    reader = Reader(Naming(named, survey.guessed), template=survey.template, texts=survey.texts)
    return Source(found, survey, reader)


_OF_RECORDS = {"messages": "messages", "output": "completion", "target": "target"}


def _first(found: Opened) -> list[Mapping[str, Any]]:
    def ignore(where: str, bad: Unreadable) -> None:
        pass

    first: list[Mapping[str, Any]] = []
    size = 0
    for _, raw in islice(found.rows(ignore), SURVEYED):
        first.append(raw)
        size += sum(len(value) for value in raw.values() if isinstance(value, str))
        size += sum(_NESTED for value in raw.values() if isinstance(value, list | dict))
        if size > _MOST_SURVEYED:
            break
    return first


def _named(columns: Mapping[str, str] | None, targets: str | None) -> dict[str, str]:
    named = dict(columns or {})
    for role in named:
        if role not in ROLES:
            raise UserError(
                f"columns cannot be read as {role!r}{_near(role, ROLES)}; they are read as "
                f"{', '.join(ROLES)}"
            )
    if targets is not None:
        if named.get("target", targets) != targets:
            raise UserError(
                f"the reference answers are in {targets!r} and in {named['target']!r}: name one"
            )
        named["target"] = targets
    return named


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
