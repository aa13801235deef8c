"""A teacher's distribution over a task's labels, with how it came about and how far it is known."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, Self, get_args

from limbeck.record import canonical_json

Method = Literal["exact", "top_logprobs", "sampled", "averaged"]
METHODS: tuple[Method, ...] = get_args(Method)
MIN_MASS = 0.9  # below it the labels say too little of what the teacher would say
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class LabelDistribution:
    """Probabilities of labels, given that the teacher says one of them.

    `probabilities`, `lower` and `upper` map every label, in the options' order; the first sum to
    1, lie within the other two and are never 0: what was not seen is not impossible. `n` is the
    number of replies (1 for one look at the weights). `observed_mass` is the probability, or the
    share of replies, that was seen on labels before it was scaled to 1; 1.0 where all of it is
    known. `invalid_rate` is the share of replies, or the probability, that was seen on what is no
    label. What the bounds hold is said by the module that made them: certain for "exact" and
    "top_logprobs", statistical for "sampled".

    `frequencies` are the raw shares of each label among the valid replies. They are unbiased, at
    any n, where replies were sampled at temperature 1 and their number was fixed beforehand; a 0
    in them is an estimate. None where there is no such thing. `hard_because` says why this is good
    for a hard label only, whatever its mass. `detail` is JSON for the reader: temperature, k,
    counts.

    Raises ValueError for what is no distribution.
    """

    probabilities: Mapping[str, float]
    method: Method
    n: int
    observed_mass: float
    lower: Mapping[str, float]
    upper: Mapping[str, float]
    invalid_rate: float
    frequencies: Mapping[str, float] | None = None
    hard_because: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}")
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 0:
            raise ValueError(f"n must be a count, got {self.n!r}")
        for name in ("observed_mass", "invalid_rate"):
            _check_share(name, getattr(self, name))
        labels = list(self.probabilities)
        if len(labels) < 2:
            raise ValueError(f"a distribution needs at least two labels, got {labels}")
        for name in ("probabilities", "lower", "upper", "frequencies"):
            values = getattr(self, name)
            if name == "frequencies" and values is None:
                continue
            if list(values) != labels:
                raise ValueError(
                    f"{name} must map the labels {labels} in order, got {dict(values)}"
                )
            for label, value in values.items():
                _check_share(f"{name}[{label!r}]", value)
            if name in ("probabilities", "frequencies"):
                _check_sum(name, values)
        low, high = {}, {}
        for label, p in self.probabilities.items():
            if p == 0:
                raise ValueError(f"probabilities[{label!r}] is 0; what was not seen may still be")
            if not self.lower[label] - ROUNDING <= p <= self.upper[label] + ROUNDING:
                raise ValueError(
                    f"probabilities[{label!r}] is {p:g}, outside its bounds "
                    f"[{self.lower[label]:g}, {self.upper[label]:g}]"
                )
            low[label], high[label] = min(self.lower[label], p), max(self.upper[label], p)
        self._set("probabilities", MappingProxyType(dict(self.probabilities)))
        self._set("lower", MappingProxyType(low))
        self._set("upper", MappingProxyType(high))
        if self.frequencies is not None:
            self._set("frequencies", MappingProxyType(dict(self.frequencies)))
        self._set("detail", MappingProxyType(json.loads(canonical_json(_plain(self.detail)))))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).of_json, (self.to_json(),)  # a read-only mapping does not pickle

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the options' order."""
        return tuple(self.probabilities)

    @property
    def label(self) -> str:
        """The likeliest label; of equal ones the first in the options' order."""
        return max(self.probabilities, key=lambda label: self.probabilities[label])

    @property
    def margin(self) -> float:
        """How much likelier the first label is than the second."""
        first, second = sorted(self.probabilities.values(), reverse=True)[:2]
        return first - second

    @property
    def entropy(self) -> float:
        """In nats: 0 for certainty, log(labels) for none."""
        return -math.fsum(p * math.log(p) for p in self.probabilities.values())

    @property
    def settled(self) -> bool:
        """Whether the likeliest label would stay so wherever in their bounds the others are."""
        first = self.label
        return all(self.lower[first] > high for x, high in self.upper.items() if x != first)

    def why_unusable(self) -> str:
        """Why not even the label is of use: nothing was seen of any. "" if it is."""
        if self.observed_mass > 0:
            return ""
        return "nothing that the teacher said is a label, so every label is as good as another"

    def why_hard(self, min_mass: float = MIN_MASS) -> str:
        """Why only the label is of use and the probabilities are not; "" if they are."""
        if self.hard_because or self.observed_mass >= min_mass:
            return self.hard_because
        return (
            f"{self.observed_mass:.3g} of what the teacher says was seen on labels, and soft "
            f"targets need {min_mass:g}"
        )

    def is_soft(self, min_mass: float = MIN_MASS) -> bool:
        """Whether the probabilities are good enough to learn from."""
        return not self.why_hard(min_mass)

    def hard(self, reason: str) -> Self:
        """The same, marked as good for a hard label only. The first reason is kept."""
        if not reason:
            raise ValueError("a distribution is made hard for a reason, got none")
        return replace(self, hard_because=self.hard_because or reason)

    def targets(self, min_mass: float = MIN_MASS) -> dict[str, float]:
        """What to train on, in the options' order, summing to 1: all on the label where only that
        is of use, else the unbiased frequencies where there are some, else the probabilities.

        Soft cross entropy is linear in its target, so that frequencies of few replies, 0s and all,
        give an unbiased gradient. A loss that takes a target's logarithm needs `probabilities`.
        Raises ValueError where nothing is of use (`why_unusable`).
        """
        if reason := self.why_unusable():
            raise ValueError(f"there is no target: {reason}")
        if not self.is_soft(min_mass):
            return {label: float(label == self.label) for label in self.probabilities}
        return dict(self.probabilities if self.frequencies is None else self.frequencies)

    def relabelled(self, names: Mapping[str, str]) -> Self:
        """The same with other labels: `names` maps new to old ones, in the new order.

        Raises ValueError unless every label has exactly one new name.
        """
        if sorted(names.values()) != sorted(self.probabilities):
            raise ValueError(f"the labels {list(self.labels)} cannot be named {dict(names)}")

        def moved(values: Mapping[str, float]) -> dict[str, float]:
            return {new: values[old] for new, old in names.items()}

        return replace(
            self,
            probabilities=moved(self.probabilities),
            lower=moved(self.lower),
            upper=moved(self.upper),
            frequencies=None if self.frequencies is None else moved(self.frequencies),
        )

    def to_json(self) -> dict[str, Any]:
        """A plain dict for `meta.label_distribution`. Labels and numbers are lists side by side:
        a JSON object's keys may lose their order."""
        row: dict[str, Any] = {
            "labels": list(self.labels),
            "probabilities": list(self.probabilities.values()),
            "lower": list(self.lower.values()),
            "upper": list(self.upper.values()),
            "method": self.method,
            "n": self.n,
            "observed_mass": self.observed_mass,
            "invalid_rate": self.invalid_rate,
        }
        if self.frequencies is not None:
            row["frequencies"] = list(self.frequencies.values())
        if self.hard_because:
            row["hard_because"] = self.hard_because
        if self.detail:
            row["detail"] = _plain(self.detail)
        return row

    @classmethod
    def of_json(cls, row: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`, also of a record's read-only `meta`. Raises ValueError."""
        try:
            labels = list(row["labels"])
            if len(set(labels)) < len(labels):
                raise ValueError(f"a label stands twice in {labels}")

            def column(name: str) -> dict[str, float]:
                return dict(zip(labels, row[name], strict=True))

            return cls(
                probabilities=column("probabilities"),
                method=row["method"],
                n=row["n"],
                observed_mass=row["observed_mass"],
                lower=column("lower"),
                upper=column("upper"),
                invalid_rate=row["invalid_rate"],
                frequencies=column("frequencies") if "frequencies" in row else None,
                hard_because=row.get("hard_because", ""),
                detail=row.get("detail", {}),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no label distribution: {error!s}") from error


def _check_share(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value!r}")


def _check_sum(name: str, values: Mapping[str, float]) -> None:
    if abs(math.fsum(values.values()) - 1) > ROUNDING:
        raise ValueError(f"{name} must sum to 1, got {math.fsum(values.values())!r}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
