"""The words for what the training rows give away: every case, and nothing where nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals import giveaway, wording
from tests.evals.report_example import example, leak, task

NOT_ONE = "no item is a training question, word for word or but for numbers, dates and names"
CASES: list[tuple[list[dict[str, Any]] | None, str]] = [
    (None, "The training rows were not compared with the test."),
    ([], "No task is a file of questions or items, so nothing could be compared."),
    ([leak("t", template=0, context=0)], f"No: {NOT_ONE}, and none has the context of one."),
    (
        [leak("t", template=0, context=2), leak("u", template=0, context=0)],
        f"In part: {NOT_ONE}, but 2 of 504 have the context of one, so that only what they ask of "
        "it is new.",
    ),
    (
        [leak("t"), leak("u", template=0)],
        "In part: 63 of 504 items are training questions but for numbers, dates and names, 9 of "
        "them word for word. The score on those shows what the student practised, and the rest "
        "what it can do beyond.",
    ),
    (
        [leak("t", template=252, same=0)],
        "Yes: 252 of 252 items are training questions but for numbers, dates and names. The score "
        "on those shows what the student practised.",
    ),
]


@pytest.mark.parametrize(("entries", "words"), CASES)
def test_every_case_has_its_answer(entries: Any, words: str) -> None:
    assert giveaway.answer({"given_away": entries}) == words


def test_a_verdict_with_a_leak_ends_in_a_caution_and_one_without_does_not() -> None:
    assert wording.verdict(example())[-1] == (
        "Caution: 63 of 504 items are training questions but for numbers, dates and names, 9 of "
        "them word for word."
    )
    clean = wording.verdict(example(given_away=[leak("t", template=0)]))
    assert not any(line.startswith("Caution") for line in clean)
    assert clean == wording.verdict(example(given_away=None))


def test_the_student_is_shown_on_all_and_on_the_rest_where_there_is_a_rest() -> None:
    report = example(given_away=[leak("arithmetic"), leak("dates", template=0)])
    (first, leaky), (second, clean) = giveaway.cells(report)
    assert (first, second) == ("arithmetic", "dates")
    assert [label for label, _ in leaky] == [label for label, _ in clean]
    assert dict(leaky)["Student"] == "38.0% ± 3.0"
    assert dict(leaky)["Student, the rest"] == "33.0% ± 3.4 (n = 189)"
    assert (dict(clean)["Student"], dict(clean)["Student, the rest"]) == ("32.0% ± 2.9", "–")
    assert giveaway.REST in giveaway.note(report["given_away"])
    none = example(given_away=[leak("arithmetic", template=0)])
    assert not any(label.startswith("Student") for label, _ in giveaway.cells(none)[0][1])
    assert giveaway.REST not in giveaway.note(none["given_away"])


def test_counts_have_their_share_and_nought_has_none() -> None:
    [(_, row)] = giveaway.cells({"given_away": [leak("t", same=0, short=0)]})
    cells = dict(row)
    assert cells["Word for word"] == "0"
    assert cells["Masked question"] == "63 (25.0%)"
    assert cells["8 words in a row"] == "240 (95.2%)"


def test_an_entry_of_nulls_is_a_row_of_words() -> None:
    empty = dict.fromkeys(leak("t"))
    report = {"given_away": [empty | {"task": "t"}], "tasks": [task("t")]}
    [(name, row)] = giveaway.cells(report)
    assert name == "t"
    assert {cell for _, cell in row} == {"n/a"}
    assert giveaway.answer(report) == CASES[0][1]
