"""The filter on another engine: the same verdicts, batch by batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.errors import RecipeError, UserError
from limbeck.filters.minhash import MinHashDedup
from limbeck.filters.minhash.engines import elsewhere
from limbeck.record import Record, Verdict
from limbeck.registry import build
from limbeck.testing import record
from tests.filters.minhash.engines.texts import texts

ROWS = [*texts(120), "half a character \ud800 " + "and more words " * 8]


def rows() -> list[Record]:
    return [record(text, prompt=f"q{n}") for n, text in enumerate(ROWS)]


def judged(engine: str, folder: Path | None = None) -> tuple[list[Verdict], str]:
    judge: MinHashDedup = build(
        "filters", "minhash", {"on": "completion", "engine": engine, "work": folder}
    )
    batches = [rows()[start : start + 50] for start in range(0, len(ROWS), 50)]
    if engine != "local":
        for batch in batches:
            judge.survey(batch)
    return [verdict for batch in batches for verdict in judge.judge(batch)], judge.told()


def test_daft_gives_the_same_verdicts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("daft", minversion="0.7")
    monkeypatch.setattr(elsewhere, "PART", 32)  # several files
    expected, said = judged("local")
    found, told = judged("daft", tmp_path / "work")
    assert sum(not verdict.keep for verdict in expected) > 10
    assert any(verdict.keep and verdict.score for verdict in expected)
    assert found == expected
    assert told == said
    assert list((tmp_path / "work").iterdir()) == []  # so that a sweep may follow


def test_what_lies_in_the_folder_stays(tmp_path: Path) -> None:
    pytest.importorskip("daft", minversion="0.7")
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    judged("daft", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    judge = MinHashDedup(engine="daft", work=tmp_path / "mine" / "work")
    with pytest.raises(UserError, match="cannot make a folder in"):
        judge.survey(rows())


def test_another_choice_of_copies_needs_the_local_engine() -> None:
    with pytest.raises(RecipeError, match="engine ray keeps the first"):
        build("filters", "minhash", {"engine": "ray", "keep": "longest"})
