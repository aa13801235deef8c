"""Words of a text, as numbers: the tokenizers of ROUGE-L novelty, and the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from limbeck.words import unicode_tokens

__all__ = ["TOKENIZERS", "Token", "Tokenizer", "Vocabulary", "rouge_tokens", "unicode_tokens"]

Tokenizer = Literal["rouge", "unicode"]
Token = bytes | str

_ASCII_WORDS = bytes(
    code if chr(code).isascii() and chr(code).isalnum() else 32 for code in range(256)
)


def rouge_tokens(text: str) -> Sequence[Token]:
    """The tokens of rouge_score's default tokenizer without stemmer: runs of a-z and 0-9.

    Lower-cased first, so that U+212A (the Kelvin sign) is a `k` and U+0130 an `i`. Every other
    character parts words: text in other scripts has no tokens at all.
    """
    return text.lower().encode("ascii", "replace").translate(_ASCII_WORDS).split()


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
