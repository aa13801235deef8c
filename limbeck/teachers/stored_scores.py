"""Log-likelihoods of local weights, kept in the ledger: no item is computed twice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from limbeck.aio import map_ordered, run
from limbeck.errors import UserError
from limbeck.ledger import Answered, Keyer, Ledger
from limbeck.protocols import Reply, Usage
from limbeck.record import user
from limbeck.teachers.likelihoods import LikelihoodRequest

if TYPE_CHECKING:
    from limbeck.teachers.scoring import Context, Scorer

AT_ONCE = 256  # contexts between two commits: what a kill costs
LOOK: Literal["continuations"] = "continuations"

Score = tuple[float, bool]


class StoredScores:
    """(log-likelihood in nats, is greedy) of continuations, as `Scorer` gives them.

    What the ledger holds under the same weights (`identity`), context and continuations is not
    computed again; the rest is, AT_ONCE contexts at a time, and stored before the next. A context
    that does not fit the model's window has NaN, and `failures` says so; the others go on.
    `on_done` is told of every so many pairs.
    """

    def __init__(
        self,
        scorer: Scorer,
        ledger: Ledger,
        identity: Mapping[str, Any],
        *,
        on_done: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._scorer = scorer
        self._ledger = ledger
        self._keyer = Keyer(identity)
        self._on_done = on_done
        self.failures: list[str] = []

    def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[Score]:
        places: dict[Context, list[int]] = {}
        for place, (context, _) in enumerate(pairs):
            places.setdefault(context, []).append(place)
        scores: list[Score] = [(math.nan, False)] * len(pairs)
        for groups in _pieces(list(places.items()), AT_ONCE):
            for (_, where), found in zip(groups, self._groups(groups, pairs), strict=True):
                for place, score in zip(where, found, strict=True):
                    scores[place] = score
        return scores

    def _groups(
        self, groups: Sequence[tuple[Context, list[int]]], pairs: Sequence[tuple[Context, str]]
    ) -> list[list[Score]]:
        asked = [_request(context, [pairs[p][1] for p in where]) for context, where in groups]
        keys = [self._keyer(request) for request in asked]
        found = [
            _stored(self._ledger.get(key), len(request.options))
            for (key, _), request in zip(keys, asked, strict=True)
        ]
        for scores in found:
            self._on_done(0 if scores is None else len(scores))
        new = [place for place, scores in enumerate(found) if scores is None]
        computed = self._compute([(groups[p][0], asked[p].options) for p in new])
        entries = []
        for place, scores in zip(new, computed, strict=True):
            found[place] = scores
            if not any(math.isnan(value) for value, _ in scores):
                key, text = keys[place]
                rows = [[None if v == -math.inf else v, greedy] for v, greedy in scores]
                reply = Reply("", raw={LOOK: rows})
                entries.append(Answered(key, self._keyer.teacher, text, reply, 1, 0.0, "", Usage()))
        if entries:
            run(self._store(entries))
        return [scores or [] for scores in found]

    def _compute(self, groups: Sequence[tuple[Context, Sequence[str]]]) -> Iterator[list[Score]]:
        """Of all groups at once; one by one, if one of them is refused."""
        if not groups:
            return
        flat = [(context, text) for context, texts in groups for text in texts]
        try:
            scores = self._scorer(flat)
        except UserError as error:
            if len(groups) > 1:
                for group in groups:
                    yield from self._compute([group])
                return
            self.failures.append(f"bad request: {error}")
            scores = [(math.nan, False)] * len(flat)
        self._on_done(len(flat))
        rest = iter(scores)
        for _, texts in groups:
            yield [next(rest) for _ in texts]

    async def _store(self, entries: list[Answered]) -> None:
        async with map_ordered(self._ledger.put, entries, len(entries)) as stored:
            async for _ in stored:
                pass


def _request(context: Context, texts: Sequence[str]) -> LikelihoodRequest:
    raw = isinstance(context, str)
    return LikelihoodRequest(
        messages=(user(context),) if isinstance(context, str) else context,
        max_tokens=0,
        template="raw" if raw else "chat",
        look=LOOK,
        options=tuple(texts),
    )


def _stored(reply: Reply | None, count: int) -> list[Score] | None:
    rows = (reply.raw or {}).get(LOOK) if reply else None
    if not isinstance(rows, list) or len(rows) != count:
        return None
    return [(-math.inf if value is None else float(value), bool(greedy)) for value, greedy in rows]


def _pieces(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
