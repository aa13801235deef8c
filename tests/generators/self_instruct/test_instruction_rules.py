"""The instruction rules, in the published order. The golden cases of the reference preset come
from a transcription of the published algorithm."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.instruction_rules import (
    ALPACA_BLACKLIST,
    BLACKLIST,
    refused,
)
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.refused import Refused

BOTH: list[Preset] = ["reference", "fixed"]
WORD = "sum "


@pytest.mark.parametrize("preset", BOTH)
@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("", Refused("empty", 0)),
        (" \n", Refused("empty", 0)),
        ("Write a poem", Refused("too_short", 3)),
        ("Write a poem now", None),
        (WORD * 150, None),
        (WORD * 151, Refused("too_long", 151)),
        ("Describe the image in words", Refused("blacklist", "image")),
        ("Describe the IMAGES in words", Refused("blacklist", "images")),
        ("Describe the paragraph in words", None),
        ("Describe the bitmap of profiles", None),
        ("Say where to go to first", Refused("blacklist", "go to")),
        ("Write a program for a map", Refused("blacklist", "map")),
        ("Write a program that sorts", Refused("program", "Write a program")),
        ("Please write a program that sorts", None),
        ("Please: Write a program that sorts", None),
        ("- write a poem now", Refused("punctuation", "-")),
        ("#write a poem now ok", Refused("punctuation", "#")),
        ("3 sums for a child", None),
        ('"To be" is from where?', Refused("punctuation", '"')),
        ("[insert political opinions here]", Refused("punctuation", "[")),
    ],
)
def test_what_both_presets_say(preset: Preset, instruction: str, expected: Refused | None) -> None:
    assert refused(instruction, preset) == expected


@pytest.mark.parametrize(
    ("instruction", "reference", "fixed"),
    [
        ("Écris un poème court", Refused("non_ascii", "É"), None),
        ("写一首关于春天的诗", Refused("too_short", 1), None),
        ("写首诗", Refused("too_short", 1), Refused("too_short", 3)),
        ("长" * 151, Refused("too_short", 1), Refused("too_long", 151)),
        ("แปลประโยคต่อไปนี้เป็นภาษาอังกฤษ", Refused("too_short", 1), None),
        ("ترجم الجملة التالية إلى الإنجليزية", Refused("non_ascii", "ت"), None),
        ("「春」を使って文を書いてください", Refused("too_short", 1), None),
        ("¿Qué hora es en Lima?", Refused("non_ascii", "¿"), None),
        ("“To be” is from where?", Refused("non_ascii", "“"), None),
        ("„Sein“ ist von wem?", Refused("non_ascii", "„"), None),
        ("《红楼梦》的作者是谁", Refused("too_short", 1), None),
        ("（请提供文本）", Refused("too_short", 1), Refused("punctuation", "（")),
        ("【任务】写一首诗", Refused("too_short", 1), Refused("punctuation", "【")),
        ("€5 is how much in yen?", Refused("non_ascii", "€"), None),
        ("🙂 means what in chats?", Refused("non_ascii", "🙂"), None),
        ("、これは何を意味しますか", Refused("too_short", 1), Refused("punctuation", "、")),
        ("… and so on and on", Refused("non_ascii", "…"), Refused("punctuation", "…")),
        ("- - - -", Refused("punctuation", "-"), Refused("too_short", 0)),
        ("Solve 3 + 4", None, None),
        ("write a program that sorts", None, Refused("program", "write a program")),
        ("Write a programme for the evening", Refused("program", "Write a program"), None),
        ("请描述image中的内容", Refused("too_short", 1), Refused("blacklist", "image")),
        ("이 map을 설명해 주세요", Refused("non_ascii", "이"), Refused("blacklist", "map")),
        ("Opisz tę mapę oraz mapą", None, None),
    ],
)
def test_where_the_presets_differ(
    instruction: str, reference: Refused | None, fixed: Refused | None
) -> None:
    assert refused(instruction, "reference") == reference
    assert refused(instruction, "fixed") == fixed


def test_the_blacklists() -> None:
    assert len(BLACKLIST) == 13
    assert len(ALPACA_BLACKLIST) == 18
    text = "Make a flowchart of it"
    assert refused(text, "fixed") is None
    assert refused(text, "fixed", ALPACA_BLACKLIST) == Refused("blacklist", "flowchart")
    assert refused(text, "fixed", ()) is None
    assert refused("Describe the image in words", "reference", ()) is None


@pytest.mark.parametrize("char", string.punctuation)
def test_every_ascii_punctuation(char: str) -> None:
    text = f"{char}a word and three more"
    expected = Refused("punctuation", char)
    assert refused(text, "reference") == refused(text, "fixed") == expected


@given(st.text(), st.sampled_from(BOTH))
def test_it_never_raises_and_white_space_around_changes_nothing(text: str, preset: Preset) -> None:
    assert refused(text, preset) == refused(f"\n {text}\t", preset)


@given(st.sampled_from(BLACKLIST), st.sampled_from(["", " ", ".", "?", "'s", ", "]))
def test_a_listed_word_is_found_whatever_follows(word: str, after: str) -> None:
    text = f"please look at the {word.upper()}{after}"
    found = refused(text, "fixed")
    assert found == refused(text, "reference") == Refused("blacklist", word)
