"""New questions out of a file: alike for hard ones, rarer for easy ones, each once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.adversarial.reserve import at_random, from_reserve
from limbeck.generators.adversarial.sources import Kind, Source
from limbeck.record import Record
from limbeck.seeds import seeds_of


def question(text: str, template: str = "", /, **meta: str) -> Record:
    """`template` is "task/family/name"; `meta` may say them apart."""
    task, family, *_ = [*template.split("/"), ""]
    row = {"prompt": text, "target": "1", "task": task, "family": family, "template": template}
    row = {key: value for key, value in (row | meta).items() if value}
    [seed] = seeds_of(row)
    return seed


def questions(template: str, count: int, first: int = 0) -> list[Record]:
    return [question(f"{template} 第{n}题?", template) for n in range(first, first + count)]


def take(
    sources: Sequence[tuple[Record, Kind]],
    known: Sequence[Record],
    reserve: Sequence[Record],
    hard: int = 0,
    easy: int = 0,
    **options: Any,
) -> list[Record]:
    given_ = [Source(seed, kind, 2.0) for seed, kind in sources]
    found = from_reserve(
        given_, known, reserve, hard=hard, easy=easy, **{"weight": "even", "seed": 0, **options}
    )
    return [record for record, _ in found]


def templates(records: Sequence[Record]) -> list[str]:
    return [record.meta["template"] for record in records]


A, B, C, OTHER = "sums/plus/a", "sums/plus/b", "sums/minus/c", "dates/given/a"


def test_hard_takes_the_template_then_the_family_then_the_task() -> None:
    [mine] = questions(A, 1, 90)
    reserve = [*questions(C, 2), *questions(OTHER, 5), *questions(B, 2), *questions(A, 2)]
    found = take([(mine, "hard")], [mine], reserve, hard=9)
    assert templates(found) == [A, A, B, B, C, C]


def test_what_is_known_is_used() -> None:
    reserve = questions(A, 3)
    assert take([(reserve[0], "hard")], reserve[:2], reserve, hard=3) == reserve[2:]


def test_among_alike_ones_the_hash_decides() -> None:
    [mine], reserve = questions(A, 1, 90), questions(A, 6)

    def hashed(record: Record) -> str:
        text = f'[5,"reserve","{record.id}"]'
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    found = take([(mine, "hard")], [mine], reserve, hard=6, seed=5)
    assert found == sorted(reserve, key=hashed)
    assert found != take([(mine, "hard")], [mine], reserve, hard=6, seed=6)


def test_easy_takes_the_rarest_other_template_of_its_task() -> None:
    known = [*questions(A, 5, 50), *questions(B, 3, 50), *questions(C, 1, 50)]
    reserve = [*questions(A, 9), *questions(B, 9), *questions(C, 9), *questions(OTHER, 9)]
    found = take([(known[0], "easy")], known, reserve, easy=4)
    # C is the rarest with 1 and then 2; with 3 it is as rare as B.
    assert templates(found)[:2] == [C, C]
    assert sorted(templates(found)[2:]) == [C, B]


def test_easy_never_takes_its_own_template_and_gives_fewer() -> None:
    [mine] = questions(A, 1, 90)
    reserve = [*questions(A, 5), *questions(B, 2), *questions(OTHER, 5)]
    assert templates(take([(mine, "easy")], [mine], reserve, easy=9)) == [B, B]


def test_a_source_without_a_task_has_that_of_its_family() -> None:
    mine = question("Which one?", A, task="")
    reserve = [*questions(A, 1), *questions(C, 1), *questions(OTHER, 3)]
    assert templates(take([(mine, "easy")], [mine], reserve, easy=2)) == [C]
    assert templates(take([(mine, "hard")], [mine], reserve, hard=9)) == [A, C]


def test_the_same_name_in_another_task_is_no_kin() -> None:
    mine = question("Which one?", "x", task="sums", family="given")
    reserve = [question("When?", "x", task="dates", family="given")]
    assert take([(mine, "hard")], [mine], reserve, hard=1) == []


def test_without_templates_a_question_is_its_own() -> None:
    mine = question("Which one?", task="mood")
    reserve = [question(f"How is {n}?", task="mood") for n in range(3)]
    assert len(take([(mine, "easy")], [mine], reserve, easy=5)) == 3


@pytest.mark.parametrize("kind", ["hard", "easy"])
def test_questions_that_nothing_is_said_of_are_of_one_task(kind: Kind) -> None:
    mine, reserve = question("第一题?"), [question(f"Et la {n}e 🌊?") for n in range(3)]
    other = questions(OTHER, 2)
    found = take([(mine, kind)], [mine], [*other, *reserve], **{kind: 9})
    assert sorted(one.id for one in found) == sorted(one.id for one in reserve)


def test_the_known_ones_are_counted_in_the_task_of_their_family() -> None:
    mine = question("Which one?", A, task="")
    reserve = [*questions(B, 1), *questions(C, 1)]
    for often, rare in ((B, C), (C, B)):
        known = [question(f"Known {n}?", often, task="") for n in range(3)]
        assert templates(take([(mine, "easy")], [mine, *known], reserve, easy=1)) == [rare]


def test_a_source_that_finds_nothing_leaves_its_turn_to_others() -> None:
    mine, stray = questions(A, 1, 90)[0], question("Who?", "people/who/x")
    for weight in ("even", "gap"):
        found = take([(stray, "hard"), (mine, "hard")], [], questions(A, 4), hard=4, weight=weight)
        assert len(found) == 4


def test_in_cycles_one_that_finds_nothing_changes_no_turn_of_the_others() -> None:
    names = ("sums/plus/a", "sums/minus/a", "sums/times/a")
    good = [question(f"What is it, {name}?", name, task=name) for name in names]
    stray = [question(f"Who is {n}?", f"people/who/{n}") for n in range(3)]
    reserve = [question(f"{name} {n}?", name, task=name) for name in names for n in range(9)]
    for seed in range(5):
        given_: list[tuple[Record, Kind]] = [(one, "hard") for one in (*stray, *good)]
        found = take(given_, [], reserve, hard=6, seed=seed)
        assert sorted(templates(found)) == sorted(names * 2)


def test_a_kind_without_sources_leaves_its_part_to_the_other() -> None:
    [mine] = questions(A, 1, 90)
    assert templates(take([(mine, "hard")], [], questions(A, 9), hard=1, easy=3)) == [A] * 4
    assert take([], [], questions(A, 9), hard=1, easy=3) == []


def test_each_comes_with_its_source() -> None:
    hard, easy = questions(A, 1, 90)[0], questions(C, 1, 90)[0]
    sources = [Source(hard, "hard", 3.0), Source(easy, "easy", 0.0)]
    reserve = [*questions(A, 4), *questions(C, 4)]
    found = from_reserve(sources, [], reserve, hard=2, easy=2, weight="gap", seed=1)
    assert [one.kind for _, one in found] == ["hard", "easy", "hard", "easy"]
    assert templates([record for record, _ in found]) == [A, A, A, A]
    assert all(record.target == "1" for record, _ in found)


COUNTS = st.integers(0, 12)


@given(hard=COUNTS, easy=COUNTS, seed=st.integers(0, 5), weight=st.sampled_from(["even", "gap"]))
def test_never_the_same_question_twice_nor_a_known_one_in_any_order(
    hard: int, easy: int, seed: int, weight: str
) -> None:
    reserve = [*questions(A, 4), *questions(B, 4), *questions(C, 4), *questions(OTHER, 4)]
    known = [reserve[0], reserve[5], *questions(B, 2, 50)]
    sources: list[tuple[Record, Kind]] = [
        (known[0], "hard"),
        (known[1], "hard"),
        (known[2], "easy"),
        (reserve[9], "easy"),
    ]
    found = take(sources, known, reserve, hard, easy, seed=seed, weight=weight)
    ids = Counter(record.id for record in found)
    assert not ids or max(ids.values()) == 1
    assert not set(ids) & {record.id for record in known}
    assert len(found) <= hard + easy
    assert found == take(
        sources[::-1], known[::-1], reserve[::-1], hard, easy, seed=seed, weight=weight
    )


def test_at_random_takes_unused_ones_alike() -> None:
    reserve = [*questions(A, 5), *questions(OTHER, 5)]
    found = at_random(reserve[:2], [*reserve, *reserve], 6, 3)
    assert len({record.id for record in found}) == 6
    assert not {record.id for record in reserve[:2]} & {record.id for record in found}
    assert found == at_random(reserve[1::-1], reserve[::-1], 6, 3)
    assert len(at_random([], reserve, 99, 0)) == 10
    firsts = Counter(at_random([], reserve, 1, seed)[0].id for seed in range(2000))
    assert all(140 < count < 260 for count in firsts.values())  # 200 and 4.5 deviations
    assert len(firsts) == 10


@pytest.mark.parametrize("count", [0])
def test_none_wanted_is_none(count: int) -> None:
    assert at_random([], questions(A, 3), count, 0) == []
