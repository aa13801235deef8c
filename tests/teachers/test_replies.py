"""What a server's answer means: usage, finish reasons, how long to wait."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest

from limbeck.errors import AskError, Transient
from limbeck.protocols import Usage
from limbeck.teachers.replies import read_reply, retry_after
from limbeck.testing import completion


@pytest.mark.parametrize(
    ("headers", "text", "seconds"),
    [
        ({"retry-after": "2.5"}, "", 2.5),
        ({"retry-after-ms": "120", "retry-after": "9"}, "", 0.12),
        ({"retry-after-ms": "soon", "retry-after": "9"}, "", 9.0),
        ({"retry-after": "-4"}, "", 0.0),
        ({"retry-after": "86400"}, "", 86400.0),
        ({"retry-after": "nan"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "soon"}, "try again in 2s", 2.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "", 0.0),
        ({"retry-after": "Mon, 01 Jan 99999 00:00:00 GMT"}, "", None),
        ({}, "Please try again in 120ms.", 0.12),
        ({}, "try again in 1.5s", 1.5),
        ({}, "Please try again in 7m12.5s. Visit", 432.5),
        ({}, "try again in 20 seconds", 20.0),
        ({}, "try again in 5 minutes", 300.0),
        ({}, "try again in 1.2.3s", None),
        ({}, "try again in .s", None),
        ({}, "请再试", None),
        ({}, "", None),
    ],
)
def test_retry_after_in_all_its_forms(
    headers: dict[str, str], text: str, seconds: float | None
) -> None:
    assert retry_after(headers, text) == seconds


def test_retry_after_as_a_date() -> None:
    wait = retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)}, "")
    assert wait is not None
    assert 50 < wait <= 60


@pytest.mark.parametrize("count", [True, 1.5, "3", -1, None, 10**30, [2]])
def test_usage_that_makes_no_sense_is_left_out(count: Any) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": count}
    usage["prompt_tokens_details"] = {"cached_tokens": 9}
    read = read_reply(completion("x") | {"usage": usage}).usage
    assert read == Usage(5, 0, 5), "nor are more tokens cached than there were"
    assert type(read.completion_tokens) is int


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("eos", "stop"),
        ("model_length", "length"),
        ("new in 2027", "stop"),
        (None, "stop"),
        (7, "stop"),
        (["length"], "stop"),
        ({"type": "length"}, "stop"),
    ],
)
def test_any_finish_reason_is_read(reason: Any, finish: str) -> None:
    body = completion("你好")
    body["choices"][0]["finish_reason"] = reason
    assert read_reply(body).finish_reason == finish


def test_an_answer_that_the_server_gave_up_on_is_asked_again_and_was_billed() -> None:
    with pytest.raises(Transient, match="broke off") as caught:
        read_reply(completion("half an ans", "error"))
    assert (caught.value.billed, caught.value.tokens) == (True, (5, 7))


@pytest.mark.parametrize("text", [None, ""])
def test_a_refusal_is_kept_in_the_servers_words(text: str | None) -> None:
    reply = read_reply(completion(text, refusal="不行"))
    assert (reply.text, reply.reason) == ("不行", "refused")


@pytest.mark.parametrize("error", ["网关", 5, ["x"], {"code": {"a": 1}}, {"message": None}])
def test_an_error_object_of_any_shape_is_one_failed_request(error: Any) -> None:
    with pytest.raises(AskError, match="an error inside a 200"):
        read_reply({"error": error})
