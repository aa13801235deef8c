"""Code in a Markdown text: its fenced blocks, and the text without any code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MARK = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)")
_INLINE = re.compile(r"(`{1,2})(?!`)[^`\n]+\1")


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of lines: of prose, where `mark` is empty, or of a fenced block, whose `info` is
    what stands behind its opening ("json"). `closed` is False for a fence that is never closed."""

    body: str
    mark: str = ""
    info: str = ""
    closed: bool = True


def blocks(text: str) -> Iterator[Block]:
    """A text as prose and fenced blocks, in order. A fence is closed by one of its own kind that
    is no shorter, as in CommonMark, but may be indented as far as it likes."""
    if "```" not in text and "~~~" not in text:
        yield Block(text)
        return
    lines: list[str] = []
    mark = info = ""
    for line in text.split("\n"):
        found = _MARK.match(line)
        if found and not mark and not (found[1][0] == "`" and "`" in found[2]):
            yield Block("\n".join(lines))
            lines, mark, info = [], found[1], found[2].strip()
        elif found and mark and found[1].startswith(mark) and not found[2].strip():
            yield Block("\n".join(lines), mark, info)
            lines, mark, info = [], "", ""
        else:
            lines.append(line)
    yield Block("\n".join(lines), mark, info, closed=not mark)


def without_code(parts: Sequence[Block]) -> str:
    """The prose of a text in blocks: no fenced ones, and no code between backticks."""
    if len(parts) == 1:
        prose = "" if parts[0].mark else parts[0].body
    else:
        prose = "\n".join(part.body for part in parts if not part.mark)
    return _INLINE.sub("", prose) if "`" in prose else prose
