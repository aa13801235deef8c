"""What is said of a judge: no win rate without its flip rate, and nothing that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.judge.words import HEAD, TITLE, finding, notes, table
from limbeck.evals.pages.markdown import escape
from tests.evals.judge.made_up import found, interval


def test_a_finding_in_plain_words() -> None:
    assert finding(found()) == [
        "openai:judge-模型 prefers the answers of the student to those of the base: win rate of "
        "the student 75.0% [66.0%, 82.0%] on 112 prompts; the order of the two answers changed the "
        "verdict on 12.5% [7.6%, 20.0%] of them. At equal length and formatting a preference is "
        "no longer measurable: 55.0% [44.0%, 66.0%].",
        "openai:judge-模型 prefers the answers of the teacher's second sample to those of the "
        "student: win rate of the student 25.0% [12.0%, 46.0%] on 12 prompts; the order of the two "
        "answers changed the verdict on 50.0% [25.0%, 75.0%] of them. That is not measurably below "
        "a coin's half: the win rate says little about the answers. There is no win rate at equal "
        "length and formatting.",
    ]


@pytest.mark.parametrize(
    ("raw", "even", "said"),
    [
        ((0.7, 0.6, 0.8), (0.7, 0.6, 0.8), "that does not change"),
        ((0.5, 0.4, 0.6), (0.5, 0.4, 0.6), "that does not change"),
        ((0.5, 0.4, 0.6), (0.7, 0.6, 0.8), "it prefers the student"),
        ((0.7, 0.6, 0.8), (0.3, 0.2, 0.4), "it prefers the base"),
        ((0.3, 0.2, 0.4), (0.5, 0.4, 0.6), "a preference is no longer measurable"),
    ],
)
def test_what_control_changes_is_said(raw: Any, even: Any, said: str) -> None:
    report = found()
    report["pairs"][0] |= {"win_rate": interval(*raw), "controlled": interval(*even)}
    assert f"At equal length and formatting {said}: " in finding(report)[0]


def test_no_verdict_is_said_to_be_none() -> None:
    report = found()
    report["pairs"][0] |= {"n": 0, "win_rate": interval(None), "flip_rate": interval(None)}
    assert finding(report)[0] == (
        "openai:judge-模型 gave no verdict on the student against the base that could be used."
    )


def test_notes_say_what_a_judge_is_worth() -> None:
    told = notes(found())
    text = " ".join(told)
    assert "never in its place" in told[0]
    assert "long and formatted answers, and answers by their own family" in told[0]
    assert "both orders" in text
    assert "fewer than 20 prompts" in text
    assert "length +1.23, bold text +0.02, lists −0.50." in told[-1]
    assert "headers +" not in told[-1]
    assert "the teacher itself" not in text
    assert notes(found(), "openai:judge-模型")[1].startswith("The judge is the teacher itself")


def test_the_table_has_a_row_a_pair() -> None:
    made = table(found())
    assert (made.title, made.head) == (TITLE, HEAD)
    (first, _), cells = made.rows[0]
    assert first == "base"
    assert [text for text, _ in cells] == [
        *("112", "75.0% [66.0%, 82.0%]", "12.5% [7.6%, 20.0%]", "55.0% [44.0%, 66.0%]", "8"),
    ]
    assert cells[-1][1] == "5 unreadable"
    (second, _), cells = made.rows[1]
    assert second == "teacher's second sample"
    assert [text for text, _ in cells][2:] == ["50.0% [25.0%, 75.0%]", "n/a", "108"]
    assert len(made.rows[0][1]) == len(HEAD) - 1


def test_hostile_names_are_shown_and_escaped() -> None:
    report = found() | {"judge": "fake:<b>|\u202ex\n# y"}
    report["pairs"][0]["other"] = "a|b\x1b"
    [first, *_] = finding(report, escape)
    assert first.startswith("fake:&lt;b&gt;\\|⟨U+202E⟩x # y prefers the answers of the student")
    assert table(report, escape).rows[0][0][0] == "a\\|b␛"
    assert "a|b␛" in " ".join(notes(report))


def test_of_no_pairs_nothing_is_said() -> None:
    assert finding({"judge": "j", "prompts": 0, "pairs": []}) == []
    assert table({}).rows == ()
