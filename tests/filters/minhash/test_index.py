"""Greedy near-duplicate removal, against exact Jaccard by Python sets."""

from __future__ import annotations

import tempfile
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.filters.minhash import Near, NearIndex, engine
from limbeck.filters.minhash.verify import Decisions
from tests.filters.minhash.texts import exact, near_texts

Which = Literal["numpy", "numba"]
WHICH: list[Which] = ["numpy"] if engine.compiled() is None else ["numpy", "numba"]
TEXTS = near_texts(500)


def rows(made: Decisions) -> list[tuple[Any, ...]]:
    return list(
        zip(
            made.nearest.tolist(),
            made.jaccard.tolist(),
            made.twins.tolist(),
            made.refused.tolist(),
            strict=True,
        )
    )


def decided(texts: list[str], size: int, **options: Any) -> list[tuple[Any, ...]]:
    index = NearIndex(**options)
    parts = [index.decide(texts[start : start + size]) for start in range(0, len(texts), size)]
    return rows(Decisions.joined(parts))


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("threshold", [0.8, 0.5])
def test_who_is_refused_has_a_kept_twin_and_hardly_any_is_missed(
    which: Which, threshold: float
) -> None:
    index = NearIndex(threshold, engine=which)
    texts = near_texts(1000, seed=1, share=0.7)
    found = index.add(texts)
    kept = [place for place, near in enumerate(found) if near is None]
    due, missed = 0, 0
    for place, near in enumerate(found):
        scores = [exact(texts[place], texts[other]) for other in kept if other < place]
        due += max(scores, default=0.0) >= threshold
        if near is None:
            missed += max(scores, default=0.0) >= threshold
        else:
            assert found[near.nearest] is None
            assert near.nearest < place
            assert near.jaccard == exact(texts[place], texts[near.nearest]) >= threshold
    assert due > 150
    assert missed <= 0.01 * due
    assert len(index) == len(texts)


@pytest.mark.parametrize("options", [{}, {"threshold": 0.4, "num_perm": 32, "shingle": 2}])
def test_batches_engines_and_the_disk_change_nothing(options: dict[str, Any]) -> None:
    expected = decided(TEXTS, len(TEXTS), engine="numpy", **options)
    for which in WHICH:
        for size in (1, 7, 100, 500):
            assert decided(TEXTS, size, engine=which, **options) == expected
        assert decided(TEXTS, 90, engine=which, memory_mb=0, **options) == expected


def test_going_over_to_another_engine_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = decided(TEXTS, len(TEXTS), engine="numpy")
    index = NearIndex()
    parts = []
    for start in range(0, len(TEXTS), 60):
        which = WHICH[start // 60 % len(WHICH)]
        used = engine.plain() if which == "numpy" else engine.compiled()
        monkeypatch.setattr(engine, "chosen", lambda texts, used=used: used)
        parts.append(index.decide(TEXTS[start : start + 60]))
    assert rows(Decisions.joined(parts)) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("ab 漢"), max_size=12).map("".join), max_size=20),
    st.integers(1, 20),
    st.sampled_from([0.3, 0.8, 1.0]),
)
def test_any_texts_in_any_batches(texts: list[str], size: int, threshold: float) -> None:
    options: dict[str, Any] = {"threshold": threshold, "shingle": 2, "num_perm": 64}
    answers = [decided(texts, size, engine=which, **options) for which in WHICH]
    answers += [decided(texts, max(len(texts), 1), engine=which, **options) for which in WHICH]
    assert all(answer == answers[0] for answer in answers)
    for place, (nearest, score, _, refused) in enumerate(answers[0]):
        assert score == (0.0 if nearest < 0 else exact(texts[place], texts[nearest], 2))
        assert refused == (score >= threshold)


