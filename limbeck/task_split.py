"""Which tasks a student is tuned on, and which are its targets: a split file, and the rows that it
leaves (Meta-ICL and Multitask-ICL: Min et al. 2022, arXiv:2110.15943; Huang et al. 2022,
arXiv:2212.10670).

    train: [mood, 天气]
    target: [topic]

Under `meta` the target tasks are held out: none of their rows is taken, nor any row of another task
that has the input of one of theirs. Under `multitask` their rows are in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from limbeck.demos.exclude import plain
from limbeck.errors import DataError, RecipeError
from limbeck.record import Record
from limbeck.registry import did_you_mean
from limbeck.yaml_lines import Places, read_yaml

Tuning = Literal["meta", "multitask"]
SIDES = ("train", "target")


@dataclass(frozen=True, slots=True)
class TaskSplit:
    """The tasks of a split file, on either side in its order; no task is on both."""

    path: Path
    train: tuple[str, ...]
    target: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> TaskSplit:
        """Raises DataError for a file that cannot be read, RecipeError with the line for one that
        says something else than two lists of tasks."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise DataError(
                f"cannot read the split file {path}: {reason}; check seeds.split in the recipe",
                path=path,
            ) from error
        data, place = read_yaml(text, str(path))
        sides = _sides(data, place)
        return cls(path, sides["train"], sides["target"])

    def taken(self, tuning: Tuning) -> tuple[str, ...]:
        """The tasks whose rows are in."""
        return self.train if tuning == "meta" else self.train + self.target


def _sides(data: Any, place: Places) -> dict[str, tuple[str, ...]]:
    if not isinstance(data, dict):
        raise RecipeError(
            f"{place.at(())} is empty or no mapping; a split file has train and target, a list of "
            "tasks each"
        )
    for key in data:
        if key not in SIDES:
            hint = did_you_mean(str(key), SIDES)
            raise RecipeError(f"{place.at((key,))}: unknown key {str(key)!r}{hint}")
    side_of: dict[str, str] = {}
    for side in SIDES:
        if side not in data:
            raise RecipeError(f"{place.at(())}: the key {side!r} is missing; list its tasks")
        tasks = data[side]
        if not isinstance(tasks, list) or not tasks:
            raise RecipeError(
                f"{place.at((side,))}: {side} is a list of one task or more, such as [a, b], got "
                f"{tasks!r}"
            )
        for number, task in enumerate(tasks):
            where = place.at((side, number))
            if not isinstance(task, str) or not task.strip():
                raise RecipeError(
                    f"{where}: the name of a task is text, got {task!r}; put it into quotes"
                )
            if task in side_of:
                raise RecipeError(
                    f"{where}: the task {task!r} stands under {side_of[task]} already; name it once"
                )
            side_of[task] = side
    return {side: tuple(data[side]) for side in SIDES}


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows that a split leaves, in their order, and how many it does not: `held_out` rows of
    target tasks, `unnamed` by task of those that the split does not name, and `leaked` rows of
    train tasks with the input of a target task's row."""

    rows: tuple[Record, ...]
    split: TaskSplit
    held_out: int
    unnamed: Mapping[str, int]
    leaked: int

    def told(self) -> list[str]:
        """What was left out and why, in sentences."""
        lines = []
        if self.held_out:
            tasks = _count(len(self.split.target), "target task")
            lines.append(f"{tasks}, {_count(self.held_out, 'row')} held out")
        named = {task: count for task, count in self.unnamed.items() if task}
        name = self.split.path.name
        if named:
            tasks, rows = _count(len(named), "task"), _count(sum(named.values()), "row")
            lines.append(f"{tasks}, {rows} left out: {name} does not name them")
        if "" in self.unnamed:
            lines.append(f"{_count(self.unnamed[''], 'row')} without a task left out")
        if self.leaked:
            lines.append(leaks_told(self.leaked, "row"))
        return lines


def leaks_told(count: int, what: str) -> str:
    """The sentence for rows, or demos, that would give a held-out input away."""
    return f"{_count(count, what)} left out: the input is that of a target task's row"


def task_of(row: Record) -> str:
    return str(row.meta.get("task", ""))


def held_out(rows: Iterable[Record], split: TaskSplit) -> frozenset[str]:
    """The inputs of the target tasks' rows, as `plain` texts."""
    targets = frozenset(split.target)
    return frozenset(plain_input(row) for row in rows if task_of(row) in targets)


def plain_input(row: Record) -> str:
    """A row's input (its prompt, where it has none apart), without case, width, punctuation."""
    return plain(str(row.meta.get("input") or row.prompt))


def choose(
    rows: Sequence[Record],
    split: TaskSplit,
    tuning: Tuning,
    *,
    each: int | None = None,
    each_target: int | None = None,
    source: Path,
) -> Choice:
    """The rows of a file, `source`, that a student is tuned on.

    Of a task the first `each` that may be taken, of a target task the first `each_target`
    (default: as `each`); all of them for None. Rows behind these are not looked at.

    Raises DataError for a task of the split without a row, and for a train task all of whose rows
    have the input of a target task's row.
    """
    found = Counter(task_of(row) for row in rows)
    _check_found(found, split, source)
    hidden = held_out(rows, split) if tuning == "meta" else frozenset()
    most = dict.fromkeys(split.train, each)
    most |= dict.fromkeys(split.target, each if each_target is None else each_target)
    tasks = frozenset(split.taken(tuning))
    taken: list[Record] = []
    counts: Counter[str] = Counter()
    leaked: Counter[str] = Counter()
    for row in rows:
        task = task_of(row)
        room = most.get(task)
        if task not in tasks or (room is not None and counts[task] >= room):
            continue
        if hidden and plain_input(row) in hidden:
            leaked[task] += 1
            continue
        counts[task] += 1
        taken.append(row)
    for task in leaked:
        if not counts[task]:
            raise DataError(
                f"every row of the train task {task!r} in {source} has the input of a target "
                f"task's row, so nothing is left of it; take it out of train in {split.path}",
                path=source,
            )
    out = 0 if tuning == "multitask" else sum(found[task] for task in split.target)
    unnamed = {task: count for task, count in found.items() if task not in most}
    return Choice(tuple(taken), split, out, unnamed, leaked.total())


def _check_found(found: Mapping[str, int], split: TaskSplit, source: Path) -> None:
    for task in (*split.train, *split.target):
        if task not in found:
            known = [name for name in found if name]
            hint = did_you_mean(task, known) if known else "; its rows name no task"
            raise DataError(
                f"{source} has no row of the task {task!r}, which {split.path} names{hint}",
                path=source,
            )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
