"""The probe against an honest server and against every shortcoming of real ones."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AuthError, BudgetError, EndpointError, UnknownModel, UserError
from limbeck.ledger import Ledger
from limbeck.recipe import TeacherSection
from limbeck.teachers.capabilities import FINDINGS, Capabilities, Finding, capabilities, recalled
from limbeck.teachers.logprobs import alternatives, echoed, per_token, read_logprobs
from limbeck.teachers.openai import OpenAITeacher
from limbeck.teachers.probe import MOST_REQUESTS, probe
from limbeck.testing import Answer, ApiServer
from limbeck.testing.server import error_body
from tests.teachers.probe_model import Server

KEY = "sk-secret-0123456789"
Script = Callable[[dict[str, Any], int], Answer | None]


def probed(script: Script, **fields: Any) -> tuple[Capabilities, list[dict[str, Any]]]:
    """What the probe finds, and the bodies that it sent."""

    async def main(base_url: str) -> Capabilities:
        section = TeacherSection(model="openai:m-模型", base_url=base_url, timeout=5.0, **fields)
        teacher = OpenAITeacher("m-模型", section, KEY)
        try:
            return await probe(teacher, first_wait=0.001)
        finally:
            await teacher.aclose()

    with ApiServer(script=script, max_requests=100) as server:
        return asyncio.run(main(server.base_url)), server.bodies


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
    assert found.prompt_logprobs.verdict == "no"
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


def test_capabilities_survive_json() -> None:
    found, _ = probed(Server(shape="chat", n="ignored", chat_top=5))
    assert Capabilities.from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(ValueError, match="no capabilities"):
        Capabilities.from_json(found.to_json() | {"new": 1})
    with pytest.raises(ValueError, match="no capabilities"):
        Capabilities.from_json(found.to_json() | {"seed": {"verdict": "yes"}})


def test_a_probe_is_kept_in_the_ledger_by_endpoint_and_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    path = tmp_path / "ledger.sqlite"
    with ApiServer(script=Server(), api_key=KEY) as server, Ledger(path) as ledger:
        section = TeacherSection(model="openai:é", base_url=server.base_url)
        other = TeacherSection(model="openai:é2", base_url=server.base_url)
        assert recalled(section, ledger) is None
        first = asyncio.run(capabilities(section, ledger))
        count = len(server.bodies)
        assert count > 0
        assert asyncio.run(capabilities(section, ledger)) == recalled(section, ledger) == first
        assert len(server.bodies) == count, "the ledger knows"
        assert recalled(other, ledger) is None
        asyncio.run(capabilities(section, ledger, again=True))
        assert len(server.bodies) == 2 * count
        assert ledger.counts() == (0, 0), "a probe is no question"
    assert KEY.encode() not in b"".join(p.read_bytes() for p in tmp_path.iterdir())


def test_what_another_version_has_stored_is_probed_again(tmp_path: Path) -> None:
    from limbeck.record import canonical_json
    from limbeck.teachers.connect import identity

    with ApiServer(script=Server()) as server, Ledger(tmp_path / "ledger.sqlite") as ledger:
        section = TeacherSection(model="openai:m", base_url=server.base_url)
        ledger.remember("capabilities", canonical_json(dict(identity(section))), {"chat": True})
        assert recalled(section, ledger) is None
        assert asyncio.run(capabilities(section, ledger)).chat.verdict == "yes"


def test_a_failed_probe_is_not_kept(tmp_path: Path) -> None:
    with ApiServer(api_key="another") as server, Ledger(tmp_path / "ledger.sqlite") as ledger:
        section = TeacherSection(model="openai:m", base_url=server.base_url)
        with pytest.raises(AuthError):
            asyncio.run(capabilities(section, ledger))
        assert recalled(section, ledger) is None


def test_a_local_teacher_is_exact_and_a_base_model_has_no_chat(
    tmp_path: Path, tiny_folder: Path
) -> None:
    import shutil

    base = tmp_path / "base-基"
    shutil.copytree(tiny_folder, base)
    (base / "chat_template.jinja").unlink(missing_ok=True)
    config = base / "tokenizer_config.json"
    row = json.loads(config.read_text("utf-8"))
    row.pop("chat_template", None)
    config.write_text(json.dumps(row), "utf-8")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        sections = [TeacherSection(model=str(folder)) for folder in (tiny_folder, base)]
        chat, raw = (asyncio.run(capabilities(section, ledger)) for section in sections)
        assert recalled(sections[0], ledger) is None
    assert set(verdicts(chat).values()) == {"yes"}
    assert chat.top_logprobs == chat.completion_top_logprobs > 100
    assert raw.chat.verdict == raw.chat_logprobs.verdict == "no"
    assert raw.chat.evidence == "it has no chat template: it is a base model"
    assert raw.prompt_logprobs.verdict == "yes"
    assert (raw.top_logprobs, raw.completion_top_logprobs) == (0, chat.top_logprobs)


def test_what_is_needed_and_not_there_is_a_sentence_that_says_why_and_what_to_do() -> None:
    found, _ = probed(Server(echo="ignored", seed="greedy", chat_top=5))
    found.require("chat_logprobs", needed_by="generator 标签", top=5)
    with pytest.raises(UserError) as caught:
        found.require("prompt_logprobs", needed_by="generator 标签")
    assert str(caught.value) == (
        "generator 标签 needs the prompt's own log-probabilities, and "
        f"{found.teacher} does not give them (accepted, but the prompt is not echoed, nor are its "
        "log-probabilities). Choose another teacher; if the server has changed, run limbeck probe "
        "with --again"
    )
    with pytest.raises(UserError, match=r"could not be told \(two seeds.* with --again, or"):
        found.require("seed", needed_by="it")
    with pytest.raises(UserError, match=r"needs the 10 likeliest tokens .* gives 5 "):
        found.require("chat_logprobs", needed_by="it", top=10)


def test_logprobs_are_read_in_both_shapes() -> None:
    chat = {
        "logprobs": {
            "content": [
                {"token": "é", "logprob": -1, "top_logprobs": [{"token": "é", "logprob": -1.0}]},
                {"token": "中", "logprob": None},
            ]
        }
    }
    lists = {
        "logprobs": {
            "tokens": ["é", "中"],
            "token_logprobs": [-1, math.nan],
            "top_logprobs": [{"é": -1.0, "x": None}, None],
        }
    }
    of_chat, of_lists = read_logprobs(chat), read_logprobs(lists)
    assert of_chat is not None
    assert of_lists is not None
    assert (of_chat[0], of_lists[0]) == ("chat", "completions")
    assert of_chat[1] == of_lists[1]
    assert [(one.text, one.logprob, one.top) for one in of_chat[1]] == [
        ("é", -1.0, (("é", -1.0),)),
        ("中", None, ()),
    ]
    assert alternatives(of_chat[1][:1]) == 1
    for row in (None, {}, {"content": None, "tokens": []}):
        assert read_logprobs({"logprobs": row}) is None


def test_a_prompts_tokens_are_its_own_and_those_that_reach_over_the_seam_are_scored() -> None:
    choice = {
        "text": "né en 中国!",
        "logprobs": {
            "tokens": ["né", " en", " 中国", "!"],
            "token_logprobs": [None, -2.0, -3.0, -9.0],
            "top_logprobs": None,
        },
    }
    tokens = echoed(choice, "né en 中国")
    assert [token.text for token in tokens] == ["né", " en", " 中国"]
    assert per_token(tokens, len("né en")) == -3.0
    assert per_token(tokens, len("né e")) == -2.5
