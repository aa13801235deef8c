"""Words of a text, as numbers: the tokenizers of ROUGE-L novelty, and the vocabulary."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

Tokenizer = Literal["rouge", "unicode"]
Token = bytes | str

_ASCII_WORDS = bytes(
    code if chr(code).isascii() and chr(code).isalnum() else 32 for code in range(256)
)
_ONE_EACH = ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
_ZERO_WIDTH_SPACE = "\u200b"


def rouge_tokens(text: str) -> Sequence[Token]:
    """The tokens of rouge_score's default tokenizer without stemmer: runs of a-z and 0-9.

    Lower-cased first, so that U+212A (the Kelvin sign) is a `k` and U+0130 an `i`. Every other
    character parts words: text in other scripts has no tokens at all.
    """
    return text.lower().encode("ascii", "replace").translate(_ASCII_WORDS).split()


class _Places(dict[int, str]):
    """What each character becomes before the text is split at spaces; filled as met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        name, category = unicodedata.name(char, ""), unicodedata.category(char)
        if name.startswith("VARIATION SELECTOR"):
            place = ""
        elif category == "Cf":
            place = " " if char == _ZERO_WIDTH_SPACE else ""
        elif category[0] not in "LMN":
            place = " "
        else:
            place = f" {char} " if name.startswith(_ONE_EACH) else char
        self[code] = place
        return place


_PLACES = _Places()


def unicode_tokens(text: str) -> Sequence[Token]:
    """Words in every script.

    The text is put into NFKC, case-folded, and put into NFKC again. A word is a run of letters,
    marks and numbers (general categories L, M and N). In scripts that write no spaces between
    words (Chinese characters, kana, Thai, Lao, Khmer, Myanmar) every character, marks included,
    is a token of its own. Format characters (Cf: joiners, soft hyphens, direction marks) and
    variation selectors vanish, but for the zero-width space, which parts words like everything
    else: punctuation, symbols, emoji, white space.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.translate(_PLACES).split()


TOKENIZERS: dict[Tokenizer, Callable[[str], Sequence[Token]]] = {
    "rouge": rouge_tokens,
    "unicode": unicode_tokens,
}


class Vocabulary(dict[Token, int]):
    """Tokens to numbers 0, 1, 2, ... in the order they are first looked up."""

    def __missing__(self, token: Token) -> int:
        self[token] = number = len(self)
        return number

    def numbers(self, tokens: Sequence[Token]) -> list[int]:
        """The numbers of the tokens, new ones for new tokens."""
        return list(map(self.__getitem__, tokens))
