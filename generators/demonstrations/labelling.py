"""How a teacher is asked for the labels of each task, and what the distributions are good for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from limbeck.errors import UserError
from limbeck.generators.demonstrations.pools import named, task_of
from limbeck.labels import (
    Averaged,
    Choice,
    Exact,
    LabelDistribution,
    Labelled,
    Sampled,
    estimator,
)
from limbeck.labels.choose import Wanted
from limbeck.labels.reading import checked_options
from limbeck.protocols import Likelihoods, Reply, Request, Teacher
from limbeck.record import Record
from limbeck.teachers.capabilities import Capabilities
from limbeck.teachers.likelihoods import AskedLikelihoods, Scored

NEEDED_BY = "generator demonstrations"


def options_of(row: Record) -> tuple[str, ...]:
    """The labels of a row. Raises UserError for one without any, for such as can be no labels, and
    for a target that is none of them."""
    options = row.meta.get("options")
    if not options:
        raise UserError(
            f"{NEEDED_BY} asks for labels, and {named(row)} of the task "
            f"{task_of(row)!r} has no options; give its rows options, or set generate.labels to "
            "text"
        )
    try:
        labels = checked_options(options)
    except UserError as error:
        raise UserError(f"{named(row)} of the task {task_of(row)!r}: {error}") from error
    if row.target is not None and row.target not in labels:
        raise UserError(
            f"{named(row)} of the task {task_of(row)!r} has the target {row.target!r}, which is "
            f"none of its options {', '.join(map(repr, labels))}"
        )
    return labels


@dataclass(frozen=True, slots=True)
class Choosing:
    """What decides how a row is asked for labels, beside its own labels: the same for all rows."""

    capabilities: Capabilities | None
    template: str
    method: Wanted
    exact: Exact
    sampled: Sampled

    def choices(self, rows: Iterable[Record], teacher: Teacher) -> dict[tuple[str, ...], Choice]:
        """The estimator of every label set, in the order of the rows. A row's own set alone
        decides, so that no other row changes what is asked of it.

        Raises UserError for a row without labels, and where the teacher does not give what the
        method needs.
        """
        found: dict[tuple[str, ...], Choice] = {}
        for row in rows:
            labels = options_of(row)
            if labels not in found:
                found[labels] = estimator(
                    teacher,
                    labels,
                    capabilities=self.capabilities,
                    template=self.template,
                    method=self.method,
                    needed_by=NEEDED_BY,
                    exact=self.exact,
                    sampled=self.sampled,
                )
        return found


def explained(rows: Iterable[Record], choices: Mapping[tuple[str, ...], Choice]) -> str:
    """In one sentence which methods are taken, for how many rows where they differ, and why."""
    counts = Counter(choices[options_of(row)].why for row in rows)
    if len(counts) == 1:
        return f"label distributions by {next(iter(counts))}"
    parts = (f"of {count} rows by {why}" for why, count in counts.items())
    return f"label distributions {'; '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Asking:
    """One row's prompts, which ask the same, and its labels."""

    choice: Choice
    prompts: tuple[Request, ...]
    labels: tuple[str, ...]

    def requests(self) -> tuple[Request, ...]:
        if len(self.prompts) == 1:
            return self.choice.estimator.requests(self.prompts[0], self.labels)
        return tuple(Averaged(self.choice.estimator).requests(self.prompts, self.labels))

    async def labelled(self, teacher: Teacher) -> Labelled:
        """Raises what the estimator raises."""
        how = self.choice.estimator
        if len(self.prompts) == 1:
            return await how.estimate(self.prompts[0], self.labels, teacher)
        averaged = Averaged(how, len(self.prompts))
        return await averaged.estimate(self.prompts, self.labels, teacher)


def why_hard(distribution: LabelDistribution) -> str:
    """A few words, the same for every row, on why only the label is of use; "" where all is."""
    if distribution.is_soft():
        return ""
    return "temperature 0" if distribution.hard_because else "little of the answer was on labels"


def as_asked(teacher: Teacher) -> Teacher:
    """The teacher as one whose replies about likelihoods can be kept, where it gives some."""
    if isinstance(teacher, Likelihoods) and not isinstance(teacher, AskedLikelihoods):
        return Scored(teacher)
    return teacher


class Absent:
    """Who stands for the teacher before there is one: what it will give is known."""

    name = "the teacher"
    identity: Mapping[str, Any] = {}

    async def ask(self, request: Request, /) -> Reply:
        raise NotImplementedError("nobody asks before there is a teacher")

    async def aclose(self) -> None:
        return


class AbsentLikelihoods(AskedLikelihoods, Absent):
    """The same for a teacher that will give likelihoods."""