@pytest.mark.parametrize("which", WHICH)
def test_a_chain_keeps_both_ends(which: Which) -> None:
    words = [f"w{number}" for number in range(64)]
    a, b, c = (" ".join(words[start : start + 54]) for start in (0, 4, 8))
    assert exact(a, b) >= 0.8
    assert exact(b, c) >= 0.8
    assert exact(a, c) < 0.8
    found = NearIndex(engine=which).decide([a, c, b])
    assert found.refused.tolist() == [False, False, True]
    assert found.twins.tolist() == [0, 0, 2]
    assert found.nearest[2] == 0  # equal scores: the first
    assert (found.nearest[1] == 0) == (found.jaccard[1] == exact(a, c))  # where it is a candidate
    assert NearIndex(engine=which).decide([a, b, c]).refused.tolist() == [False, True, False]


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("我今天早上去市场买了很多新鲜的水果和蔬菜然后回家做了一顿丰盛的午餐给家人吃。" * 2, "。"),
        ("วันนี้ฉันไปตลาดเพื่อซื้อผลไม้สดและผักมากมายแล้วกลับบ้านทำอาหารกลางวัน", "ๆ"),
        (" ".join(f"été{n} café" for n in range(40)), " à"),
        (" ".join(f"😀{n} 👍🏽{n}" for n in range(40)), " 🎉"),
        (" ".join(f"كتاب{n} العربية" for n in range(40)), " جدا"),
        (" ".join(f"a\x00{n} \ud800{n}" for n in range(40)), " \udfff"),
    ],
)
def test_near_copies_in_every_script(which: Which, one: str, other: str) -> None:
    far = one[: len(one) // 3] + "xyz " * 30
    found = NearIndex(engine=which).add([one, far, one + other])
    assert found[:2] == [None, None]
    assert found[2] == Near(0, exact(one, one + other))


@pytest.mark.parametrize("which", WHICH)
def test_empty_and_short_texts(which: Which) -> None:
    found = NearIndex(engine=which).add(["", "", "yes", "no", "Yes ", "yes yes", " ", "yes"])
    assert [near and near.nearest for near in found] == [None] * 4 + [2, None, None, 2]
    assert {near.jaccard for near in found if near} == {1.0}
    assert NearIndex(engine=which).add([]) == []


@pytest.mark.parametrize("which", WHICH)
def test_many_equal_texts_and_a_family_below_the_threshold(which: Which) -> None:
    """Thousands that share their keys take no time that grows with their square."""
    same = " ".join(f"w{number}" for number in range(40))
    found = NearIndex(engine=which).add([same] * 5000)
    assert found.count(None) == 1
    assert {near for near in found if near} == {Near(0, 1.0)}
    base = [f"w{number}" for number in range(60)]
    family = [" ".join([*base, *(f"{n}x{k}" for k in range(20))]) for n in range(150)]
    made = NearIndex(engine=which).decide(family)
    assert not made.refused.any()
    assert (made.nearest[50:] >= 0).mean() > 0.5


def test_the_hashes_go_to_the_disk_and_stay_right() -> None:
    texts = near_texts(7000, seed=3, share=0.1)
    expected = NearIndex(memory_mb=64)
    spilled = NearIndex(memory_mb=1)
    answers = [index.add(texts) for index in (expected, spilled)]
    assert answers[0] == answers[1]
    assert (expected.on_disk, spilled.on_disk) == (False, True)


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    index = NearIndex(memory_mb=0)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(UserError, match=r"No space left on device.*TMPDIR") as raised:
        index.add(["a b c d e f g"])
    assert tempfile.gettempdir() in str(raised.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"threshold": 0.0}, "above 0 and at most 1, got 0.0"),
        ({"threshold": 1.5}, "got 1.5"),
        ({"num_perm": 0}, "num_perm 0"),
        ({"shingle": 0}, "shingle 0"),
        ({"memory_mb": -1}, "memory_mb -1"),
        ({"params": (20, 8)}, r"at most num_perm \(128\), got \(20, 8\)"),
    ],
)
def test_wrong_options_are_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        NearIndex(**options)


def test_params_set_the_bands() -> None:
    index = NearIndex(params=(9, 13))
    assert (index.bands.count, index.bands.rows) == (9, 13)
    assert index.recall < 0.9 < NearIndex().recall


def test_the_engine_is_chosen_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PAYS", 10)
    monkeypatch.setattr(engine, "_COMPILED", "limbeck.filters.minhash.nothing")
    engine.compiled.cache_clear()
    try:
        assert engine.chosen(5) is engine.plain()
        assert engine.chosen(50) is engine.plain()  # there is no compiled one
    finally:
        engine.compiled.cache_clear()


def test_decisions_joined_of_none() -> None:
    assert len(Decisions.joined([])) == 0
    assert np.array_equal(NearIndex().decide([]).nearest, [])
