"""Tokens as bytes: joined they are the text, in every family, for every script."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.vocabulary import Vocabulary, piece, unpiece, vocabulary
from tests.tiny import END
from tests.trainers.families import gpt2_tokenizer, llama_tokenizer, qwen_tokenizer

TEXTS = ["The capital is Paris.", "東京はどこ？ 🦊🏳️‍🌈", "e\u0301 и\n\n  two  spaces\t"]


@pytest.mark.parametrize("make", [gpt2_tokenizer, qwen_tokenizer])
@pytest.mark.parametrize("text", TEXTS)
def test_the_bytes_of_a_texts_tokens_joined_are_the_text(make: Any, text: str) -> None:
    tokenizer = make()
    known = Vocabulary(tokenizer)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert b"".join(map(known.bytes_of, ids)) == text.encode()
    assert [known.id_of(known.text_of(token)) for token in ids] == ids


def test_a_space_of_sentence_pieces_kind_is_a_space() -> None:
    tokenizer = llama_tokenizer()
    known = Vocabulary(tokenizer)
    ids = tokenizer("The capital of France", add_special_tokens=False)["input_ids"]
    assert b"".join(map(known.bytes_of, ids)) == b" The capital of France"
    assert [known.id_of(known.text_of(token)) for token in ids] == ids


def test_byte_tokens_of_sentence_pieces_kind_are_bytes_and_yield_to_whole_characters() -> None:
    import tokenizers
    import transformers
    from tokenizers import decoders, models

    words = {"<unk>": 0, "<0x41>": 1, "A": 2, "▁A": 3, "<0xE4>": 4}
    bpe = tokenizers.Tokenizer(models.BPE(words, [], unk_token="<unk>"))
    bpe.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback()])
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, unk_token="<unk>")
    known = Vocabulary(tokenizer)
    assert [known.bytes_of(token) for token in (1, 2, 3, 4)] == [b"A", b"A", b" A", b"\xe4"]
    assert known.id_of("A") == 2
    assert known.id_of("bytes:\\xe4") == known.id_of("<0xE4>") == 4
    assert known.id_of(" A") == known.id_of("▁A") == 3


def test_special_tokens_are_known_by_their_text() -> None:
    tokenizer = qwen_tokenizer()
    known = vocabulary(tokenizer)
    assert known.id_of(END) == tokenizer.eos_token_id
    assert known.text_of(tokenizer.eos_token_id) == END
    assert vocabulary(tokenizer) is known


def test_what_is_no_token_has_no_id() -> None:
    known = Vocabulary(qwen_tokenizer())
    assert known.id_of("no token of such a small vocabulary") is None
    assert known.bytes_of(10**6) == b""


@pytest.mark.parametrize("data", [b"plain", "東".encode(), "東".encode()[:2], b"\xff\x00", b""])
def test_a_piece_of_a_character_is_written_and_read_again(data: bytes) -> None:
    assert unpiece(piece(data)) == data
