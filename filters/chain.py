"""A batch through filters that stand together: the same code here and in the worker processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from limbeck.protocols import Filter
from limbeck.record import Record
from limbeck.store import dump_line


@dataclass(slots=True)
class Tally:
    """One filter's sums: its verdicts by (kept, reason), and how many rows it changed."""

    verdicts: Counter[tuple[bool, str]] = field(default_factory=Counter)
    changed: int = 0

    def add(self, other: Tally) -> None:
        self.verdicts.update(other.verdicts)
        self.changed += other.changed

    @property
    def judged(self) -> int:
        return self.verdicts.total()

    @property
    def kept(self) -> int:
        return sum(count for (kept, _), count in self.verdicts.items() if kept)

    @property
    def refused(self) -> dict[str, int]:
        """By reason, in alphabetical order."""
        found = {reason: n for (kept, reason), n in self.verdicts.items() if not kept}
        return {reason: found[reason] for reason in sorted(found)}

    @property
    def reasons(self) -> dict[str, int]:
        """All verdicts by reason, kept ones too: most of those have none ("")."""
        found: Counter[str] = Counter()
        for (_, reason), count in sorted(self.verdicts.items()):
            found[reason] += count
        return dict(found)


@dataclass(slots=True)
class Judged:
    """What filters made of a batch, in a form that goes between processes.

    `kept` are places in the batch; `changed` has the JSON lines of changed rows by place, some
    of them refused later; `verdicts` are JSON lines; `tallies` one a filter. `records` are those
    that are kept, None where they stayed in another process.
    """

    kept: list[int]
    changed: dict[int, bytes]
    verdicts: bytes
    tallies: list[Tally]
    records: list[Record] | None


def is_alone(judge: Filter) -> bool:
    """Whether each of its verdicts follows from one record, so that copies may judge: it says that
    it is stateless, looks at nothing beforehand, and has nothing to tell that a copy would know."""
    stateless = getattr(judge, "stateless", False) is True
    tells = hasattr(judge, "told") and not hasattr(judge, "summary")
    return stateless and not hasattr(judge, "survey") and not tells


def judge_records(filters: Sequence[Filter], records: Sequence[Record]) -> Judged:
    """One filter after the other; each is shown what those before it kept, as they changed it."""
    places = list(range(len(records)))
    left = list(records)
    lines: list[bytes] = []
    changed: dict[int, bytes] = {}
    tallies = []
    for judge in filters:
        tally = Tally()
        tallies.append(tally)
        if not left:
            continue
        verdicts = judge.judge(left)
        lines += [dump_line(verdict.to_json()) for verdict in verdicts]
        tally.verdicts.update((verdict.keep, verdict.reason) for verdict in verdicts)
        pairs = zip(places, left, verdicts, strict=True)
        kept = [(place, record) for place, record, verdict in pairs if verdict.keep]
        places, left = [place for place, _ in kept], [record for _, record in kept]
        change = getattr(judge, "changed", None)
        if change is not None:
            for at, record in enumerate(left):
                new = change(record)
                if new is not record and new != record:
                    left[at] = new
                    changed[places[at]] = dump_line(new.to_json())
                    tally.changed += 1
    return Judged(places, changed, b"".join(lines), tallies, left)


def kept_of(filters: Sequence[Filter], records: Sequence[Record]) -> list[Record]:
    """What filters keep of records that are all in memory, those that survey included."""
    left = list(records)
    for judge in filters:
        survey = getattr(judge, "survey", None)
        if survey is not None and left:
            survey(left)
        left = judge_records([judge], left).records or []
    return left


def add_all(tallies: Sequence[Tally], judged: Iterable[Tally]) -> None:
    for tally, more in zip(tallies, judged, strict=True):
        tally.add(more)
