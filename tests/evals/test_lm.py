"""lm-eval's view of a model: what is asked of the writer, and what a failed call becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from lm_eval.api.instance import Instance

from limbeck.errors import AuthError, BadRequest, UserError
from limbeck.evals.lm import RoleLM, read_context
from limbeck.evals.tasks import FAILED, Cut
from limbeck.protocols import Reply, Request
from limbeck.record import Message, user
from limbeck.teachers.scoring import Context


class Writer:
    """A teacher that says what it was asked, in the reverse order of asking."""

    name = "writer"

    def __init__(self, fail: Mapping[str, Exception] | None = None) -> None:
        self.asked: list[Request] = []
        self.closed = 0
        self._fail = dict(fail or {})

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"endpoint": "fake"}

    async def ask(self, request: Request, /) -> Reply:
        self.asked.append(request)
        for _ in range(20 - len(self.asked)):
            await asyncio.sleep(0)
        text = request.messages[-1].content
        if text in self._fail:
            raise self._fail[text]
        return Reply(f"re: {text}", "length" if text == "long" else "stop")

    async def aclose(self) -> None:
        self.closed += 1


def instance(*arguments: Any, kind: str = "generate_until") -> Instance:
    return Instance(request_type=kind, doc={}, arguments=arguments, idx=0, metadata=("test", 0, 1))


def role(writer: Writer, score: Any = None, **more: Any) -> RoleLM:
    return RoleLM(writer, score, width=4, max_tokens=99, **more)


def test_a_chat_travels_through_lm_eval_as_it_was() -> None:
    turns = [{"role": "system", "content": 'Say "日本" \n'}, {"role": "user", "content": "[{"}]
    text = role(Writer()).apply_chat_template(turns)
    assert read_context(text) == (Message("system", 'Say "日本" \n'), user("[{"))


@pytest.mark.parametrize(
    "text",
    ["", "plain", '[{"role": ', '[{"role": "judge", "content": "x"}]', '[{"role": 3}]', "[1]"],
)
def test_a_text_that_is_no_chat_stays_a_text(text: str) -> None:
    assert read_context(text) == text


def test_a_chat_is_asked_as_a_chat_and_a_text_raw() -> None:
    writer = Writer()
    lm = role(writer)
    chat = lm.apply_chat_template([{"role": "user", "content": "Hi"}])
    settings = {"until": ["\n"], "max_gen_toks": 7, "do_sample": False, "temperature": 0.7}
    lm.generate_until([instance(chat, settings), instance("Once", {})])
    assert writer.asked == [
        Request((user("Hi"),), max_tokens=7, stop=("\n",)),
        Request((user("Once"),), max_tokens=99, template="raw"),
    ]


def test_sampling_is_asked_for_with_a_seed() -> None:
    writer = Writer()
    settings = {"do_sample": True, "temperature": 0.7, "top_p": 0.9, "until": "END"}
    role(writer).generate_until([instance("x", settings)])
    (request,) = writer.asked
    assert (request.temperature, request.top_p, request.seed) == (0.7, 0.9, 0)
    assert request.stop == ("END",)


def test_answers_come_in_the_order_asked() -> None:
    writer = Writer()
    texts = [str(number) for number in range(11)]
    done: list[int] = []
    lm = role(writer, on_done=done.append)
    assert lm.generate_until([instance(text, {}) for text in texts]) == [f"re: {t}" for t in texts]
    assert sum(done) == 11
    assert writer.closed == 1


def test_a_failed_call_is_noted_and_the_others_go_on() -> None:
    writer = Writer({"b": BadRequest("too long")})
    lm = role(writer)
    found = lm.generate_until([instance(text, {}) for text in "abc"])
    assert found == ["re: a", FAILED, "re: c"]
    assert lm.failures == ["bad_request: too long"]


def test_a_call_that_stops_the_run_stops_it_and_closes_the_writer() -> None:
    writer = Writer({"b": AuthError("the key is wrong")})
    with pytest.raises(AuthError):
        role(writer).generate_until([instance(text, {}) for text in "abc"])
    assert writer.closed == 1


def test_likelihoods_are_the_scorers_own_in_order() -> None:
    seen: list[tuple[Context, str]] = []

    def score(pairs: Sequence[tuple[Context, str]]) -> list[tuple[float, bool]]:
        seen.extend(pairs)
        return [(-float(place), place == 0) for place, _ in enumerate(pairs)]

    lm = role(Writer(), score)
    chat = lm.apply_chat_template([{"role": "user", "content": "Hi"}])
    requests = [
        instance(chat, " a", kind="loglikelihood"),
        instance("t", "b", kind="loglikelihood"),
    ]
    assert lm.loglikelihood(requests) == [(0.0, True), (-1.0, False)]
    assert seen == [((user("Hi"),), " a"), ("t", "b")]
    assert lm.loglikelihood_rolling([instance("whole", kind="loglikelihood_rolling")]) == [0.0]
    assert seen[-1] == ("", "whole")


def test_a_black_box_gives_no_likelihoods_and_says_what_to_do() -> None:
    lm = role(Writer())
    with pytest.raises(UserError, match=r"writer gives no log-likelihoods; set eval\.form"):
        lm.loglikelihood([instance("t", "b")])
    with pytest.raises(UserError, match="no log-likelihoods"):
        lm.loglikelihood_rolling([instance("t")])


def test_the_tokenizer_is_named_after_the_writer() -> None:
    assert role(Writer()).tokenizer_name == "writer"


def test_what_was_cut_off_is_told_from_what_was_not() -> None:
    texts = role(Writer()).generate_until([instance("long", {}), instance("short", {})])
    assert texts == ["re: long", "re: short"]
    assert [isinstance(text, Cut) for text in texts] == [True, False]


def test_demos_stand_after_the_system_turn_of_every_chat_and_in_no_plain_text() -> None:
    shown = (user("1 + 1?"), Message("assistant", "2"))
    writer = Writer()
    model = role(writer, demos=shown)
    system, question = Message("system", "Be brief."), user("2 + 2?")
    chats = [(system, question), (question,)]
    texts = [
        model.apply_chat_template([{"role": m.role, "content": m.content} for m in chat])
        for chat in chats
    ]
    model.generate_until([instance(text, {"until": []}) for text in (*texts, "plain")])
    asked = [request.messages for request in writer.asked]
    assert asked == [(system, *shown, question), (*shown, question), (user("plain"),)]
