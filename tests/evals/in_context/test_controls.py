"""Exchanged labels and words without meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limbeck.evals.in_context.conditions import Condition, without_controls
from limbeck.evals.in_context.controls import WORDS, renamed
from tests.evals.in_context.made import setting

label_sets = st.lists(st.text(min_size=1, max_size=4), min_size=2, max_size=60, unique=True)


@given(label_sets, st.integers(0, 9))
def test_no_flipped_label_keeps_its_name_and_none_is_lost(labels: list[str], seed: int) -> None:
    names = renamed(labels, "flipped", "t", seed)
    assert sorted(names) == sorted(labels)
    assert all(name != label for name, label in zip(names, labels, strict=True))


@given(label_sets, st.integers(0, 9))
def test_words_are_different_and_none_of_the_labels(labels: list[str], seed: int) -> None:
    names = renamed(labels, "random_words", "t", seed)
    assert len(set(names)) == len(labels)
    assert not set(names) & set(labels)


def test_a_word_that_is_a_label_is_not_taken_whatever_its_case() -> None:
    labels = [word.upper() for word in WORDS[:5]]
    for seed in range(30):
        assert not {word.casefold() for word in renamed(labels, "random_words", "t", seed)} & set(
            WORDS[:5]
        )


def test_seeds_and_tasks_have_names_of_their_own_and_always_the_same() -> None:
    labels = ("a", "b", "c", "d")
    words = [renamed(labels, "random_words", task, seed) for task in "tu" for seed in range(3)]
    assert len(set(words)) == 6
    assert words[0] == renamed(labels, "random_words", "t", 0)
    assert len({renamed(labels, "flipped", "t", seed) for seed in range(20)}) == 3


def test_conditions_go_from_no_demos_to_the_controls() -> None:
    how = setting(shots=(2, 0, 4), select=("random", "bm25"), controls=("flipped", "random_words"))
    assert [one.key for one in how.conditions] == [
        "none/0",
        *("random/2", "random/4", "bm25/2", "bm25/4"),
        *("random/4/flipped", "random/4/random_words"),
    ]
    assert [one.seeds for one in how.conditions] == [1, 3, 3, 1, 1, 3, 3]
    assert [one.key for one in without_controls(how.conditions)][-1] == "bm25/4"


@pytest.mark.parametrize("shots", [(0,), (0, 0)])
def test_without_demos_there_is_nothing_to_exchange(shots: tuple[int, ...]) -> None:
    how = setting(shots=shots, controls=("flipped",))
    assert how.conditions == (Condition("", 0, 1),)
