"""Rows are drawn while they are read, and the same ones as from all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from limbeck.audit import drawing
from limbeck.audit.drawing import Drawing
from limbeck.audit.sheet import sampled
from limbeck.reading.forms import Row


class Rows:
    name = "rows"
    about = "made up"
    licence = "cc0"
    left = ("id",)
    notes = ("a guess",)
    answered = False
    columns = {"instruction": "q"}  # noqa: RUF012
    reasons = ("line 1: bad",)

    def __init__(self, count: int) -> None:
        self.forms = Counter({"q": count})
        self.unreadable = Counter({"not_json": 1})
        self.all = [Row(f"r{n}", str(n), "", "", place=n) for n in range(count)]

    def rows(self) -> Iterator[Row]:
        yield from self.all


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 23, 200])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_rows_as_from_all(count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_BATCH", 7)
    source = Rows(count)
    found = Drawing(source, 5, seed)
    assert found.drawn == []
    assert list(found.rows()) == source.all
    assert found.drawn == sampled(source.all, 5, seed)
    assert list(found.rows()) == source.all  # a second reading draws anew
    assert found.drawn == sampled(source.all, 5, seed)
    assert len(found.drawn) == min(5, count)


def test_everything_else_is_the_sources() -> None:
    source = Rows(3)
    found = Drawing(source, 5, 0)
    for name in (
        "name",
        "about",
        "licence",
        "answered",
        "columns",
        "reasons",
        "forms",
        "unreadable",
        "left",
        "notes",
    ):
        assert getattr(found, name) == getattr(source, name)
