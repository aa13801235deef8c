"""The words for what the training rows give away: every case, and nothing where nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.pages import findings, giveaway
from tests.evals.report_example import example, first_schema
from tests.evals.report_parts import contaminated, leak, task

NOT_ONE = "no item is a training question, word for word or but for numbers, dates and names"
CASES: list[tuple[list[dict[str, Any]] | None, str]] = [
    (None, "The training rows were not compared with the test."),
    ([], "No task but imitation was evaluated, so nothing could be compared."),
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


def test_where_no_rule_flags_an_item_the_answer_says_what_was_looked_for() -> None:
    entry = leak("t", template=0, context=0, flagged=0)
    assert giveaway.answer({"contamination": [entry]}) == (
        "No: no item is found in the training rows, in the same words or nearly, and none has the "
        "context of one."
    )


def test_a_verdict_with_a_leak_ends_in_a_caution_and_one_without_does_not() -> None:
    assert findings.verdict(first_schema())[-1] == (
        "Caution: 63 of 504 items are training questions but for numbers, dates and names, 9 of "
        "them word for word."
    )
    clean = findings.verdict(first_schema(given_away=[leak("t", template=0)]))
    assert not any(line.startswith("Caution") for line in clean)
    assert clean == findings.verdict(first_schema(given_away=None))


def test_the_student_is_shown_on_all_and_on_the_rest_where_there_is_a_rest() -> None:
    report = first_schema(given_away=[leak("arithmetic"), leak("dates", template=0)])
    (first, leaky), (second, clean) = giveaway.cells(report)
    assert (first, second) == ("arithmetic", "dates")
    assert [label for label, _ in leaky] == [label for label, _ in clean]
    assert dict(leaky)["Student"] == "38.0% ± 3.0"
    assert dict(leaky)["Student, the rest"] == "33.0% ± 3.4 (n = 189)"
    assert (dict(clean)["Student"], dict(clean)["Student, the rest"]) == ("32.0% ± 2.9", "–")
    assert giveaway.REST in giveaway.note(report)
    none = first_schema(given_away=[leak("arithmetic", template=0)])
    assert not any(label.startswith("Student") for label, _ in giveaway.cells(none)[0][1])
    assert giveaway.REST not in giveaway.note(none)


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


def test_what_any_rule_flags_is_what_counts_where_there_are_more_rules() -> None:
    report = example()
    found = "71 of 504 items are found in training rows, in the same words or nearly, 9 of them"
    assert giveaway.answer(report).startswith(f"In part: {found} word for word.")
    assert findings.verdict(report)[-1] == f"Caution: {found} word for word."
    clean = example(contamination=[contaminated("dates", template=0, flagged=0, context=0)])
    assert giveaway.leak(clean) == ""
    assert giveaway.answer(clean).startswith("No: ")
    every = example(contamination=[contaminated("dates", flagged=252)])
    assert giveaway.answer(every).startswith("Yes: 252 of 252 items")


def test_every_rule_has_its_column() -> None:
    [(_, row), _] = giveaway.cells(example())
    assert dict(row) == {
        "Items": "252",
        "Word for word": "9 (3.6%)",
        "Masked question": "63 (25.0%)",
        "Masked context": "70 (27.8%)",
        "8 words in a row": "240 (95.2%), 4 too short",
        "Equal text": "9 (3.6%)",
        "8-grams cover half": "21 (8.3%)",
        "Words and numbers": "66 (26.2%)",
        "Flagged": "71 (28.2%)",
    }
    assert giveaway.RULES in giveaway.note(example())


def test_all_items_stand_beside_the_clean_ones() -> None:
    [table] = giveaway.against_clean(example())
    [((name, _), cells)] = table.rows
    assert name == "arithmetic"
    assert cells[0] == ("38.0% ± 3.0", "n = 252")
    assert cells[2] == ("33.0% ± 3.4", "n = 189")
    assert cells[4] == ("+2.1 points [+0.4, +3.8]", "")
    assert giveaway.against_clean(first_schema()) == []


def test_evidence_is_cut_and_counts_what_it_leaves_out() -> None:
    hit = {"item": "i", "rule": "coverage", "score": 0.5, "side": "prompt", "row": "r"}
    hits = [hit | {"text": "x" * 900, "question": "q"}] * (giveaway.EVIDENCE + 3)
    hits.append(hit | {"text": None})
    [task_hits] = giveaway.evidence({"contamination": [contaminated("t", found=hits)]})
    assert (len(task_hits["hits"]), task_hits["more"]) == (giveaway.EVIDENCE, 3)
    first = task_hits["hits"][0]
    assert first["text"] == "x" * giveaway.TEXT_CHARS + "…"
    assert first["about"] == "found by 8-gram coverage, 0.50"
    assert giveaway.evidence(first_schema()) == []
