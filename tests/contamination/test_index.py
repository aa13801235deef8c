"""The rules by words: golden values by hand, what counts and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

import pytest

from limbeck.contamination.coding import Vocabulary
from limbeck.contamination.index import Index, Look, variants_of
from limbeck.contamination.texts import Item, Row, texts_of


def looked(items: Sequence[Item], *rows: Row) -> Look:
    variants = variants_of(items)
    vocabulary = Vocabulary(variants.texts)
    texts = [text for row in rows for text in texts_of(row)]
    return Index(variants, vocabulary).look(vocabulary.code([t.text for t in texts]), texts)


def item(question: str, *options: str, target: str = "") -> Item:
    return Item("i", question, options, target)


def flags(items: Sequence[Item], prompt: str, completion: str = "") -> list[list[str]]:
    """The rules that flag each item, for a row."""
    found = looked(items, Row("r", (prompt,), completion))
    rules: list[list[str]] = [[] for _ in items]
    for name, matrix in (("coverage", found.coverage), ("cosine", found.cosine)):
        for place in range(len(items)):
            if matrix is not None and matrix[:, place].any():
                rules[place].append(name)
    for _, place in found.exact:
        rules[place].insert(0, "exact")
    return rules


def test_the_cosine_of_tiny_texts_is_that_by_hand() -> None:
    items = [item("red fish swim"), item("red bird"), item("blue bird bird")]
    found = looked(items, Row("r", ("red bird bird",)), Row("s", ("red zebra",)))
    # Of three items red and bird are in two, all others in one.
    two, one, none = log(4 / 3) + 1, log(4 / 2) + 1, log(4) + 1
    bird = two * (1 + log(2))
    row, second = sqrt(two**2 + bird**2), sqrt(two**2 + none**2)
    first, other = sqrt(two**2 + 2 * one**2), two * sqrt(2)
    third = sqrt(one**2 + bird**2)
    expected = [
        [two**2 / row / first, (two**2 + two * bird) / row / other, bird**2 / row / third],
        [two**2 / second / first, two**2 / second / other, 0],
    ]
    assert [pytest.approx(line, abs=1e-5) for line in expected] == found.similar.tolist()
    assert found.similar[0].round(3).tolist() == [0.241, 0.968, 0.680]


def test_coverage_is_the_share_of_the_items_runs() -> None:
    items = [item("a b c d e f g h i j"), item("one two three four five six seven")]
    found = looked(items, Row("r", ("x a b c d e f g h i",)), Row("s", ("a b c d e f g h x",)))
    assert found.coverage is not None
    assert found.coverage.tolist() == [[pytest.approx(2 / 3), 0], [0, 0]]
    assert found.common.tolist() == [0]


def test_half_of_the_runs_is_not_enough() -> None:
    assert looked([item("a b c d e f g h i")], Row("r", ("a b c d e f g h x",))).coverage is None


LEAK = "Janet's ducks lay 16 eggs per day. She eats three for breakfast and sells the rest for $2."
REWORDED = (
    "The ducks of Janet lay 16 eggs a day. She eats 3 and sells those that remain at 2 dollars."
)


def test_a_reworded_question_with_the_same_numbers_is_found() -> None:
    others = [item("A train drives 300 km in 4 hours."), item("Bo has 5 dogs and 6 cats.")]
    assert flags([item(LEAK), *others], REWORDED) == [["cosine"], [], []]
    assert flags([item(LEAK), *others], REWORDED.replace("16", "17").replace("3", "4")) == [
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("text", "reworded", "other"),
    [
        (
            "小明有325个苹果，送给朋友12个，又买了40个，现在有多少个？",
            "小明原来有三百二十五个苹果，给了朋友12个，后来又买了40个。他现在一共有多少个苹果？",
            "小明有325个苹果，送给朋友13个，又买了41个，现在有多少个？",
        ),
        (
            "لدى سامي ٤٨ تفاحة وباع ١٢ تفاحة ثم اشترى ٣٠ تفاحة فكم تفاحة لديه؟",
            "كان لدى سامي 48 تفاحة ثم باع منها 12 تفاحة واشترى بعدها 30 تفاحة كم لديه الآن؟",
            "لدى سامي ٤٩ تفاحة وباع ١٣ تفاحة ثم اشترى ٣١ تفاحة فكم تفاحة لديه؟",
        ),
        (
            "Ein Sack wiegt 1,5 kg, eine Kiste 12 kg und ein Fass 1.200 kg. Was wiegen sie?",
            "Eine Kiste wiegt 12 kg, das Fass 1200 kg und der Sack 1.5 kg. Wie viel wiegen alle?",
            "Ein Sack wiegt 15 kg, eine Kiste 12 kg und ein Fass 1.300 kg. Was wiegen sie?",
        ),
        (
            "🍎 🍎 🍌 costs 12, 🍌 🍌 🍌 costs 30, 🍎 ?",
            "If 🍎 🍎 🍌 costs 12 and 🍌 🍌 🍌 costs 30: 🍎 ?",
            "🍎 costs 3",
        ),
    ],
)
def test_every_script_is_compared(text: str, reworded: str, other: str) -> None:
    rest = [item("Bo walks 7 miles to 3 towns in 11 hours."), item("什么是颜色？")]
    assert "cosine" in flags([item(text), *rest], reworded)[0]
    assert "cosine" not in flags([item(text), *rest], other)[0]


def test_without_numbers_near_is_nearer() -> None:
    asked = "In which process do green plants use energy from sunlight to make sugar?"
    items = [item(asked), item("Who wrote Faust?"), item("What barks at night?")]
    near = "By which process do plants make food out of energy from sunlight?"
    found = looked(items, Row("r", (near,)))
    assert 0.4 < found.similar[0, 0] < 0.8
    assert found.cosine is None
    assert flags(items, "in which process do green plants use energy of sunlight to make sugar")[0]


def test_one_or_two_numbers_ask_for_more_than_three() -> None:
    few = "Statement 1 is about the cat. Statement 2 is about law. Is each true?"
    other = "Statement 1: no dog barks. Statement 2: tax is due. Which are true?"
    items = [item(few), item("Who wrote Faust?")]
    assert 0.4 < looked(items, Row("r", (other,))).similar[0, 0] < 0.6
    assert flags(items, other) == [[], []]


OPTIONS = ("The ice on the lake is hot today.", "A fly is as red as any rose is.")


def test_a_question_with_other_options_is_another() -> None:
    stem = "Which of the following statements about our world is the true one?"
    items = [item(stem, *OPTIONS)]
    other = f"{stem}\n(A) Each cat has got nine lives to live.\n(B) No sea is deeper than a bath."
    assert flags(items, other) == [[]]
    same = f"Question: {stem}\nA. {OPTIONS[0]}\nB. {OPTIONS[1]}\nAnswer:"
    assert flags(items, same) == [["exact", "coverage", "cosine"]]
    assert flags(items, stem) == [["exact", "coverage", "cosine"]]


def test_options_may_stand_in_the_items_question() -> None:
    stem = "Which of the following statements about our world is the true one?"
    inline = item(f"{stem}\nA. {OPTIONS[0]}\nB. {OPTIONS[1]}\nAnswer:")
    assert flags([inline], f"{stem} (A) {OPTIONS[0]} (B) {OPTIONS[1]}")[0][0] == "exact"


def test_completions_are_looked_at_and_their_side_is_told_by_the_text() -> None:
    found = looked([item(LEAK)], Row("r", ("Write a problem.",), f"Here is one: {LEAK}"))
    assert found.coverage is not None
    assert found.coverage[:, 0].tolist() == [0, 1]


SOLUTION = """def total(values):
    found = 0
    for value in values:
        found += value * value
    print(found, values)
    return found"""


def test_a_long_target_is_found_in_completions_only() -> None:
    items = [item("Add up the squares.", target=SOLUTION), item("Is it five?", target="5")]
    assert flags(items, "Write code.", f"Sure:\n{SOLUTION}") == [["coverage"], []]
    assert flags(items, SOLUTION, "5") == [[], []]
    assert flags(
        [item("Add.", target="so the answer is five and not six it is")],
        "x",
        "so the answer is five and not six it is",
    ) == [[]]


def test_no_item_and_no_text_are_no_error() -> None:
    assert looked([], Row("r", ("a",))).similar.shape == (1, 0)
    assert looked([item("a")]).similar.shape == (0, 1)
    assert looked([item("…")], Row("r", ("?!",), "  ")).similar.tolist() == [[0]]
