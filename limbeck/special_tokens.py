"""Special tokens that stand in data are text: no row ends its turn or opens another one.

A tokenizer takes `<|im_end|>` for a token wherever it stands. So before a chat template writes a
conversation, what its texts hold of special tokens is written in as many characters of a private
plane (`masked`); when the whole is tokenized, those pieces are read as the plain text that they
were (`tokenized`). Texts without them are tokenized as ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

_PLANE = 0xF0000  # private use: as many code points as the basic plane has
_known: WeakKeyDictionary[Any, tuple[re.Pattern[str], re.Pattern[str]] | None] = WeakKeyDictionary()


def masked(tokenizer: Any, said: Any) -> Any:
    """A text, or the texts in lists and mappings, without a special token."""
    if isinstance(said, str):
        found = _patterns(tokenizer)
        return said if found is None else found[0].sub(lambda part: _moved(part[0], _PLANE), said)
    if isinstance(said, Mapping):
        return {key: masked(tokenizer, value) for key, value in said.items()}
    if isinstance(said, list | tuple):
        return [masked(tokenizer, value) for value in said]
    return said


def unmasked(tokenizer: Any, text: str) -> str:
    """The text as it was before `masked`."""
    found = _patterns(tokenizer)
    return text if found is None else found[1].sub(lambda part: _moved(part[0], -_PLANE), text)


def tokenized(tokenizer: Any, text: str, **how: Any) -> Mapping[str, list[Any]]:
    """The tokenizer's lists, ids and whatever `how` asks for; offsets are those of `text`. A text
    that a chat template wrote has what the tokenizer would add, so nothing is added to pieces."""
    found = _patterns(tokenizer)
    if found is None or not found[1].search(text):
        whole: Mapping[str, list[Any]] = tokenizer(text, **how)
        return whole
    joined: dict[str, list[Any]] = {}
    start = 0
    for place, piece in enumerate(found[1].split(text)):
        is_data = place % 2 == 1
        part = tokenizer(
            _moved(piece, -_PLANE) if is_data else piece,
            **how | {"add_special_tokens": False},
            split_special_tokens=is_data,
        )
        for name, values in part.items():
            if name == "offset_mapping":
                values = [(start + begin, start + end) for begin, end in values]
            joined.setdefault(name, []).extend(values)
        start += len(piece)
    return joined


def _patterns(tokenizer: Any) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    """What finds special tokens, and what finds them masked; None where there are none."""
    if tokenizer not in _known:
        added = tokenizer.added_tokens_decoder.values()
        names = {str(token) for token in added if token.special} | {*tokenizer.all_special_tokens}
        names = {name for name in names if name and max(map(ord, name)) < 0xFFFE}
        longest = sorted(names, key=len, reverse=True)
        plain = "|".join(re.escape(name) for name in longest)
        moved = "|".join(_moved(name, _PLANE) for name in longest)
        _known[tokenizer] = (re.compile(plain), re.compile(f"({moved})")) if longest else None
    return _known[tokenizer]


def _moved(text: str, by: int) -> str:
    return "".join(chr(ord(char) + by) for char in text)
