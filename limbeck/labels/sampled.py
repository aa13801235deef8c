"""A distribution from what a teacher says when it is asked several times: counts of labels.

The intervals are statistical: Wilson's, one label at a time (Wilson 1927).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

from limbeck.aio import map_ordered
from limbeck.labels.contracts import FLOOR, Labelled, prompt_hash
from limbeck.labels.distribution import LabelDistribution, Method
from limbeck.labels.reading import CUES, LabelReader, checked_options, reader
from limbeck.protocols import Reply, Request, Teacher
from limbeck.record import content_hash, messages_json
from limbeck.wilson import Z95, wilson

LEVEL = 0.95
SHOWN = 3  # different replies that are no label are kept
SHOWN_CHARACTERS = 60


def normal_quantile(level: float, looks: int = 1) -> float:
    """The z of a two-sided interval at `level`, such that `looks` of them hold together
    (Bonferroni)."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")
    return NormalDist().inv_cdf(1 - (1 - level) / (2 * looks))


def from_counts(
    counts: Mapping[str, int],
    invalid: int = 0,
    *,
    temperature: float = 1.0,
    z: float = Z95,
    fixed_n: bool = True,
    detail: Mapping[str, Any] | None = None,
) -> LabelDistribution:
    """The distribution in `counts` of valid replies of each label, beside `invalid` others, all
    sampled at one `temperature`.

    `frequencies` are the raw shares, unbiased at temperature 1 where the number of replies was not
    chosen by what they were (`fixed_n`). `probabilities` are (count + 1/C) / (n + 1) of C labels
    and n valid replies: the posterior mean under a Dirichlet prior that weighs one reply in all
    (Perks 1947). A prior of 1/2 a label would outweigh the replies where labels are many, and
    leave Wilson's interval; this one never does. Invalid replies are left out: it is the
    distribution given that a label is said.

    At another temperature T the shares are q ~ p^(1/T), so that p ~ q^T: probabilities and bounds
    are taken back, and there are no frequencies, since a power of them is biased. That is right
    where one token decides the label: a temperature works on each token, not on whole strings.
    The bounds take each label's interval, and the others in the way that is worst.

    At temperature 0 only the likeliest label is known, so that the result is marked hard.
    """
    options = checked_options(list(counts))
    if invalid < 0 or min(counts.values()) < 0:
        raise ValueError(f"counts must not be below 0, got {dict(counts)} and {invalid}")
    if not (temperature >= 0 and math.isfinite(temperature)):
        raise ValueError(f"temperature must be 0 or more, got {temperature!r}")
    n = sum(counts.values())
    size = len(options)
    smoothed = {label: (count + 1 / size) / (n + 1) for label, count in counts.items()}
    bounds = {label: wilson(count, n, z) for label, count in counts.items()}
    frequencies = None
    if temperature in (0, 1):
        if n and temperature == 1 and fixed_n:
            frequencies = {label: count / n for label, count in counts.items()}
    else:
        powers = {label: share**temperature for label, share in smoothed.items()}
        total = math.fsum(powers.values())
        smoothed = {label: max(FLOOR, power / total) for label, power in powers.items()}
        bounds = {
            label: (_taken_back(low, temperature, size)[0], _taken_back(high, temperature, size)[1])
            for label, (low, high) in bounds.items()
        }
    distribution = LabelDistribution(
        probabilities=smoothed,
        method="sampled",
        n=n + invalid,
        observed_mass=n / (n + invalid) if n else 0.0,
        lower={label: low for label, (low, _) in bounds.items()},
        upper={label: high for label, (_, high) in bounds.items()},
        invalid_rate=invalid / (n + invalid) if invalid else 0.0,
        frequencies=frequencies,
        detail={"counts": list(counts.values()), "temperature": temperature, **(detail or {})},
    )
    if temperature == 0:
        distribution = distribution.hard(
            "the reply was asked at temperature 0, which shows the likeliest label only"
        )
    return distribution


def _taken_back(share: float, temperature: float, size: int) -> tuple[float, float]:
    """The least and the most that p = q^T / sum(q^T) of a label can be, given its share q and
    `size` labels: a concave power (T < 1) of the others' shares is least in sum where one label
    has all of it, and most where it is spread evenly; a convex one the other way about."""
    own = share**temperature
    one = (1 - share) ** temperature
    even = (size - 1) ** (1 - temperature) * one
    return own / (own + max(one, even)), own / (own + min(one, even))


