"""What follows a conclusion is none: comparisons, closing checks and notes, a second number."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import Kind, check

RIGHT = [
    ("Kim keeps 27 shells. That's 8 fewer than the 35 she found.", "27"),
    ("Kim keeps 27 shells, which is 8 fewer than the 35 she found.", "27"),
    ("The pool now holds 90 litres. This is twice as much as the 45 of last week.", "90"),
    ("The ticket costs 30. It is 25% less than the usual 40.", "30"),
    ("The bill comes to 30 (5 more than the 25 that was planned).", "30"),
    ("He has 40 dollars now, up from 25.", "40"),
    ("He has 40 dollars now, compared to 25 in May.", "40"),
    ("The fare is 12. For comparison, the old one was 15.", "12"),
    ("Bo has 6 more than Ana's 24.", "6"),
    ("That is 9 more than 22, so 31.", "31"),
    ("That is 9 more than 22, which is 31.", "31"),
    ("There are 12 left.\n\nCheck: 12 + 3 = 15 ✓", "12"),
    ("There are 12 left.\n\nVerification: 12 + 3 = 15, which matches.", "12"),
    ("There are 12 left.\n\nNote: the bag held 20 at first.", "12"),
    ("There are 12 left.\n\nNote: so in the end it is 20", "20"),
    ("Answer: 8. Hmm, let me recount: it's 9. Yes, 9.", "9"),
    ("Answer: 8. Hmm, let me recount: it's 9. Yes, that's right.", "9"),
    ("The answer is 2,600 (twenty-six hundred).", "2600"),
    ("The answer is seven (7).", "7"),
    ("The answer is 8 km (5 miles).", "8 km"),
    ("The answer is 3 hours (180 minutes).", "3 hours"),
    ("The answer is 14 (out of 20).", "14"),
]
WRONG = [
    ("Kim keeps 27 shells. That's 8 fewer than the 35 she found.", "35"),
    ("Kim keeps 27 shells. That's 8 fewer than the 35 she found.", "8"),
    ("He has 40 dollars now, up from 25.", "25"),
    ("The bill comes to 30 (5 more than the 25 that was planned).", "25"),
    ("The fare is 12. For comparison, the old one was 15.", "15"),
    ("Bo has 6 more than Ana's 24.", "24"),
    ("Bo has 24, Ana 18. 24 - 18 = 6. That is 6 more than Ana's 18.", "18"),
    ("There were 5 birds. Now there are more than 24.", "5"),
    ("There are 12 left.\n\nCheck: 12 + 3 = 15 ✓", "15"),
    ("There are 12 left.\n\nCheck: 12 + 3 = 16. Wait, that's wrong. 13", "12"),
    ("Answer: 8. Hmm, let me recount: it's 9. Yes, 9.", "8"),
    ("Answer: 8. Hmm, let me recount: it's 9. Yes, that's right.", "8"),
    ("The answer is 2,600 (twenty-six thousand).", "2600"),
    ("#### 7 (seventy)", "7"),
    ("The answer is seven (8).", "7"),
]


@pytest.mark.parametrize(("completion", "target"), RIGHT)
def test_the_conclusion_is_correct(completion: str, target: str) -> None:
    assert check(completion, target, "number").status == "correct"


@pytest.mark.parametrize(("completion", "target"), WRONG)
def test_what_is_said_of_it_is_not(completion: str, target: str) -> None:
    assert check(completion, target, "number").status != "correct"


@pytest.mark.parametrize(
    ("completion", "target", "kind"),
    [
        (
            "So it falls on 03/09/2020.\n\nDouble-check: 03/08/2020 was a Sunday ✓",
            "03/09/2020",
            "date",
        ),
        ("Hence B.\n\nCheck: (C) would give 5, so B is right ✓", "B", "choice"),
    ],
)
def test_a_closing_check_is_no_answer_of_any_kind(completion: str, target: str, kind: Kind) -> None:
    assert check(completion, target, kind).status == "correct"


def test_the_day_that_a_check_looks_at_is_no_answer() -> None:
    completion = "So it falls on 03/09/2020.\n\nDouble-check: 03/08/2020 was a Sunday ✓"
    assert check(completion, "03/08/2020", "date").status != "correct"


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("It's 12 if sunny, 13 if wet.", False),
        ("It's 12, but 13 if wet.", False),
        ("Perhaps 12, perhaps 13.", False),
        ("It could be 12, but it is 13.", True),
        ("13 if we are right.", True),
    ],
)
def test_an_answer_that_hangs_on_a_condition_is_none(completion: str, right: bool) -> None:
    assert (check(completion, "13", "number").status == "correct") is right
