"""The words of a text, in every script."""

from __future__ import annotations

import unicodedata

_ONE_EACH = ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_ZERO_WIDTH_SPACE = "\u200b"


class _Places(dict[int, str]):
    """What each character becomes before the text is split at spaces; filled as met."""

    def __init__(self, *, symbols: bool) -> None:
        self._symbols = symbols

    def __missing__(self, code: int) -> str:
        char = chr(code)
        name, category = unicodedata.name(char, ""), unicodedata.category(char)
        if name.startswith("VARIATION SELECTOR"):
            place = ""
        elif category == "Cf":
            place = " " if char == _ZERO_WIDTH_SPACE else ""
        elif self._symbols and is_symbol(char):
            place = f" {char} "
        elif category[0] not in "LMN":
            place = " "
        else:
            place = f" {char} " if name.startswith(_ONE_EACH) else char
        self[code] = place
        return place


def is_symbol(char: str) -> bool:
    """Emoji and other pictures, currency, mathematical signs. Of the modifier symbols (Sk) only
    the skin tones of emoji: the others are quotes and accents that stand alone."""
    category = unicodedata.category(char)
    return category in ("So", "Sm", "Sc") or char in _SKIN_TONES


_WORDS = _Places(symbols=False)
_WORDS_AND_SYMBOLS = _Places(symbols=True)


def unicode_tokens(text: str, *, symbols: bool = False) -> list[str]:
    """Words in every script.

    The text is put into NFKC, case-folded, and put into NFKC again. A word is a run of letters,
    marks and numbers (general categories L, M and N). In scripts that write no spaces between
    words (Chinese characters, kana, Thai, Lao, Khmer, Myanmar) every character, marks included,
    is a token of its own. Format characters (Cf: joiners, soft hyphens, direction marks) and
    variation selectors vanish, but for the zero-width space, which parts words like everything
    else: punctuation, white space, and symbols. With `symbols` each symbol (`is_symbol`) is a token
    of its own.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.translate(_WORDS_AND_SYMBOLS if symbols else _WORDS).split()
