"""The openai teacher against limbeck.testing's server: real HTTP, every kind of answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from limbeck.errors import (
    AskTimeout,
    AuthError,
    BadRequest,
    BudgetError,
    EndpointError,
    Malformed,
    RateLimited,
    RecipeError,
    StopRun,
    Transient,
    UnknownModel,
    Unreachable,
    UserError,
)
from limbeck.models import parse_model
from limbeck.protocols import Reply, Request
from limbeck.recipe import Recipe, TeacherSection
from limbeck.record import user
from limbeck.teachers.openai import OpenAITeacher, openai_teacher
from limbeck.testing import Answer, ApiServer, completion, spoken

KEY = "sk-secret-0123456789"
REQUEST = Request((user("Où est 北京? 🙂"),), max_tokens=9, temperature=0.5, seed=7, stop=("\n",))


def section(server_url: str, **fields: Any) -> TeacherSection:
    return TeacherSection(model="openai:m", base_url=server_url, **{"timeout": 5.0, **fields})


def ask(server: ApiServer, request: Request = REQUEST, *, key: str = KEY, **fields: Any) -> Reply:
    async def main() -> Reply:
        teacher = OpenAITeacher("m", section(server.base_url, **fields), key)
        try:
            return await teacher.ask(request)
        finally:
            await teacher.aclose()

    return asyncio.run(main())


def answering(answer: Answer) -> ApiServer:
    return ApiServer(script=lambda body, number: answer)


def test_a_chat_request_carries_every_parameter_and_the_reply_its_text_and_usage() -> None:
    with ApiServer(api_key=KEY) as server:
        reply = ask(server)
    [body] = server.bodies
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Où est 北京? 🙂"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 1.0,
        "seed": 7,
        "stop": ["\n"],
    }
    assert reply.text == spoken(body["messages"])
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (5, 7)


def test_a_presence_penalty_travels_only_where_there_is_one() -> None:
    with ApiServer() as server:
        ask(server, Request((user("Hi"),), presence_penalty=1.5))
        ask(server, Request((user("Hi"),)))
    assert server.bodies[0]["presence_penalty"] == 1.5
    assert "presence_penalty" not in server.bodies[1]


def test_likeliest_tokens_are_asked_for_in_the_words_of_each_kind_of_request() -> None:
    with ApiServer() as server:
        ask(server, Request((user("Hi"),), top_logprobs=5))
        ask(server, Request((user("Hi"),), top_logprobs=5, template="raw"))
        ask(server, Request((user("Hi"),)))
    chat, raw, none = server.bodies
    assert (chat["logprobs"], chat["top_logprobs"]) == (True, 5)
    assert raw["logprobs"] == 5
    assert "top_logprobs" not in raw
    assert "logprobs" not in none


def test_a_chat_server_cannot_be_asked_what_a_user_would_say() -> None:
    with ApiServer() as server, pytest.raises(StopRun, match=r"generate\.pre_query"):
        ask(server, Request((), template="user"))
    assert server.bodies == []


def test_a_raw_request_goes_to_completions() -> None:
    with ApiServer() as server:
        ask(server, Request((user("Once"),), template="raw"))
    assert server.bodies[0]["prompt"] == "Once"


def test_seed_extra_and_the_token_parameter_follow_the_recipe() -> None:
    with ApiServer() as server:
        ask(
            server,
            send_seed=False,
            token_parameter="max_completion_tokens",
            extra={"reasoning_effort": "low"},
        )
    [body] = server.bodies
    assert "seed" not in body
    assert "max_tokens" not in body
    assert body["max_completion_tokens"] == 9
    assert body["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "invalid_api_key", AuthError),
        (403, "forbidden", AuthError),
        (404, "model_not_found", UnknownModel),
        (402, "no_credit", BudgetError),
        (429, "insufficient_quota", BudgetError),
        (429, "rate_limit_exceeded", RateLimited),
        (400, "bad", BadRequest),
        (422, "bad", BadRequest),
        (408, "late", Transient),
        (500, "oops", Transient),
        (503, "busy", Transient),
    ],
)
def test_each_status_is_its_own_error(status: int, code: str, error: type[Exception]) -> None:
    body = {"error": {"message": f"no: {KEY}", "code": code}}
    with answering(Answer(body, status)) as server, pytest.raises(error) as caught:
        ask(server)
    assert KEY not in str(caught.value)
    assert len(server.bodies) == 1, "the SDK's own retries are off"


def test_a_rate_limit_says_how_long_to_wait() -> None:
    answer = Answer({"error": {"message": "slow"}}, 429, {"Retry-After": "3"})
    with answering(answer) as server, pytest.raises(RateLimited) as caught:
        ask(server)
    assert caught.value.retry_after == 3.0


@pytest.mark.parametrize(
    "answer",
    [
        Answer(raw=b'{"choices": [{"mess'),
        Answer(raw=b"<html>Bad gateway</html>", content_type="text/html"),
        Answer(raw=b"[]"),
        Answer({"choices": []}),
        Answer({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}),
        Answer({"choices": [{"message": {"content": ["parts"]}, "finish_reason": "stop"}]}),
        Answer({"choices": [None]}),
        Answer({}),
    ],
    ids=["cut", "html", "list", "no choices", "null", "not text", "null choice", "empty"],
)
def test_a_200_without_a_completion_is_malformed(answer: Answer) -> None:
    with answering(answer) as server, pytest.raises(Malformed):
        ask(server)


def test_an_error_inside_a_200_is_an_error() -> None:
    limited = Answer({"error": {"message": "x", "code": 429}})
    with answering(limited) as server, pytest.raises(RateLimited):
        ask(server)
    with answering(Answer({"error": "upstream failed"})) as server, pytest.raises(Transient):
        ask(server)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (401, AuthError),
        ("invalid_api_key", AuthError),
        ("404", UnknownModel),
        (402, BudgetError),
        ("insufficient_quota", BudgetError),
        ("rate_limit_exceeded", RateLimited),
        (400, BadRequest),
        (503, Transient),
        ("generate_failed", Transient),
        (["odd"], Transient),
        (True, Transient),
    ],
)
def test_an_error_inside_a_200_means_what_its_code_says(
    code: object, error: type[Exception]
) -> None:
    body = {"error": {"message": f"网关: {KEY}", "code": code}}
    with answering(Answer(body)) as server, pytest.raises(error) as caught:
        ask(server)
    assert KEY not in str(caught.value)


def test_a_key_that_the_server_quotes_is_hidden_and_a_placeholder_changes_no_answer() -> None:
    with answering(Answer(completion(f"your key is {KEY} 🙂"))) as server:
        reply = ask(server)
        assert reply.text == "your key is *** 🙂"
        assert KEY not in str(reply.raw)
    page = Answer(raw=f"<p>{KEY}</p>".encode())
    with answering(page) as server, pytest.raises(Malformed) as caught:
        ask(server)
    assert KEY not in str(caught.value)
    moved = Answer({}, 307, {"Location": f"http://127.0.0.1:9/?key={KEY}"})
    with answering(moved) as server, pytest.raises(EndpointError, match="points to") as stopped:
        ask(server)
    assert KEY not in str(stopped.value)
    with answering(Answer(completion("EMPTY is a word"))) as server:
        assert ask(server, key="EMPTY").text == "EMPTY is a word"


@pytest.mark.parametrize("status", [201, 204])
def test_a_success_without_a_completion_is_malformed_and_not_hopeless(status: int) -> None:
    with answering(Answer({}, status)) as server, pytest.raises(Malformed):
        ask(server)


def test_a_403_is_a_refusal_only_where_it_speaks_of_the_prompt() -> None:
    flagged = {"error": {"message": "Your input was flagged", "code": 403}}
    with answering(Answer(flagged, 403)) as server:
        assert ask(server).finish_reason == "content_filter"
    page = Answer(raw=b"<html>Your IP was flagged</html>", status=403)
    for answer in (page, Answer({"error": {"message": "Your IP was flagged"}}, 403)):
        with answering(answer) as server, pytest.raises(AuthError):
            ask(server)


def test_lone_surrogates_and_nan_go_both_ways() -> None:
    odd = "半个 \ud83d é"
    body = completion(odd) | {"score": float("nan")}
    with answering(Answer(body)) as server:
        assert ask(server, Request((user(odd),))).text == odd
    assert server.bodies[0]["messages"][0]["content"] == odd
    refusal = Answer({"error": {"message": odd}}, 400)
    with answering(refusal) as server, pytest.raises(BadRequest) as caught:
        ask(server)
    assert "半个 \\ud83d é" in str(caught.value), "fit for a terminal"


def test_a_key_that_no_header_can_hold_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key in ("sk-hunter2\nsk-hunter3", "sk-hunter2-é"):
        monkeypatch.setenv("MY_KEY", key)
        with pytest.raises(UserError, match="MY_KEY") as caught:
            openai_teacher(
                parse_model("openai:m"), section("http://127.0.0.1:9/v1", api_key_env="MY_KEY")
            )
        assert "hunter" not in str(caught.value)


def test_length_and_content_filter_are_replies_with_their_reason() -> None:
    with answering(Answer(completion("cut of", "length"))) as server:
        assert ask(server).finish_reason == "length"
    with answering(Answer(completion(None, "content_filter"))) as server:
        reply = ask(server)
    assert (reply.text, reply.finish_reason) == ("", "content_filter")
    with answering(Answer(completion(None, "stop", refusal="I won't."))) as server:
        reply = ask(server)
    assert (reply.text, reply.finish_reason) == ("I won't.", "content_filter")
    filtered = Answer({"error": {"message": "policy", "code": "content_filter"}}, 400)
    with answering(filtered) as server:
        assert ask(server).finish_reason == "content_filter"


def test_an_answer_later_than_the_deadline_is_a_timeout() -> None:
    with ApiServer(latency=2.0) as server, pytest.raises(AskTimeout, match=r"0\.2 s"):
        ask(server, timeout=0.2)


def test_nothing_listening_is_unreachable() -> None:
    with ApiServer() as server:
        pass
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        ask(server)


def test_a_missing_key_names_its_variable_but_a_server_here_needs_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    name = parse_model("openai:m")
    with pytest.raises(UserError, match=r"MY_KEY.*api\.example\.org"):
        openai_teacher(name, section("https://api.example.org/v1", api_key_env="MY_KEY"))
    assert openai_teacher(name, section("http://127.0.0.1:9/v1", api_key_env="MY_KEY"))


def test_the_identity_holds_endpoint_and_model_and_no_key() -> None:
    teacher = OpenAITeacher("m", section("http://127.0.0.1:9/v1", extra={"a": 1}), KEY)
    assert teacher.identity == {
        "endpoint": "http://127.0.0.1:9/v1",
        "model": "m",
        "extra": {"a": 1},
    }


def test_a_recipe_with_a_password_in_the_url_is_refused_without_showing_it() -> None:
    text = (
        "name: x\nseeds: s.jsonl\nstudent: bundled\n"
        "teacher: {model: 'openai:m', base_url: 'http://me:hunter2@h/v1'}\n"
    )
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(text)
    assert "hunter2" not in str(caught.value)
