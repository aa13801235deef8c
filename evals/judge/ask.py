"""Asking the judge: every pair of answers in both orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from limbeck.aio import map_ordered
from limbeck.errors import AskError
from limbeck.evals.judge.features import features
from limbeck.evals.judge.question import Said, question, read
from limbeck.protocols import Teacher
from limbeck.record import content_hash

ONE = "student"

Preferred = Literal["one", "other", "tie"]
Texts = Mapping[str, Sequence[str | None]]

_OF_ORDER: tuple[Mapping[Said, Preferred], ...] = (
    {"A": "one", "B": "other", "tie": "tie"},
    {"A": "other", "B": "one", "tie": "tie"},
)


class _Place(NamedTuple):
    pair: int
    prompt: int
    order: int


@dataclass(slots=True)
class Compared:
    """The student's answers beside those of `other`. By the prompt's place: who was preferred when
    the student's stood first and when it stood second, None for a reply that cannot be read; the
    features of both answers."""

    other: str
    verdicts: dict[int, list[Preferred | None]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    features: dict[int, tuple[dict[str, int], dict[str, int]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Rows in the order of the prompts: `verdicts` of the two orders, or `failed`, why a call
        had no reply; prompts without both answers have no row."""
        rows = []
        for place, (one, other) in self.features.items():
            row: dict[str, Any] = {"place": place, "one": one, "other": other}
            if place in self.failed:
                row["failed"] = self.failed[place]
            else:
                row["verdicts"] = self.verdicts[place]
            rows.append(row)
        return {"one": ONE, "other": self.other, "rows": rows}


def chosen(prompts: Sequence[str], limit: int | None, seed: int) -> list[int]:
    """The places of the prompts that are judged, in order: all, or `limit` of them drawn by a hash
    of seed, place and prompt."""
    places = range(len(prompts))
    if limit is None or limit >= len(prompts):
        return list(places)
    drawn = sorted(places, key=lambda place: content_hash([seed, place, prompts[place]]))
    return sorted(drawn[:limit])


async def compare(
    prompts: Sequence[str],
    texts: Texts,
    against: Sequence[str],
    teacher: Teacher,
    *,
    places: Sequence[int],
    max_tokens: int,
    width: int,
    on_done: Callable[[int], None] = lambda count: None,
) -> list[Compared]:
    """Have `teacher` compare the student's answers with those of each model in `against`, to the
    prompts at `places`, `width` calls at a time.

    `texts` holds an answer a prompt for each role, None where there is none. A call that fails is
    written down and the others go on. Raises ValueError for roles or numbers of answers that do not
    fit, and StopRun.
    """
    for role in (ONE, *against):
        if role not in texts:
            raise ValueError(f"there are no answers of {role!r} to judge; there are {list(texts)}")
        if len(texts[role]) != len(prompts):
            raise ValueError(f"{len(prompts)} prompts have {len(texts[role])} answers of {role}")
    made = [Compared(other) for other in against]

    def questions() -> Iterator[tuple[_Place, str, str]]:
        for number, found in enumerate(made):
            for place in places:
                one, other = texts[ONE][place], texts[found.other][place]
                if one is None or other is None:
                    continue
                found.features[place] = features(one), features(other)
                yield _Place(number, place, 0), one, other
                yield _Place(number, place, 1), other, one

    async def ask(asked: tuple[_Place, str, str]) -> tuple[_Place, Said | AskError | None]:
        place, first, second = asked
        request = question(prompts[place.prompt], first, second, max_tokens=max_tokens)
        try:
            return place, read(await teacher.ask(request))
        except AskError as error:
            return place, error

    async with map_ordered(ask, questions(), width) as results:
        async for place, said in results:
            into = made[place.pair]
            if isinstance(said, AskError):
                into.failed.setdefault(place.prompt, f"{said.reason}: {said}")
                verdict = None
            else:
                verdict = said and _OF_ORDER[place.order][said]
            into.verdicts.setdefault(place.prompt, []).append(verdict)
            on_done(1)
    return made


def calls(texts: Texts, against: Sequence[str], places: Sequence[int]) -> int:
    """How many calls `compare` makes."""
    both = (
        texts[ONE][place] is not None and texts[other][place] is not None
        for other in against
        for place in places
    )
    return 2 * sum(both)
