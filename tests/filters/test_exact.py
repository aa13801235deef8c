"""Record filter `exact`: the same text again is refused, and nothing else is."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.filters.exact import Exact
from limbeck.protocols import Filter
from limbeck.record import Message, Provenance, Record, user

On = Literal["pair", "completion", "prompt"]


def row(prompt: str, completion: str, number: int = 0) -> Record:
    return Record((user(prompt),), completion, Provenance("test", index=number))


def kept(pairs: list[tuple[str, str]], on: On = "pair") -> list[bool]:
    rows = [row(prompt, completion, n) for n, (prompt, completion) in enumerate(pairs)]
    return [verdict.keep for verdict in Exact(on=on).judge(rows)]


def test_the_first_stays_and_the_second_names_it() -> None:
    first, other, again = row("a", "x"), row("a", "y", 1), row("a", "x", 2)
    verdicts = Exact().judge([first, other, again])
    assert [v.keep for v in verdicts] == [True, True, False]
    assert [v.record for v in verdicts] == [first.id, other.id, again.id]
    assert verdicts[2].nearest == first.id
    assert (verdicts[2].reason, verdicts[2].score) == ("duplicate", 1.0)
    assert (verdicts[0].reason, verdicts[0].score, verdicts[0].nearest) == ("", 0.0, None)
    assert isinstance(Exact(), Filter)


def test_an_instance_remembers_earlier_batches_and_a_new_one_does_not() -> None:
    judge = Exact()
    assert judge.judge([row("a", "x")])[0].keep
    assert not judge.judge([row("a", "x", 1)])[0].keep
    assert Exact().judge([row("a", "x", 1)])[0].keep


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("pair", [True, True, True, False]),
        ("completion", [True, False, True, False]),
        ("prompt", [True, True, False, False]),
    ],
)
def test_on_says_what_is_compared(on: On, expected: list[bool]) -> None:
    assert kept([("a", "x"), ("b", "x"), ("a", "y"), ("a", "x")], on) == expected


def test_the_two_halves_of_a_pair_do_not_run_together() -> None:
    assert kept([("a b", "c"), ("a", "b c")]) == [True, True]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", unicodedata.normalize("NFD", "café")),
        ("two  words", "two\twords\n"),
        ("中文\u3000字", "中文 字"),
        ("한국", unicodedata.normalize("NFD", "한국")),
    ],
)
@pytest.mark.parametrize("on", ["pair", "completion", "prompt"])
def test_unicode_form_and_white_space_make_no_difference(on: On, one: str, other: str) -> None:
    pairs = [(one, "x"), (other, "x")] if on == "prompt" else [("p", one), ("p", other)]
    assert kept(pairs, on) == [True, False]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2⁵", "25"),
        ("Polish", "polish"),
        ("resume", "résumé"),
        ("answer.", "answer"),
        ("１", "1"),
        ("👍", "👍🏽"),
        ("كتب", "كُتب"),
        ("中国", "中國"),
        ("", "x"),
    ],
)
@pytest.mark.parametrize("on", ["pair", "completion", "prompt"])
def test_texts_that_differ_to_a_reader_both_stay(on: On, one: str, other: str) -> None:
    assert kept([(one, one), (other, other)], on) == [True, True]


def test_a_system_turn_makes_no_other_prompt() -> None:
    plain = row("a", "x")
    told = Record((Message("system", "Be kind."), user("a")), "x", Provenance("test", index=1))
    assert [v.keep for v in Exact().judge([plain, told])] == [True, False]


def test_the_same_words_in_another_role_are_another_prompt() -> None:
    one = Record((user("a"), Message("assistant", "b"), user("c")), "x", Provenance("test"))
    other = Record((user("a"), user("b"), user("c")), "x", Provenance("test", index=1))
    assert all(v.keep for v in Exact(on="prompt").judge([one, other]))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=30))
def test_exactly_the_first_of_every_pair_is_kept(pairs: list[tuple[str, str]]) -> None:
    assert kept(pairs) == [pair not in pairs[:n] for n, pair in enumerate(pairs)]


@pytest.mark.parametrize(
    ("one", "other"), [("Polish", "polish"), ("Ｐａｒｉｓ", "paris"), ("2⁵", "25")]
)
@pytest.mark.parametrize("on", ["pair", "completion", "prompt"])
def test_fold_sees_no_case_and_no_width(on: On, one: str, other: str) -> None:
    rows = [row(one, one), row(other, other, 1), row("résumé", "résumé", 2)]
    assert [v.keep for v in Exact(on=on, fold=True).judge(rows)] == [True, False, True]
    assert [v.keep for v in Exact(on=on).judge(rows)] == [True, True, True]


def test_half_a_character_is_compared_like_any_other() -> None:
    assert kept([("a", "x\ud800"), ("a", "x\ud801"), ("a", "x\ud800")]) == [True, True, False]


def test_the_same_row_again_is_no_duplicate_of_itself() -> None:
    judge, record = Exact(), row("a", "x")
    assert [v.keep for v in judge.judge([record, record])] == [True, True]


def test_rows_with_ids_of_their_own_are_named_by_them() -> None:
    rows = [Record((user("a"),), "x", Provenance("test"), id=name) for name in ("mine", "yours")]
    assert Exact().judge(rows)[1].nearest == "mine"
