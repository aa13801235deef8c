"""Rows that a filter judged, for reading: texts cut to the terminal, near pairs with what differs
marked. Nothing in a text can steer the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from limbeck.progress import visible

if TYPE_CHECKING:
    from limbeck.pipeline.refused import Shown

_LABEL = 12  # columns of what stands before a text
_LINES = 3  # of a text
_COMPARED = 1500  # words; behind them nothing is marked
_ONE_EACH = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff" + (
    "\U00020000-\U0003ffff"
)  # scripts that write no spaces between words
_WORDS = re.compile(rf"[{_ONE_EACH}]|(?:(?![{_ONE_EACH}])\w)+|\s+|.", re.DOTALL)


def console_of() -> Console:
    """Standard output: the terminal's width, 120 columns where it goes into a file."""
    return Console() if sys.stdout.isatty() else Console(width=120)


def print_rows(
    rows: Sequence[Shown], name: str, *, total: int | None, console: Console | None = None
) -> None:
    """Every row with its verdict and the nearest one; `total` is how many there are in all, None
    where both kept and refused rows are shown."""
    console = console or console_of()
    for place, row in enumerate(rows):
        if total is None and place and row.verdict.keep and not rows[place - 1].verdict.keep:
            _line(console, f"---- {name} keeps from here on ----\n")
        _line(console, _head(row, place + 1))
        console.print(_texts(row, console))
        console.print()
    if total is None:
        sides = {row.verdict.keep: "" for row in rows}
        lacks = (
            "" if len(sides) == 2 else ", all on one side of it: no row of the other has a score"
        )
        _line(console, f"{len(rows):,} rows around the threshold of {name}{lacks}")
    else:
        _line(console, f"{len(rows):,} of {total:,} rows that {name} refused")


def _line(console: Console, text: str) -> None:
    console.print(Text(visible(text)), soft_wrap=True)


def _head(row: Shown, number: int) -> str:
    verdict = row.verdict
    said = "kept" if verdict.keep else "refused"
    if verdict.reason:
        said += f", {verdict.reason}"
    if verdict.score is not None:
        said += f", score {verdict.score:.4g}"
    return f"{number}. {said} (record {verdict.record})"


def _texts(row: Shown, console: Console) -> Table:
    """Label and text in two columns; a nearest text that is the same is not written again."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=_LABEL, no_wrap=True)
    grid.add_column(overflow="fold")
    cells = _LINES * max(20, console.width - _LABEL - 2)
    near = row.nearest
    own = {"prompt": row.prompt, "completion": row.completion}
    others = {} if near is None else {"prompt": near.prompt, "completion": near.completion}
    first: dict[str, Text] = {}
    second: dict[str, Text] = {}
    for label, text in own.items():
        other = others.get(label)
        if text is None or other is None:
            first[label] = _cut(_spans([(text or "(not in the run any more)", False)]), cells)
            if other is not None:
                second[label] = _cut(_spans([(other, False)]), cells)
        else:
            first[label], second[label] = _pair(text, other, cells)
    for label, shown in first.items():
        grid.add_row(label, shown)
    if near is not None:
        grid.add_row("nearest", Text(visible(near.name)))
        for label, shown in second.items():
            same = own[label] == others[label]
            grid.add_row(f"  {label}", Text("the same") if same else shown)
    return grid


def _pair(text: str, other: str, cells: int) -> tuple[Text, Text]:
    """Two texts with the words that only one of them has in bold; both begin a little before the
    first of those where it would be cut off."""
    spans = _differing(text, other)
    return _cut(_spans(spans[0], "bold red"), cells), _cut(_spans(spans[1], "bold green"), cells)


def _differing(text: str, other: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts in pieces, each with whether the other text lacks it there."""
    one, two = _WORDS.findall(_flat(text)), _WORDS.findall(_flat(other))
    tails = "".join(one[_COMPARED:]), "".join(two[_COMPARED:])
    one, two = one[:_COMPARED], two[:_COMPARED]
    sides: tuple[list[tuple[str, bool]], list[tuple[str, bool]]] = ([], [])
    for kind, a, b, c, d in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        for side, piece in zip(sides, ("".join(one[a:b]), "".join(two[c:d])), strict=True):
            if piece:
                side.append((piece, kind != "equal"))
    for side, tail in zip(sides, tails, strict=True):
        if tail:
            side.append((tail, False))
    return sides


def _spans(pieces: Sequence[tuple[str, bool]], style: str = "") -> Text:
    made = Text()
    for piece, differs in pieces:
        made.append(visible(_flat(piece) if not style else piece), style if differs else "")
    return made


def _cut(text: Text, cells: int) -> Text:
    """At most so many cells of the text, with its first marked word among them."""
    marked = min((span.start for span in text.spans), default=0)
    if cell_len(text.plain[:marked]) > cells * 2 // 3:
        begin = max(0, marked - cells // 6)
        text = Text("…") + text[begin:]
    text.truncate(cells, overflow="ellipsis")
    return text


def _flat(text: str) -> str:
    return " ".join(text.split())
