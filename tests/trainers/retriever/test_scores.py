"""The worth of a demo by hand; each pair is scored once, beside the others of its demo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from limbeck.demos import Demo
from limbeck.errors import UserError
from limbeck.progress import Quiet
from limbeck.trainers.retriever import scores as module
from limbeck.trainers.retriever.book import Book, opened
from limbeck.trainers.retriever.scores import Pair, Scores, Worth
from limbeck.trainers.retriever.settings import LabelScore

MOOD = ("good 🙂", "bad", "坏")
DEMO = Demo("d", "t", "一个梦", "bad", MOOD)
ROW = Demo("r", "t", "Free coffee", "bad", MOOD)
TEXT = Demo("x", "t", "Say it twice", "again and again")


class Known:
    """Log-likelihoods by continuation; a word is a token."""

    name = "known"

    def __init__(self, numbers: dict[str, float], window: int | None = None) -> None:
        self.numbers, self.window, self.identity = numbers, window, "known"
        self.asked: list[tuple[str, str]] = []

    def tokens(self, text: str, /) -> int:
        return len(text.split())

    def __call__(self, pairs: Sequence[tuple[str, str]], /) -> list[float]:
        self.asked += pairs
        return [self.numbers[text] for _, text in pairs]


def worths(scorer: Known, *pairs: Pair, how: LabelScore = "normalised") -> list[Worth]:
    with Quiet().stage("score", "pairs") as bar:
        return Scores(scorer, Book(), how).of(pairs, bar)


LABELS = {"good 🙂\n\n\n": -2.0, "bad\n\n\n": -1.0, "坏\n\n\n": -4.0}


def test_a_label_is_scored_among_its_options() -> None:
    scorer = Known(LABELS)
    [found] = worths(scorer, Pair(DEMO, ROW))
    whole = math.exp(-2) + math.exp(-1) + math.exp(-4)
    assert found.score == pytest.approx(math.log(math.exp(-1) / whole))
    assert found.right is True
    context = "一个梦\nbad\n\n\nFree coffee\n"
    assert scorer.asked == [(context, label) for label in LABELS]


@pytest.mark.parametrize("other", [-1.0, -0.5])
def test_a_label_that_is_only_as_likely_is_not_right(other: float) -> None:
    [found] = worths(Known(LABELS | {"坏\n\n\n": other}), Pair(DEMO, ROW))
    assert found.right is False


def test_a_text_is_scored_by_the_mean_of_its_tokens() -> None:
    scorer = Known({"again and again": -4.5, "bad": -3.0})
    assert worths(scorer, Pair(DEMO, TEXT)) == [Worth(-1.5, None)]
    assert worths(scorer, Pair(DEMO, ROW), how="likelihood") == [Worth(-3.0, None)]


def test_a_pair_is_scored_once_and_those_of_a_demo_beside_each_other() -> None:
    other = Demo("e", "t", "Another", "bad", MOOD)
    pairs = [Pair(demo, row) for row in (ROW, TEXT) for demo in (DEMO, other)]
    scorer = Known(LABELS | {"again and again": -3.0})
    found = worths(scorer, *pairs, *pairs[::-1])
    assert found[:4] == found[4:][::-1]
    assert len(scorer.asked) == 2 * (3 + 1)
    begins = [context.split("\n")[0] for context, _ in scorer.asked]
    assert begins == ["一个梦"] * 4 + ["Another"] * 4


def test_chunks_are_the_same_when_a_stopped_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)
    rows = [Demo(f"{n}", "t", f"text {n}", "again and again") for n in range(8)]
    pairs = [Pair(DEMO, row) for row in rows]
    asked: list[list[str]] = []

    class Dying(Known):
        def __call__(self, given: Sequence[tuple[str, str]], /) -> list[float]:
            if len(asked) == 2:
                asked.append([])
                raise KeyboardInterrupt
            asked.append([context for context, _ in given])
            return super().__call__(given)

    scorer = Dying({"again and again": -3.0})
    path = tmp_path / "s.jsonl"
    for stops in (True, False):
        with opened(path) as book, Quiet().stage("s", "p") as bar:
            if stops:
                with pytest.raises(KeyboardInterrupt):
                    Scores(scorer, book).of(pairs, bar)
                assert len(book) == 6
            else:
                Scores(scorer, book).of(pairs, bar)
    assert [len(chunk) for chunk in asked] == [3, 3, 0, 2]
    assert len(scorer.asked) == 8


def test_other_scorers_options_and_texts_are_other_keys() -> None:
    book = Book()
    scorer = Known(LABELS | {"bad": -1.0})
    same = Demo("r2", "t", "Free coffee", "bad", MOOD)
    with Quiet().stage("s", "p") as bar:
        Scores(scorer, book).of([Pair(DEMO, ROW)], bar)
        Scores(scorer, book).of([Pair(DEMO, same)], bar)
        assert len(book) == 1  # ids are no part of it
        Scores(scorer, book, "likelihood").of([Pair(DEMO, ROW)], bar)
        scorer.identity = "another"
        Scores(scorer, book).of([Pair(DEMO, ROW)], bar)
    assert len(book) == 3


def test_what_does_not_fit_the_window_is_seen_beforehand() -> None:
    pair = Pair(DEMO, ROW)  # 1 + 1 words of the demo, 2 of the row, 2 of the longest label
    need = 2 + 2 + 2 + module._SEAMS
    assert Scores(Known({}, window=need), Book()).fits(pair)
    assert not Scores(Known({}, window=need - 1), Book()).fits(pair)
    assert Scores(Known({}), Book()).fits(pair)


@pytest.mark.parametrize("number", [math.nan, -math.inf])
def test_what_is_no_log_likelihood_is_told(number: float) -> None:
    with pytest.raises(UserError, match=r"for the row 'x' after the demo 'd', which is no log"):
        worths(Known({"again and again": number}), Pair(DEMO, TEXT))


def test_a_scorer_that_miscounts_is_told() -> None:
    class Short(Known):
        def __call__(self, pairs: Sequence[tuple[str, str]], /) -> list[float]:
            return [-1.0]

    with pytest.raises(UserError, match="gave 1 numbers for 3 continuations"):
        worths(Short({}), Pair(DEMO, ROW))
