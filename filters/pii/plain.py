"""Texts with the digits, letters, dashes and spaces of other scripts written in ASCII.

One character stays one character, so that places in the plain text are places in the text.
"""

from __future__ import annotations

import re

# The zeros of the scripts whose digits are in use today; nine more follow each.
_ZEROS = (
    "\u0660\u06f0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66\u0e50\u0ed0\u0f20"
    "\u1040\u17e0\u1810\uff10"
)
_MEANT = {chr(ord(zero) + value): str(value) for zero in _ZEROS for value in range(10)}
_MEANT |= {chr(code + 0xFEE0): chr(code) for code in range(ord("A"), ord("Z") + 1)}
_MEANT |= {chr(code + 0xFEE0): chr(code) for code in range(ord("a"), ord("z") + 1)}
_MEANT |= {chr(ord(char) + 0xFEE0): char for char in "@.-+/():_"}
_MEANT |= dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " ")
_MEANT |= dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")
_OTHER = re.compile(f"[{''.join(_MEANT)}]")


def plain(text: str) -> str:
    """The text with full-width characters and the digits of every living script as ASCII, hard
    spaces as spaces, dashes as hyphens; as long as before."""
    if text.isascii():
        return text
    try:  # Western texts: far faster than looking for the characters of other scripts
        text.encode("latin-1")
    except UnicodeEncodeError:
        pass
    else:
        return text.replace("\u00a0", " ")
    return _OTHER.sub(lambda match: _MEANT[match[0]], text)
