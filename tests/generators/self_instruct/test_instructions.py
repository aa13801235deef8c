"""Stage 1: instructions from continuations and from chat replies.

The expected values of the reference preset come from a transcription of the published algorithm.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from limbeck.generators.self_instruct.instructions import continued, listed

PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "\n10. ",
                "\n11) ",
                "\n9: ",
                "\n１２．",
                "\n\n",
                "\n",
                " ",
                "Sort NASA's SQL",
                "写一首诗",
            ),
            *("2016. ", "- ", "**", "1. ", "é🙂", "\n16", "[", '"', ", ", "]", "{", "\u200b"),
        ]
    ),
    max_size=12,
).map("".join)

REFERENCE = [
    (
        " Write SQL for NASA.\n10. Sort the list:\n a,  b\n11 . Name It\n12) Not parted"
        "\n13.Nor this",
        [
            "Write sql for nasa.",
            "Sort the list: a, b",
            "Name it 12) not parted 13.nor this",
        ],
    ),
    (" A\n\n10. Éa B\n10. ", ["A", "Éa b"]),
    ("\n9. First\n2016. Second", ["First", "Second"]),
    (" Win in 2016. Then\n10. b", ["Win in 2016. then", "B"]),
    (" ", []),
]


@pytest.mark.parametrize(("text", "expected"), REFERENCE)
def test_the_reference_is_the_published_parse(text: str, expected: list[str]) -> None:
    assert continued(text, "stop", "reference") == expected
    assert continued(text, "length", "reference") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Write SQL for NASA.\n10. Two", ["Write SQL for NASA.", "Two"]),
        (" a\n10. b\n11) c\n１２．d\n13: e\n14、f\n(15) g", list("abcdefg")),
        (" Win in 2016.\n10. The 3. place\n11. c", ["Win in 2016.", "The 3. place", "c"]),
        (" a\nsecond line\n10. b", ["a second line", "b"]),
        ("9. a\n10. b", ["a", "b"]),
        ("\n\n 9. a\n\n10. b\n\n11. c", ["a", "b", "c"]),
        (" a\n10. Do this:\n1. x\n2. y\n11. c", ["a", "Do this: 1. x 2. y", "c"]),
        (" Do this:\n1. x\n2. y\n3. z\n10. b", ["Do this: 1. x 2. y 3. z", "b"]),
        (" a\n3. b\n4. c", ["a", "b", "c"]),
        (" a\n10. b\n10. c\n11. d", ["a", "b", "c", "d"]),
        ("1. a\n1. b\n1. c", ["a", "b", "c"]),
        (" a\n10. b\n\n1. x\n2. y", ["a", "b"]),
        (" a\r\nsecond line\r\n10. b", ["a second line", "b"]),
        (" a\r10. b", ["a", "b"]),
        ("\n \n a\n10. b", ["a", "b"]),
        (" a\n10. b\n\nThat is all.\n\n11. c", ["a", "b"]),
        (" a\n10. b\n\nCome up with a series of tasks:\n1. x\n2. y", ["a", "b"]),
        (" a\r\n10. b\r\n\r\nBye", ["a", "b"]),
        (" **Bold**\n**10.** b", ["**Bold**", "b"]),
        (" 写一首诗。\n10. اكتب قصيدة\n11. 🙂?", ["写一首诗。", "اكتب قصيدة", "🙂?"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_fixed(text: str, expected: list[str]) -> None:
    assert continued(text, "stop", "fixed") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a\n10. b\n11. cut of", ["a", "b"]),
        (" a\n10. b\n11.", ["a", "b"]),
        (" only one, cut of", []),
        (" a\n10. b\n\nchatter cut of", ["a", "b"]),
    ],
)
def test_fixed_drops_only_what_was_cut_off(text: str, expected: list[str]) -> None:
    assert continued(text, "length", "fixed") == expected


@pytest.mark.parametrize("stop", ["\n16", "\n16.", "\n16 .", "\n\n", "\n16. ", "\n１６．"])
@given(
    st.lists(st.sampled_from(["Sort it", "NASA's SQL in 2016.", "写诗"]), min_size=1, max_size=7)
)
def test_a_stop_that_was_not_swallowed_makes_no_difference(stop: str, items: list[str]) -> None:
    text = "".join(f"\n{9 + n}. {item}" for n, item in enumerate(items))
    assert continued(text, "stop", "fixed") == items
    assert continued(text + stop, "stop", "fixed") == items


@given(PIECES, st.sampled_from(["stop", "length"]))
def test_fixed_items_are_pieces_of_the_text_in_their_order(text: str, reason: str) -> None:
    squeezed, at = " ".join(text.split()), 0
    for item in continued(text, reason, "fixed"):
        assert item == " ".join(item.split()) != ""
        at = squeezed.index(item, at) + len(item)


@given(PIECES)
def test_a_cut_loses_at_most_one_item(text: str) -> None:
    all_items, cut = continued(text, "stop", "fixed"), continued(text, "length", "fixed")
    assert cut in (all_items, all_items[:-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["a b", "c d"]', ["a b", "c d"]),
        ('Sure!\n```json\n["a", "b",]\n```\nHope it helps', ["a", "b"]),
        ('Here you are: ["a", "b"]', ["a", "b"]),
        ('**["a", "b"]**', ["a", "b"]),
        ('["**a**", "1. b", "Task: c", "Sort 3. It"]', ["a", "b", "c", "Sort 3. It"]),
        ("1. \"Sort 'a'.\"\n2. “b”", ["Sort 'a'.", "b"]),
        ('1. "a" or "b"', ['"a" or "b"']),
        ("[\n  // first\n  'It\\'s late',\n  \"b\",\n]", ["It's late", "b"]),
        (
            "1. Sort these:\n- c\n- d\n2. Do:\n   1. e\n   2. f\n3. g",
            ["Sort these: - c - d", "Do: 1. e 2. f", "g"],
        ),
        ("**Task 1:** a\n\n**Task 2:** b", ["a", "b"]),
        ("1. a\n\n---\n\n2. b\n\n---", ["a", "b"]),
        ("１、写一首诗。\n２、翻译：“你好”。", ["写一首诗。", "翻译：“你好”。"]),
        ('[\r\n"a b",\r\n"c d"\r\n]', ["a b", "c d"]),
        ('[{"instruction": "a"}, {"Task": "b"}, {"x": "c"}]', ["a", "b"]),
        ('{"instructions": ["a", {"task": "b"}]}', ["a", "b"]),
        ('{"1": "a", "2": "b"}', ["a", "b"]),
        ('{"instruction": "a"}\n{"instruction": "b"}', ["a", "b"]),
        ('1. {"instruction": "a"}\n2. {"instruction": "b"}', ["a", "b"]),
        ('["a", "b", "c is cu', ["a", "b"]),
        ('{"instructions": ["a", "b", "c is', ["a", "b"]),
        ("1. a b\n2. c d\n\nLet me know!", ["a b", "c d"]),
        ("1) **Title:** a\n2) b", ["Title: a", "b"]),
        ("- a\n- b", ["a", "b"]),
        ("```\n1. a\n2. b\n```", ["a", "b"]),
        ("# Easy\n1. a\n\n# Hard\n1. b", ["a", "b"]),
        (
            '1. Sort ["apple", "pear"] now.\n["x", "y"]\n2. b',
            ['Sort ["apple", "pear"] now. ["x", "y"]', "b"],
        ),
        ("１．写一首诗\n２．翻译这句话", ["写一首诗", "翻译这句话"]),
        ("[“写一首诗”，“翻译这句话”]", ["写一首诗", "翻译这句话"]),
        ('<think>1. x\n["y"]</think>["a"]', ["a"]),
        ("[]", []),
        ("Here: []", []),
        ('{"instructions": []}', []),
        ("I'm sorry, but I cannot help with that.", None),
        ("I can't. But I could:\n1. x\n2. y", None),
        ("Some prose, and an array a[0] = [1].", None),
        ('{"error": "too many requests"}', None),
        ('["', None),
        ("", None),
    ],
)
def test_listed(text: str, expected: list[str] | None) -> None:
    assert listed(text, "stop") == expected


def test_a_chat_reply_that_was_cut_off() -> None:
    assert listed("1. a\n2. b is cu", "length") == ["a"]
    assert listed("1. a is cu", "length") is None
    assert listed('["a", "b', "length") == ["a"]


@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1)))
def test_a_json_list_comes_back_whole(items: list[str]) -> None:
    assert listed(json.dumps(items, ensure_ascii=False, indent=1), "stop") == items
    assert listed(f"Sure:\n```json\n{json.dumps(items)}\n```", "stop") == items


@given(
    st.lists(
        st.sampled_from(["Sort it.", "é 🙂?", "写一首诗", "اكتب قصيدة", "Win 3. place"]), min_size=2
    ),
    st.sampled_from(["{}. ", "{}) ", "({}) ", "**{}.** ", "{}、", "Task {}: ", "- "]),
    st.sampled_from(["", "Sure! Here they are:\n\n", "<think>1. x</think>\n"]),
)
def test_a_plain_list_comes_back_whole(items: list[str], mark: str, before: str) -> None:
    text = before + "\n".join(mark.format(n) + item for n, item in enumerate(items, 1))
    assert listed(text, "stop") == items
    assert listed(text.replace("\n", "\n\n") + "\n\nLet me know!", "length") == items
    assert listed(text[:-1], "length") == items[:-1]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", [" ", "\t", "#", "\n", "\n1. a", "\n\n1", "a:"])
@pytest.mark.parametrize("head", ["", "task", "\n10. a\ninstruction "])
def test_rubbish_takes_no_time(head: str, unit: str) -> None:
    text = head + unit * 50_000
    for reason in ("stop", "length"):
        continued(text, reason, "fixed")
        continued(text, reason, "reference")
    listed(text, "stop")


@example('\n10. "\n"', "stop")
@given(PIECES, st.sampled_from(["stop", "length"]))
def test_listed_never_raises_and_gives_no_blank_item(text: str, reason: str) -> None:
    assert all(item.strip() for item in listed(text, reason) or [])
