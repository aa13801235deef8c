"""Candidates: the first of a search, ties by a draw of the row's own, no copy of the row."""

from __future__ import annotations

from limbeck.demos import Demo, NgramEncoder
from limbeck.trainers.retriever.candidates import by_vectors, by_words, candidates, drawn
from limbeck.trainers.retriever.settings import Settings
from limbeck.trainers.retriever.tasks import Task, prepared

WORDS = ("river", "stone", "猫", "👍", "lamp", "glass", "été", "喜欢")


def task(count: int = 40) -> Task:
    rows = [
        Demo(f"{n}", "t", f"{WORDS[n % 8]} {WORDS[(n // 8 + n) % 8]} number{n}", WORDS[n % 3])
        for n in range(count)
    ]
    rows.append(Demo("copy", "t", f"{rows[0].input}!", "x"))
    return prepared(rows, Settings(valid=0.2, near=0.7))[0]


def test_never_the_row_itself_or_a_copy() -> None:
    one = task()
    for search in (by_words(one), by_vectors(one, NgramEncoder())):
        for rows in (one.train, one.valid):
            for row, found in zip(rows, candidates(one, rows, search, 6, 0), strict=True):
                ids = [demo.id for demo in found]
                assert len(set(ids)) == len(ids) == 6
                assert not set(ids) & one.near[row.id]
                assert set(found) <= set(one.train)
    for row, found in zip(one.train, drawn(one, one.train, 6, 0), strict=True):
        assert len({demo.id for demo in found}) == 6
        assert not {demo.id for demo in found} & one.near[row.id]


def test_bm25_reads_outputs_too() -> None:
    rows = [Demo(f"{n}", "t", f"text{n} here{n}", f"label{n}") for n in range(6)]
    rows.append(Demo("q", "t", "about label4", "x"))
    [one] = prepared(rows, Settings(valid=0))
    query = next(row for row in one.train if row.id == "q")
    [found] = candidates(one, [query], by_words(one), 2, 0)
    assert found[0].id == "4"


def test_between_equals_every_row_draws_its_own() -> None:
    rows = [Demo(f"{n}", "t", f"only{n}", "y") for n in range(30)]
    [one] = prepared(rows, Settings(valid=0))
    search = by_words(one)
    queries = [row for row in one.train[:8]]
    found = candidates(one, queries, search, 5, 0)
    assert found == candidates(one, queries, search, 5, 0)
    assert len({demo.id for demos in found for demo in demos}) > 15
    assert found != candidates(one, queries, search, 5, 1)


def test_a_better_score_is_first_whatever_the_draw() -> None:
    one = task()
    search = by_words(one)
    for seed in range(3):
        for row, found in zip(one.train, candidates(one, one.train, search, 9, seed), strict=True):
            scores = dict(zip(search.pool.ids, search.scores(row.input).tolist(), strict=True))
            shown = [scores[demo.id] for demo in found]
            assert shown == sorted(shown, reverse=True)
            left = set(search.pool.ids) - {demo.id for demo in found} - one.near[row.id]
            assert min(shown) >= max(scores[name] for name in left)