@dataclass(frozen=True, slots=True)
class Sampled:
    """Asks `n` times at `temperature`, with nucleus sampling off, each time with a seed and index
    of its own.

    A reply counts if it is a label and nothing else (`LabelReader.whole`; `cues` may stand before
    it); a refused, empty or cut one does not. `max_tokens` None is enough for every label, whatever
    the tokenizer.

    With `stop_early` it asks `batch` at a time and stops when the likeliest label's interval
    lies above all others. Whoever looks often is fooled sooner, so that all intervals are then
    widened until those of every look hold together at `level`. Where replies end early depends on
    what they were, so that shares lean to the leading label and are no `frequencies`: use it for
    hard labels, and a fixed `n` (small: more prompts teach more than more replies) for soft ones.
    """

    n: int = 8
    temperature: float = 1.0
    seed: int = 0
    max_tokens: int | None = None
    stop_early: bool = False
    batch: int = 4
    level: float = LEVEL
    width: int = 8
    fold_case: bool = True
    cues: tuple[str, ...] = CUES

    def __post_init__(self) -> None:
        for name in ("n", "batch", "width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not (self.temperature >= 0 and math.isfinite(self.temperature)):
            raise ValueError(f"temperature must be 0 or more, got {self.temperature!r}")
        if self.temperature == 0 and self.n > 1:
            raise ValueError(
                f"{self.n} replies at temperature 0 would all be the same; raise temperature, or "
                "ask once for a hard label"
            )
        normal_quantile(self.level)

    @property
    def method(self) -> Method:
        return "sampled"

    def requests(self, request: Request, options: Sequence[str], /) -> tuple[Request, ...]:
        most = self.max_tokens
        if most is None:  # a token is at least a byte; the rest for quotes, a cue and the end
            most = 16 + max(len(o.encode("utf-8", "surrogatepass")) for o in options)
        start = request.index * self.n
        return tuple(self._request(request, most, start + place) for place in range(self.n))

    def _request(self, request: Request, most: int, index: int) -> Request:
        about = [self.seed, messages_json(request.messages), request.template, index]
        return replace(
            request,
            max_tokens=most,
            temperature=self.temperature,
            top_p=1.0,
            presence_penalty=0.0,
            seed=int(content_hash(about, size=4), 16) & 0x7FFFFFFF if self.temperature else None,
            index=index,
            top_logprobs=0,
        )

    async def estimate(
        self, request: Request, options: Sequence[str], teacher: Teacher, /
    ) -> Labelled:
        read = reader(options, fold_case=self.fold_case, cues=self.cues)
        requests = self.requests(request, read.options)
        size = min(self.batch, self.n) if self.stop_early else self.n
        looks = -(-self.n // size)
        replies: list[Reply] = []
        while True:
            batch = requests[len(replies) : len(replies) + size]
            async with map_ordered(teacher.ask, batch, self.width) as answers:
                replies += [reply async for reply in answers]
            distribution = self._of(replies, read, looks, prompt_hash(request))
            if len(replies) == self.n or distribution.settled:
                return Labelled(distribution, tuple(replies))

    def _of(
        self, replies: Sequence[Reply], read: LabelReader, looks: int, prompt: str
    ) -> LabelDistribution:
        counts = dict.fromkeys(read.options, 0)
        invalid: list[str] = []
        for reply in replies:
            label = label_of(reply, read)
            if label is None:
                invalid.append(reply.text[:SHOWN_CHARACTERS])
            else:
                counts[label] += 1
        detail: dict[str, Any] = {"level": self.level, "prompt": prompt}
        if self.stop_early:
            detail["looks"] = looks
        if invalid:
            detail["invalid"] = list(dict.fromkeys(invalid))[:SHOWN]
        return from_counts(
            counts,
            len(invalid),
            temperature=self.temperature,
            z=normal_quantile(self.level, looks),
            fixed_n=not self.stop_early,
            detail=detail,
        )


def label_of(reply: Reply, read: LabelReader) -> str | None:
    """The label that a reply is; None for any other, and for one that was refused or cut."""
    return None if reply.reason else read.whole(reply.text)
