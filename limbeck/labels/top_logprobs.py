"""A distribution from the likeliest first tokens of an answer, with bounds for what was not seen.

It is that of the first token: exact for labels that are one token each, such as codes (`codes`).
For longer labels a token that begins one label alone stands for it, although the answer may have
gone on to something else ("No" for "north", where "No idea" was meant). The bounds do not cover
that; `detail["prefix_mass"]` says how much rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from limbeck.errors import AskError, Malformed, UserError
from limbeck.labels.contracts import FLOOR, Labelled, prompt_hash
from limbeck.labels.distribution import LabelDistribution, Method
from limbeck.labels.reading import LabelReader, reader
from limbeck.protocols import Reply, Request, Teacher
from limbeck.teachers.logprobs import ABOVE_ZERO, SENTINEL, read_logprobs

SHOWN = 3  # of the tokens that are no label, the likeliest are kept


def from_top(
    options: Sequence[str] | LabelReader,
    top: Sequence[tuple[str, float]],
    *,
    k: int | None = None,
    detail: dict[str, Any] | None = None,
) -> LabelDistribution:
    """The distribution in the `k` (default: all) likeliest first tokens and their log-probabilities
    in nats; further ones, such as a drawn token that servers add, may stand in `top`.

    What tokens say is `LabelReader.first`: those of one label are summed, one that may begin
    several labels counts for none. Let s_i be what was seen of label i, S the sum of these, U = 1 -
    all that was seen, A_i the mass of ambiguous tokens that may begin i, and B_i that of those that
    may begin another one. Whatever the tokens that were not seen are, and whatever the ambiguous
    ones begin, label i's share is between s_i / (S + U + B_i) and (s_i + U + A_i) / (S + U + A_i):
    `lower` and `upper`. A label that was not seen is taken for half of min(k-th probability, U),
    the middle of where one unseen token can be, and all of them together for U at most; several
    unseen tokens may begin one label, so that its upper bound is not the k-th probability.

    Values at or below SENTINEL are no values. `observed_mass` is S, `invalid_rate` what was seen
    on other tokens. `detail` names the ambiguous tokens, the likeliest others, what of S is on
    beginnings only (`prefix_mass`), and the labels not seen. Raises Malformed for values that are
    no log-probabilities, and for none.
    """
    read = options if isinstance(options, LabelReader) else reader(options)
    pairs = _valid(top)
    seen = dict.fromkeys(read.options, 0.0)
    may = dict.fromkeys(read.options, 0.0)  # on ambiguous tokens that may begin it
    against = dict.fromkeys(read.options, 0.0)  # on those that may begin another
    ambiguous: dict[str, float] = {}
    others: list[tuple[str, float]] = []
    prefix = 0.0
    for token, p in pairs:
        first = read.first(token)
        if first.certain:
            seen[first.labels[0]] += p
            prefix += 0.0 if first.whole else p
        elif first.labels:
            ambiguous[token] = ambiguous.get(token, 0.0) + p
            for label in read.options:
                may[label] += p if label in first.labels else 0.0
                against[label] += p if any(x != label for x in first.labels) else 0.0
        else:
            others.append((token, p))
    total = math.fsum(p for _, p in pairs)
    observed = math.fsum(seen.values())
    unseen = max(0.0, 1 - total)
    smallest = pairs[min(k or len(pairs), len(pairs)) - 1][1]
    missing = [label for label in read.options if not seen[label]]
    share = min(min(smallest, unseen) / 2, unseen / max(1, len(missing)))
    points = {label: mass or share for label, mass in seen.items()}
    probabilities = _scaled(points)
    lower, upper = {}, {}
    for label, mass in seen.items():
        rest = observed + unseen + against[label]
        lower[label] = mass / rest if rest else 0.0
        most = mass + unseen + may[label]
        least = observed + unseen + may[label]
        upper[label] = most / least if least else 1.0
    about: dict[str, Any] = {"k": len(pairs), **(detail or {})}
    if missing:
        about["unseen"] = missing
    if ambiguous:
        about["ambiguous"] = {token: round(p, 6) for token, p in ambiguous.items()}
    if others:
        about["others"] = [[token, round(p, 6)] for token, p in others[:SHOWN]]
    if prefix:
        about["prefix_mass"] = round(prefix, 6)
    return LabelDistribution(
        probabilities=probabilities,
        method="top_logprobs",
        n=1,
        observed_mass=min(1.0, observed),
        lower=lower,
        upper=upper,
        invalid_rate=min(1.0, max(0.0, total - observed)),
        detail=about,
    )


def _valid(top: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The tokens with a value and their probabilities, the likeliest first."""
    for token, value in top:
        if math.isnan(value) or value > ABOVE_ZERO:
            raise Malformed(f"the log-probability of the token {token!r} is {value:g}")
    kept = [(token, math.exp(value)) for token, value in top if value > SENTINEL]
    if not kept:
        raise Malformed("no first token has a log-probability")
    if math.fsum(p for _, p in kept) > 1 + ABOVE_ZERO:
        raise Malformed("the first tokens' probabilities sum to more than 1")
    return sorted(kept, key=lambda pair: -pair[1])


def _scaled(points: dict[str, float]) -> dict[str, float]:
    total = math.fsum(points.values())
    if not total:
        return {label: 1 / len(points) for label in points}
    return {label: max(FLOOR, point / total) for label, point in points.items()}


@dataclass(frozen=True, slots=True)
class TopLogprobs:
    """Asks for one token and the `k` likeliest in its place.

    At temperature 1: a server that reports what it draws from then reports the model's own
    probabilities, and what is drawn does not matter. `fold_case` False reads "a" and "A" as two
    things, as codes need it.
    """

    k: int = 20
    fold_case: bool = True

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k must be at least 1, got {self.k}")

    @property
    def method(self) -> Method:
        return "top_logprobs"

    def requests(self, request: Request, options: Sequence[str], /) -> tuple[Request, ...]:
        return (
            replace(
                request,
                max_tokens=1,
                temperature=1.0,
                top_p=1.0,
                stop=(),
                seed=None,
                presence_penalty=0.0,
                top_logprobs=self.k,
            ),
        )

    async def estimate(
        self, request: Request, options: Sequence[str], teacher: Teacher, /
    ) -> Labelled:
        read = reader(options, fold_case=self.fold_case)
        (asked,) = self.requests(request, options)
        reply = await teacher.ask(asked)
        top = first_top(reply, teacher.name)
        distribution = from_top(read, top, k=self.k, detail={"prompt": prompt_hash(request)})
        return Labelled(distribution, (reply,))


def first_top(reply: Reply, teacher: str) -> tuple[tuple[str, float], ...]:
    """The likeliest first tokens in a reply. Raises AskError for an answer that was refused or has
    no token, Malformed for what cannot be read, and UserError where log-probabilities are missing,
    since the next answers would have none either and cost as much."""
    if reply.reason == "refused":
        raise AskError(f"{teacher} refused the prompt, so it says nothing of the labels")
    choices = (reply.raw or {}).get("choices")
    found = read_logprobs(choices[0]) if choices else None
    if found is not None and found[1][0].top:
        return found[1][0].top
    if reply.raw is not None and not reply.text:
        raise AskError(f"the answer of {teacher} is empty, so it says nothing of the labels")
    raise UserError(
        f"label distributions by top_logprobs need log-probabilities, and {teacher} gave none with "
        "its answer. limbeck probe says what it gives; choose method sampled, or another teacher"
    )
