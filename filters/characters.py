"""Characters that no text should have: control codes, broken Unicode, a wrong decoding."""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_BROKEN = re.compile("[\ufffd\ud800-\udfff]")
# UTF-8 that was read as Latin-1 or Windows-1252: lead bytes and what follows them, as characters.
# One "Ã©" is proof; letters that a word may well end with before a quotation mark need company.
_NEXT = "[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_MOJIBAKE = re.compile(
    f"Ã[\x80-\x9f\xa1-\xbf]|[a-zà-ÿ]Ã\xa0|(?<=[a-z])Ã{_NEXT}(?=[a-z])|Â[\xa0-\xbf]|"
    f"â(?:€|\x80){_NEXT}|â(?:€|\x80)(?=[\\s,.]|$)|ðŸ{_NEXT}{{2}}|ï»¿|ï¿½|"
    f"[a-z][ÄÅ]{_NEXT}[a-z]|(?:[ÐÑ]{_NEXT}){{3}}|(?:[ÎÏ]{_NEXT}){{3}}|(?:[ØÙÚÛ]{_NEXT}){{3}}|"
    f"(?:[à-ï]{_NEXT}{{2}}){{2}}"
)
_ESCAPED = re.compile(r"&amp;(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
# A text that is about such characters may show them.
_ABOUT = re.compile(
    r"mojibake|utf-?8|encod|decod|latin-?1|unicode|U\+FFFD|replacement character|escap|entit|html|"
    "乱码|亂碼|文字化け|編碼|编码|кодировк|깨진 문자",
    re.IGNORECASE,
)


def character_errors(text: str, prose: str) -> list[str]:
    """ "control_characters", "broken_unicode" (U+FFFD, a lone surrogate), "mojibake",
    "escaped_twice"; `prose` is the text without its code. NUL and its kin count everywhere."""
    found = []
    if _CONTROL.search(text):
        found.append("control_characters")
    if not prose.isascii():
        if _BROKEN.search(prose) and (_lone(prose) or not _ABOUT.search(prose)):
            found.append("broken_unicode")
        if _MOJIBAKE.search(prose) and not _ABOUT.search(prose):
            found.append("mojibake")
    if "&amp;" in prose and _ESCAPED.search(prose) and not _ABOUT.search(_ESCAPED.sub("", prose)):
        found.append("escaped_twice")
    return found


def _lone(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)
