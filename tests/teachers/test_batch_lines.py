"""The lines of batch files: what is sent, and what comes back in every shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from limbeck.errors import (
    AskError,
    Malformed,
)
from limbeck.protocols import Request
from limbeck.recipe import TeacherSection
from limbeck.record import user
from limbeck.teachers.batch_lines import CHAT, RAW, custom_id, endpoint_of, read_result
from limbeck.teachers.batches import BatchClient
from limbeck.testing import completion
from limbeck.testing.server import error_body


def section(base_url: str, **fields: Any) -> TeacherSection:
    return TeacherSection.model_validate({"model": "openai:m", "base_url": base_url, **fields})


def test_a_line_has_the_live_body_at_the_right_endpoint() -> None:
    chat = Request((user("北京\u2028🙂"),), max_tokens=9, stop=("é",), seed=3)
    raw = Request((user("Es war"),), template="raw")
    with BatchClient(section("http://127.0.0.1:1/v1", extra={"top_k": 5})) as made:
        lines = [made.line("k", chat), made.line("k", raw)]
    rows = [json.loads(line) for line in lines]
    assert [line.count(b"\n") for line in lines] == [1, 1]
    assert rows[0] == {
        "custom_id": "k",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "m",
            "temperature": 0.0,
            "top_p": 1.0,
            "top_k": 5,
            "stop": ["é"],
            "seed": 3,
            "messages": [{"role": "user", "content": "北京\u2028🙂"}],
            "max_tokens": 9,
        },
    }
    assert (rows[1]["url"], rows[1]["body"]["prompt"]) == ("/v1/completions", "Es war")
    assert (endpoint_of(chat), endpoint_of(raw)) == (CHAT, RAW)


@pytest.mark.parametrize(
    ("line", "name", "read"),
    [
        ('{"custom_id": "é"}', "é", True),
        ('{"custom_id": 3}', "", True),
        ('{"custom_id":"k1","response":{"body":"cut', "k1", False),
        ('{"response":{"body":"\\"custom_id\\": \\"k2\\"', "", False),
        ('["custom_id"]', "", False),
        ("[" * 100_000, "", False),
        ("\x00", "", False),
    ],
)
def test_whose_a_line_is_can_be_seen_in_a_broken_one(line: str, name: str, read: bool) -> None:
    found, row = custom_id(line.encode())
    assert (found, row is not None) == (name, read)


def answered(body: Any, status: Any = 200) -> dict[str, Any]:
    return {"response": {"status_code": status, "body": body}, "error": None}


HERE = section("http://127.0.0.1:1/v1")


def test_answers_are_replies_whatever_ended_them() -> None:
    reply = read_result(answered(completion("好 🙂")), raw=False, section=HERE)
    assert (reply.text, reply.finish_reason, reply.usage.prompt_tokens) == ("好 🙂", "stop", 5)
    cut = read_result(answered(completion("co", "length")), raw=False, section=HERE)
    assert (cut.text, cut.reason) == ("co", "truncated")
    for status in (400, 200):
        filtered = answered(error_body("filtered", "content_filter"), status)
        assert read_result(filtered, raw=False, section=HERE).reason == "refused"
    text = answered({"choices": [{"text": "é", "finish_reason": "stop"}]})
    assert read_result(text, raw=True, section=HERE).text == "é"


@pytest.mark.parametrize(
    ("row", "reason", "billed"),
    [
        (None, "malformed", True),
        ({}, "malformed", True),
        (answered({"choices": []}), "malformed", True),
        (answered("text"), "malformed", True),
        (answered({}, "200"), "malformed", True),
        ({"response": None, "error": {"code": "batch_expired", "message": "é"}}, "timeout", False),
        ({"response": None, "error": {"code": "batch_cancelled"}}, "transient", False),
        (answered(error_body("oops", "x"), 500), "transient", False),
        (answered(error_body("slow", "x"), 429), "rate_limited", False),
        (answered(error_body("bad", "x"), 400), "bad_request", False),
        (answered(None, 400), "bad_request", False),
        # What would stop a live run is past here: the next line may be good.
        (answered(error_body("key", "x"), 401), "transient", False),
        (answered(error_body("gone", "model_not_found"), 404), "transient", False),
        (answered(error_body("pay", "insufficient_quota"), 429), "transient", False),
        (answered({"error": {"code": "insufficient_quota"}}), "transient", False),
        (answered({"error": {"message": "é"}}), "transient", False),
    ],
)
def test_a_failed_line_has_its_reason(row: Any, reason: str, billed: bool) -> None:
    with pytest.raises(AskError) as caught:
        read_result(row, raw=False, section=HERE)
    assert (caught.value.reason, caught.value.billed) == (reason, billed)


def test_an_answer_without_choices_tells_what_it_cost() -> None:
    body = {"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 2}}
    with pytest.raises(Malformed) as caught:
        read_result(answered(body), raw=False, section=HERE)
    assert caught.value.tokens == (4, 2)
