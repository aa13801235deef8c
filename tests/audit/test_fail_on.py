"""`--fail-on`: what is a condition, and when it holds."""

from __future__ import annotations

from fractions import Fraction

import pytest

from limbeck.audit.fail_on import failures, read_conditions
from limbeck.errors import UserError
from tests.audit import sheets

REPORT = sheets.report(
    sheets.finding("contamination", "problem", count=3, of=1000, share=0.003),
    sheets.finding("duplicates", "warning", count=10, of=1000, share=0.01),
    sheets.finding("empty", "good", count=0, of=1000, share=0.0),
    sheets.finding("pii", "warning", count=1, of=8, share=0.125),
    sheets.finding("cost", "unknown", why="there is no ledger"),
    sheets.finding("lengths", "good", count=None, of=None, share=None),
)


def failed(*given: str) -> list[str]:
    return failures(read_conditions(given, sheets.KEYS), REPORT)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("contamination>0", "contamination has 3 of 1,000 rows (0.3%)"),
        ("contamination>3", ""),
        ("contamination>=3", "contamination has 3 of 1,000 rows (0.3%)"),
        ("contamination>0.3%", ""),  # 3 of 1,000 is 0.3%, exactly
        ("contamination>=0.3%", "contamination has 3 of 1,000 rows (0.3%)"),
        ("contamination>0.29%", "contamination has 3 of 1,000 rows (0.3%)"),
        ("duplicates>1%", ""),
        ("duplicates > 0 %", "duplicates has 10 of 1,000 rows (1.0%)"),
        ("Near-Duplicates>0", "near_duplicates was not measured: this audit does not have it"),
        ("empty>0", ""),
        ("empty>=0", "empty has 0 of 1,000 rows (0.0%)"),
        ("pii>=12.5%", "pii has 1 of 8 rows (12.5%)"),
        ("cost>0", "cost was not measured: there is no ledger"),
        ("cost>99%", "cost was not measured: there is no ledger"),
        ("lengths>0", "lengths was measured, but is no count; it cannot be compared"),
        ("lengths>1%", "lengths was measured, but is no share; it cannot be compared"),
        ("problems>0", "there is 1 problem: contamination"),
        ("problems>1", ""),
        ("warnings>1", "there are 2 warnings: duplicates, pii"),
        ("warnings>2", ""),
    ],
)
def test_a_condition_holds_or_not(given: str, said: str) -> None:
    assert failed(given) == ([f"{given}: {said}"] if said else [])


def test_several_by_comma_and_by_repetition_in_their_order() -> None:
    given = ["pii>0, contamination>0", "duplicates>1%,problems>0"]
    assert [line.split(":")[0] for line in failed(*given)] == [
        "pii>0", "contamination>0", "problems>0",
    ]  # fmt: skip
    assert failures([], REPORT) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("contaminaton>0", "there is no finding 'contaminaton'; did you mean 'contamination'?"),
        ("problem>0", "did you mean 'problems'?"),
        ("重复>0", "there is no finding '重复'; known are boilerplate, "),
        ("contamination<1", "the operator is > or >=, got <"),
        ("contamination==1", "the operator is > or >=, got =="),
        ("contamination=>1", "the operator is > or >=, got =>"),
        ("contamination", "is no condition; write a finding, > or >=, and a number"),
        ("", "is no condition"),
        ("contamination>0,", "is no condition"),
        ("duplicates>1,000", "--fail-on '000' is no condition"),
        (">0", "is no condition"),
        ("contamination>", "'' is no number"),
        ("contamination>-1", "'-1' is no number"),
        ("contamination>many", "'many' is no number"),
        ("contamination>١", "'١' is no number"),
        ("contamination>1e3", "'1e3' is no number"),
        ("contamination>0.5", "a plain number counts rows, and 0.5 is no whole one; write 50%"),
        ("problems>1%", "problems are counted; write a plain number"),
        ("duplicates>100%", "can never be: no share is above 100%"),
        ("duplicates>=101%", "can never be: no share is above 100%"),
    ],
)
def test_what_is_no_condition_is_one_sentence(given: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read_conditions([given], sheets.KEYS)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_condition_as_it_is_read() -> None:
    (one,) = read_conditions([" Wrong_Answers >= 2.50% "], sheets.KEYS)
    assert (one.key, one.limit, one.percent, one.at) == (
        "wrong_answers",
        Fraction("2.5"),
        True,
        True,
    )
    assert one.text == "Wrong_Answers >= 2.50%"


def test_no_share_above_all_is_proposed() -> None:
    with pytest.raises(UserError, match=r"1\.5 is no whole one$"):
        read_conditions(["contamination>1.5"], sheets.KEYS)
