"""Record filter `repetition`: texts that go round in circles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from limbeck.filters.loops import tail_loop
from limbeck.filters.repeats import AGAIN, TOP, Repeats, repeats
from limbeck.filters.sides import On, sides
from limbeck.record import Record, Verdict

_NAMES = (
    "duplicate_lines",
    "duplicate_line_characters",
    "duplicate_paragraphs",
    "duplicate_paragraph_characters",
    *(f"top_{n}gram" for n in TOP),
    *(f"duplicate_{n}gram" for n in AGAIN),
)


def _limits(*limits: float) -> Mapping[str, float]:
    return MappingProxyType(dict(zip(_NAMES, limits, strict=True)))


LIMITS: Mapping[str, Mapping[str, float]] = {
    "completions": _limits(
        0.5, 0.5, 0.5, 0.5, 0.5, 0.6, 0.7, 0.6, 0.6, 0.55, 0.55, 0.55, 0.5
    ),
    "gopher": _limits(
        0.3, 0.2, 0.3, 0.2, 0.2, 0.18, 0.16, 0.15, 0.14, 0.13, 0.12, 0.11, 0.1
    ),
}  # fmt: skip
"""The share of each rule that a text may have. "gopher" is the paper's table A1, for web pages:
of worked solutions it refuses one in ten, and every one that follows a scheme."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """How a text repeats itself: the share of it that is a loop at its end (0 for none), and the
    shares of what it had before (see `limbeck.filters.repeats`)."""

    loop: float
    repeats: Repeats

    @property
    def shares(self) -> dict[str, float]:
        """The share of every rule but the loop, by the names in `LIMITS`."""
        one = self.repeats
        fixed = (one.lines, one.line_characters, one.paragraphs, one.paragraph_characters)
        return dict(zip(_NAMES, (*fixed, *one.top, *one.again), strict=True))

    def strongest(self, rules: str = "completions") -> tuple[str, float]:
        """The rule that is broken most, and its share over its limit: above 1 it is broken. A
        loop is always broken, by 1 and its share."""
        if self.loop:
            return "loop", 1 + self.loop
        limits = LIMITS[rules]
        over = {name: share / limits[name] for name, share in self.shares.items()}
        name = max(over, key=over.__getitem__)
        return name, over[name]

    @property
    def score(self) -> float:
        """`strongest` under the default limits: above 1 a text repeats itself too much."""
        return self.strongest()[1]

    @property
    def reason(self) -> str:
        """ "loop", "repeated_lines", "repeated_paragraphs", "repeated_ngrams"; "" for none."""
        name, score = self.strongest()
        return reason_of(name) if score > 1 else ""


def reason_of(rule: str) -> str:
    """The reason that a broken rule is told as."""
    if rule == "loop":
        return rule
    if rule.startswith("duplicate_line"):
        return "repeated_lines"
    return "repeated_paragraphs" if rule.startswith("duplicate_par") else "repeated_ngrams"


def repetition_of(text: str) -> Repetition:
    """How a text repeats itself. Linear in its length; of more than 100,000 characters the first
    and the last 50,000 are looked at for all but the loop."""
    loop = tail_loop(text)
    share = (len(text.rstrip()) - loop.start) / len(text.rstrip()) if loop else 0.0
    return Repetition(share, repeats(text))


@dataclass
class RepetitionFilter:
    """Refuses texts that repeat themselves.

    "loop": the text ends with one unit again and again, as a small model's does when it runs on to
    its token limit; no spaces are needed to see it. "repeated_lines", "repeated_paragraphs" and
    "repeated_ngrams" are the rules of Gopher (Rae et al. 2021, arXiv:2112.11446, table A1): with
    `rules` "completions" under limits that leave lists, refrains, code, tables and worked
    solutions alone, with "gopher" under the paper's own.

    `score` is the share of the rule that is broken most over its limit, and what is above `most`
    is refused. `on` says which text is looked at.
    """

    on: On = "completion"
    rules: Literal["completions", "gopher"] = "completions"
    most: Annotated[float, Field(gt=0)] = 1.0
    name: str = field(default="repetition", init=False)
    stateless = True

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        found = [repetition_of(text).strongest(self.rules) for text in sides(record, self.on)]
        rule, score = max(found, key=lambda pair: pair[1])
        keep = score <= self.most
        return Verdict(record.id, self.name, keep, round(score, 4), "" if keep else reason_of(rule))
