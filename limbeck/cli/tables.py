"""Tables of a study in a terminal: a title, cells, and the sentences below."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Protocol


class Table(Protocol):
    """A table as the pages have it: plain texts, `rows` of as many cells as `head` has."""

    @property
    def title(self) -> str: ...
    @property
    def head(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[Sequence[str]]: ...
    @property
    def notes(self) -> Sequence[str]: ...


def print_tables(tables: Iterable[Table], last: str) -> None:
    """Print them, and `last` as the last line, which is never broken. The first column stands left,
    the others right; piped into a file, lines have 120 columns."""
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    console = Console() if sys.stdout.isatty() else Console(width=120)
    for found in tables:
        table = Drawn(title=Text(found.title), title_justify="left", pad_edge=False)
        for place, name in enumerate(found.head):
            table.add_column(Text(name), justify="right" if place else "left")
        for cells in found.rows:
            table.add_row(*map(Text, cells))
        console.print(table)
        for line in found.notes:
            console.print(line, markup=False, highlight=False)
    console.print(last, markup=False, highlight=False, soft_wrap=True)
