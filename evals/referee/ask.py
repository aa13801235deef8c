"""Asking the referee: every pair of answers in both orders, and once more what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from limbeck.aio import map_ordered
from limbeck.errors import AskError
from limbeck.evals.referee.question import Settings, question, read
from limbeck.protocols import Reply, Teacher

ORDERS = 2
TRIES = 2
DIGITS = 9  # scores have two, their means three

Scores = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Pair:
    """The teacher's and the student's answer to a prompt."""

    id: str
    prompt: str
    teacher: str
    student: str


@dataclass(slots=True)
class Scored:
    """What the referee says of a pair.

    `orders` are the scores (teacher, student) when the teacher's answer stood first, and when it
    stood second; None where none could be read, twice. `asked_again` counts the orders that were
    asked twice. `failed` is "reason: message" of the first call that had no reply.
    """

    id: str
    orders: list[Scores | None] = field(default_factory=list)
    asked_again: int = 0
    failed: str = ""

    @property
    def teacher(self) -> float | None:
        """The teacher's mean score over both orders; None unless both could be read."""
        return self._mean(0)

    @property
    def student(self) -> float | None:
        """The student's mean score over both orders; None unless both could be read."""
        return self._mean(1)

    @property
    def gap(self) -> float | None:
        """The teacher's score less the student's."""
        teacher, student = self.teacher, self.student
        return None if teacher is None or student is None else _exact(teacher - student)

    @property
    def flipped(self) -> bool | None:
        """Whether the orders differ in who is better: the teacher, the student, or neither."""
        both = self._both()
        return None if both is None else _better(both[0]) != _better(both[1])

    @property
    def tied(self) -> bool | None:
        """Whether both answers have the same score, in either order."""
        both = self._both()
        return None if both is None else not any(map(_better, both))

    @property
    def first_place(self) -> float | None:
        """By how much an answer scores higher in the first place than in the second: the mean over
        both orders of first less second, in which the answers' own merits cancel."""
        both = self._both()
        if both is None:
            return None
        (teacher_first, student_second), (teacher_second, student_first) = both
        moved = teacher_first - teacher_second + student_first - student_second
        return _exact(moved / ORDERS)

    def _both(self) -> tuple[Scores, Scores] | None:
        found = [scores for scores in self.orders if scores is not None]
        return (found[0], found[1]) if len(found) == ORDERS else None

    def _mean(self, side: Literal[0, 1]) -> float | None:
        both = self._both()
        return None if both is None else (both[0][side] + both[1][side]) / ORDERS


def _exact(difference: float) -> float:
    """A difference of decimal scores as a decimal: 4.1 - 3.1 is 1 and not a little less."""
    return round(difference, DIGITS) + 0.0  # and no minus before a nought


def _better(scores: Scores) -> int:
    teacher, student = scores
    return (teacher > student) - (teacher < student)


class _Asked(NamedTuple):
    """An order of a pair: the scores (teacher, student), the replies in the order of the attempts,
    and why there is none."""

    pair: int
    scores: Scores | None
    replies: list[Reply]
    failed: str


async def score(
    pairs: Sequence[Pair],
    referee: Teacher,
    settings: Settings,
    *,
    width: int,
    on_done: Callable[[int], None] = lambda count: None,
    on_reply: Callable[[Reply], None] = lambda reply: None,
) -> list[Scored]:
    """Have `referee` score the pairs in both orders, `width` calls at a time; in the pairs' order.

    A reply that cannot be read is asked for once more. A call that fails is written down and the
    others go on. `on_done` is called for each of the `calls`, once it needs no other; `on_reply`
    once for every reply, unreadable ones too, in the order of pairs, orders and attempts whatever
    the timing. Raises StopRun.
    """
    made = [Scored(pair.id) for pair in pairs]

    def places() -> Iterator[tuple[int, int]]:
        return ((pair, order) for pair in range(len(pairs)) for order in range(ORDERS))

    async def ask(place: tuple[int, int]) -> _Asked:
        number, order = place
        pair = pairs[number]
        first, second = pair.teacher, pair.student
        if order:
            first, second = second, first
        replies: list[Reply] = []
        for attempt in range(TRIES):
            request = question(
                pair.prompt,
                first,
                second,
                settings,
                key=("referee", pair.id, order),
                attempt=attempt,
            )
            try:
                reply = await referee.ask(request)
            except AskError as error:
                return _Asked(number, None, replies, f"{error.reason}: {error}")
            replies.append(reply)
            found = read(reply)
            if found is not None:
                return _Asked(number, found[::-1] if order else found, replies, "")
        return _Asked(number, None, replies, "")

    async with map_ordered(ask, places(), width) as results:
        async for asked in results:
            into = made[asked.pair]
            into.orders.append(asked.scores)
            into.failed = into.failed or asked.failed
            # The second call counts where it failed as well: the first one was not read.
            tried = len(asked.replies) + bool(asked.failed)
            into.asked_again += tried > 1
            for reply in asked.replies:
                on_reply(reply)
            on_done(1)
    return made


def calls(pairs: Sequence[Pair]) -> int:
    """How many calls `score` makes, without those that are asked once more."""
    return ORDERS * len(pairs)
