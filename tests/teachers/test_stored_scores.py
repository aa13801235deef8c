"""Likelihoods from the ledger: the same numbers, computed once; what does not fit harms nobody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from limbeck.hf import Loaded
from limbeck.ledger import Ledger
from limbeck.record import Message, user
from limbeck.teachers import stored_scores
from limbeck.teachers.scoring import Context, Scorer
from limbeck.teachers.stored_scores import StoredScores

CHAT = (Message("system", "Be brief."), user("Où est Paris ? 🙂"))
PAIRS: list[tuple[Context, str]] = [
    ("The capital of France is", " Paris"),
    (CHAT, "en France"),
    ("The capital of France is", " Rome"),
    ("东京是", "日本的首都"),
    (CHAT, ""),
]
ME = {"endpoint": "local", "model": "tiny", "dtype": "float32"}


class Counting(Scorer):
    """A scorer that keeps what it was asked."""

    def __init__(self, loaded: Loaded) -> None:
        super().__init__(loaded)
        self.asked: list[tuple[Context, str]] = []

    def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
        self.asked += pairs
        return super().__call__(pairs)


def test_the_scores_are_the_scorers_and_are_computed_once(tiny: Loaded, tmp_path: Path) -> None:
    plain = Scorer(tiny)(PAIRS)
    scorer = Counting(tiny)
    done: list[int] = []
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        found = StoredScores(scorer, ledger, ME, on_done=done.append)(PAIRS)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in plain]
    assert [score for score, _ in found] == pytest.approx([score for score, _ in plain], abs=1e-4)
    assert sorted(scorer.asked, key=str) == sorted(PAIRS, key=str)
    assert sum(done) == len(PAIRS)
    again = Counting(tiny)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert StoredScores(again, ledger, ME)(PAIRS) == found
        assert again.asked == []


def test_other_weights_or_other_options_are_other_items(tiny: Loaded, tmp_path: Path) -> None:
    scorer = Counting(tiny)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        StoredScores(scorer, ledger, ME)(PAIRS[:1])
        StoredScores(scorer, ledger, ME | {"model": "other"})(PAIRS[:1])
        StoredScores(scorer, ledger, ME)([PAIRS[0], PAIRS[2]])
        StoredScores(scorer, ledger, ME)([((user("The capital of France is"),), " Paris")])
    assert len(scorer.asked) == 5


def test_what_fits_no_window_has_no_score_and_harms_nobody(tiny: Loaded, tmp_path: Path) -> None:
    long = "The capital of France is Paris. " * 200
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        scores = StoredScores(Scorer(tiny), ledger, ME)
        first, lost, last = scores([PAIRS[0], (long, " Rome"), PAIRS[3]])
    assert math.isnan(lost[0])
    alone = Scorer(tiny)([PAIRS[0], PAIRS[3]])
    assert [first[0], last[0]] == pytest.approx([score for score, _ in alone], abs=1e-4)
    (told,) = scores.failures
    assert "does not fit the 256" in told


def test_texts_after_nothing_are_each_on_their_own(tiny: Loaded, tmp_path: Path) -> None:
    long = "The capital of France is Paris. " * 200
    pairs: list[tuple[Context, str]] = [("", "Paris"), ("", long), ("", "Rome"), ("", "Paris")]
    scorer = Counting(tiny)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        scores = StoredScores(scorer, ledger, ME)
        found = [score for score, _ in scores(pairs)]
        assert len(scores.failures) == 1
        alone = Counting(tiny)
        assert [score for score, _ in StoredScores(alone, ledger, ME)(pairs[2:])] == found[2:]
    assert [math.isnan(score) for score in found] == [False, True, False, False]
    assert found[0] == pytest.approx(found[3], abs=1e-4)
    assert alone.asked == []


def test_one_that_does_not_fit_leaves_the_others_together(tiny: Loaded, tmp_path: Path) -> None:
    long = "The capital of France is Paris. " * 200
    pairs: list[tuple[Context, str]] = [(f"Number {n} is", " Paris") for n in range(31)]
    calls: list[int] = []

    class Sized(Scorer):
        def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
            found = super().__call__(pairs)
            calls.append(len(pairs))
            return found

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        scores = StoredScores(Sized(tiny), ledger, ME)
        found = scores([*pairs[:9], (long, " Rome"), *pairs[9:]])
    assert sorted(calls) == [1, 2, 4, 8, 16]
    assert math.isnan(found[9][0])
    assert sum(math.isnan(score) for score, _ in found) == len(scores.failures) == 1
    assert scores.failures[0].startswith("bad_request: ")


def test_a_kill_costs_what_was_not_stored_yet(
    tiny: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_scores, "AT_ONCE", 2)
    pairs: list[tuple[Context, str]] = [(f"Number {n} is", " Paris") for n in range(5)]

    class Killed(Counting):
        def __call__(self, pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
            if len(self.asked) == 4:
                raise KeyboardInterrupt
            return super().__call__(pairs)

    with Ledger(tmp_path / "ledger.sqlite") as ledger, pytest.raises(KeyboardInterrupt):
        StoredScores(Killed(tiny), ledger, ME)(pairs)
    again = Counting(tiny)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert len(StoredScores(again, ledger, ME)(pairs)) == 5
    assert again.asked == pairs[4:]
