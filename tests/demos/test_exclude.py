"""The query and its near duplicates, told by their texts."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.demos import Demo, Near, NearTexts, same_text, selector
from limbeck.demos.exclude import plain, shingles
from limbeck.errors import UserError
from limbeck.words import unicode_tokens
from tests.demos.pools import pool_of, pools, texts


@pytest.mark.parametrize(
    "other",
    [
        "What is the dew point ?",
        "what is the dew-point?",
        "  WHAT is\tthe “dew” point… ",
        "Ｗhat is the ``dew'' point",
    ],
)
def test_case_width_spaces_and_punctuation_make_no_new_text(other: str) -> None:
    (near,) = NearTexts(pool_of("What is the dew point?"), 1).found(other)
    assert near.id == "d0"


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("我喜欢这部电影。", "我喜欢这部电影"),
        ("Don't!", "dont"),
        ("Straße", "STRASSE"),
        ("cafe\u0301", "café"),
        ("好👍！", "好👍"),
        ("?!", "？！"),
        ("👨\u200d👩", "👨👩"),
    ],
)
def test_equal_texts(text: str, other: str) -> None:
    assert same_text(text, pool_of("x", other)) == {"d1"}
    assert same_text(other, pool_of(text, "y")) == {"d0"}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("good 👍", "good 👎"),
        ("1 2", "12"),
        ("café", "cafe"),
        ("?", "!"),
        ("", "..."),
        ("好", "坏"),
        ("the movie is good", "the movie is bad"),
        ("这部电影很好看", "这部电影很难看"),
    ],
)
def test_short_texts_that_differ_are_others(text: str, other: str) -> None:
    assert same_text(text, pool_of(other)) == frozenset()


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("What is the state motto of Oklahoma ?", "What is the stae motto of Oklahoma?"),
        ("You're welcome my dear 😊", "You're welcome my dear"),
        (
            "我昨天和朋友一起去看了这部新上映的电影",
            "我昨天和朋友一起去看了那部新上映的电影。",
        ),
        (
            "Как зовут президента, который подписал этот закон?",
            "Как зовут президента, которий подписал этот закон?",
        ),
    ],
)
def test_near_duplicates(text: str, other: str) -> None:
    (near,) = NearTexts(pool_of("something else", other)).found(text)
    assert (near.id, near.equal) == ("d1", False)
    assert 0.8 <= near.similarity < 1
    assert near.why == f"near duplicate ({near.similarity:.2f})"


def test_what_the_documentation_says_of_one_changed_word() -> None:
    """English: (6n - 8) / (6n + 6) for a word of five letters; Chinese: (n - 2) / (n + 1)."""
    words = [f"{chr(97 + n) * 5}" for n in range(12)]
    characters = "天地玄黄宇宙洪荒日月盈昃辰宿列张"
    for n in (8, 10, 11, 12):
        changed = [*words[:3], "zzzzz", *words[4:n]]
        (near,) = NearTexts(pool_of(" ".join(words[:n])), 0.1).found(" ".join(changed))
        assert near.similarity == pytest.approx((6 * n - 8) / (6 * n + 6))
        assert (near.similarity >= 0.8) == (n >= 11)
    for n in (12, 13, 14, 16):
        text = characters[:n]
        (near,) = NearTexts(pool_of(text), 0.1).found(text.replace("玄", "寒"))
        assert near.similarity == pytest.approx((n - 2) / (n + 1))
        assert (near.similarity >= 0.8) == (n >= 14)


def test_repeated_words_count_as_often_as_they_stand() -> None:
    assert same_text("ha ha ha ha ha ha", pool_of("ha ha", "ha ha ha ha ha ha!")) == {"d1"}


def resemblance(a: str, b: str) -> float:
    """Multisets of three characters, counted anew."""
    bags = []
    for text in (a, b):
        spaced = f" {' '.join(unicode_tokens(text, symbols=True))} "
        runs = [spaced[i : i + 3] for i in range(len(spaced) - 2)] if spaced.strip() else []
        bags.append(Counter(runs))
    both = (bags[0] & bags[1]).total()
    return both / (bags[0].total() + bags[1].total() - both or 1)


@settings(max_examples=200, deadline=None)
@given(
    pools,
    st.one_of(texts, st.text(max_size=12)),
    st.sampled_from([0.07, 0.2, 0.5, 0.57, 0.7, 0.8, 0.95, 1.0]),
)
def test_no_pair_is_missed_and_none_is_added(
    pool: list[Demo], query: str, threshold: float
) -> None:
    expected = []
    for demo in pool:
        equal = plain(demo.input) == plain(query)
        found = 1.0 if equal else resemblance(demo.input, query)
        if found >= threshold:
            expected.append(Near(demo.id, found, equal))
    index = NearTexts(pool, threshold)
    assert list(index.found(query)) == expected
    assert index.of(query) == {near.id for near in expected}
    assert list(index.found(query)) == expected  # nothing is left of the query before


def test_two_texts_are_near_both_ways() -> None:
    pool = pool_of("the cat sat on the mat", "the cat sat on a mat", "我喜欢猫", "the cat")
    index = NearTexts(pool, 0.5)
    near = {(demo.id, name) for demo in pool for name in index.of(demo.input)}
    assert near == {(b, a) for a, b in near}
    assert ("d0", "d1") in near


def test_a_copy_is_excluded_wherever_it_ranks() -> None:
    """The first hit is d2; to drop it would show the query its own answer in d0."""
    pool = pool_of("THE CAT sat, on the mat!", "the dog", "the cat sat on the mat", "un film")
    query = "the cat sat on the mat"
    for name in ("bm25", "dense", "hybrid", "mmr", "dpp"):
        one = selector(name, pool)
        assert set(one.select(query, 2).ids) & {"d0", "d2"}
        assert set(one.select(query, 4, same_text(query, pool)).ids) == {"d1", "d3"}


def test_shingles_are_all_different() -> None:
    assert shingles("ab AB") == [" ab", "ab ", "b a", " ab1", "ab 1"]
    assert shingles("我👍") == [" 我 ", "我 👍", " 👍 "]
    assert shingles("a") == [" a "]
    assert shingles("...") == []


@pytest.mark.parametrize("threshold", [0, -1, 1.01])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(UserError, match="above 0, up to 1, got"):
        NearTexts([], threshold)
