"""Record filter `contamination`: the rules by words, which a recipe asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.filters.contamination import Contamination
from limbeck.record import Provenance, Record, user
from limbeck.registry import build
from tests.filters.test_contamination import NEW, reasons, row, write

DUCKS = "Janet's ducks lay 16 eggs per day. She eats three for breakfast and sells the rest for $2."
REWORDED = (
    "The ducks of Janet lay 16 eggs a day. She eats 3 and sells those that remain at 2 dollars."
)
LONGER = f"Read this and answer in one word. {DUCKS} Then say what you think of her."
OTHER = REWORDED.replace("16", "18").replace("3", "5")


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    rows = [{"id": "ducks", "question": DUCKS}, {"question": "Who wrote Faust?"}]
    return write(tmp_path / "tests.jsonl", rows)


def test_without_them_nothing_changes(tests: Path) -> None:
    judge = Contamination(against=(tests,))
    assert reasons(judge, REWORDED, LONGER, DUCKS) == ["", "", "same"]


def test_each_is_switched_on_by_itself(tests: Path) -> None:
    texts = (REWORDED, LONGER, OTHER, NEW)
    assert reasons(Contamination(against=(tests,), coverage=True), *texts) == [
        "",
        "coverage",
        "",
        "",
    ]
    assert reasons(Contamination(against=(tests,), cosine=True), *texts) == [
        "cosine",
        "cosine",
        "",
        "",
    ]
    both = Contamination(against=(tests,), coverage=True, cosine=True)
    assert reasons(both, *texts, DUCKS) == ["cosine", "coverage", "", "", "same"]


def test_a_verdict_has_the_item_and_the_score(tests: Path) -> None:
    judge = build("filters", "contamination", {"cosine": True, "against": [str(tests)]})
    [verdict, kept] = judge.judge([row(REWORDED), row(NEW)])
    assert (verdict.nearest, kept.keep, kept.score) == ("tests/ducks", True, None)
    assert 0.4 < verdict.score < 1
    assert judge.told() == (
        "1 of 2 rows share a question with the evaluation (1 in other words with the same numbers) "
        "and were refused"
    )


def test_the_completion_is_looked_at(tests: Path) -> None:
    record = Record((user("Write a problem."),), f"Here: {DUCKS}", Provenance("t"))
    assert Contamination(against=(tests,)).judge([record])[0].keep
    [verdict] = Contamination(against=(tests,), coverage=True).judge([record])
    assert (verdict.reason, verdict.score) == ("coverage", 1)


def test_batches_and_several_files_change_nothing(tests: Path, tmp_path: Path) -> None:
    other = write(
        tmp_path / "other.jsonl", [{"question": "小明有325个苹果，送给朋友12个，又买了40个。"}]
    )
    judge = Contamination(against=(other, tests), cosine=True)
    rows = [row(text, number=n) for n, text in enumerate([NEW, REWORDED] * 300)]
    whole = judge.judge(rows)
    assert whole == [verdict for one in rows for verdict in judge.judge([one])]
    assert [verdict.nearest for verdict in whole[:2]] == [None, "tests/ducks"]
    assert judge.judge([]) == []
