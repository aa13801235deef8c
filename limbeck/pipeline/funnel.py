"""What each filter of a run judged, refused and kept; and how that differs from before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from limbeck.kept import VERDICTS
from limbeck.rundir import RunDir
from limbeck.store import read_jsonl


@dataclass(frozen=True, slots=True)
class Stage:
    """One filter: how many rows it judged and kept, refused ones by reason, and changed ones."""

    name: str
    judged: int
    kept: int
    refused: Mapping[str, int] = field(default_factory=dict)
    changed: int = 0

    def to_json(self) -> dict[str, Any]:
        row = asdict(self)
        return row if self.changed else {k: v for k, v in row.items() if k != "changed"}


def stages_of(counts: Mapping[str, Any]) -> list[Stage] | None:
    """The filters as the stage's counts have them; None for those of an older limbeck."""
    found = counts.get("filters")
    return None if found is None else [Stage(**row) for row in found]


def funnel(run: RunDir) -> list[Stage]:
    """The filters of a run that is filtered, in order. An old run's are counted from its
    verdicts."""
    done = run.need("filter", by="filter")
    stages = stages_of(done.counts)
    return _counted(run) if stages is None else stages


def _counted(run: RunDir) -> list[Stage]:
    judged: Counter[str] = Counter()
    refused: dict[str, Counter[str]] = {}
    for _, row in read_jsonl(run.path / VERDICTS):
        name = str(row["filter"])
        judged[name] += 1
        reasons = refused.setdefault(name, Counter())
        if not row["keep"]:
            reasons[str(row["reason"])] += 1
    return [
        Stage(name, judged[name], judged[name] - lost.total(), dict(sorted(lost.items())))
        for name, lost in refused.items()
    ]


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What another filtering of the same records changed, from the counts of both: "kept 812 ->
    790; minhash refused 31 -> 53"."""
    old, new = _by_filter(before), _by_filter(after)
    moves = [
        f"{name} refused {old[name]:,} -> {new[name]:,}"
        for name in dict.fromkeys([*new, *old])
        if old[name] != new[name]
    ]
    if before["kept"] == after["kept"] and not moves:
        return f"kept {after['kept']:,}, and each filter refused as many as before"
    return "; ".join([f"kept {before['kept']:,} -> {after['kept']:,}", *moves])


def _by_filter(counts: Mapping[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for key, count in counts["refused"].items():
        found[key.partition(": ")[0]] += count
    return found
