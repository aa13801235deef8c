"""The tables of an in-context report, the same cells for page, Markdown and terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.evals.in_context import control_tables, lookup, words
from limbeck.evals.in_context.cells import (
    MODELS,
    NONE,
    UNKNOWN,
    Cell,
    Row,
    Table,
    about,
    at_the_ends,
    measured,
    moved,
    without_empty_columns,
)
from limbeck.evals.in_context.lookup import ROLES, Found, Point
from limbeck.evals.pages import wording
from limbeck.evals.pages.wording import Escape, visible

OTHERS = "Accuracy with the other selectors"
_VOTES = {"knn_bm25": "BM25", "knn_dense": "n-grams"}
_BARS = "Majority", "kNN vote"
_QUALITY = {
    "macro_f1": "Macro-F1, labels there or predicted (scikit-learn)",
    "macro_f1_target": "Macro-F1, labels that are targets (MetaICL)",
    "ece": "ECE",
    "brier": "Brier score",
    "vote": "Vote over draws",
}
_PAIRS = {"agreement": "Agrees with the teacher", "distance": "Distance to the teacher"}
_NUMBERS = ("brier", "distance")  # not shares


def tables(found: Found, escape: Escape = visible) -> list[Table]:
    """All that have a row, those that lead first."""
    first, *others = lookup.ends(found)
    made = [_accuracy(found, *first, escape)]
    made += [_quality(found, escape), control_tables.of_mean(found)]
    made += [_over_none(found, escape), _gains(found, escape)]
    made += [_accuracy(found, *end, escape, fold=OTHERS) for end in others]
    made.append(control_tables.by_task(found, escape))
    return [table for table in made if table.rows]


def curve(found: Found, escape: Escape = visible, *, whole: bool = True) -> Table:
    """Accuracy of the mean by number of demos; not `whole`: without demos and at the curves' ends.
    No rows where there is no mean."""
    several = lookup.mean(found)
    kept = [point for point in several if not point.get("control")]
    if not whole:
        ends = [("", 0), *lookup.ends(found)]
        kept = [point for end in dict.fromkeys(ends) if (point := lookup.at(several, *end))]
    rows = []
    for point in kept:
        cells = (*(measured(point, role) for role in ROLES), _moved(point))
        rows.append(((escape(words.demos_of(point)), ""), cells))
    one = len(lookup.tasks(found)) == 1
    title = "Accuracy" if one else f"Mean accuracy over {words.tasks(found)}"
    return Table(title, "", ("Demos", *MODELS, "Student − base"), tuple(rows))


def _accuracy(found: Found, select: str, shots: int, escape: Escape, *, fold: str = "") -> Table:
    """A row a task and, of several, one for their mean."""
    several, rows = lookup.tasks(found), list[Row]()
    point = lookup.at(lookup.mean(found), select, shots)
    if len(several) > 1 and point:
        bars = lookup.bars(several)
        rows.append(((words.mean_of(found), ""), (*_scored(point), *_mean_bars(bars))))
    for task in several:
        point = lookup.at(lookup.points(task), select, shots)
        cells = _scored(point or {"n": 0, "dropped": task.get("rows")})
        rows.append(((escape(lookup.name_of(task)), ""), (*cells, *_bars(task, escape))))
    head: tuple[str, ...] = ("Task", "n", *MODELS, "Student − base", "Gap closed", *_BARS)
    title = escape(f"Accuracy {words.with_demos(select, shots)}")
    caption = (
        "Worst is the least accurate draw of demos. Majority always says the pool's most frequent "
        "label; the kNN vote is that of the nearest demos, by BM25 or n-grams, whichever is more "
        "often right."
    )
    head, kept = without_empty_columns(head, rows)
    return Table(title, caption, head, kept, fold)


def _scored(point: Point) -> tuple[Cell, ...]:
    dropped = wording.finite(point.get("dropped"))
    n = wording.count(point.get("n")), f"{wording.count(dropped)} left out" if dropped else ""
    gap = wording.gap_cell(lookup.as_task("", point))
    return (n, *(measured(point, role) for role in ROLES), _moved(point), gap)


def _moved(point: Point) -> Cell:
    return moved(point.get("student_minus_base"))


def _bars(task: Mapping[str, Any], escape: Escape) -> tuple[Cell, Cell]:
    majority, vote = lookup.baseline(task, "majority"), lookup.best_vote(lookup.bars([task]))
    label = escape(visible(majority.get("label", ""), one_line=True))
    return (
        (words.ranged(majority["accuracy"]), f"“{label}”") if majority else NONE,
        (words.ranged(lookup.baseline(task, vote)["accuracy"]), _VOTES[vote]) if vote else NONE,
    )


def _mean_bars(bars: Mapping[str, float]) -> tuple[Cell, Cell]:
    vote = lookup.best_vote(bars)
    return (
        (words.share(bars["majority"]), "") if "majority" in bars else UNKNOWN,
        (words.share(bars[vote]), _VOTES[vote]) if vote else UNKNOWN,
    )


def _quality(found: Found, escape: Escape) -> Table:
    """F1, calibration and agreement of every model at the end of every curve."""
    rows: list[Row] = []
    for note, _, point in at_the_ends(found, escape):
        for role, model in zip(ROLES, MODELS, strict=True):
            cells = [_number(lookup.metric(point, role, name), name) for name in _QUALITY]
            pairs = [_number((point.get(name) or {}).get(role), name) for name in _PAIRS]
            cells += [NONE] * len(pairs) if role == "teacher" else pairs
            rows.append(((model, note), tuple(cells)))
    head: tuple[str, ...] = ("Model", *_QUALITY.values(), *_PAIRS.values())
    caption = (
        f"{about(found)}The expected calibration error (ECE) and the Brier score (0 to 2) are "
        "better where they are lower. The vote takes the label that most draws of demos give. The "
        "distance is that of two distributions over the labels, 0 to 1 (total variation)."
    )
    head, kept = without_empty_columns(head, rows)
    return Table("F1, calibration, agreement", caption, head, kept)


def _number(entry: Mapping[str, Any] | None, name: str) -> Cell:
    return words.ranged(entry, "" if name in _NUMBERS else "share"), ""


def _over_none(found: Found, escape: Escape) -> Table:
    """What demos bring over none: a row a condition, of the mean or, without one, of each task."""
    rows: list[Row] = []
    for scope, several in lookup.scopes(found):
        for point in several:
            gains = [lookup.metric(point, role, "minus_none") for role in ROLES]
            if any(gains):
                rows.append(((escape(words.demos_of(point)), escape(scope or "")), _cells(gains)))
    caption = f"{about(found)}Differences of accuracy on the same rows, without demos and with."
    return Table("Gain over no demos", caption, ("Demos", *MODELS), tuple(rows))


def _cells(gains: Sequence[Mapping[str, Any] | None]) -> tuple[Cell, ...]:
    return tuple(map(moved, gains))


def _gains(found: Found, escape: Escape) -> Table:
    """What every other selector brings over as many demos drawn at random."""
    rows: list[Row] = []
    for note, select, point in at_the_ends(found, escape):
        gains = [lookup.metric(point, role, "minus_random") for role in ROLES]
        if any(gains):
            rows.append(((select, note), _cells(gains)))
    caption = f"{about(found)}Differences of accuracy on the same rows, with as many demos."
    return Table("Gain over random demos", caption, ("Selector", *MODELS), tuple(rows))
