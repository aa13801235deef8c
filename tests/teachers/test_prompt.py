"""The tokens of a request: a chat by its template, an answer that is begun, a text as it is."""

from __future__ import annotations

import pytest

from limbeck.errors import BadRequest
from limbeck.protocols import Request
from limbeck.record import Message, user
from limbeck.teachers.prompt import prompt_ids
from tests.tiny import make_tokenizer

ASK, BEGUN = user("Où est 东京 ?"), Message("assistant", "The answer is")


def text_of(*messages: Message, template: str = "chat", window: int | None = None) -> str:
    tokenizer = make_tokenizer()
    request = Request(messages, max_tokens=5, template=template)
    return str(tokenizer.decode(prompt_ids("tiny", tokenizer, request, window)))


def test_an_answer_that_is_begun_is_continued() -> None:
    asked = "<|im_start|>user\nOù est 东京 ?<|im_end|>\n<|im_start|>assistant\n"
    assert text_of(ASK) == asked
    assert text_of(ASK, BEGUN) == asked + "The answer is"
    assert text_of(ASK, BEGUN, ASK).endswith(f"assistant\nThe answer is<|im_end|>\n{asked}")


def test_a_text_is_asked_as_it_is() -> None:
    assert text_of(ASK, template="raw") == ASK.content


def test_what_fits_no_window_is_refused() -> None:
    with pytest.raises(BadRequest, match="do not fit the 20 of tiny"):
        text_of(ASK, BEGUN, window=20)
