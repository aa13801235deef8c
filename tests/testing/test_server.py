"""ApiServer: what it answers, refuses and counts."""

from __future__ import annotations

import asyncio

import openai
import pytest

from limbeck.testing import Answer, ApiServer, answer_to, spoken
from tests.testing.wire import chat, post, post_all, send_raw, until

BODY = chat("Où est 北京? 🙂")


def test_chat_and_completions_each_get_their_own_form() -> None:
    with ApiServer() as server:
        told = post(server.base_url, BODY).row
        written = post(
            server.base_url, {"model": "m", "prompt": "从前 🙂"}, path="/completions"
        ).row
    assert told["choices"][0]["message"]["content"] == spoken(BODY["messages"])
    assert written["choices"][0]["text"] == spoken("从前 🙂")
    assert server.bodies == server.answered == [BODY, {"model": "m", "prompt": "从前 🙂"}]


def test_a_script_answers_in_place_of_the_server() -> None:
    with ApiServer(script=lambda body, number: Answer({"n": number}, 418)) as server:
        first, second = (post(server.base_url, BODY) for _ in range(2))
    assert (first.status, first.row, second.row) == (418, {"n": 0}, {"n": 1})


def test_a_wrong_key_an_unknown_model_and_one_request_too_many_are_refused() -> None:
    right = {"Authorization": "Bearer k"}
    with ApiServer(api_key="k", models=("m",), max_requests=4) as server:
        assert post(server.base_url, BODY).status == 401
        assert post(server.base_url, BODY, headers=right).status == 200
        other = post(server.base_url, BODY | {"model": "é"}, headers=right)
        assert (other.status, other.row["error"]["code"]) == (404, "model_not_found")
        assert post(server.base_url, BODY, headers=right).status == 200
        assert post(server.base_url, BODY, headers=right).status == 503
    assert server.authorizations == ["", *["Bearer k"] * 4]


@pytest.mark.parametrize("body", [[], {"messages": None}, {"messages": [1]}, chat("x", messages=0)])
def test_what_is_no_request_is_a_400(body: object) -> None:
    with ApiServer() as server:
        assert post(server.base_url, body).status == 400


def test_the_sdk_reads_the_model_list() -> None:
    async def names(server: ApiServer, key: str) -> list[str]:
        async with openai.AsyncOpenAI(
            base_url=server.base_url, api_key=key, max_retries=0
        ) as client:
            return [model.id async for model in client.models.list()]

    with ApiServer(models=("a", "北京"), api_key="k") as server:
        assert asyncio.run(names(server, "k")) == ["a", "北京"]
        with pytest.raises(openai.AuthenticationError):
            asyncio.run(names(server, "wrong"))


def test_a_client_that_went_away_is_not_answered() -> None:
    with ApiServer(latency=0.1) as server:
        link = send_raw(server.base_url, BODY)
        until(lambda: len(server.bodies) == 1)
        link.close()
        post(server.base_url, chat("later"))
    assert server.answered == [chat("later")]


def test_many_connections_at_once_are_all_taken() -> None:
    bodies = [chat(f"第{i}") for i in range(300)]
    with ApiServer(latency=0.02) as server:
        got = asyncio.run(post_all(server.base_url, bodies, at_once=300))
    assert len(got) == len(server.answered) == 300


def test_usage_counts_words() -> None:
    assert answer_to(BODY, "C'est là 🙂.")["usage"] == {
        "prompt_tokens": 4,
        "completion_tokens": 3,
        "total_tokens": 7,
    }
    assert answer_to({"prompt": "a b"}, None)["usage"]["total_tokens"] == 2
