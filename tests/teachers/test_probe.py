"""The probe against an honest server and against every shortcoming of real ones."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from limbeck.errors import (
    AuthError,
    BudgetError,
    EndpointError,
    UnknownModel,
)
from limbeck.recipe import TeacherSection
from limbeck.teachers.capabilities import FINDINGS, Capabilities, Finding
from limbeck.teachers.openai import OpenAITeacher
from limbeck.teachers.probe import MOST_REQUESTS, probe
from limbeck.testing import Answer
from limbeck.testing.server import error_body
from tests.teachers.probe_model import KEY, Server, probed


def verdicts(found: Capabilities) -> dict[str, str]:
    return {name: found[name].verdict for name in FINDINGS}


def test_a_server_that_gives_everything_is_found_to() -> None:
    found, bodies = probed(Server())
    assert set(verdicts(found).values()) == {"yes"}, found
    assert (found.top_logprobs, found.completion_top_logprobs) == (20, 20)
    assert (found.completion_shape, found.token_parameter) == ("completions", "max_tokens")
    assert len(bodies) == 11
    assert all(body["max_tokens"] <= 16 for body in bodies), "they are tiny"
    assert {body["model"] for body in bodies} == {"m-模型"}


def test_the_probe_sends_the_recipes_extra_fields() -> None:
    _, bodies = probed(Server(), extra={"reasoning_effort": "low"})
    assert {body["reasoning_effort"] for body in bodies} == {"low"}


@pytest.mark.parametrize(
    ("echo", "evidence"),
    [
        ("ignored", "accepted, but the prompt is not echoed, nor are its log-probabilities"),
        ("text", "accepted, but the prompt's log-probabilities are missing"),
        ("holes", "accepted, but some of the prompt's log-probabilities are missing"),
        ("constant", "accepted, but a likely and an absurd text score the same"),
        (
            "reversed",
            "accepted, but a likely continuation scores -12.00 nats a token, an absurd one -5.10",
        ),
        ("noisy", "accepted, but the same words score differently each time"),
    ],
)
def test_echo_counts_only_where_the_prompts_scores_are_there_and_tell_sense_from_nonsense(
    echo: Any, evidence: str
) -> None:
    found, _ = probed(Server(echo=echo))
    assert found.prompt_logprobs.verdict == "no"
    assert found.prompt_logprobs.evidence.startswith(evidence)
    assert found.completion_logprobs.verdict == "yes"


@pytest.mark.parametrize("shape", ["completions", "chat"])
@pytest.mark.parametrize("first", ["plain", "bos", "sentencepiece"])
def test_a_token_before_the_prompt_and_marks_for_spaces_do_not_hide_its_scores(
    shape: Any, first: Any
) -> None:
    found, _ = probed(Server(shape=shape, first=first))
    assert found.prompt_logprobs == Finding(
        "yes", "a likely continuation scores -0.50 nats a token, an absurd one -7.40"
    )
    assert found.completion_shape == shape


def test_no_echo_is_asked_for_where_completions_carry_no_logprobs() -> None:
    found, bodies = probed(Server(completion_top=0))
    assert found.completion_logprobs == Finding("no", "HTTP 400: top_logprobs is too large")
    assert found.prompt_logprobs == Finding("no", "it needs log-probabilities in completions")
    assert not any("echo" in body for body in bodies)


@pytest.mark.parametrize(
    ("most", "asked"), [(20, [20]), (12, [20, 5, 10]), (5, [20, 5, 10]), (3, [20, 5, 1])]
)
def test_the_most_likeliest_tokens_that_are_accepted_are_searched_for(
    most: int, asked: list[int]
) -> None:
    found, bodies = probed(Server(chat_top=most))
    assert [body["top_logprobs"] for body in bodies if "top_logprobs" in body] == asked
    accepted = max(count for count in asked if count <= most)
    assert found.top_logprobs == accepted
    refused = "; more are refused (HTTP 400: top_logprobs is too large)" if most < 20 else ""
    assert found.chat_logprobs == Finding(
        "yes", f"with the {accepted} likeliest tokens at each place{refused}"
    )


def test_refused_logprobs_are_none() -> None:
    found, _ = probed(Server(chat_top=0))
    assert found.chat_logprobs == Finding("no", "HTTP 400: top_logprobs is too large")
    assert found.top_logprobs == 0


def test_what_counts_is_what_is_delivered_not_what_is_accepted() -> None:
    found, _ = probed(Server(delivered=3))
    assert (found.top_logprobs, found.completion_top_logprobs) == (3, 3)
    assert found.chat_logprobs.evidence == (
        "with the 3 likeliest tokens at each place, where 20 were asked for"
    )
    found, _ = probed(Server(delivered=0))
    assert found.chat_logprobs == Finding("no", "accepted, but no log-probabilities came")
    assert found.completion_logprobs == found.chat_logprobs
    assert found.completion_shape is None


@pytest.mark.parametrize(
    ("value", "evidence"),
    [
        (0.0, "accepted, but the probabilities at one place sum to more than 1"),
        (-5.0, "accepted, but all tokens at one place have the same log-probability"),
        (0.7, "accepted, but a log-probability is 0.7, above 0"),
    ],
)
def test_numbers_that_are_no_distribution_are_no_logprobs(value: float, evidence: str) -> None:
    found, _ = probed(Server(top_value=value))
    assert found.chat_logprobs == Finding("no", evidence)
    assert found.top_logprobs == 0


def test_sentinels_are_no_likeliest_tokens() -> None:
    found, _ = probed(Server(top_value=-9999.0, delivered=1))
    assert (found.chat_logprobs.verdict, found.top_logprobs) == ("yes", 0)


@pytest.mark.parametrize(
    ("name", "way", "finding"),
    [
        ("n", "ignored", Finding("no", "accepted, but 1 came where two answers were asked for")),
        ("n", "refused", Finding("no", "HTTP 400: n must be 1")),
        ("seed", "ignored", Finding("no", "accepted, but the same seed gave two different texts")),
        (
            "seed",
            "greedy",
            Finding("unknown", "two seeds gave one text, so the answers may not be drawn"),
        ),
        ("stop", "ignored", Finding("no", "accepted, but the text goes on past a stop string")),
        ("stop", "refused", Finding("no", "HTTP 400: stop is not supported")),
        ("usage", False, Finding("no", "the answer does not say how many tokens it took")),
    ],
)
def test_one_shortcoming_is_one_finding(name: Any, way: Any, finding: Finding) -> None:
    found, _ = probed(Server(**{name: way}))
    assert found[name] == finding
    assert [other for other in FINDINGS if found[other].verdict != "yes"] == [name]


def test_a_server_without_completions_keeps_the_rest() -> None:
    found, bodies = probed(Server(completions=False))
    assert found.completions == Finding("no", "HTTP 404 at /completions")
    no = Finding("no", "/completions does not answer")
    assert found.completion_logprobs == no
    assert found.prompt_logprobs.verdict == "no"
    assert verdicts(found)["chat_logprobs"] == "yes"
    assert sum("prompt" in body for body in bodies) == 1


def test_a_path_that_is_forbidden_is_no_wrong_key_once_the_other_one_has_answered() -> None:
    honest = Server()

    def script(body: dict[str, Any], number: int) -> Answer | None:
        return Answer({"error": "no"}, 403) if "prompt" in body else honest(body, number)

    found, _ = probed(script)
    assert found.completions == Finding("no", "HTTP 403 at /completions")


def test_a_base_model_without_chat_is_told_by_its_completions() -> None:
    found, bodies = probed(Server(chat=False))
    assert found.chat == Finding("no", "HTTP 404 at /chat/completions")
    assert found.chat_logprobs == Finding("no", "/chat/completions does not answer")
    assert found.seed.verdict == found.n.verdict == found.stop.verdict == "yes"
    assert found.n.evidence == "two answers were asked for, and two came (at /completions)"
    assert sum("messages" in body for body in bodies) == 1


@pytest.mark.parametrize("unknown_names", ["ignored", "refused"])
def test_the_token_limit_is_found_under_the_name_that_works(unknown_names: Any) -> None:
    server = Server(limit_names=("max_completion_tokens",), unknown_names=unknown_names)
    found, bodies = probed(server)
    assert found.token_parameter == "max_completion_tokens"
    assert found.token_limit == Finding(
        "yes",
        "by max_completion_tokens only: set teacher.token_parameter: max_completion_tokens",
    )
    chats = [body for body in bodies if "messages" in body]
    assert ["max_tokens" in body for body in chats] == [True] + [False] * (len(chats) - 1)


def test_a_token_limit_that_is_ignored_under_both_names_is_none() -> None:
    found, _ = probed(Server(limit_names=()))
    assert found.token_limit == Finding("no", "accepted, but 100 tokens came where 16 were asked")
    assert found.token_parameter == "max_tokens"


def test_the_worst_server_costs_no_more_requests_than_promised() -> None:
    server = Server(
        chat_top=3,
        completion_top=3,
        limit_names=("max_completion_tokens",),
        unknown_names="refused",
    )
    _, bodies = probed(server)
    assert len(bodies) == MOST_REQUESTS


def test_a_wrong_key_stops_at_the_first_request() -> None:
    asked = []

    def script(body: dict[str, Any], number: int) -> Answer:
        asked.append(number)
        return Answer(error_body(f"Incorrect API key {KEY}", "invalid_api_key"), 401)

    with pytest.raises(AuthError, match="refused the API key in OPENAI_API_KEY") as caught:
        probed(script)
    assert KEY not in str(caught.value)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(404, "model_not_found", UnknownModel), (405, "", EndpointError), (402, "", BudgetError)],
)
def test_what_stops_a_run_stops_the_probe(status: int, code: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        probed(lambda body, number: Answer(error_body("No.", code), status))


def test_nobody_there_is_a_sentence() -> None:
    async def main() -> None:
        section = TeacherSection(model="openai:m", base_url="http://127.0.0.1:9/v1")
        teacher = OpenAITeacher("m", section, "")
        try:
            await probe(teacher, first_wait=0.001)
        finally:
            await teacher.aclose()

    with pytest.raises(EndpointError, match="nothing answers at the teacher's endpoint"):
        asyncio.run(main())


def test_a_server_that_only_fails_has_no_capabilities() -> None:
    with pytest.raises(EndpointError, match=r"answers nothing\. /chat/completions: HTTP 500: oh"):
        probed(lambda body, number: Answer({"error": {"message": "oh"}}, 500))


def test_a_flaky_server_is_asked_again() -> None:
    honest = Server()
    failures = [
        Answer({"error": "busy"}, 503),
        Answer({"error": "slow"}, 429, {"Retry-After": "0.001"}),
        Answer(raw=b'{"choices": [{'),
        Answer({"error": {"message": f"rate limit of {KEY}", "code": "429"}}),
    ]

    def script(body: dict[str, Any], number: int) -> Answer | None:
        return failures[number // 2 % 4] if number % 2 == 0 else honest(body, number)

    found, bodies = probed(script)
    assert set(verdicts(found).values()) == {"yes"}, found
    assert len(bodies) == 22


def test_what_keeps_failing_is_unknown_and_hurts_nothing_else() -> None:
    honest = Server()

    def script(body: dict[str, Any], number: int) -> Answer | None:
        if "n" in body:
            return Answer({"error": {"message": f"n is broken,\nsaid {KEY}"}}, 500)
        if "seed" in body:
            return Answer({"error": {"message": f"slow {KEY}", "code": "429"}})
        return honest(body, number)

    found, bodies = probed(script)
    assert found.n == Finding("unknown", "HTTP 500: n is broken, said ***")
    assert found.seed == Finding("unknown", "an error inside a 200")
    assert sum("n" in body for body in bodies) == 4
    assert [name for name in FINDINGS if found[name].verdict != "yes"] == ["n", "seed"]


def test_hidden_reasoning_that_uses_up_the_tokens_leaves_things_unknown() -> None:
    def script(body: dict[str, Any], number: int) -> Answer:
        message = {"role": "assistant", "content": ""}
        row: dict[str, Any] = {"choices": [{"message": message, "finish_reason": "length"}]}
        return Answer(row) if "messages" in body else Answer({}, 404)

    found, _ = probed(script)
    assert found.seed == Finding("unknown", "an answer is empty")
    assert found.stop == Finding("unknown", "the answer holds no stop string anyway")
    assert found.chat_logprobs == Finding("unknown", "the answer is empty, so it shows nothing")
    assert found.token_limit.verdict == "yes"
