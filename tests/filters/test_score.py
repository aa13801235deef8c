"""Record filter `score`: thresholds, the best share, and files of scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.errors import DataError, RecipeError
from limbeck.filters.chain import is_alone
from limbeck.filters.score import Score
from limbeck.protocols import Filter
from limbeck.record import Provenance, Record, user
from limbeck.registry import build


def row(number: int, rate: float | None = None) -> Record:
    meta = {} if rate is None else {"pass_rate": rate}
    return Record((user("?"),), "x", Provenance("test", index=number), meta=meta)


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def reasons(rows: list[Record], **options: Any) -> list[str]:
    verdicts = Score(**options).judge(rows)
    assert [v.record for v in verdicts] == [r.id for r in rows]
    assert all(v.keep == (v.reason == "") for v in verdicts)
    return [v.reason for v in verdicts]


RATES = [0.0, 0.25, 0.5, 0.75, 1.0]


def test_both_bounds_are_inside_and_the_score_is_the_rows() -> None:
    rows = [row(n, rate) for n, rate in enumerate(RATES)]
    assert reasons(rows, least=0.25, most=0.75) == ["low", "", "", "", "high"]
    assert [v.score for v in Score(least=0.5).judge(rows)] == RATES


def test_a_row_without_a_score_is_refused_or_kept() -> None:
    rows = [row(0, 1.0), row(1)]
    assert reasons(rows, least=0.5) == ["", "no_score"]
    assert reasons(rows, least=0.5, missing="keep") == ["", ""]
    assert Score(least=0.5).judge(rows)[1].score is None


def test_a_score_that_is_no_number_is_none() -> None:
    record = Record((user("?"),), "x", Provenance("test"), meta={"pass_rate": "0.9"})
    boolean = Record((user("?"),), "x", Provenance("test"), meta={"pass_rate": True})
    assert reasons([record, boolean], least=0.1) == ["no_score", "no_score"]


def test_scores_come_from_a_file(tmp_path: Path) -> None:
    rows = [row(n, 0.5) for n in range(4)]
    scored = [{"id": r.id, "score": n, "judge": "x"} for n, r in enumerate(rows[:3])]
    path = written(tmp_path / "scores.jsonl", [*reversed(scored), {"id": "other", "score": 9}])
    verdicts = Score(scores=path, least=1).judge(rows)
    assert [v.score for v in verdicts] == [0, 1, 2, None]
    assert [v.reason for v in verdicts] == ["low", "", "", "no_score"]


def test_the_same_score_twice_is_one_and_two_scores_are_an_error(tmp_path: Path) -> None:
    record = row(0)
    twice = written(tmp_path / "a.jsonl", [{"id": record.id, "score": 2}] * 2)
    assert reasons([record], scores=twice, least=2) == [""]
    two = [{"id": "a", "score": 1}, {"id": record.id, "score": 2}, {"id": record.id, "score": 3}]
    with pytest.raises(DataError, match=r"one id two scores, 2 and 3"):
        Score(scores=written(tmp_path / "b.jsonl", two), least=2).judge([record])


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "a"},
        {"id": "a", "score": None},
        {"id": "a", "score": "1"},
        {"id": "a", "score": True},
        {"id": 1, "score": 1},
        {"score": 1},
        {"id": "a", "score": 10**400},
    ],
)
def test_a_row_that_is_no_score_is_told_with_its_line(tmp_path: Path, bad: Any) -> None:
    path = written(tmp_path / "scores.jsonl", [{"id": "ok", "score": 1}, bad])
    with pytest.raises(DataError, match=r'line 2: a row has an "id"'):
        Score(scores=path, least=0).judge([row(0)])


def test_a_missing_and_an_empty_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        Score(scores=tmp_path / "none.jsonl", least=0).judge([row(0)])
    with pytest.raises(DataError, match="has no score"):
        Score(scores=written(tmp_path / "empty.jsonl", []), least=0).judge([row(0)])


def test_the_best_share_stays() -> None:
    rows = [row(n, rate) for n, rate in enumerate([0.1, 0.9, 0.5, 0.7, 0.3])]
    assert reasons(rows, top=0.4) == ["not_in_top", "", "not_in_top", "", "not_in_top"]
    assert reasons(rows, top=0.01).count("") == 1  # rounded up
    assert reasons(rows, top=1.0) == [""] * 5


def test_the_share_is_of_the_rows_with_a_score_within_the_bounds() -> None:
    rows = [row(0, 0.9), row(1, 0.8), row(2, 0.2), row(3, 0.1), row(4)]
    assert reasons(rows, top=0.5, least=0.5) == ["", "not_in_top", "low", "low", "no_score"]
    assert reasons(rows, top=0.5, missing="keep") == ["", "", "not_in_top", "not_in_top", ""]


def test_a_tenth_of_thirty_rows_is_three() -> None:
    rows = [row(n, n / 100) for n in range(30)]
    assert reasons(rows, top=0.1).count("") == 3


def test_a_survey_of_all_batches_decides_for_each() -> None:
    rows = [row(n, n / 10) for n in range(10)]
    judge = Score(top=0.3)
    for batch in (rows[:4], rows[4:]):
        judge.survey(batch)
    kept = [v.keep for batch in (rows[:4], rows[4:]) for v in judge.judge(batch)]
    assert kept == [False] * 7 + [True] * 3


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=20),
    st.sampled_from([0.1, 0.25, 0.5, 0.9]),
    st.randoms(use_true_random=False),
)
def test_ties_do_not_hang_on_the_order(rates: list[float], top: float, random: Any) -> None:
    rows = [row(n, rate) for n, rate in enumerate(rates)]
    verdicts = {v.record: v.keep for v in Score(top=top).judge(rows)}
    mixed = [*rows]
    random.shuffle(mixed)
    assert {v.record: v.keep for v in Score(top=top).judge(mixed)} == verdicts
    kept = [r for r in rows if verdicts[r.id]]
    count = -(-round(top * 100) * len(rows) // 100)
    assert len(kept) == count
    refused = [rate for r, rate in zip(rows, rates, strict=True) if not verdicts[r.id]]
    assert min(r.meta["pass_rate"] for r in kept) >= max(refused, default=0)


def test_it_is_stateless_only_without_top() -> None:
    assert Score(least=0.5).stateless
    assert not Score(top=0.5).stateless
    assert not Score.stateless  # who asks the class gets the careful answer
    assert isinstance(Score(top=0.5), Filter)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing is asked for: set least, most or top"),
        ({"least": 2, "most": 1}, "least is 2 and most is 1: no score is both"),
        ({"least": "nan"}, "least must be a finite number"),
        ({"top": 0}, "option 'top'"),
        ({"top": 1.5}, "option 'top'"),
        ({"least": 1, "missing": "drop"}, "option 'missing'"),
    ],
)
def test_options_that_make_no_sense_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        build("filters", "score", options)


def test_only_the_best_share_needs_to_see_all_rows_first() -> None:
    assert is_alone(Score(least=0.5))
    assert not hasattr(Score(least=0.5), "survey")
    assert not is_alone(Score(top=0.5))
    assert hasattr(Score(top=0.5), "survey")
