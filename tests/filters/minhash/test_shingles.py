"""Words and hashed shingles: plain Python is the oracle, and both engines agree with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.filters.minhash import engine
from limbeck.filters.minhash.letters import ALONE, POWERS, SPACE, WORD, kinds
from limbeck.filters.minhash.shingles import (
    Shingles,
    encoded,
    portions,
    shingled,
    word_shingles,
    words,
)

ENGINES = [used for used in (engine.plain(), engine.compiled()) if used is not None]
LETTERS = (
    "abXYZ \t\n.,\x00\x1cé\u0301\u0085\u00a0\u1680\u2028\u3000"
    "一二漢かナกຂខမİKΣς\ud800😀🏽\U00020000"
)
TEXT = st.text(alphabet=LETTERS, max_size=60)


def hashes(texts: list[str], n: int, used: engine.Engine) -> list[list[int]]:
    sets = shingled(texts, n, used)
    return [np.sort(sets[place]).tolist() for place in range(len(sets))]


def assert_hashed(texts: list[str], n: int) -> None:
    """Two shingles have the same hash exactly where they are the same words."""
    answers = [hashes(texts, n, used) for used in ENGINES]
    assert all(answer == answers[0] for answer in answers)
    shingles = [word_shingles(text, n) for text in texts]
    assert [len(row) for row in answers[0]] == [len(row) for row in shingles]
    for one, its_hashes in zip(shingles, answers[0], strict=True):
        both = len(one & shingles[0])
        assert len(set(its_hashes) & set(answers[0][0])) == both


def test_numba_is_there_or_numpy_stands_alone() -> None:
    assert 1 <= len(ENGINES) <= 2


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=8), st.integers(1, 6))
def test_hashes_are_the_shingles(texts: list[str], n: int) -> None:
    assert_hashed(texts, n)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Cat\u3000sat\u00a0on\u2028it.", ["the", "cat", "sat", "on", "it."]),
        (
            "我喜欢Python编程，真的。",
            ["我", "喜", "欢", "python", "编", "程", "，", "真", "的", "。"],
        ),
        ("ไทย ok", ["ไ", "ท", "ย", "ok"]),
        ("ΟΔΟΣ Straße ÉTÉ", ["οδος", "straße", "été"]),
        ("cafe\u0301", ["caf\u00e9"]),
        ("👍🏽 ok", ["👍🏽", "ok"]),
        ("a\x00b \ud800", ["a\x00b", "\ud800"]),
        ("", []),
        (" \n", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_short_text_is_one_shingle_and_no_other_texts() -> None:
    assert word_shingles("a b") == {("a", "b")}
    for used in ENGINES:
        sets = shingled(["a b", "A  b", "a b c", "a b c d e", "b a", ""], 5, used)
        assert sets.sizes.tolist() == [1, 1, 1, 1, 1, 0]
        assert sets.hashes[0] == sets.hashes[1]
        assert len(set(sets.hashes.tolist())) == 4


def test_texts_at_the_edge_of_the_powers_at_hand() -> None:
    lengths = range(POWERS - 8, POWERS + 4)
    texts = ["a" * length + " b c d e f" for length in lengths]
    texts += ["é" * (length // 2) + "一 b c d e f" for length in lengths]
    texts += ["b c " + "x" * 20_000 + "一" + "y" * 9_000 + "\u3000d e f g", "b c d " * 5_000]
    assert_hashed(texts, 3)


def test_a_huge_text_and_a_huge_word() -> None:
    for used in ENGINES:
        many = 200_000 if used is engine.plain() else 2_000_000
        sets = shingled(["word " * many + "end", "x" * many, "a b"], 5, used)
        assert sets.sizes.tolist() == [2, 1, 1]


def test_kinds_are_those_of_python() -> None:
    found = kinds()
    spaces = [code for code in range(0x110000) if chr(code).isspace()]
    assert np.flatnonzero(found == SPACE).tolist() == spaces
    assert [found[ord(char)] for char in "漢かカภຂខမ々"] == [ALONE] * 8
    assert [found[ord(char)] for char in "aéя한अع，。"] == [WORD] * 8


def test_portions_lose_nothing() -> None:
    texts = ["abc", "", "d" * 10, "e", ""]
    for size in (1, 3, 4, 100):
        assert [text for part in portions(texts, size) for text in part] == texts


def test_ascii_is_lowered_by_its_values_and_ends_are_in_bytes() -> None:
    data, ends, ascii = encoded(["Ab", "É"])
    assert (data.tobytes(), ends.tolist(), ascii) == ("Ab é ".encode(), [2, 5], False)


def test_sets_joined_and_taken() -> None:
    one = Shingles(np.array([1, 2, 3], np.uint64), np.array([2, 2, 3]))
    both = Shingles.joined([one, one])
    assert [both[place].tolist() for place in range(6)] == [[1, 2], [], [3]] * 2
    some = both.taken(np.array([5, 1, 0]))
    assert [some[place].tolist() for place in range(3)] == [[3], [], [1, 2]]
    assert len(Shingles.joined([])) == 0
