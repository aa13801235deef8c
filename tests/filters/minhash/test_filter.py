"""Record filter `minhash`: verdicts, and which of near copies stays."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.filters.minhash import MinHashDedup
from limbeck.protocols import Filter
from limbeck.record import Message, Provenance, Record, user
from limbeck.registry import build
from tests.filters.minhash.texts import exact, near_texts

WORDS = [f"w{number}" for number in range(64)]
A, B, C = (" ".join(WORDS[start : start + 54]) for start in (0, 4, 8))  # A ~ B ~ C, not A ~ C
D = " ".join(WORDS[11:54])  # a candidate beside A, below the threshold


def row(completion: str, number: int = 0, prompt: str = "q", **meta: Any) -> Record:
    return Record((user(prompt),), completion, Provenance("t", index=number), meta=meta)


def kept(judge: MinHashDedup, records: list[Record], size: int | None = None) -> list[bool]:
    size = size or len(records)
    survey = getattr(judge, "survey", None)
    parts = [records[start : start + size] for start in range(0, len(records), size)]
    for part in parts:
        if survey is not None:
            survey(part)
    return [verdict.keep for part in parts for verdict in judge.judge(part)]


def test_verdicts() -> None:
    records = [row(A), row(B, 1), row(D, 2), row("something else altogether it is", 3)]
    judge = MinHashDedup(on="completion")
    verdicts = judge.judge(records)
    assert [v.record for v in verdicts] == [record.id for record in records]
    assert [v.keep for v in verdicts] == [True, False, True, True]
    assert [v.score for v in verdicts] == [0.0, exact(A, B), exact(A, D), 0.0]
    assert [v.reason for v in verdicts] == ["", "near_duplicate", "", ""]
    assert [v.nearest for v in verdicts] == [None, records[0].id, records[0].id, None]
    assert {v.filter for v in verdicts} == {"minhash"}
    assert isinstance(judge, Filter)
    assert not hasattr(judge, "survey")
    again = judge.judge([row(A, 4)])
    assert (again[0].nearest, again[0].score) == (records[0].id, 1.0)


def test_what_is_compared() -> None:
    long = " ".join(WORDS[:40])
    other = " ".join(WORDS[20:])
    records = [row(long, prompt=other), row(long, 1, prompt="why"), row("no", 2, prompt=other)]
    assert kept(MinHashDedup(), records) == [True, True, True]
    assert kept(MinHashDedup(on="completion"), records) == [True, False, True]
    assert kept(MinHashDedup(on="prompt"), records) == [True, True, False]
    system = (Message("system", long), user("what is this"))
    records = [Record(system, "x", Provenance("t", index=n)) for n in range(2)]
    records.append(Record((user("what is this"),), "x", Provenance("t", index=3)))
    assert kept(MinHashDedup(), records) == [True, False, False]  # system turns do not count


def test_the_longest_stays() -> None:
    records = [row(A), row(f"{A} and more", 1), row(A, 2), row("other", 3)]
    judge = MinHashDedup(keep="longest")
    assert kept(judge, records, 3) == [False, True, False, True]
    assert kept(MinHashDedup(keep="longest"), [row("same", n) for n in range(3)]) == [
        True,
        False,
        False,
    ]


def test_the_verified_stays() -> None:
    wrong, right = {"status": "wrong"}, {"status": "correct"}
    records = [row(A, check=wrong), row(A, 1), row(A, 2, check=right), row(A, 3, check=right)]
    verdicts = MinHashDedup(keep="verified").judge(records)
    assert [v.keep for v in verdicts] == [False, False, True, False]
    assert {v.nearest for v in verdicts if not v.keep} == {records[2].id}
    assert kept(MinHashDedup(keep="verified"), records[:2]) == [False, True]


def test_the_best_score_stays() -> None:
    records = [row(A), row(A, 1, pass_rate=0.2), row(A, 2, pass_rate=0.9)]
    assert kept(MinHashDedup(keep="score"), records) == [False, False, True]
    assert kept(MinHashDedup(keep="score"), records[:2], 1) == [False, True]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_chains_leave_no_orphan(order: tuple[int, ...]) -> None:
    """The middle of the chain is near to both ends, which are not near to each other: where it is
    the best it refuses both, and else it is refused, and both ends stay."""
    for best in range(3):
        records = [
            row((A, B, C)[place], place, pass_rate=1.0 if place == best else 0.3)
            for place in order
            if place == best
        ]
        records += [
            row((A, B, C)[place], place, pass_rate=(0.5, 0.1, 0.4)[place])
            for place in order
            if place != best
        ]
        judge = MinHashDedup(on="completion", keep="score")
        places = [record.provenance.index for record in records]
        found = dict(zip(places, kept(judge, records), strict=True))
        assert found == {0: best != 1, 1: best == 1, 2: best != 1}


def test_chains_by_length_and_check() -> None:
    longer = f"{B} {' '.join(WORDS[58:60])}"
    assert kept(MinHashDedup(on="completion", keep="longest"), [row(A), row(C, 1), row(longer, 2)])[
        2
    ]
    records = [row(A), row(B, 1, check={"status": "correct"}), row(C, 2)]
    judge = MinHashDedup(on="completion", keep="verified")
    assert kept(judge, records) == [False, True, False]
    records = [row(B), row(A, 1, check={"status": "correct"}), row(C, 2)]
    assert kept(MinHashDedup(on="completion", keep="verified"), records) == [False, True, True]


@pytest.mark.parametrize("keep", ["first", "longest", "verified", "score"])
def test_every_refused_row_has_a_kept_twin_that_was_preferred(keep: Any) -> None:
    texts = near_texts(300, seed=5, share=0.7)
    records = [row(text, n, pass_rate=n * 7 % 10 / 10) for n, text in enumerate(texts)]
    places = {record.id: n for n, record in enumerate(records)}
    answers = []
    for size in (300, 37):
        judge = MinHashDedup(on="completion", keep=keep, memory_mb=0 if size == 37 else 1024)
        survey = getattr(judge, "survey", None)
        parts = [records[start : start + size] for start in range(0, 300, size)]
        for part in parts:
            if survey:
                survey(part)
        answers.append([verdict for part in parts for verdict in judge.judge(part)])
    assert answers[0] == answers[1]
    refused = [v for v in answers[0] if not v.keep]
    assert len(refused) > 50
    for verdict in refused:
        place, other = places[verdict.record], places[str(verdict.nearest)]
        assert answers[0][other].keep
        assert verdict.score == exact(texts[place], texts[other]) >= 0.8
        if keep == "longest":
            assert len(texts[other]) >= len(texts[place])
        if keep == "score":
            assert other * 7 % 10 >= place * 7 % 10


def test_rows_that_were_not_surveyed_are_said() -> None:
    judge = MinHashDedup(keep="longest")
    judge.survey([row("a"), row("b", 1)])
    assert len(judge.judge([row("a")])) == 1
    with pytest.raises(UserError, match="from row 2 on"):
        judge.judge([row("c", 7)])


def test_what_it_tells() -> None:
    judge = MinHashDedup(on="completion")
    assert judge.told() == ""
    judge.judge([row(A), row(C, 1), row(B, 2), row("two words", 3)])
    told = judge.told()
    assert "1 of 4 rows are near copies" in told
    assert "1 of them" in told
    assert "1 rows (25.0%) have fewer than 5 words" in told


def test_it_is_built_from_a_recipe() -> None:
    judge = build("filters", "minhash", {"threshold": 0.9, "keep": "longest"})
    assert (judge.threshold, judge.keep, judge.name) == (0.9, "longest", "minhash")
