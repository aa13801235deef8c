"""How the style section is to be read: what was asked, and what spoils it."""

from __future__ import annotations

from limbeck.evals.style.words import notes
from tests.evals.style.made import section


def test_notes_tell_what_was_asked() -> None:
    assert notes(section())[0] == (
        "Asked: 100 prompts; 2 more were not answered by all and are left out; 3 of the file were "
        "training prompts and were not asked; temperature 0.7; 256 tokens at most."
    )


def test_notes_warn_of_cut_answers_and_of_a_second_sample_that_is_none() -> None:
    quiet = " ".join(notes(section()))
    assert "cut off" not in quiet
    assert "ignore seeds" not in quiet
    ends = section()["outcomes"]
    ends["base"] |= {"complete": 20, "truncated": 75}
    loud = " ".join(notes(section(outcomes=ends, same=60)))
    assert "base 75.0%" in loud
    assert "for 60 of 100 prompts" in loud
