"""Languages of what is asked and answered."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.audit.findings import language
from limbeck.errors import MissingExtra
from tests.audit.small import finding

ENGLISH = "The sea is wide and blue and deep, and the wind blows over it all day long."
FRENCH = "La mer est grande et bleue et profonde, et le vent souffle sur elle tout le jour."
CHINESE = "大海又宽又蓝又深，风整天在海面上吹着，船在远处慢慢地走，天上的云也跟着它们慢慢地走过去。"


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The identifier by a word of each language, so that none has to be installed."""

    def languages(texts: list[str]) -> list[tuple[str, float]]:
        known = {"sea": "en", "mer": "fr", "海": "zh"}
        return [
            next(((code, 0.99) for word, code in known.items() if word in text), ("und", 0.0))
            for text in texts
        ]

    monkeypatch.setattr(language, "languages_of", languages)


def row(asked: str, answered: str) -> dict[str, Any]:
    return {"instruction": asked, "output": answered}


def test_outputs_in_another_language() -> None:
    rows = [
        row(ENGLISH, FRENCH),
        row(FRENCH, FRENCH),
        row(CHINESE, CHINESE),
        row(ENGLISH, "sea"),
        row(ENGLISH, "1234567890 " * 5),
    ]
    found = finding(rows, "language")
    assert (found["count"], found["of"], found["level"]) == (1, 3, "note")
    assert found["examples"][0]["places"] == [1]
    assert found["examples"][0]["note"] == "asked in en, answered in fr"
    assert ["Asked in", "en 60.0%, fr 20.0%, zh 20.0%"] in found["details"]


def test_texts_without_a_language() -> None:
    assert "long enough" in finding([row("Sing.", "La.")], "language")["why"]
    assert finding([{"instruction": ENGLISH}], "language")["why"] == "the rows have no outputs"


def test_without_the_identifier_it_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(texts: list[str]) -> list[tuple[str, float]]:
        raise MissingExtra("the identifier", "filters")

    monkeypatch.setattr(language, "languages_of", missing)
    assert "pip install" in finding([row(ENGLISH, FRENCH)], "language")["why"]


def test_many_rows_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "DRAWN", 3)
    found = finding([row(f"{ENGLISH} {n}", FRENCH) for n in range(9)], "language")
    assert (found["sampled"], found["of"], found["count"]) == (True, 3, 3)
