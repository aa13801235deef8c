"""Scores on the disk: kept by whole batches, read back exactly, not by two at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.errors import DataError, UserError
from limbeck.trainers.retriever.book import Book, opened


def test_what_is_added_is_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "分" / "scores.jsonl"
    with opened(path) as book:
        book.add({"a": [-0.1, -1 / 3], "b": [-2.0]})
        book.add({})
        book.add({"c": [-1e-300]})
    with opened(path) as book:
        assert (len(book), book.get("a"), book.get("c")) == (3, (-0.1, -1 / 3), (-1e-300,))
        assert book.get("d") is None
    assert len(path.read_bytes().splitlines()) == 2


def test_a_batch_that_a_kill_cut_off_is_forgotten_whole(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    with opened(path) as book:
        book.add({"a": [-1.0]})
        book.add({"b": [-2.0], "c": [-3.0]})
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    with opened(path) as book:
        assert len(book) == 1
        book.add({"b": [-2.0], "c": [-3.0]})
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "line", ['{"prompt": "x"}', '{"scores": {"a": []}}', '{"scores": {"a": ["x"]}}', "[]"]
)
def test_another_file_is_left_alone(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(DataError, match="line 1"), opened(path):
        pass
    assert path.read_text("utf-8") == line + "\n"


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    with opened(path), pytest.raises(UserError, match="another limbeck writes to"), opened(path):
        pass
    with opened(path) as book:
        assert len(book) == 0


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(UserError, match="cannot write"), opened(tmp_path / "file" / "s.jsonl"):
        pass


def test_a_book_without_a_file() -> None:
    book = Book()
    book.add({"a": [-1.0]})
    assert book.get("a") == (-1.0,)
