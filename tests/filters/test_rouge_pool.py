"""RougePool: rouge_score's numbers bit for bit, and the decisions of its greedy loop."""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from limbeck.filters import bags, rouge_search, text_index
from limbeck.filters.rouge import Hit, RougePool

SCORER = RougeScorer(["rougeL"])
SEVEN = "one two three four five six seven"
THIRTEEN = f"{SEVEN} a b c d e f"
ODD = [
    "",
    "?!",
    "中文没有词",
    "用 Python 写",
    "\u212aelvin scale",
    "kelvin scale",
    "\u0130stanbul",
    "i stanbul",
    "istanbul",
    "café naïve",
    "caf na ve",
    "snake_case x-ray 3.14",
    "Tell me a joke 🙂",
    "tell me a JOKE",
    "a a a a b b a",
    "b a a a a a b",
    SEVEN,
    THIRTEEN,
    " ".join(str(n) for n in range(64)),
    " ".join(str(n) for n in range(65)),
    " ".join(str(n % 17) for n in range(97)),
    " ".join(str(n % 19) for n in range(300)),
    " ".join(str(n) for n in range(400, 100, -1)),
    "\ud800 lone",
]


def reference(text: str, pool: list[str]) -> list[float]:
    return [SCORER.score(other, text)["rougeL"].fmeasure for other in pool]


@cache
def greedy(threshold: float) -> tuple[list[str], list[Hit | None]]:
    """Texts, and the loop of Self-Instruct over them on rouge_score."""
    texts = mixed(220, seed=int(10 * threshold))
    pool: list[str] = []
    hits: list[Hit | None] = []
    for text in texts:
        scores = reference(text, pool)
        best = max(scores, default=0.0)
        hits.append((scores.index(best), best) if best > threshold else None)
        if hits[-1] is None:
            pool.append(text)
    return texts, hits


def mixed(count: int, seed: int = 0) -> list[str]:
    """Random texts, edits of earlier ones and ODD ones, mixed."""
    rng = random.Random(seed)
    words = [f"w{n}" for n in range(60)]
    texts: list[str] = []
    for _ in range(count):
        what = rng.random()
        if what < 0.1:
            texts.append(rng.choice(ODD))
        elif what < 0.5 or not texts:
            texts.append(" ".join(rng.choices(words, k=rng.choice([1, 3, 7, 10, 13, 14, 20]))))
        else:
            near = rng.choice(texts).split()
            for _ in range(rng.randint(0, 1 + len(near) // 4)):
                near.insert(rng.randint(0, len(near)), rng.choice(words))
                del near[rng.randrange(len(near))]
            texts.append(" ".join(near[: max(1, len(near) - rng.randint(0, 3))]))
    return texts


def filled(texts: list[str], threshold: float = 0.7) -> RougePool:
    pool = RougePool(threshold=threshold)
    for text in texts:
        pool.add(text)
    return pool


def test_scores_are_those_of_rouge_score_bit_for_bit_on_odd_texts() -> None:
    pool = filled(ODD)
    assert len(pool) == len(ODD)
    for text in ODD:
        scores = pool.scores(text)
        assert scores.dtype == np.float64
        assert scores.tolist() == reference(text, ODD)


def test_scores_are_those_of_rouge_score_in_a_pool_of_many_short_texts() -> None:
    texts = mixed(400, seed=1)
    pool = filled(texts)
    for text in texts[:30]:
        assert pool.scores(text).tolist() == reference(text, texts)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("ab中 \u212aİ1é_", max_size=200), max_size=6), st.text("ab1 K中", max_size=200)
)
def test_scores_are_those_of_rouge_score_on_any_text(texts: list[str], text: str) -> None:
    assert filled(texts).scores(text).tolist() == reference(text, texts)


def test_a_score_of_exactly_seven_tenths_is_decided_by_its_float() -> None:
    assert Fraction(2 * 7, 7 + 13) == Fraction(7, 10)
    pool = filled([THIRTEEN])
    assert pool.novel(SEVEN) == (0, 0.7000000000000001) == (0, reference(SEVEN, [THIRTEEN])[0])
    fourteen = " ".join("abcdefghijklmn")
    twentysix = " ".join(["b", "a", *"cdefghijklmn", *"opqrstuvwxyz"])
    tie = [(n, m) for n in range(1, 40) for m in range(1, 40) if (7 * (n + m)) % 20 == 0]
    above = set()
    for n, m in tie:
        lcs = 7 * (n + m) // 20
        if lcs > min(n, m):
            continue
        one = " ".join([*(f"s{k}" for k in range(lcs)), *(f"x{k}" for k in range(n - lcs))])
        other = " ".join([*(f"s{k}" for k in range(lcs)), *(f"y{k}" for k in range(m - lcs))])
        hit = filled([other]).novel(one)
        expected = reference(one, [other])[0]
        assert hit == ((0, expected) if expected > 0.7 else None)
        above.add(hit is None)
    assert above == {True, False}
    assert filled([twentysix]).novel(fourteen) is None


@pytest.mark.parametrize("tail", [3, 40, 512])
@pytest.mark.parametrize("threshold", [0.7, 0.4, 0.0, 1.0])
def test_greedy_decisions_are_those_of_the_reference(
    tail: int, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "_TAIL", tail)
    monkeypatch.setattr(rouge_search, "BLOCK", 17)
    texts, expected = greedy(threshold)
    together, alone = RougePool(threshold=threshold), RougePool(threshold=threshold)
    assert together.add_novel(texts) == expected
    for text, hit in zip(texts, expected, strict=True):
        assert alone.novel(text) == hit
        if hit is None:
            alone.add(text)
    assert len(together) == len(alone) == expected.count(None)
    for text in texts[:20]:
        assert (together.scores(text) == alone.scores(text)).all()


