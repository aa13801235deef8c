"""Findings about answers: those that a target shows to be wrong, and paths that disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from limbeck.audit.duplicates import answer_of
from limbeck.audit.facts import SHORT, Flag
from limbeck.audit.findings.finding import (
    SHOWN,
    Finding,
    asked,
    example,
    percent,
    several,
    unknown,
    verb,
)
from limbeck.audit.keys import Places, groups
from limbeck.audit.measured import Measured, parts
from limbeck.audit.spill import Spill
from limbeck.audit.words import count_words
from limbeck.errors import MissingExtra, UserError
from limbeck.filters.answer import KINDS, Kind, canonical, check, kind_of
from limbeck.filters.answer.ended import unfinished
from limbeck.filters.answer.said import said
from limbeck.reading.forms import Row

CHECKED = 50_000  # rows whose answer is compared with their target, some two milliseconds each
PROMPTS = 5_000  # prompts whose paths are compared
PATHS = 32  # of one prompt, at most
_LONGEST = 200_000  # characters of an output in which an answer is looked for
_ITEM = 3  # words of an item of a list


class Checked(NamedTuple):
    """A row's answer beside its target: "correct", "wrong", "unparseable", or "not checked"."""

    place: int
    status: str
    answer: str
    reason: str


def checked(spill: Spill, places: Places) -> list[Checked]:
    """Every row's answer. A target that cannot be read as any kind, is a text of more than five
    words, or needs an extra that is not installed, is not checked."""
    found = [_check(spill[place], place) for place in places.tolist()]
    spill.close()
    return found


def _check(row: Row, place: int) -> Checked:
    if ended := unfinished(row.finish_reason):
        return Checked(place, "unparseable", "", ended)
    if len(row.output) > _LONGEST:
        return Checked(
            place, "not checked", "", f"the output has more than {_LONGEST:,} characters"
        )
    if _is_free(row):
        return Checked(
            place, "not checked", "", "the target is a text of which others can be right"
        )
    try:
        made = check(row.output, row.target or "", _kind(row), options=row.options or None)
    except MissingExtra as error:
        return Checked(place, "not checked", "", str(error))
    except UserError:
        return Checked(place, "not checked", "", "the target cannot be read as an answer")
    return Checked(place, made.status, made.answer or "", made.reason.partition(":")[0])


def _kind(row: Row) -> Kind:
    return next((kind for kind in KINDS if kind == row.kind), "auto")


def _is_free(row: Row) -> bool:
    """Whether the target is a text that is too long to be the only right one."""
    target = row.target or ""
    if _kind(row) not in ("auto", "text") or row.options or count_words(target) <= SHORT:
        return False
    # "red, green, blue, white, black, grey" is a list; a sentence with commas is none.
    parts = target.strip("[]{}").split(",")
    return kind_of(target) != "list" or any(count_words(part) > _ITEM for part in parts)


def wrong_answers(m: Measured) -> Finding:
    """Outputs whose answer is not their row's target, of those that could be checked."""
    advice = "Drop rows that are wrong, and look at what could not be read: the filter answer does."
    if not m.answered:
        return unknown("wrong_answers", "the rows have no outputs")
    places = m.having(Flag.TARGET)
    if not len(places):
        return unknown(
            "wrong_answers",
            "no column with reference answers",
            "Name the column of the reference answers with --targets COLUMN.",
        )
    chosen = m.drawn(places, CHECKED)
    every = [one for part in m.workers.map(checked, parts(m.spill, chosen)) for one in part]
    statuses = Counter(one.status for one in every)
    right, wrong = statuses["correct"], statuses["wrong"]
    of = len(every) - statuses["not checked"]
    if not of:
        why = f"no target could be checked ({every[0].reason})"
        return unknown("wrong_answers", why, advice)
    m.correct = right, of
    details = [
        ("Correct", f"{right:,} ({percent(right, of)})"),
        ("Wrong", f"{wrong:,} ({percent(wrong, of)})"),
        ("Unparseable", f"{statuses['unparseable']:,} ({percent(statuses['unparseable'], of)})"),
        ("Rows without a target", f"{m.rows - len(places):,}"),
    ]
    reasons = Counter(one.reason for one in every if one.status == "not checked")
    details += [(f"Not checked: {reason}", f"{n:,}") for reason, n in reasons.most_common(3)]
    shown = [one for one in every if one.status == "wrong"][:SHOWN]
    return Finding(
        "wrong_answers",
        wrong,
        of,
        unit="rows with a target",
        sampled=len(chosen) < len(places),
        says=f"{several(wrong, 'answer')} of {of:,} that were checked ({percent(wrong, of)}) "
        f"{verb(wrong, 'is', 'are')} not the target; {statuses['unparseable']:,} could not be "
        "read.",
        advice=advice,
        details=details,
        examples=[_wrong(m.spill[one.place], one) for one in shown],
    )


def _wrong(row: Row, one: Checked) -> dict[str, Any]:
    texts = [*asked(row), ("Output", row.output), ("Answer found", one.answer)]
    return example([row], [*texts, ("Target", row.target or "")], one.reason)


class Paths(NamedTuple):
    """The answers to one prompt: how many paths there are, were read, and give the same answer;
    the share of pairs of paths that agree; the answers. `basis` says how they were compared."""

    places: list[int]
    read: int
    most: int
    agreement: float
    answers: list[str]
    basis: str


