"""Equal rows, contradictions and near duplicates, counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.audit import duplicates
from limbeck.audit.facts import facts_of
from limbeck.audit.spill import Spill, Writer
from limbeck.audit.totals import Totals
from limbeck.reading.forms import Row


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Rows as `exact` and `contradictions` take them."""

    def read(rows: list[Row]) -> tuple[Spill, Totals]:
        writer = Writer(tmp_path / "rows")
        writer.add(rows)
        spill, totals = writer.done(), Totals()
        totals.add(facts_of(spill.part(0, len(rows)), 0))
        return spill, totals

    return read


def rows(*texts: tuple[str, str, str]) -> list[Row]:
    return [Row(f"r{n}", *found, place=n) for n, found in enumerate(texts, 1)]


def test_rows_are_equal_up_to_unicode_form_and_white_space(read: Any) -> None:
    found = duplicates.exact(
        *read(
            rows(
                ("Café?", "x", "Oui"),
                ("Cafe\u0301?", " x\n", "Oui "),
                ("café?", "x", "Oui"),  # another case is another text
                ("Café?", "x", "Non"),
                ("Café?", "x", "Oui"),
            )
        )
    )
    assert (found["rows"], found["share"]) == (2, 0.4)
    assert [one["places"] for one in found["examples"]] == [[1, 2], [1, 5]]


def test_texts_do_not_run_into_each_other(read: Any) -> None:
    found = duplicates.exact(*read(rows(("a b", "", "c"), ("a", "b", "c"), ("a", "", "b c"))))
    assert found["rows"] == 0


def test_another_system_turn_is_another_question(read: Any) -> None:
    one, two = (Row("r", "I", "", out, system=out) for out in ("yes", "no"))
    assert duplicates.contradictions(*read([one, two]))["questions"] == 0


def test_other_options_are_another_question_and_their_order_is_not(read: Any) -> None:
    def row(output: str, *options: str) -> Row:
        return Row("r", "I will", "", output, options=options)

    other = [row("go", "go", "stay"), row("stop", "stop", "run")]
    found = duplicates.contradictions(*read(other))
    assert (found["questions"], found["same_words"]) == (0, 1)
    again = duplicates.contradictions(*read([row("go", "go", "stay"), row("stay", "stay", "go")]))
    assert (again["questions"], again["short"], again["same_words"]) == (1, 1, 1)


def test_an_option_is_short_however_long_it_is(read: Any) -> None:
    long = ("go home and sleep until the sun comes up", "stay and sing until the sun comes up")
    asked = [Row("r", "I will", "", output, options=long) for output in long]
    assert duplicates.contradictions(*read(asked))["short"] == 1


def test_the_same_words_are_one_question_to_a_looser_look(read: Any) -> None:
    found = duplicates.contradictions(
        *read(rows(("Is 水 wet?", "", "yes"), ("is 水 wet", "", "no")))
    )
    assert (found["questions"], found["same_words"]) == (0, 1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Positive", " positive. "),
        ("是", "是。"),
        ("ＡＢＣ", "abc"),
        ('"Paris"', "paris"),
        ("**4**", "4"),
    ],
)
def test_the_same_label_in_another_dress_is_no_contradiction(
    read: Any, first: str, second: str
) -> None:
    found = duplicates.contradictions(*read(rows(("Q", "x", first), ("Q", "x", second))))
    assert found["questions"] == 0
    assert found["asked_again"] == 1


@pytest.mark.parametrize(
    ("first", "second"), [("2", "-2"), ("!", "?"), ("积极", "消极"), ("C", "C#"), ("", "no")]
)
def test_another_label_is_a_contradiction(read: Any, first: str, second: str) -> None:
    found = duplicates.contradictions(*read(rows(("Q", "x", first), ("Q", "x", second))))
    assert (found["questions"], found["short"], found["rows"]) == (1, 1, 2)


def test_contradictions_are_counted_and_short_ones_come_first(read: Any) -> None:
    found = duplicates.contradictions(
        *read(
            rows(
                ("Write a poem.", "", "The sea is wide and blue and deep."),
                ("Write a poem.", "", "A cat sat still upon the mat."),
                ("Label.", "good", "positive"),
                ("Label.", "bad", "negative"),
                ("label.", "good", "negative"),
                ("Label.", "good", "Negative!"),
                ("Label.", "good", "positive"),
            )
        )
    )
    assert (found["questions"], found["short"], found["rows"]) == (2, 1, 5)
    assert found["share"] == 5 / 7
    first, second = found["examples"]
    assert first["places"] == [3, 6, 7]
    assert first["outputs"] == ["positive", "Negative!"]
    assert second["instruction"] == "Write a poem."


def test_near_duplicates_are_those_the_novelty_filter_refuses() -> None:
    texts = [
        "Write a poem about the sea",  # 6 words
        "Write a poem about the wide sea",  # 7 words, 6 in common: 12/13
        "写一首关于大海的诗",  # 9 characters
        "写一首关于天空的诗",  # 7 in common: 14/18
        "List three fruits",
    ]
    found = duplicates.near(texts, "unicode", 0.7)
    assert (found["instructions"], found["of"], found["share"]) == (2, 5, 0.4)
    assert [(one["first"], one["second"]) for one in found["examples"]] == [
        (texts[0], texts[1]),
        (texts[2], texts[3]),
    ]
    assert [one["places"] for one in found["examples"]] == [[0, 1], [2, 3]]
    assert found["examples"][0]["score"] == pytest.approx(12 / 13)
    assert found["examples"][1]["score"] == pytest.approx(14 / 18)
    assert duplicates.near(texts, "rouge", 0.7)["instructions"] == 1  # Latin script only
    assert duplicates.near([], "unicode", 0.7)["share"] == 0.0


def test_examples_are_few_however_many_there_are(read: Any) -> None:
    found = duplicates.exact(*read(rows(*[("Q", "", "A")] * 50)))
    assert (found["rows"], len(found["examples"])) == (49, duplicates.SHOWN)