def test_decisions_hold_through_many_indexes_and_new_ranks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against the full scores: no pair above the threshold is missed as the pool grows."""
    monkeypatch.setattr(text_index, "_TAIL", 16)
    rng = np.random.default_rng(3)
    words = rng.zipf(1.3, 40_000) % 900
    sizes = rng.integers(1, 24, 3_000)
    texts = [
        " ".join(map(str, words[end - n : end]))
        for n, end in zip(sizes, sizes.cumsum() % 39_000 + 24, strict=True)
    ]
    texts += [" ".join(reversed(text.split())) for text in texts[::7]]
    pool = RougePool()
    hits = pool.add_novel(texts)
    kept = [text for text, hit in zip(texts, hits, strict=True) if hit is None]
    whole = filled(kept)
    assert 500 < len(pool) == len(kept) < len(texts)
    for text, hit in zip(texts[::9], hits[::9], strict=True):
        found, best = pool.novel(text), whole.nearest(text)
        assert best is not None
        assert found == (best if best[1] > 0.7 else None)
        if hit is not None:
            assert found is not None
            assert found[1] >= hit[1]


def test_texts_of_one_call_are_compared_with_each_other() -> None:
    same = "Write a poem about the sea"
    assert RougePool().add_novel([same, "中文", same]) == [None, None, (0, 1.0)]


def test_the_first_of_equal_texts_is_the_nearest() -> None:
    pool = filled(["other words", THIRTEEN, THIRTEEN, SEVEN])
    assert pool.nearest(SEVEN) == (3, 1.0)
    assert pool.nearest(THIRTEEN) == (1, 1.0)
    assert pool.novel(THIRTEEN) == (1, 1.0)
    assert pool.top(THIRTEEN, 3) == [(1, 1.0), (2, 1.0), (3, 0.7000000000000001)]
    assert pool.top(THIRTEEN, 0) == []
    assert [item for item, _ in pool.top("nothing", 9)] == [0, 1, 2, 3]


def test_an_empty_pool_and_an_empty_text_have_no_neighbours() -> None:
    pool = RougePool()
    assert pool.nearest("x") is None
    assert pool.novel("x") is None
    assert pool.top("x", 3) == []
    assert pool.scores("x").shape == (0,)
    assert pool.neighbours(["x"])[0].mean == 0.0
    assert pool.add_novel([]) == []
    assert pool.add_novel(["", "", "?!", "中文"]) == [None] * 4
    assert pool.nearest("") == (0, 0.0)
    assert pool.scores("中文").tolist() == [0.0] * 4


def test_neighbours_are_the_mean_and_the_best_of_the_scores() -> None:
    texts = mixed(150, seed=4)
    pool = filled(texts)
    for text, found in zip(texts, pool.neighbours(texts, 10), strict=True):
        scores = pool.scores(text).tolist()
        assert found.mean == float(np.mean(scores))
        assert [score for _, score in found.top] == sorted(scores, reverse=True)[:10]
        assert all(scores[item] == score for item, score in found.top)
    assert len(pool) == len(texts)


def test_the_best_of_a_large_pool_are_the_first_of_the_sorted_scores() -> None:
    texts = mixed(1_500, seed=6)
    pool = filled(texts)
    for text in texts[::100]:
        order = np.argsort(-pool.scores(text), kind="stable")
        for n in (1, 10, 22, 23, 24, 100, 1_500, 2_000):
            assert [item for item, _ in pool.top(text, n)] == order[:n].tolist()


def test_tokens_past_the_last_character_are_scored_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = mixed(60, seed=5)
    monkeypatch.setattr(bags, "_LAST_CHARACTER", 20)
    pool = filled(texts)
    for text in texts[:20]:
        assert pool.scores(text).tolist() == reference(text, texts)


def test_the_unicode_tokenizer_sees_every_script() -> None:
    pool = RougePool("unicode")
    pool.add("用Python写一个排序函数")
    assert pool.novel("用python写一个排序函数吧") == (0, 2 * (9 / 10) * (9 / 9) / (9 / 10 + 9 / 9))
    assert pool.novel("请解释Python的装饰器") is None
    assert filled(["用Python写一个排序函数"]).nearest("请解释Python的装饰器") == (0, 1.0)


def test_memory_stays_under_200_bytes_a_text_beyond_its_tokens() -> None:
    import tracemalloc

    texts = [" ".join(f"{(n * k) % 997}" for k in range(1, 15)) for n in range(1, 6_000)]
    RougePool().add_novel(texts[:600])
    tracemalloc.start()
    pool = RougePool()
    pool.add_novel(texts)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(pool) > 900
    assert held / len(pool) < 200 + 14 * 4 + 997 * 160 / len(pool)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenizer": "words"}, "tokenizer must be one of rouge, unicode, got 'words'"),
        ({"threshold": 1.5}, "threshold must lie between 0 and 1, got 1.5"),
        ({"threshold": float("nan")}, "threshold must lie between 0 and 1, got nan"),
    ],
)
def test_an_impossible_option_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        RougePool(**options)  # type: ignore[arg-type]
