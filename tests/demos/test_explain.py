"""What was chosen, and what was not, for people."""

from __future__ import annotations

import json

import pytest

from limbeck.demos import NearTexts, Selection, explain, fold_mates, selector
from tests.demos.pools import angles, demo

POOL = [
    demo("a", "好电影"),
    demo("b", "差电影", "bad"),
    demo("c", "好 电影!"),
    demo("d", "un film"),
]


def test_an_explanation_is_json_with_reasons() -> None:
    query = "好电影"
    reasons = {near.id: near.why for near in NearTexts(POOL).found(query)}
    selection = selector("bm25", POOL).select(query, 1, reasons)
    found = explain(query, POOL, selection, reasons)
    assert json.loads(json.dumps(found)) == found
    (chosen,) = found["chosen"]
    assert chosen == {"id": "b", "score": selection.scores[0], "label": "bad", "input": "差电影"}
    assert found["query"] == query
    assert found["excluded"] == [
        {"id": "a", "why": "the same text", "label": "good", "input": "好电影"},
        {"id": "c", "why": "near duplicate (1.00)", "label": "good", "input": "好 电影!"},
    ]


def test_what_is_excluded_stands_in_the_order_of_the_pool() -> None:
    mates = fold_mates({"a": 0, "b": 1, "c": 0, "d": 0})["d"]
    nothing = Selection((), ())
    for names in (sorted(mates), sorted(mates, reverse=True)):
        found = explain("q", POOL, nothing, dict.fromkeys(names, "the same fold"))
        assert [row["id"] for row in found["excluded"]] == ["a", "c", "d"]


def test_the_best_is_first_and_nothing_need_be_excluded() -> None:
    encoder = angles(**{"好电影": 40, "差电影": 0, "好 电影!": 30, "un film": 90, "q": 0})
    selection = selector("dense", POOL, encoder=encoder).select("q", 3)
    found = explain("q", POOL, selection)
    assert [row["id"] for row in found["chosen"]] == ["b", "c", "a"]
    assert found["excluded"] == []


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(KeyError, match="nobody"):
        explain("q", POOL, selector("random", POOL).select("q", 1), {"nobody": "why"})