def compared(spill: Spill, places: Places, starts: Places) -> list[Paths]:
    """The paths of some prompts; `starts` says where in the places each prompt begins."""
    found = []
    for group in np.split(places, starts[1:]):
        rows = [spill[place] for place in group.tolist()]
        answers, basis = _answers(rows)
        counts = Counter(answer for answer in answers if answer is not None)
        n = len(rows)
        pairs = sum(count * (count - 1) for count in counts.values()) / (n * (n - 1))
        most = max(counts.values(), default=0)
        shown = [answer if answer is not None else "(none)" for answer in answers]
        found.append(Paths(group.tolist(), counts.total(), most, pairs, shown, basis))
    spill.close()
    return found


def _answers(rows: Sequence[Row]) -> tuple[list[str | None], str]:
    """The answers of a prompt's paths as texts that equal ones share, and how they were read; no
    basis where outputs are texts of which many can be right."""
    first = rows[0]
    if _is_free(first) or any(len(row.output) > _LONGEST for row in rows):
        return [], ""
    kind = _kind(first)
    if kind == "auto" and first.target:
        kind = kind_of(first.target, first.options or None)
    elif kind == "auto" and first.options:
        kind = "choice"
    if kind == "auto" and not all(said(row.output).marked for row in rows):
        if all(count_words(row.output) <= SHORT for row in rows):
            return [answer_of(row.output) or None for row in rows], "short outputs"
        return [], ""
    try:
        answers = _canonical(rows, kind)
        kinds = {kind_of(answer) for answer in answers if answer}
        if kind == "auto" and len(kinds) == 1:  # "2.0." alone is a text, beside "2" a number
            answers = _canonical(rows, kinds.pop())
    except UserError:  # an extra that is missing, options that cannot be told apart
        return [], ""
    return answers, "answers"


def _canonical(rows: Sequence[Row], kind: Kind) -> list[str | None]:
    return [
        None
        if unfinished(row.finish_reason)
        else canonical(row.output, kind, options=row.options or None)
        for row in rows
    ]


def self_consistency(m: Measured) -> Finding:
    """Prompts of which no answer has more than half of the paths, of those with several paths
    whose answers can be compared."""
    if not m.answered:
        return unknown("self_consistency", "the rows have no outputs")
    asked_again = list(groups(m.totals.same_question))
    if not asked_again:
        return unknown("self_consistency", "no prompt has more than one row")
    heads = np.array([group[0] for group in asked_again], dtype=np.int64)
    chosen = set(m.drawn(heads, PROMPTS).tolist())
    taken = [group[:PATHS] for group in asked_again if int(group[0]) in chosen]
    every = [one for part in m.workers.map(compared, _parts(m.spill, taken)) for one in part]
    known = [one for one in every if one.basis]
    if not known:
        return unknown(
            "self_consistency",
            f"{several(len(every), 'prompt')} with several rows, but their outputs are free text",
        )
    none = [one for one in known if 2 * one.most <= len(one.places)]
    share = sum(one.most / len(one.places) for one in known) / len(known)
    agreement = sum(one.agreement for one in known) / len(known)
    unread = sum(len(one.places) - one.read for one in known)
    rows = sum(len(one.places) for one in known)
    return Finding(
        "self_consistency",
        len(none),
        len(known),
        unit="prompts",
        sampled=len(taken) < len(asked_again),
        says=f"{several(len(none), 'prompt')} of {len(known):,} with several paths "
        f"({percent(len(none), len(known))}) {verb(len(none), 'has', 'have')} no majority "
        f"answer; the commonest answer has {percent(share, 1)} of the paths on average.",
        advice="Keep the majority's paths, and drop prompts without one: the filter vote does.",
        details=[
            ("Paths to a prompt, mean", f"{rows / len(known):.1f}"),
            ("Share of the commonest answer, mean", percent(share, 1)),
            ("Pairs of paths that agree, mean", percent(agreement, 1)),
            (
                "Prompts on which all paths agree",
                f"{sum(one.most == len(one.places) for one in known):,}",
            ),
            ("Paths without an answer that can be read", f"{unread:,}"),
            ("Prompts whose outputs are free text", f"{len(every) - len(known):,}"),
        ],
        examples=[_paths(m.spill, one) for one in none[:SHOWN]],
    )


def _paths(spill: Spill, one: Paths) -> dict[str, Any]:
    rows = [spill[place] for place in one.places[:SHOWN]]
    counts = Counter(one.answers).most_common(SHOWN)
    texts = [(f"{number} of {len(one.places)}", answer) for answer, number in counts]
    return example(rows, [*asked(rows[0]), *texts], f"{one.most} of {len(one.places)} agree")


def _parts(spill: Spill, taken: Sequence[Places]) -> Any:
    """Some 500 rows at a time, whole prompts."""
    ends = np.cumsum([len(group) for group in taken])
    for _, some in groupby(range(len(taken)), key=lambda place: int(ends[place]) // 512):
        part = [taken[place] for place in some]
        sizes = [len(group) for group in part]
        yield spill, np.concatenate(part), np.cumsum([0, *sizes[:-1]])
