"""An audit on a terminal: the verdict, then one line a finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len, set_cell_size

from limbeck.audit.grades import Grade, grades, headline, measure_of, source_line
from limbeck.audit.sentences import marks_line, reading
from limbeck.audit.tables import quality
from limbeck.progress import visible

WIDTH = 120  # columns; a line that is longer ends in an ellipsis, the files have all of it


def compact(report: Mapping[str, Any]) -> list[str]:
    """What a terminal shows: how the data was read, the verdict, and a line a finding. Nothing of
    the data stands in it raw."""
    made = grades(report)
    words = max((cell_len(grade.word) for grade in made), default=0)
    titles = max((cell_len(_plain(grade.title)) for grade in made), default=0)
    lines = [_line(grade, words, titles) for grade in made]
    table = quality(report)
    marked = [] if table is None else [_plain(table.note)]
    about = _plain(f"{report['name']}: {source_line(report)}")
    return [
        about,
        *map(_plain, reading(report)),
        "",
        _plain(headline(report)),
        "",
        *lines,
        "",
        _plain(marks_line(report)),
        *marked,
    ]


def _line(grade: Grade, words: int, titles: int) -> str:
    """ "✗ Problem  Duplicates  12 rows of 1,000 (1.2%) are equal to an earlier one."."""
    said = _plain(grade.says or measure_of(grade))
    head = f"{grade.mark} {_padded(grade.word, words)}  {_padded(_plain(grade.title), titles)}"
    line = f"{head}  {said}".rstrip()
    return line if cell_len(line) <= WIDTH else f"{set_cell_size(line, WIDTH - 1).rstrip()}…"


def _padded(text: str, cells: int) -> str:
    """As wide as `cells` columns: a Chinese character takes two, an accent none."""
    return text + " " * (cells - cell_len(text))


def _plain(text: str) -> str:
    """One line that cannot steer a terminal."""
    return visible(" ".join(text.split()))
