"""Replies and first tokens read as labels, strictly and in every language."""

from __future__ import annotations

import pytest

from limbeck.errors import UserError
from limbeck.labels.reading import LabelReader, reader

MOODS = ("positive", "negative", "neutral")


@pytest.mark.parametrize(
    ("options", "text", "label"),
    [
        (MOODS, "positive", "positive"),
        (MOODS, "  POSITIVE.\n", "positive"),
        (MOODS, '"Negative"', "negative"),
        (MOODS, "**Neutral**", "neutral"),
        (MOODS, "(neutral)", "neutral"),
        (MOODS, "Label: positive", "positive"),
        (MOODS, "**Answer:** positive!", "positive"),
        (MOODS, "ｐｏｓｉｔｉｖｅ", "positive"),
        (("是", "不是"), "不是。", "不是"),
        (("是", "不是"), "「是」", "是"),
        (("là-bas", "ici"), "La\u0300-bas", "là-bas"),
        (("sehr  gut", "schlecht"), "Sehr gut", "sehr  gut"),
        (("хорошо", "плохо"), "«Хорошо»", "хорошо"),
        (("हाँ", "नहीं"), "हाँ।", "हाँ"),
        (("👍", "👎"), "👎", "👎"),
        (("❤️", "💔"), "❤", "❤️"),
        (("N/A", "C++", "C"), "n/a.", "N/A"),
        (("N/A", "C++", "C"), "C++", "C++"),
        (("N/A", "C++", "C"), "c", "C"),
        ((":)", ":("), ":(", ":("),
        (("US", "us"), "US", "US"),
        (("US", "us"), "us.", "us"),
        (("1", "-1"), "-1", "-1"),
    ],
)
def test_a_reply_that_is_a_label_is_read(options: tuple[str, ...], text: str, label: str) -> None:
    assert reader(options).whole(text) == label


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (MOODS, ""),
        (MOODS, "..."),
        (MOODS, "positive negative"),
        (MOODS, "positive, I think"),
        (MOODS, "positive\nBecause it is."),
        (MOODS, "positives"),
        (MOODS, "pos"),
        (MOODS, "not positive"),
        (MOODS, "positive?"),
        (MOODS, "Sentiment: positive"),  # a cue that nobody named
        (MOODS, "label positive"),
        (("是", "不是"), "不是的"),
        (("resume", "stop"), "résumé"),
        (("1", "2"), "-1"),
        (("1", "2"), ".1"),
        (("1", "2"), "1%"),
        (("US", "us"), "Us"),  # case tells these apart, and this is neither
        (("a.", "(a)"), "a"),  # either, without its marks
    ],
)
def test_a_reply_that_may_be_another_thing_is_no_label(options: tuple[str, ...], text: str) -> None:
    assert reader(options).whole(text) is None


def test_cues_are_in_the_language_of_the_prompt() -> None:
    read = LabelReader(("是", "否"), cues=("标签：", "Réponse"))
    assert read.whole("标签：是") == "是"
    assert read.whole("réponse : 否") == "否"
    assert read.whole("label: 是") is None
    assert LabelReader(MOODS, cues=()).whole("label: neutral") is None


@pytest.mark.parametrize(
    ("options", "token", "labels", "certain", "whole"),
    [
        (MOODS, "positive", ("positive",), True, True),
        (MOODS, " Positive", ("positive",), True, True),
        (MOODS, "▁POSITIVE", ("positive",), True, True),
        (MOODS, "Ġpositive", ("positive",), True, True),
        (MOODS, "positive,", ("positive",), True, True),
        (MOODS, '"pos', ("positive",), True, False),
        (MOODS, "Ġneg", ("negative",), True, False),
        (MOODS, "ne", ("negative", "neutral"), False, False),
        (MOODS, "p", ("positive",), False, False),  # it begins too much else
        (MOODS, "n", ("negative", "neutral"), False, False),
        (MOODS, "The", (), False, False),
        (MOODS, "positively", (), False, False),
        (MOODS, "<|im_end|>", (), False, False),
        (MOODS, "\n", MOODS, False, False),
        (MOODS, "▁", MOODS, False, False),
        (MOODS, '"', MOODS, False, False),
        (MOODS, "", MOODS, False, False),
        (MOODS, "\ufffd", MOODS, False, False),
        (("irrelevant", "relevant"), "I", ("irrelevant",), False, False),
        (("1", "10"), "1", ("1", "10"), False, False),
        (("1", "10"), "1.", ("1",), True, True),
        (("1", "1.5"), "1.", ("1.5", "1"), False, False),
        (("10", "25"), "1", ("10",), False, False),
        (("积极", "消极"), "积", ("积极",), True, False),
        (("积极", "消极"), "「积极", ("积极",), True, True),
        (("不好", "不坏"), "不", ("不好", "不坏"), False, False),
        (("はい", "いいえ"), "は", ("はい",), True, False),
        (("예", "아니오"), "아", ("아니오",), True, False),
        (("نعم", "لا"), "ن", ("نعم",), False, False),  # an alphabet's letter
        (("积极", "消极"), "bytes:\\xe7\\xa7", ("积极",), False, False),  # a part of a character
        (("积极", "消极"), "bytes:\\xe7\\xa7\\xaf\\xe6", ("积极",), True, False),
        (("👍", "👎"), "bytes:\\xf0\\x9f\\x91", ("👍", "👎"), False, False),
        (("Ġust", "ħażin"), "Ġus", ("Ġust",), True, False),  # Maltese, not GPT-2's space
        (("US", "us"), "US", ("US",), True, True),
    ],
)
def test_what_a_first_token_may_begin(
    options: tuple[str, ...], token: str, labels: tuple[str, ...], certain: bool, whole: bool
) -> None:
    found = reader(options).first(token)
    assert (found.labels, found.certain, found.whole) == (labels, certain, whole)


def test_codes_are_read_with_their_case() -> None:
    codes = reader(("A", "B"), fold_case=False)
    assert [codes.first(token).certain for token in ("A", " B", "(A", "B.", "▁A")] == [True] * 5
    assert [codes.first(token).labels for token in ("a", " b", "Answer")] == [()] * 3
    assert codes.whole("a") is None
    assert codes.whole("(A)") == "A"


@pytest.mark.parametrize(
    ("options", "apart"),
    [
        (MOODS, True),
        (("not good", "not bad"), False),
        (("no", "Not sure"), False),
        (("是", "不是"), True),
        (("不", "不是"), False),
    ],
)
def test_whether_first_tokens_could_tell_labels_apart(
    options: tuple[str, ...], apart: bool
) -> None:
    assert reader(options).apart() is apart


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("one",), "at least two labels"),
        (("a", " "), "a label is empty: ' '"),
        (("a", "b", " a "), "'a' and ' a ' are the same text"),
        (("é", "e\u0301"), "are the same text"),
        ("yes", "got the one text 'yes'"),
    ],
)
def test_what_is_no_label_set_is_told(options: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        reader(options)
