"""Every feature on texts counted by hand, in several languages."""

from __future__ import annotations

import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.evals.style.features import FEATURES
from limbeck.evals.style.text import Text

BY_NAME = {feature.name: feature for feature in FEATURES}


def of(name: str, text: str) -> float:
    return BY_NAME[name].of(Text.of(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [("Two words.", 2), ("", 0), ("我喜欢海", 4), ("أحب البحر كثيرا", 3), ("🙂 hi", 2)],
)
def test_length_is_the_log_of_words_in_every_script(text: str, words: int) -> None:
    assert of("length", text) == pytest.approx(math.log(1 + words))


@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("One two. Three four five six!", 3.0),
        ("我喜欢海。你呢？", 3.0),
        ("هل تحب البحر؟ نعم.", 2.0),
        ("no end here", 3.0),
        ("Version 3.5 is out", 4.0),
        ("... !!!", 0.0),
    ],
)
def test_sentence_length(text: str, each: float) -> None:
    assert of("sentence length", text) == pytest.approx(math.log(1 + each))


LISTS = [
    "- one\n- two",
    "Try:\n\n1. one\n2. two",
    "* **a** b\n* **c** d",
    "（一）第一\n（二）第二",
    "1、第一\n2、第二",
    "١. أولا\n٢. ثانيا",
    "a) x\nb) y",
    "**1. One**\n\n**2. Two**",
    "• one\n• two",
]
NO_LISTS = [
    "- only one",
    "In 2020.\n1984. A year",
    "— Hello, he said.\n— Hello, she said.",
    "3.5 litres\n4.5 litres",
    "-5\n-6",
    "A line\nanother line",
    "",
]


@pytest.mark.parametrize("text", LISTS)
def test_lists(text: str) -> None:
    assert of("lists", text) == 1


@pytest.mark.parametrize("text", NO_LISTS)
def test_no_lists(text: str) -> None:
    assert of("lists", text) == 0


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("headers", ["# A\nb", "x\n## 标题", "Title\n====="], ["#hashtag", "C# is", "a # b"]),
        (
            "bold",
            ["so **very** good", "__bold__", "**非常**好"],
            ["2 ** 3 ** 4", "a__b__c", "* x"],
        ),
        ("code fences", ["```py\nx\n```", "a\n~~~\nb\n~~~"], ["`x`", "a ``` b"]),
        (
            "tables",
            ["|a|b|\n|---|:-:|\n|1|2|", "a | b\n--- | ---\n1 | 2"],
            ["---", "a | b", "----"],
        ),
        ("emoji", ["hi 🙂", "✨", "🇫🇷"], ["é", "→ 5 €", "中文。"]),
        ("exclamation marks", ["Hi!", "好！"], ["a != b", "![x](y)", "Hi."]),
        ("refusals", ["I'm sorry, but I can't help with that."], ["I'm sorry to hear that."]),
        ("“as an AI”", ["作为一个AI语言模型，我没有。"], ["As an AI researcher, I know."]),
    ],
)
def test_shares(name: str, yes: list[str], no: list[str]) -> None:
    assert [of(name, text) for text in yes] == [1.0] * len(yes)
    assert [of(name, text) for text in no] == [0.0] * len(no)


SUMMARIES = [
    "Cats purr.\n\nIn summary, cats are fine.",
    "Cats purr.\n\n**Overall**, cats are fine.\n\nLet me know if you want more.",
    "Cats.\n\n## Conclusion\n\nThey are fine.\n\nBye now.",
    "猫会叫。\n\n总之，猫很好。",
    "猫は鳴く。\n\nまとめると、猫は良い。",
    "고양이는 운다.\n\n결론적으로 좋다.",
    "القطط جميلة.\n\nفي الختام، القطط رائعة.",
    "Katzen.\n\nZusammenfassend: gut.",
    "Les chats.\n\nEn résumé, c'est bien.",
    "Mèo kêu.\n\nTóm lại, mèo tốt.",
    "Кошки.\n\nТаким образом, хорошо.",
]
NO_SUMMARIES = [
    "Overall, cats are fine.",
    "In summary:\n\n- a\n\n- b\n\n- c",
    "Cats.\n\n- Overall: fine",
    "Cats.\n\nThey are overall fine.",
    "Overall, yes.\n\nThey purr.\n\nThey eat.",
    "Cats.\n\nSummaryless words.",
    "总之，猫很好。",
    "",
]


@pytest.mark.parametrize("text", SUMMARIES)
def test_closing_summaries(text: str) -> None:
    assert of("closing summary", text) == 1


@pytest.mark.parametrize("text", NO_SUMMARIES)
def test_what_sums_up_nothing(text: str) -> None:
    assert of("closing summary", text) == 0


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("Perhaps it may rain", 100 * 2 / 4),
        ("It tends to rain, tends to snow", 100 * 2 / 7),
        ("可能可能下雨", 100 * 2 / 6),
        ("ربما تمطر", 100 * 1 / 2),
        ("Peut-être", 100 * 1 / 2),
        ("The mayor mighty", 0),
        ("", 0),
    ],
)
def test_hedges_in_a_hundred_words(text: str, rate: float) -> None:
    assert of("hedges", text) == pytest.approx(rate)


def test_distinct_pairs() -> None:
    assert of("distinct pairs", "a b a b a") == 2 / 4  # ab ba ab ba
    assert of("distinct pairs", "one") == of("distinct pairs", "") == 1


def test_compression_is_the_log_of_bytes_a_byte() -> None:
    text = "again and again " * 50
    ratio = len(text) / len(zlib.compress(text.encode(), 6))
    assert ratio > 10
    assert of("compression", text) == pytest.approx(math.log(ratio))
    assert of("compression", "") == 0


def test_what_is_shown_is_in_words_and_not_in_logs() -> None:
    texts = [Text.of("a " * 9), Text.of("b " * 39)]
    length = BY_NAME["length"]
    assert length.shown(length.values(texts)) == pytest.approx((10 * 40) ** 0.5 - 1)


def test_nfc_and_line_ends_change_nothing() -> None:
    composed, apart = (
        "Résumé\r\n\r\nEn résumé, oui.",
        "Re\u0301sume\u0301\n\nEn re\u0301sume\u0301, oui.",
    )
    assert [f.of(Text.of(composed)) for f in FEATURES] == [f.of(Text.of(apart)) for f in FEATURES]


@given(st.text(st.characters(), max_size=60))
def test_any_text_has_finite_numbers(text: str) -> None:
    for feature in FEATURES:
        value = feature.of(Text.of(text))
        assert math.isfinite(value), feature.name
        if feature.unit == "share":
            assert 0 <= value <= 1


@pytest.mark.parametrize(
    "text", ["\ud800 lone", "<script>|---|</script>", "\x00\x1b[31m", "|" * 5000]
)
def test_hostile_text_is_measured(text: str) -> None:
    assert all(math.isfinite(feature.of(Text.of(text))) for feature in FEATURES)
