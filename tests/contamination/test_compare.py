"""Rows against tasks: what an entry holds, whatever the order and the size of blocks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.contamination import Comparison, Item, Row
from limbeck.contamination.texts import row_of
from limbeck.record import Message, Provenance, Record, user

ITEMS = [
    Item("ducks", "Janet has 16 ducks and 3 geese, and sells 2 of them each day at the market."),
    Item("kites", "Ada had 3 kites. She bought 4. How many now?"),
    Item("rome", "Où est Paris ?", ("Italie", "France"), "France"),
    Item("color", "哪个是颜色？", ("椅子", "红色"), "红色"),
]
ROWS = [
    Row("r0", ("Bo had 5 kites. He bought 9. How many now?",), "14"),
    Row("r1", ("On the market Janet sells 2 of 16 ducks and 3 geese each day.",), "2"),
    Row("r2", ("Où est Paris ?",), "En France."),
    Row("r3", ("Où est Paris ?",), "Là."),
    Row("r4", ("Write one.",), f"{ITEMS[0].question} Good?"),
    Row("r5", ("Cy had 5 kites. She bought 1. Is that enough?",), ""),
]


def entry(items: Sequence[Item], rows: Sequence[Row]) -> dict[str, Any]:
    comparison = Comparison({"t": items})
    comparison.add(rows)
    [found] = comparison.entries()
    json.dumps(found, allow_nan=False)
    return found


def test_an_entry_counts_every_rule_and_keeps_the_evidence() -> None:
    found = entry(ITEMS, ROWS)
    counts = {key: value for key, value in found.items() if key not in ("found", "task")}
    assert counts == {
        "items": 4, "rows": 6, "questions": 5, "same": 1, "template": 2, "context": 2,
        "ngram": 0, "short": 1, "exact": 1, "coverage": 1, "cosine": 2, "flagged": 3,
    }  # fmt: skip
    ducks, kites, rome = found["found"]
    assert (ducks["place"], ducks["item"], ducks["rule"], ducks["row"]) == (
        0,
        "ducks",
        "coverage",
        "r4",
    )
    assert (ducks["rules"], ducks["side"], ducks["score"]) == (
        ["coverage", "cosine"],
        "completion",
        1,
    )
    assert (ducks["text"], ducks["question"]) == (ROWS[4].completion, ITEMS[0].question)
    assert (kites["rule"], kites["row"], kites["text"]) == ("template", "r0", ROWS[0].prompts[0])
    assert (rome["rule"], rome["rules"], rome["row"]) == ("same", ["same", "exact", "cosine"], "r2")
    assert rome["question"] == "Où est Paris ? Italie France"


def test_what_only_has_the_context_is_told_and_does_not_count() -> None:
    found = entry(ITEMS[1:2], ROWS[5:])
    assert (found["context"], found["template"], found["flagged"]) == (1, 0, 0)
    assert [hit["rule"] for hit in found["found"]] == ["context"]


def test_a_tasks_numbers_do_not_depend_on_the_others() -> None:
    both = Comparison({"t": ITEMS, "u": [Item("x", "Janet sells ducks"), Item("y", "三个苹果")]})
    both.add(ROWS)
    alone = Comparison({"t": ITEMS})
    alone.add(ROWS)
    assert both.entries()[0] == alone.entries()[0]
    assert both.similarities()["t"].tolist() == alone.similarities()["t"].tolist()


def test_the_similarity_is_the_largest_of_any_text() -> None:
    comparison = Comparison({"t": ITEMS[:2]})
    assert comparison.similarities()["t"].tolist() == [0, 0]
    comparison.add(ROWS[3:4])
    low = comparison.similarities()["t"]
    comparison.add(ROWS[4:5])
    assert (comparison.similarities()["t"] >= low).all()
    assert comparison.similarities()["t"][0] > 0.9


def test_nothing_is_compared_with_nothing() -> None:
    assert entry([], ROWS)["found"] == []
    assert entry(ITEMS, [])["flagged"] == 0
    assert Comparison({}).entries() == []


def test_every_user_turn_is_a_text_of_its_own() -> None:
    talk = (
        "We talked of Rome and of many other towns for the whole of a long and rainy afternoon. "
        * 3
    )
    turns = (user(talk), Message("assistant", "Fine."), user(ITEMS[1].question))
    record = Record(turns, "7", Provenance("t"))
    found = entry(ITEMS, [row_of(record)])
    assert [(hit["item"], hit["rule"]) for hit in found["found"]] == [("kites", "same")]
    assert found["found"][0]["row"] == record.id


WORDS = st.sampled_from(
    [
        "ducks",
        "Ada",
        "sells",
        "7",
        "312",
        "1,5",
        "three",
        "market",
        "苹果",
        "今天",
        "تفاحة",
        "🍎",
        "été",
        "of",
    ]
)
TEXTS = st.lists(WORDS, min_size=8, max_size=20).map(lambda words: f"Say {' '.join(words)}")


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.lists(TEXTS, max_size=5), st.data())
def test_an_item_that_is_a_row_is_flagged_by_every_rule(
    items: list[str], others: list[str], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(items) - 1))
    rows = [Row(f"r{n}", (text,)) for n, text in enumerate([*others, items[place]])]
    found = entry([Item(str(n), text) for n, text in enumerate(items)], rows)
    [hit] = [hit for hit in found["found"] if hit["place"] == place]
    assert {"same", "exact", "coverage", "cosine"} <= set(hit["rules"])
    assert hit["score"] == 1


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=4), st.lists(TEXTS, max_size=7, unique=True), st.data())
def test_the_order_of_rows_only_changes_which_equal_row_is_named(
    items: list[str], texts: list[str], data: st.DataObject
) -> None:
    asked = [Item(str(n), text) for n, text in enumerate(items)]
    rows = [Row(f"r{n}", (text,), texts[n - 1]) for n, text in enumerate(texts)]

    def run(rows: Sequence[Row]) -> tuple[dict[str, Any], list[float]]:
        comparison = Comparison({"t": asked})
        cut = len(rows) // 2
        comparison.add(rows[:cut])
        comparison.add(rows[cut:])
        [found] = comparison.entries()
        named = ("row", "text", "side")
        hits = [{k: v for k, v in hit.items() if k not in named} for hit in found["found"]]
        return found | {"found": hits}, comparison.similarities()["t"].tolist()

    assert run(data.draw(st.permutations(rows))) == run(rows)


def test_the_first_of_equal_rows_is_named() -> None:
    rows = [Row(f"r{n}", (ITEMS[0].question,)) for n in range(3)]
    assert entry(ITEMS, rows)["found"][0]["row"] == "r0"
    assert entry(ITEMS, rows[::-1])["found"][0]["row"] == "r2"
