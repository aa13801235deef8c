"""Generator `answers`: deterministic in (seeds, options, replies), failures beside the records."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AskError, AskTimeout, AuthError, BadRequest, UserError
from limbeck.generators.answers import Answers
from limbeck.protocols import AskFailure, Generator, Reply, Request, Usage
from limbeck.record import Message, Provenance, Record, content_hash, user
from limbeck.seeds import read_seeds
from limbeck.testing import Collected, FakeTeacher


class Echo:
    """Answers with the prompt and the index; `errors` maps prompts to what is raised."""

    name = "fake:echo"
    identity: Mapping[str, Any] = {"endpoint": "fake", "model": "echo"}

    def __init__(self, errors: Mapping[str, Exception] | None = None, turns: int = 0) -> None:
        self.asked: list[Request] = []
        self.running = 0
        self.most = 0
        self._errors = errors or {}
        self._turns = turns

    async def ask(self, request: Request, /) -> Reply:
        self.asked.append(request)
        self.running += 1
        self.most = max(self.most, self.running)
        prompt = request.messages[-1].content
        try:
            for _ in range(random.Random(f"{prompt}{request.index}").randrange(self._turns + 1)):
                await asyncio.sleep(0)
            if prompt in self._errors:
                raise self._errors[prompt]
            return Reply(
                f"{prompt}/{request.index}", "stop", Usage(3, 4), f"key {prompt} {request.index}"
            )
        finally:
            self.running -= 1

    async def aclose(self) -> None:
        pass


def seed(prompt: str, **fields: Any) -> Record:
    return Record((user(prompt),), "", Provenance("seed"), id=f"id {prompt}", **fields)


def run(
    answers: Answers, seeds: Sequence[Record], teacher: Echo | None = None
) -> tuple[list[Record], list[AskFailure]]:
    out = Collected()
    asyncio.run(answers.generate(seeds, teacher or Echo(), out))
    return out.records, out.failures


SEEDS = [seed(prompt) for prompt in "abcdefgh"]


def test_a_record_says_what_was_asked_what_came_and_where_it_is_from() -> None:
    given = seed("a", target="A", meta={"task": "letters"})
    (record,), failures = run(Answers(), [given])
    assert failures == []
    assert record.messages == (user("a"),)
    assert record.completion == "a/0"
    assert record.target == "A"
    assert record.provenance == Provenance(
        generator="answers",
        teacher="fake:echo",
        prompt_version="",
        request="key a 0",
        index=0,
        parents=("id a",),
        template="chat",
    )
    assert record.to_json()["meta"] == {
        "task": "letters",
        "finish_reason": "stop",
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }


@pytest.mark.parametrize("width", [1, 2, 7, 100])
def test_records_come_in_the_order_of_seeds_then_paths_whatever_the_timing(width: int) -> None:
    teacher = Echo(turns=9)
    records, _ = run(Answers(paths=3, width=width), SEEDS, teacher)
    assert [r.completion for r in records] == [f"{p}/{n}" for p in "abcdefgh" for n in range(3)]
    assert len({record.id for record in records}) == 24
    assert teacher.most <= width
    assert run(Answers(paths=3), SEEDS) == (records, [])


def test_the_target_of_a_seed_never_reaches_the_teacher() -> None:
    teacher = Echo()
    run(
        Answers(system="s"),
        [seed("a", target="THE ANSWER", meta={"answer": "THE ANSWER"})],
        teacher,
    )
    assert "THE ANSWER" not in repr(teacher.asked)


def test_a_failed_request_is_told_in_its_place_and_the_others_go_on() -> None:
    errors = {"b": AskTimeout("slow"), "d": BadRequest("too long"), "e": AskError("odd")}
    events: list[str] = []

    class Events(Collected):
        def emit(self, record: Record, /) -> None:
            events.append(record.completion)

        def fail(self, failure: AskFailure, /) -> None:
            events.append(f"{failure.seed} {failure.index} {failure.reason} {failure.message}")

    out = Events()
    asyncio.run(Answers().generate(SEEDS[:6], Echo(errors, turns=5), out))
    assert [reply.text for reply in out.replies] == ["a/0", "c/0", "f/0"]
    assert events == [
        "a/0",
        "id b 0 timeout slow",
        "c/0",
        "id d 0 bad_request too long",
        "id e 0 failed odd",
        "f/0",
    ]


@pytest.mark.parametrize("error", [AuthError("no key"), ValueError("a bug")])
def test_what_stops_the_run_stops_it_and_nothing_is_made_up(error: Exception) -> None:
    out = Collected()
    teacher = Echo({"c": error})
    with pytest.raises(type(error), match=str(error)):
        asyncio.run(Answers(width=1).generate(SEEDS, teacher, out))
    assert [record.completion for record in out.records] == ["a/0", "b/0"]
    assert out.failures == []
    assert [request.messages[-1].content for request in teacher.asked] == ["a", "b", "c"]


def test_the_options_go_into_the_request() -> None:
    answers = Answers(
        max_tokens=9, temperature=0.5, top_p=0.8, stop=("\n",), template="raw", system="Be kind."
    )
    (request,) = answers.requests(SEEDS[:1])
    drawn = int(content_hash([0, "id a", 0], size=4), 16) & 0x7FFFFFFF
    assert request == Request(
        messages=(Message("system", "Be kind."), user("a")),
        max_tokens=9,
        temperature=0.5,
        top_p=0.8,
        stop=("\n",),
        seed=drawn,
        index=0,
        template="raw",
    )


def test_a_seed_with_its_own_system_turn_keeps_it() -> None:
    own = Record((Message("system", "Mine."), user("a")), "", Provenance("seed"))
    (request,) = Answers(system="Be kind.").requests([own])
    assert request.messages == own.messages


def test_every_path_has_its_own_seed_that_no_other_prompt_changes() -> None:
    answers = Answers(paths=4)
    many = {(r.messages, r.index): r.seed for r in answers.requests(SEEDS)}
    assert len(set(many.values())) == 32
    assert all(value is not None and 0 <= value < 2**31 for value in many.values())
    alone = {(r.messages, r.index): r.seed for r in answers.requests(SEEDS[5:6])}
    assert alone.items() <= many.items()
    other = [r.seed for r in Answers(paths=4, seed=1).requests(SEEDS)]
    assert not set(other) & set(many.values())


def test_temperature_zero_asks_with_no_seed() -> None:
    assert [r.seed for r in Answers(temperature=0).requests(SEEDS)] == [None] * 8


def test_several_paths_at_temperature_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="2 paths at temperature 0 would all be the same"):
        Answers(paths=2, temperature=0)


class Likely(Echo):
    """Gives log-probabilities, as `logprobs` says them, with every answer."""

    def __init__(self, logprobs: Any) -> None:
        super().__init__()
        self._logprobs = logprobs

    async def ask(self, request: Request, /) -> Reply:
        reply = await super().ask(request)
        return replace(reply, raw={"choices": [{"logprobs": self._logprobs}]})


def test_the_likeliest_tokens_are_kept_where_they_are_asked_for() -> None:
    top = [{"token": "a", "logprob": -0.1}, {"token": "b", "logprob": -3.0}]
    teacher = Likely({"content": [{"token": "a", "logprob": -0.1, "top_logprobs": top}]})
    (record,), _ = run(Answers(top_logprobs=2), SEEDS[:1], teacher)
    assert [request.top_logprobs for request in teacher.asked] == [2]
    assert Record.from_json(record.to_json()).to_json()["meta"]["logprobs"] == {
        "tokens": ["a"],
        "logprobs": [-0.1],
        "top": [[["a", -0.1], ["b", -3.0]]],
    }
    (plain,), _ = run(Answers(), SEEDS[:1], teacher)
    assert "logprobs" not in plain.meta


@pytest.mark.parametrize("logprobs", [None, {"content": [{"token": "a", "logprob": -0.1}]}])
def test_a_teacher_that_gives_no_likeliest_tokens_stops_at_its_first_answer(logprobs: Any) -> None:
    teacher = Likely(logprobs)
    with pytest.raises(UserError, match=r"fake:echo gave no log-probabilities.*limbeck probe"):
        run(Answers(top_logprobs=2, width=1), SEEDS, teacher)
    assert len(teacher.asked) == 1


def test_log_probabilities_that_cannot_be_read_fail_their_row() -> None:
    records, failures = run(Answers(top_logprobs=2), SEEDS[:1], Likely({"content": ["odd"]}))
    assert records == []
    assert [failure.reason for failure in failures] == ["malformed"]


def test_requests_and_total_say_what_generate_asks() -> None:
    answers, teacher = Answers(paths=2, width=1), Echo()
    run(answers, SEEDS, teacher)
    assert teacher.asked == list(answers.requests(SEEDS))
    assert answers.total(SEEDS) == len(teacher.asked) == 16


def test_no_seeds_give_no_records() -> None:
    assert run(Answers(), []) == ([], [])
    assert Answers().total([]) == 0


def test_it_is_a_generator() -> None:
    assert isinstance(Answers(), Generator)
    assert Answers().name == "answers"


def test_the_version_of_the_prompt_file_travels_from_seed_to_record(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text('{"instruction": "Translate.", "input": "chat"}\n{"prompt": "Why?"}\n', "utf-8")
    out = Collected()
    asyncio.run(Answers().generate(read_seeds(path), FakeTeacher(), out))
    assert out.failures == []
    assert [record.provenance.prompt_version for record in out.records] == ["instruction.v1", ""]
