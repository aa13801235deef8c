"""A batch through filters that stand together, and which of them copies may judge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from limbeck.filters.answer import Answer, Consistent
from limbeck.filters.chain import Tally, is_alone, judge_records, kept_of
from limbeck.filters.complete import Complete
from limbeck.filters.contamination import Contamination
from limbeck.filters.exact import Exact
from limbeck.filters.paths import Paths
from limbeck.filters.rouge import Rouge
from limbeck.filters.vote import Vote
from limbeck.protocols import Filter
from limbeck.record import Record, Verdict
from tests.pipeline.filtering import Every, Letter, Median, Upper, row


@pytest.mark.parametrize("judge", [Complete(), Answer(), Consistent(), Contamination(), Upper()])
def test_what_follows_from_one_row_is_judged_by_copies(judge: Filter) -> None:
    assert is_alone(judge)


@pytest.mark.parametrize("judge", [Exact(), Rouge(), Vote(), Paths(), Every(), Median()])
def test_what_remembers_or_looks_beforehand_is_not(judge: Filter) -> None:
    assert not is_alone(judge)


def test_who_tells_what_it_saw_is_not_judged_by_copies() -> None:
    class Tells(Upper):
        def told(self) -> str:
            return "what a copy would know"

    class Sums(Tells):
        def summary(self, counts: Mapping[str, int]) -> str:
            return "what anybody knows"

    assert not is_alone(Tells())
    assert is_alone(Sums())


def test_each_filter_sees_what_is_left_as_it_was_changed() -> None:
    rows = [row(text, number) for number, text in enumerate(["ab", "ax", "é", "AB"])]
    made = judge_records([Letter("x"), Upper(), Letter("A"), Every(2)], rows)
    assert made.kept == [2]
    assert made.records == [rows[2]]
    assert {place: json.loads(line)["completion"] for place, line in made.changed.items()} == {
        0: "AB"
    }
    verdicts = [json.loads(line) for line in made.verdicts.splitlines()]
    names = {record.id: str(number) for number, record in enumerate(rows)}
    assert " ".join(v["filter"][0] + names[v["record"]] for v in verdicts) == (
        "l0 l1 l2 l3 u0 u2 u3 l0 l2 l3 e2"
    )
    assert [(t.judged, t.kept, t.changed, t.refused) for t in made.tallies] == [
        (4, 3, 0, {"has_it": 1}),
        (3, 3, 1, {}),
        (3, 1, 0, {"has_it": 2}),
        (1, 1, 0, {}),
    ]
    assert made.tallies[1].reasons == {"": 2, "masked": 1}


def test_a_filter_that_nothing_reaches_is_not_asked() -> None:
    class Never(Letter):
        def judge(self, records: Sequence[Record], /) -> list[Verdict]:
            raise AssertionError

    none: list[Record] = []
    assert judge_records([Never()], none).tallies == [Tally()]
    made = judge_records([Letter("a"), Never()], [row("a")])
    assert (made.kept, made.tallies[1].judged) == ([], 0)


def test_a_list_is_surveyed_judged_and_changed() -> None:
    rows = [row(text, number) for number, text in enumerate(["ab", "xxxxxxxx", "é", "b", "aaaaa"])]
    kept = kept_of([Letter("x"), Median(), Upper()], rows)  # the median is of ab, é, b and aaaaa
    assert [record.completion for record in kept] == ["AB", "é", "b"]
    assert kept_of([], rows) == rows
    assert kept_of([Letter("x"), Median()], rows[1:2]) == []
