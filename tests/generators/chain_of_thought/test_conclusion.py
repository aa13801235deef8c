"""What is cut off the end of a rationale, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.generators.chain_of_thought.conclusion import parted, thoughts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We add 2 and 3.\nAnswer: 5", "We add 2 and 3."),
        ("We add 2 and 3.\n\n**Final Answer:** 5\n", "We add 2 and 3."),
        ("We add 2 and 3. So the answer is 5.", "We add 2 and 3."),
        ("We add 2 and 3. The answer is 5.", "We add 2 and 3."),
        ("Two and three. Therefore, the final answer is **5**", "Two and three."),
        ("先加二和三。\n答案：5", "先加二和三。"),
        ("先加二和三。答案是5", "先加二和三。答案是5"),
        ("The answer is not yet known.\nWe add.", "The answer is not yet known.\nWe add."),
        ("Answer: 5\nsince 2 + 3 = 5", "Answer: 5\nsince 2 + 3 = 5"),
        ("Answer: 5", "Answer: 5"),
        ("So 5.", "So 5."),
        ("2 + 3 = 5, so the answer is 5.", "2 + 3 = 5"),
        ("Since 2 + 3 = 5, the answer is 5.", "Since 2 + 3 = 5"),
        ("The answer is not 4, so the answer is 5.", "The answer is not 4"),
        ("I think the answer is 5.", "I think the answer is 5."),
        ("**We add.** **The answer is 5.**", "**We add.**"),
        ("We add.The answer is 5", "We add."),
        ("The arch tells. The answer is St. Louis.", "The arch tells."),
        ("It is late. So the answer is 5 p.m. on Monday.", "It is late."),
        ("先加。\n答案是五。", "先加。"),
        ("", ""),
    ],
)
def test_thoughts(text: str, expected: str) -> None:
    assert thoughts(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "See. The answer is found by adding 3 and 4. 3 + 4 = 7. That makes 7 days.",
        "First, 5. The answer is not 5 because 5 is too small. 3 + 4 = 7. So 7.",
        "We add. The answer is 5. Is it? We count again and get 6.",
        "We add. The answer is found by adding 3 and 4.",
        "We add. The answer is not 5.",
        "先加。\n答应了三个苹果，所以一共五个。",
        "先加。\nThe answer is 五。我们再加一，得六。",
    ],
)
def test_reasoning_is_never_taken_for_the_answer(text: str) -> None:
    assert parted(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("We add.\nAnswer: 08/14/2022", "08/14/2022"),
        ("We add.\n**Final Answer:** 5.\n", "5"),
        ("We add. So the answer is **5**.", "5"),
        ("We add. The answer is: (B)", "(B)"),
        ("先加。\n答案：五", "五"),
        ("Answer: 3.5", "3.5"),
        ("We add.\nAnswer:", None),
        ("We add 2 and 3 to 5.", None),
        ("", None),
    ],
)
def test_the_answer_in_the_teachers_words(text: str, answer: str | None) -> None:
    assert parted(text) == (thoughts(text), answer)


@given(st.text())
def test_what_is_left_is_a_beginning_and_never_nothing(text: str) -> None:
    kept = thoughts(text)
    assert text.strip().startswith(kept)
    assert bool(kept) == bool(text.strip())


@pytest.mark.timeout(60)  # quadratic, it would be minutes
@pytest.mark.parametrize("end", ["x", "\nx"])
@pytest.mark.parametrize(
    "piece",
    ["\n ", "so ", "the answer is ", "the answer is not ", "* ", "answer ", "\n**", ". ", "。"],
)
def test_long_texts_are_read_in_linear_time(piece: str, end: str) -> None:
    text = piece * 100_000 + end
    assert text.strip().startswith(thoughts(text))
