"""The estimate of what is a classification task."""

from __future__ import annotations

import pytest

from limbeck.audit.classify import label_of


def looks_like_classification(instruction: str, outputs: list[str]) -> bool:
    """RULE over one instruction, as `counted.classification` takes it over all."""
    found = [label_of(instruction, output) for output in outputs]
    return all(label for label, _ in found) and any(named for _, named in found)


@pytest.mark.parametrize(
    ("instruction", "outputs"),
    [
        ("Is the review positive or negative?", ["Positive", "negative"]),
        ("Does it rain?", ["Yes.", "no"]),
        ("Choose: sports, politics or world news.", ["World News"]),
        ("判断情感：积极还是消极？", ["积极"]),
        ("Sortiere: Äpfel oder Birnen", ["ÄPFEL"]),
    ],
)
def test_labels_that_are_named_or_usual(instruction: str, outputs: list[str]) -> None:
    assert looks_like_classification(instruction, outputs)


@pytest.mark.parametrize(
    ("instruction", "outputs"),
    [
        ("Is it positive or negative?", ["Positive", "It is hard to say what the tone is here"]),
        ("Translate: cat", ["chat"]),
        ("Add the numbers.", ["12"]),
        ("Is it so?", ["", "yes"]),
        ("Is it so?", []),
        ("Is it a scar?", ["a car"]),  # part of a word is no word
    ],
)
def test_other_outputs(instruction: str, outputs: list[str]) -> None:
    assert not looks_like_classification(instruction, outputs)


def test_an_output_by_itself() -> None:
    assert label_of("Good or bad?", "Bad.") == (True, True)
    assert label_of("Good or bad?", "Ugly") == (True, False)
    assert label_of("是好还是坏？", "坏") == (True, True)
    assert label_of("Is it?", "yes " * 200) == (False, False)
    assert label_of("Is it?", "") == (False, False)
