"""Terms and runs of words, in every script."""

from __future__ import annotations

from math import log

import pytest

from limbeck.contamination.coding import Vocabulary, terms_of, words_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The WALKERS walked, walking!", ["the", "walker", "walked", "walkin"]),
        ("今天是5月。", ["今", "天", "今天", "是", "天是", "5", "月"]),
        ("Straße ＡＢＣ", ["strass", "abc"]),
        ("كتاب جديد", ["كتاب", "جديد"]),
        ("3 + 4 🍎", ["3", "+", "4", "🍎"]),
        ("…", []),
    ],
)
def test_what_is_weighed(text: str, terms: list[str]) -> None:
    assert terms_of(words_of(text)) == terms


def test_counts_are_logarithms_and_unknown_terms_only_a_sum() -> None:
    vocabulary = Vocabulary(["red fish", "blue"])
    coded = vocabulary.code(["red red dog dog dog cat", ""])
    assert (vocabulary.terms, coded.terms.starts.tolist()) == (3, [0, 1, 1])
    assert coded.terms.values.tolist() == [pytest.approx(1 + log(2))]
    assert coded.rest.tolist() == [pytest.approx((1 + log(3)) ** 2 + 1), 0]


def test_runs_are_of_eight_words_and_cross_no_text() -> None:
    vocabulary = Vocabulary(["a b c d e f g h i", "p q r s", "t u v w x"])
    assert vocabulary.grams == 2
    coded = vocabulary.code(
        [
            "x a b c d e f g h",
            "a b c d e f g",
            "A, b c d e f g h i! a b c d e f g h",
            "b c d e f g h x",
        ]
    )
    assert [
        end - start for start, end in zip(coded.grams.starts, coded.grams.starts[1:], strict=False)
    ] == [1, 0, 2, 0]


def test_a_word_that_no_item_has_breaks_a_run() -> None:
    vocabulary = Vocabulary(["a b c d e f g h"])
    assert vocabulary.code(["a b c d new e f g h"]).grams.starts.tolist() == [0, 0]
    assert Vocabulary(["short"]).code(["a b c d e f g h"]).grams.starts.tolist() == [0, 0]


def test_chinese_runs_are_characters() -> None:
    vocabulary = Vocabulary(["小明今天买了三个苹果"])
    assert vocabulary.grams == 3
    assert len(vocabulary.code(["昨天，小明今天买了三个梨"]).grams.ids) == 1
