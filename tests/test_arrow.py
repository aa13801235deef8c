"""The published training text, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.arrow import arrow_completion, arrow_parts, arrow_prompt


def test_the_text_is_the_published_one() -> None:
    assert arrow_prompt("What is 2 + 3?\n") == "What is 2 + 3? ###"
    assert arrow_completion("2 and 3 make 5.", "5") == " 2 and 3 make 5. --> 5"


@given(st.text(), st.text().filter(lambda text: "-->" not in text))
def test_arrows_in_a_rationale_survive(rationale: str, answer: str) -> None:
    rationale += " --> x-->y "
    found = arrow_parts(arrow_completion(rationale, answer))
    assert found == (rationale.strip(), answer.strip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a --> 5\n", ("a", "5")),
        (" a --> b --> 5", ("a --> b", "5")),
        (" only a thought", ("only a thought", None)),
        (" cut off -->", ("cut off", "")),
        ("思考 --> 五🙂", ("思考", "五🙂")),
        ("", ("", None)),
    ],
)
def test_what_a_student_says_is_read(text: str, expected: tuple[str, str | None]) -> None:
    assert arrow_parts(text) == expected


def test_an_answer_with_an_arrow_is_refused() -> None:
    with pytest.raises(ValueError, match="may not hold '-->'"):
        arrow_completion("a", "b --> c")
