"""Which rows of tokens are scored in one batch, and the beginnings that are computed once for many.

Contexts that begin alike (worked examples, a system prompt, or one context with more
continuations than a batch holds) are neighbours when sorted by their tokens. They are cut into
runs, each with one beginning, so that the most tokens are saved in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

COST = 128  # a beginning must save more tokens than this: it has a pass and batches of its own
MOST = 128  # contexts in one run, which bounds the search; runs with one beginning are joined

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One sequence for the model: `prefix`, then `inputs` (at least one), whose next tokens are
    wanted."""

    prefix: Tokens
    inputs: Tokens


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows computed together. Every prefix begins with `beginning`; rows of one prefix stand
    together."""

    beginning: Tokens
    rows: list[Row]


def containing(rows: Iterable[Row]) -> dict[Row, Row]:
    """For each row one that begins with it, often itself: so few that all are still told.

    The options of one token after one context are all the same row.
    """
    found: dict[Row, Row] = {}
    last: Row | None = None
    # What begins with a row comes right after it in sorted order.
    for row in sorted(rows, key=lambda row: (row.prefix, row.inputs), reverse=True):
        if last is None or last.prefix != row.prefix or not _begins(last.inputs, row.inputs):
            last = row
        found[row] = last
    return found


def plan(
    rows: Iterable[Row], *, budget: int, cache_budget: int, cost: float = COST
) -> Iterator[Batch]:
    """Distinct rows, each in one batch; batches with the same beginning follow one another.

    In a batch of n rows, padded to one width after the beginning, n x width is at most `budget`
    and n x (beginning + width) at most `cache_budget`, or n is 1. A beginning saves more than
    `cost` tokens; with a cost of infinity there are none.
    """
    together: dict[Tokens, list[Row]] = {}
    for row in rows:
        together.setdefault(row.prefix, []).append(row)
    contexts = [
        sorted(group, key=lambda row: (len(row.inputs), row.inputs))
        for _, group in sorted(together.items())
    ]
    for beginning, family in _families(contexts, min(budget, cache_budget), cost):
        yield from _batches(beginning, family, budget, cache_budget)


def _families(
    contexts: Sequence[list[Row]], budget: int, cost: float
) -> Iterator[tuple[Tokens, list[list[Row]]]]:
    """Sorted contexts by what they go on from; first those that go on from nothing."""
    prefixes = [context[0].prefix for context in contexts]
    uses = [len(_parts(context, 0, budget, budget)) for context in contexts]
    families: list[tuple[Tokens, list[list[Row]]]] = [((), [])]
    for run, shared in _runs(prefixes, uses, cost):
        beginning = prefixes[run.start][:shared]
        if not shared:
            families[0][1].extend(contexts[run])
        elif beginning == families[-1][0]:
            families[-1][1].extend(contexts[run])
        else:
            families.append((beginning, list(contexts[run])))
    yield from families


def _runs(prefixes: Sequence[Tokens], uses: Sequence[int], cost: float) -> list[tuple[slice, int]]:
    """Sorted prefixes cut into runs, with the length of each run's beginning (0: none).

    A beginning of S tokens for prefixes that would be computed n times in all saves
    (n - 1) S - cost tokens; the runs are those with the greatest sum, by dynamic programming.
    """
    common = [0, *(_common(one, other) for one, other in pairwise(prefixes))]
    best: list[float] = [0]  # the most that the first so many prefixes can save
    cuts: list[tuple[int, int]] = [(0, 0)]  # where their last run starts, and its beginning
    for end in range(1, len(prefixes) + 1):
        most, cut = best[-1], (end - 1, 0)
        shared, used = len(prefixes[end - 1]), 0
        for start in range(end - 1, max(end - MOST, 0) - 1, -1):
            used += uses[start]
            saved = best[start] + shared * (used - 1) - cost
            if saved > most:
                most, cut = saved, (start, shared)
            shared = min(shared, common[start])
            if not shared:
                break
        best.append(most)
        cuts.append(cut)
    runs: list[tuple[slice, int]] = []
    end = len(prefixes)
    while end:
        start, shared = cuts[end]
        runs.append((slice(start, end), shared))
        end = start
    return runs[::-1]


def _batches(
    beginning: Tokens, contexts: Sequence[list[Row]], budget: int, cache_budget: int
) -> Iterator[Batch]:
    """Contexts of about one length together, so that little is padding."""
    shared = len(beginning)
    rows: list[Row] = []
    longest = 0
    for context in sorted(contexts, key=lambda context: len(context[0].prefix)):
        rest = len(context[0].prefix) - shared
        for part in _parts(context, shared, budget, cache_budget):
            longest = max(longest, len(part[-1].inputs))
            room = _room(rest + longest, shared, budget, cache_budget)
            if rows and len(rows) + len(part) > room:
                yield Batch(beginning, rows)
                rows, longest = [], len(part[-1].inputs)
            rows = [*rows, *part]
    if rows:
        yield Batch(beginning, rows)


def _parts(context: list[Row], shared: int, budget: int, cache_budget: int) -> list[list[Row]]:
    """The rows of one context, the longest last, in several parts where a batch is too small."""
    width = len(context[0].prefix) - shared + len(context[-1].inputs)
    size = _room(width, shared, budget, cache_budget)
    return [context[start : start + size] for start in range(0, len(context), size)]


def _room(width: int, shared: int, budget: int, cache_budget: int) -> int:
    """How many rows of `width` tokens after `shared` ones a batch may have."""
    return max(1, min(budget // width, cache_budget // (shared + width)))


def _common(one: Tokens, other: Tokens) -> int:
    """How many tokens both of them begin with."""
    for place, (mine, its) in enumerate(zip(one, other, strict=False)):
        if mine != its:
            return place
    return min(len(one), len(other))


def _begins(text: Tokens, beginning: Tokens) -> bool:
    return text[: len(beginning)] == beginning
