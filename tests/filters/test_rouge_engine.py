"""The compiled search and the plain one: the same answers, and which one is taken when."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from limbeck.filters import rouge_engine, rouge_search
from limbeck.filters.rouge import Hit, RougePool

SCORER = RougeScorer(["rougeL"])
SHOW = """
import sys
from limbeck.filters import rouge_engine
from limbeck.filters.rouge import RougePool
hits = RougePool().add_novel(["a b c d", "x y z", "a b c d e"])
few = "numba" in sys.modules
search = rouge_engine.search(rouge_engine._PAYS)
pool = RougePool()
again = pool.add_novel(["a b c d", "x y z", "a b c d e"])
print(few, search.__name__, hits == again == [None, None, (0, 2 * 0.8 / 1.8)])
"""


def compiled() -> rouge_engine.Search:
    pytest.importorskip("numba", reason="numba is not installed: pip install 'limbeck[fast]'")
    search = rouge_engine.compiled()
    assert search is not None
    return search


def by(search: rouge_engine.Search, texts: list[str], threshold: float = 0.7) -> list[Hit | None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rouge_engine, "search", lambda texts: search)
        return RougePool(threshold=threshold).add_novel(texts)


def reference(texts: list[str], threshold: float = 0.7) -> list[Hit | None]:
    pool: list[str] = []
    hits: list[Hit | None] = []
    for text in texts:
        scores = [SCORER.score(other, text)["rougeL"].fmeasure for other in pool]
        best = max(scores, default=0.0)
        hits.append((scores.index(best), best) if best > threshold else None)
        if hits[-1] is None:
            pool.append(text)
    return hits


def shown(**environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", SHOW],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("threshold", [0, 1])
def test_a_threshold_may_be_a_whole_number(threshold: int) -> None:
    texts = ["a b c d", "a b c e", "x y"]
    for search in (compiled(), rouge_search):
        expected = by(search, texts, float(threshold))
        assert by(search, texts, threshold) == expected
    assert (expected[1] is None) == (threshold == 1)


WORDS = st.lists(st.sampled_from(["a", "b", "c", "É", "中", "\u212a"]), max_size=140)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=8), st.sampled_from([0.0, 0.3, 0.7, 0.95]))
def test_both_searches_and_rouge_score_agree_on_repeats_and_long_texts(
    words: list[list[str]], threshold: float
) -> None:
    texts = [" ".join(text) for text in words]
    texts += [" ".join(text[1:]) for text in words]
    expected = reference(texts, threshold)
    assert by(rouge_search, texts, threshold) == expected
    assert by(compiled(), texts, threshold) == expected


@pytest.mark.parametrize("length", [63, 64, 65, 127, 128, 129, 500])
def test_both_searches_and_rouge_score_agree_around_the_width_of_a_machine_word(
    length: int,
) -> None:
    rng = random.Random(length)
    texts = []
    for kinds in (2, 20, 1_000):
        text = [str(rng.randrange(kinds)) for _ in range(length)]
        edited = [word for word in text if rng.random() > 0.2]
        shuffled = rng.sample(text, len(text))
        texts += [" ".join(words) for words in (text, edited, shuffled, text[::-1])]
    expected = reference(texts)
    assert {hit is None for hit in expected} == {True, False}
    assert by(rouge_search, texts) == by(compiled(), texts) == expected


def test_both_searches_decide_a_score_of_exactly_seven_tenths_by_its_float() -> None:
    texts = []
    for n in range(1, 90):
        for m in range(n, 90):
            lcs, rest = divmod(7 * (n + m), 20)
            if not rest and lcs <= n:
                shared = [f"s{n}x{m}x{place}" for place in range(lcs)]
                texts.append(" ".join([*shared, *(f"y{n}x{m}x{k}" for k in range(m - lcs))]))
                texts.append(" ".join([*(f"x{n}x{m}x{k}" for k in range(n - lcs)), *shared]))
    pairs = list(zip(texts[::2], texts[1::2], strict=True))
    expected: list[Hit | None] = []
    number = 0
    for one, other in pairs:
        score = SCORER.score(one, other)["rougeL"].fmeasure
        expected += [None, (number, score) if score > 0.7 else None]
        number += expected[-2:].count(None)
    assert 20 < sum(hit is not None for hit in expected) < len(pairs) - 20
    assert by(rouge_search, texts) == by(compiled(), texts) == expected


def test_both_searches_agree_on_texts_of_more_than_64k_tokens() -> None:
    """The longest common subsequence is known by construction: rouge_score would take hours."""
    size, cut = 70_000, 30_000
    whole = [str(n) for n in range(size)]
    texts = [
        " ".join(whole),
        " ".join(whole[cut:]),  # 40,000 of 40,000 and 70,000
        " ".join(["a b"] * (size // 2)),
        " ".join(["b a"] * (size // 2)),  # all but one
        " ".join(["a"] * size),  # one half
    ]
    precision, recall = 1.0, (size - cut) / size
    first = 2 * precision * recall / (precision + recall)
    share = (size - 1) / size
    second = 2 * share * share / (share + share)
    expected = [None, (0, first), None, (1, second), None]
    assert by(rouge_search, texts) == by(compiled(), texts) == expected


def test_both_searches_agree_through_many_indexes_and_in_every_script() -> None:
    rng = random.Random(7)
    words = [*(f"w{n}" for n in range(300)), *"中文写一首诗", "café", "naïve", "🙂"]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    texts: list[str] = []
    for _ in range(6_000):
        if texts and rng.random() < 0.4:
            near = rng.choice(texts).split()
            near[rng.randrange(len(near))] = rng.choice(words)
            texts.append(" ".join(near))
        else:
            texts.append(" ".join(rng.choices(words, weights, k=rng.randint(3, 90))))
    hits = by(compiled(), texts)
    assert hits == by(rouge_search, texts)
    assert 2_000 < hits.count(None) < 5_000
    pool = RougePool("unicode")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rouge_engine, "search", lambda texts: compiled())
        hits = pool.add_novel(texts[:2_000])
    assert hits == RougePool("unicode").add_novel(texts[:2_000])


def test_a_pool_may_change_from_one_search_to_the_other() -> None:
    words = [f"{n % 7} {n % 11} {n % 5} {n % 13} {n % 3}" for n in range(1_500)]
    pool = RougePool()
    hits = []
    with pytest.MonkeyPatch.context() as patch:
        for number, search in enumerate([rouge_search, compiled(), rouge_search]):
            patch.setattr(rouge_engine, "search", lambda texts, search=search: search)
            hits += pool.add_novel(words[500 * number : 500 * number + 500])
    assert hits == RougePool().add_novel(words)


def test_the_compiled_search_is_loaded_for_many_texts_only() -> None:
    compiled()
    assert shown() == ["False", "limbeck.filters.rouge_kernel", "True"]


def test_the_compiled_search_needs_no_folder_that_can_be_written(tmp_path: Path) -> None:
    compiled()
    blocked = tmp_path / "file"
    blocked.write_text("")
    environment = {"NUMBA_CACHE_DIR": str(blocked / "below")}
    assert shown(**environment) == ["False", "limbeck.filters.rouge_kernel", "True"]


def test_without_numba_the_plain_search_decides(tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError('needs another numpy')")
    assert shown(PYTHONPATH=str(tmp_path)) == ["False", "limbeck.filters.rouge_search", "True"]
    if "numba" in sys.modules:
        assert shown(NUMBA_DISABLE_JIT="1") == ["False", "limbeck.filters.rouge_search", "True"]
