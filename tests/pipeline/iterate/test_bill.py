"""What a loop asks at most, against hand counts and against what the generators really ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from limbeck.aio import run
from limbeck.filters import answer
from limbeck.money import estimate_tokens, text_tokens
from limbeck.pipeline.iterate import bill
from limbeck.pipeline.iterate.bill import Asked, Size, Worst, asked_of, longest_answer, sizes
from limbeck.protocols import Reply, Request
from limbeck.recipe import Iterate
from limbeck.recipe_iterate import Referee
from limbeck.record import Provenance, Record, user
from limbeck.registry import build


def question(text: str, target: str | None = None) -> Record:
    return Record((user(text),), "", Provenance("seed"), target=target)


def answers(**options: Any) -> Any:
    return build("generators", "answers", options)


def chains(**options: Any) -> Any:
    return build("generators", "chain_of_thought", options)


def loop(**fields: Any) -> Iterate:
    return Iterate.model_validate(fields)


def test_pools_grow_and_the_train_pool_is_added_to() -> None:
    section = loop(rounds=3, new=40, sample=70)
    assert sizes(section, 60, 50, None) == [
        Size(1, 60, 60, 50, 50, 40),
        Size(2, 40, 100, 90, 70, 40),
        Size(3, 40, 140, 130, 70, 0),
    ]


def test_or_replaced_and_all_of_the_cache_compared() -> None:
    section = loop(rounds=3, new=40, sample=None, train_pool="replace")
    assert sizes(section, 60, 60, None) == [
        Size(1, 60, 60, 60, 60, 40),
        Size(2, 40, 40, 100, 100, 40),
        Size(3, 40, 40, 140, 140, 0),
    ]


def test_a_reserve_ends() -> None:
    section = loop(rounds=4, new=40, sample=None)
    assert [size.written for size in sizes(section, 60, 60, 50)] == [40, 10, 0, 0]
    assert [size.train for size in sizes(section, 60, 60, 50)] == [60, 100, 110, 110]
    assert sizes(loop(rounds=1), 3, 3, 9) == [Size(1, 3, 3, 3, 3, 0)]


class Counting:
    """A teacher that cuts every first reply off, and whose second one has no answer: the longest
    way that a path can take. It writes as much as it may."""

    name = "counting"
    identity: Mapping[str, Any] = {}

    def __init__(self, ends: bool) -> None:
        self.requests: list[Request] = []
        self._ends = ends

    async def ask(self, request: Request, /) -> Reply:
        self.requests.append(request)
        is_first = len(request.messages) == 1 and request.max_tokens == 30
        text = "字" * (request.max_tokens * 2 // 3)  # as text_tokens counts, no more than it may
        cut = is_first and not self._ends
        return Reply(text, "length" if cut else "stop")

    async def aclose(self) -> None:
        return


class Nowhere:
    def _forget(self, *_: object) -> None:
        return

    emit = draft = answered = fail = count = say = _forget


SEEDS = [question("数到三，然后停下 🌊", "3"), question("How many days are in a week?" * 3, "7")]


@pytest.mark.parametrize("longer", [True, False])
@pytest.mark.parametrize("form", ["chat", "base"])
@pytest.mark.parametrize(("paths", "most"), [(2, None), (2, 5)])
def test_chains_of_thought_take_no_more_than_is_said(
    longer: bool, form: Any, paths: int, most: int | None
) -> None:
    teacher = Counting(ends=not longer)
    made = chains(
        paths=paths, max_paths=most, max_tokens=30, longer=longer, form=form, verifier=answer
    )
    run(made.generate(SEEDS, teacher, Nowhere()))
    told = [asked_of(made, seed) for seed in SEEDS]
    known = sum((one for one in told if one is not None), Asked())
    count = 2 * (most or paths) * (3 if longer else 2)
    assert len(teacher.requests) == known.calls == count
    used = sum(map(estimate_tokens, teacher.requests))
    assert 0.5 * known.prompt_tokens < used <= known.prompt_tokens
    assert known.completion_tokens == sum(request.max_tokens for request in teacher.requests)


def test_answers_are_what_is_asked() -> None:
    teacher, made = Counting(ends=True), answers(paths=3, max_tokens=9, system="简短回答")
    run(made.generate(SEEDS, teacher, Nowhere()))
    told = [asked_of(made, seed) for seed in SEEDS]
    assert all(one is not None and one.calls == 3 for one in told)
    assert sum((one for one in told if one), Asked()) == Asked(
        6, sum(map(estimate_tokens, teacher.requests)), 6 * 9
    )


def test_another_generator_does_not_say() -> None:
    assert asked_of(build("generators", "self_instruct", {}), SEEDS[0]) is None
    assert longest_answer(answers(max_tokens=9)) == 9
    assert longest_answer(chains(max_tokens=9)) == 18
    assert longest_answer(chains(max_tokens=9, longer=False)) == 9


LONG = question("e" * 300)  # 100 tokens and the turn's 8
SHORT = question("中文", "1")  # 3 and 8
OTHER = question("é" * 20)  # 20 and 8


def by_name(parts: Any) -> dict[str, tuple[int | None, int | None, int | None]]:
    return {part.name: (part.calls, part.prompt_tokens, part.completion_tokens) for part in parts}


def test_written_questions_are_as_long_as_they_may_be() -> None:
    section = loop(rounds=2, new=5, max_tokens=1000, sample=2, control=["rows", "cost"])
    worst = Worst(section, answers(max_tokens=10), [LONG, SHORT], [LONG, SHORT, OTHER], None)
    room = bill.PROMPT_ROOM
    parts = list(worst.teacher([OTHER]))
    assert by_name(parts) == {
        "round 1: imitation": (2, 108 + 11, 20),
        "round 1: writing": (5, 5 * (room + 1000), 5000),
        "round 2: imitation": (5, 5 * (8 + 1 + 1000), 50),  # "?" is a token
        # A reply is a list, of up to 1024 tokens: it may be of one instruction. Two are shown.
        "round 2: control by rows, writing": (5, 5 * (room + 6 * 108 + 2 * 1024), 5 * 1024),
        "round 2: control by rows, imitation": (5, 5 * (9 + 1024), 50),
        "discrimination": (1, 28, 10),  # the one that no train pool had
        "control by cost": (None, None, None),
        "held-out prompts": (1, 28, 10),
    }
    assert [part.unknown for part in parts if part.unknown] == [bill.COST_ARM]
    assert worst.runs == 2 + 2


def test_what_a_source_is_shown_with_counts() -> None:
    options = tuple(f"option {n} 🌊" for n in range(200))
    choice = Record((user("?"),), "", Provenance("seed"), meta={"options": options})
    worst = Worst(loop(rounds=2, new=1, max_tokens=9), answers(), [choice], [choice], None)
    prompt = by_name(worst.teacher([]))["round 1: writing"][1]
    assert prompt is not None
    assert prompt >= bill.PROMPT_ROOM + text_tokens("\n- ".join(options))


def test_a_reserve_is_asked_and_nothing_written() -> None:
    section = loop(rounds=3, new=2, sample=None, control=[], reserve="r")
    worst = Worst(section, answers(max_tokens=10), [SHORT], [SHORT], [OTHER, LONG, SHORT])
    assert by_name(worst.teacher([])) == {
        "round 1: imitation": (1, 11, 10),
        "round 2: imitation": (2, 108 + 28, 20),
        "round 3: imitation": (1, 108, 10),
    }
    assert worst.runs == 3


def test_what_is_not_known_is_said() -> None:
    worst = Worst(loop(rounds=1), build("generators", "self_instruct", {}), [SHORT], [SHORT], None)
    [part] = worst.teacher([])
    assert part.calls is None
    assert part.unknown == "how often the generator self_instruct asks is not known before"


POEM = question("Écris sur la mer 🌊", "La mer est calme ce soir, et le vent dort.")  # no exact one
REFEREE = Referee(model="fake:裁判", max_tokens=50)


@pytest.mark.parametrize(
    ("section", "reserve", "pairs"),
    [
        ({"by": "referee", "referee": REFEREE, "sample": 2}, None, [2, 2]),
        ({"by": "referee", "referee": REFEREE, "sample": None}, None, [3, 7]),
        ({"referee": REFEREE, "sample": None}, None, [2, 6]),  # one has a target
        ({"referee": REFEREE, "sample": None}, [SHORT, OTHER, SHORT, SHORT], [2, 3]),
        ({"by": "target", "sample": None}, None, [0, 0]),
        ({"referee": REFEREE, "sample": None}, [POEM, SHORT], [2, 3]),
    ],
)
def test_the_referee_is_asked_twice_a_pair(
    section: dict[str, Any], reserve: list[Record] | None, pairs: list[int]
) -> None:
    made = loop(rounds=2, new=4, max_tokens=9, **section)
    worst = Worst(made, answers(max_tokens=10), [SHORT], [SHORT, OTHER, LONG], reserve)
    each = bill.PROMPT_ROOM + 108 + 20  # the longest question, two answers
    expected = {
        f"round {number}: referee": (2 * count, 2 * count * each, 2 * count * 50)
        for number, count in enumerate(pairs, start=1)
        if count
    }
    held = [OTHER, SHORT]
    students = 1 + 2 + 1  # the base, two rounds, a control
    calls = 2 * 2 * students
    one = bill.PROMPT_ROOM + 28 + 20
    expected["held-out prompts: referee"] = (calls, calls * one, calls * 50)
    assert by_name(worst.referee(REFEREE, held)) == expected


def test_limbecks_own_words_have_room() -> None:
    folder = Path(bill.__file__).parents[3] / "generators" / "prompts"
    names = [
        path
        for pattern in ("adversarial_*.txt", "referee_*.txt", "self_instruct_instructions_*.txt")
        for path in sorted(folder.glob(pattern))
    ]
    assert names
    for path in names:
        assert text_tokens(path.read_text(encoding="utf-8")) <= bill.PROMPT_ROOM, path.name
