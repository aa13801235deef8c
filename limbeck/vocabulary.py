"""Which bytes each token of a tokenizer stands for, and back: how two models' tokens are compared.

A token's text is not enough: byte-level tokenizers have tokens that are pieces of a character.
Such a piece is written as "bytes:\\xe4\\xb8", as OpenAI's API writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

_PIECE = re.compile(r"bytes:((?:\\x[0-9a-f]{2})+)")
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def piece(data: bytes) -> str:
    """The text of a token: its bytes as UTF-8, or "bytes:..." where they are none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)


def unpiece(text: str) -> bytes:
    """The bytes that `piece` was given."""
    found = _PIECE.fullmatch(text)
    if found is None:
        return text.encode("utf-8", "surrogatepass")
    return bytes.fromhex(found[1].replace("\\x", ""))


class Vocabulary:
    """The tokens of a fast tokenizer as bytes. Special tokens are known by their text only, since
    the same characters in a text are no such token."""

    def __init__(self, tokenizer: Any) -> None:
        added = {
            token: str(one) for token, one in getattr(tokenizer, "added_tokens_decoder", {}).items()
        }
        own: Mapping[str, int] = tokenizer.get_vocab()
        self._own = own
        steps = set(_decoders(tokenizer))
        self._special = {text: token for token, text in added.items()}
        self._bytes: dict[int, bytes] = {token: text.encode() for token, text in added.items()}
        self._ids: dict[bytes, int] = {}
        letters = _byte_letters() if "ByteLevel" in steps else None
        for text, token in sorted(own.items(), key=lambda one: one[1]):
            if token in added:
                continue
            byte = _BYTE.fullmatch(text) if letters is None else None
            data = bytes.fromhex(byte[1]) if byte else _data(text, letters)
            self._bytes[token] = data
            if byte is None or data not in self._ids:  # a whole character, then its byte's token
                self._ids[data] = token

    def bytes_of(self, token: int) -> bytes:
        """The bytes of a token; none for an id that stands for nothing."""
        return self._bytes.get(token, b"")

    def text_of(self, token: int) -> str:
        """The token as an API shows it, see `piece`."""
        return piece(self.bytes_of(token))

    def id_of(self, text: str) -> int | None:
        """The token whose text (see `piece`) that is, special ones too; None for none. Servers that
        show tokens as the vocabulary spells them ("▁Paris", "<0xE4>") are understood too."""
        found = self._special.get(text)
        if found is None:
            found = self._ids.get(unpiece(text))
        return self._own.get(text) if found is None else found


@lru_cache(maxsize=4)
def vocabulary(tokenizer: Any) -> Vocabulary:
    """The Vocabulary of a tokenizer, made once: it takes a tenth of a second or more."""
    return Vocabulary(tokenizer)


def _decoders(tokenizer: Any) -> Iterator[str]:
    """The kinds of the tokenizer's decoding steps."""
    decoder = tokenizer.backend_tokenizer.decoder
    if decoder is None:
        return
    rows = [json.loads(decoder.__getstate__())]
    while rows:
        row = rows.pop()
        rows += row.get("decoders", [])
        yield row["type"]


def _data(text: str, letters: Mapping[str, int] | None) -> bytes:
    if letters is None:  # SentencePiece's kind
        return text.replace("▁", " ").encode("utf-8", "surrogatepass")
    if any(letter not in letters for letter in text):
        return text.encode("utf-8", "surrogatepass")
    return bytes(letters[letter] for letter in text)


@lru_cache(maxsize=1)
def _byte_letters() -> Mapping[str, int]:
    """The byte that each letter of a byte-level vocabulary stands for (GPT-2, Radford et al. 2019):
    printable bytes are their own letter, the others the letters from U+0100 on, in order."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {
        chr(0x100 + place): byte for place, byte in enumerate(hidden)
    }
