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
        ("", ""),
    ],
)
def test_thoughts(text: str, expected: str) -> None:
    assert thoughts(text) == expected


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
@pytest.mark.parametrize("piece", ["\n ", "so ", "the answer is ", "* ", "answer ", "\n**"])
def test_long_texts_are_read_in_linear_time(piece: str) -> None:
    text = piece * 100_000 + "x"
    assert text.strip().startswith(thoughts(text))
