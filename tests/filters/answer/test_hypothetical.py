"""What would be if things were different takes no answer back and gives none."""

from __future__ import annotations

import pytest

from limbeck.filters.answer import check


@pytest.mark.parametrize(
    ("completion", "target", "kind"),
    [
        ("**Verdict: Yes**\n\nIf x were negative, the answer would be no.", "yes", "auto"),
        ("**Yes.** If it had been a 9, the answer would be no.", "yes", "yesno"),
        ("So **yes**, it is. (For an odd one the answer would be no.)", "yes", "yesno"),
        ("Fazit: **Ja**\n\nBei einer Primzahl wäre die Antwort anders.", "yes", "yesno"),
        ("Conclusión: **Sí**\n\nSi fuera impar, la respuesta sería no.", "yes", "yesno"),
        ("The answer is 18. If it were windy, the answer would be 45.", "18", "number"),
        ("**18 km**. If he had driven, it would have been 90 km.", "18", "number"),
        ("#### 18\n\nHad she bought one more, the answer would be 19.", "18", "number"),
        ("**18**\n\nWith one more guest, the answer would be 19.", "18", "number"),
        ("Antwort: 18. Wären es zwei, wäre die Antwort 36.", "18", "number"),
    ],
)
def test_a_closing_remark_takes_nothing_back(completion: str, target: str, kind: str) -> None:
    assert check(completion, target, kind).status == "correct"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("completion", "target", "kind"),
    [
        ("**No.** If it were 21, yes.", "yes", "yesno"),
        ("**No.** If it were even, the answer would be yes.", "yes", "yesno"),
        ("Suppose it is odd: then the answer would be yes. But no.", "yes", "yesno"),
        ("**Verdict: Yes**\n\nHmm, but the rule fails, so the answer is no.", "yes", "yesno"),
        ("**Verdict: Yes**\n\nIf we count zero, the answer is no.", "yes", "yesno"),
        ("The answer is 45. If it were windy, the answer would be 18.", "18", "number"),
        ("**45 km**. Had he driven, the answer would have been 18 km.", "18", "number"),
        ("If he sold 3, he would have **18**. But he sold 5: 16.", "18", "number"),
        ("If it were windy the answer would be 18.", "18", "number"),
        ("The answer would be 18 if it were windy.", "18", "number"),
        ("Had it snowed, the answer would be 18.", "18", "number"),
    ],
)
def test_a_supposed_answer_is_none(completion: str, target: str, kind: str) -> None:
    assert check(completion, target, kind).status != "correct"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "completion",
    [
        "If each costs 3 and she buys 6, the answer is 18.",
        "If 3 cost 9, then 6 cost 18, so the answer would be 18.",
        "The answer would be 18.",
    ],
)
def test_a_condition_of_the_question_is_no_supposition(completion: str) -> None:
    assert check(completion, "18", "number").status == "correct"


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("The answer is 18 squared.", False),
        ("The answer is 18 cubed.", False),
        ("The answer is 18 square meters.", True),
        ("The answer is 18 inches cubed.", True),
    ],
)
def test_a_power_that_is_not_worked_out(completion: str, right: bool) -> None:
    assert (check(completion, "18", "number").status == "correct") is right
