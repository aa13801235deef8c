"""Record filter `length`: texts that are too short or too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from limbeck.filters.sides import prompt_of
from limbeck.record import Record, Verdict
from limbeck.text import word_count


@dataclass
class Length:
    """Keeps texts of `least` to `most` units, both inclusive. Reasons: "too_short", "too_long".

    `unit` "words" counts words of every script (`limbeck.text.word_count`: a Chinese character is
    one), "characters" counts code points without the white space at the ends. `on` is what is
    measured; "pair" is prompt and completion together. `score` is the length.
    """

    least: Annotated[int, Field(ge=0)] = 1
    most: Annotated[int, Field(ge=0)] | None = None
    unit: Literal["words", "characters"] = "words"
    on: Literal["completion", "prompt", "pair"] = "completion"
    name: str = field(default="length", init=False)
    stateless = True

    def __post_init__(self) -> None:
        if self.most is not None and self.most < self.least:
            raise ValueError(
                f"most is {self.most} and least is {self.least}: no text can have both"
            )

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict:
        length = 0
        if self.on != "prompt":
            length += self._length(record.completion)
        if self.on != "completion":
            length += self._length(prompt_of(record))
        reason = ""
        if length < self.least:
            reason = "too_short"
        elif self.most is not None and length > self.most:
            reason = "too_long"
        return Verdict(record.id, self.name, not reason, float(length), reason)

    def _length(self, text: str) -> int:
        return word_count(text) if self.unit == "words" else len(text.strip())
