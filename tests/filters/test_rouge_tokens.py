"""The tokenizers of ROUGE-L novelty: rouge_score's own, and the vocabulary."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.tokenize import tokenize

from limbeck.filters.rouge_tokens import TOKENIZERS, Vocabulary, rouge_tokens
from limbeck.words import unicode_tokens


def plain(text: str) -> list[str]:
    return [token.decode() for token in rouge_tokens(text) if isinstance(token, bytes)]


@settings(max_examples=300)
@given(st.text())
def test_rouge_tokens_are_those_of_rouge_score(text: str) -> None:
    assert plain(text) == tokenize(text, None)


def test_every_character_is_tokenised_as_rouge_score_does() -> None:
    chars = [chr(code) for code in range(0x30000) if not 0xD800 <= code <= 0xDFFF]
    for start in range(0, len(chars), 5_000):
        text = "x".join(chars[start : start + 5_000])
        assert plain(text) == tokenize(text, None)


def test_the_table_has_both_tokenizers() -> None:
    assert list(TOKENIZERS.items()) == [("rouge", rouge_tokens), ("unicode", unicode_tokens)]
    assert TOKENIZERS["unicode"]("用Python写！ Straße") == ["用", "python", "写", "strasse"]


def test_a_vocabulary_counts_up_in_the_order_of_reading() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.numbers(["b", "a", "b"]) == [0, 1, 0]
    assert vocabulary.numbers([b"b", "a"]) == [2, 1]
