"""New questions out of a file, in place of written ones: no teacher, and every target is known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from limbeck.generators.adversarial.sources import (
    KINDS,
    Source,
    Weight,
    drawn,
    mixed,
    of_kind,
    shares,
)
from limbeck.record import Record, content_hash

LEVELS = ("template", "family", "task")


def from_reserve(
    sources: Sequence[Source],
    known: Sequence[Record],
    reserve: Sequence[Record],
    *,
    hard: int,
    easy: int,
    weight: Weight,
    seed: int,
) -> list[tuple[Record, Source]]:
    """`hard` and `easy` questions of the reserve, each with the source that it was taken for.

    A hard source brings a question of its own template; where all of them are used up, of its
    family, and then of its task. An easy one brings a question of its task in the template that
    is rarest among the known ones and those taken here, other than its own. (A source without a
    task has the task of its family, those without both are of one task; a question without a
    template has its family as template, and without one it is its own.) A question is unused while
    its id is not among the known ones. Fewer come back where no source finds another one. Follows
    from ids, meta and `seed` alone.
    """
    shelf = _Shelf(known, reserve, seed)
    wanted, _ = shares(sources, {"hard": hard, "easy": easy})
    all_ = {kind: of_kind(sources, kind) for kind in KINDS}
    left = {kind: list(all_[kind]) for kind in KINDS}
    calls = dict.fromkeys(KINDS, 0)
    found: list[tuple[Record, Source]] = []
    for kind, _ in mixed(wanted):
        while left[kind]:
            # By gap only those are drawn from that still find something, as the others might be
            # nearly all that is drawn; in cycles every one has its turn.
            source = drawn(left[kind] if weight == "gap" else all_[kind], weight, seed, calls[kind])
            calls[kind] += 1
            if not any(one is source for one in left[kind]):
                continue
            taken = shelf.alike(source.seed) if kind == "hard" else shelf.rarer(source.seed)
            if taken is not None:
                found.append((taken, source))
                break
            left[kind] = [one for one in left[kind] if one is not source]  # it stays used up
    return found


def at_random(
    known: Sequence[Record], reserve: Sequence[Record], count: int, seed: int
) -> list[Record]:
    """`count` unused questions of the reserve, drawn alike; fewer where there are no more."""
    return _unused(known, reserve, seed)[:count]


class _Shelf:
    """The unused questions, by what they are alike in; each is taken once."""

    def __init__(self, known: Sequence[Record], reserve: Sequence[Record], seed: int) -> None:
        self._seed = seed
        self._unused = {record.id: record for record in _unused(known, reserve, seed)}
        self._alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._forms: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._tasks: dict[str, str] = {}
        for record in self._unused.values():
            task = _text(record, "task")
            if family := _text(record, "family"):
                self._tasks.setdefault(family, task)
            for level in LEVELS:
                value = _text(record, level)
                if value or level == "task":
                    self._alike[task, level, value].append(record.id)
            self._forms[task][_form(record)].append(record.id)
        self._seen = Counter((self._task(record), _form(record)) for record in known)

    def alike(self, source: Record) -> Record | None:
        """A question of the source's template, else family, else task."""
        task = self._task(source)
        for level in LEVELS:
            value = task if level == "task" else _text(source, level)
            if ids := self._left(self._alike.get((task, level, value), [])):
                return self._take(ids[0])
        return None

    def rarer(self, source: Record) -> Record | None:
        """A question of the source's task, of the rarest template but its own."""
        task, own = self._task(source), _form(source)
        forms = {
            form: ids[0]
            for form, all_ids in self._forms.get(task, {}).items()
            if form != own and (ids := self._left(all_ids))
        }
        if not forms:
            return None
        rarest = min(
            forms,
            key=lambda form: (self._seen[task, form], content_hash([self._seed, "form", form])),
        )
        return self._take(forms[rarest])

    def _task(self, source: Record) -> str:
        return _text(source, "task") or self._tasks.get(_text(source, "family"), "")

    def _left(self, ids: list[str]) -> list[str]:
        """The ids without those taken, which are struck off the list itself."""
        ids[:] = [one for one in ids if one in self._unused]
        return ids

    def _take(self, id_: str) -> Record:
        record = self._unused.pop(id_)
        self._seen[_text(record, "task"), _form(record)] += 1
        return record


def _unused(known: Sequence[Record], reserve: Sequence[Record], seed: int) -> list[Record]:
    """Each question of the reserve that is not known, once, in hashed order."""
    ids = {record.id for record in known}
    left = {record.id: record for record in reserve if record.id not in ids}
    return sorted(left.values(), key=lambda record: content_hash([seed, "reserve", record.id]))


def _text(record: Record, name: str) -> str:
    value = record.meta.get(name)
    return value if isinstance(value, str) else ""


def _form(record: Record) -> str:
    return _text(record, "template") or _text(record, "family") or record.id
