"""The local teacher: batched answers, and what happens to those who wait when something breaks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from limbeck.errors import BadRequest, Interrupted, ModelError, StopRun
from limbeck.hf import Loaded, chat_prompt, user_prompt
from limbeck.models import parse_model
from limbeck.protocols import Reply, Request, Teacher, Usage
from limbeck.recipe import TeacherSection
from limbeck.record import Message, messages_json, user
from limbeck.teachers.connect import identity
from limbeck.teachers.local import LocalTeacher, local_teacher
from tests.tiny import load_tiny, make_tokenizer

QUESTIONS = [
    "Which sea lies between Italy and Croatia?",
    "Name a city.",
    "東京はどこですか。",
    "What is 🦊?",
    "a",
]


def ask_all(teacher: LocalTeacher, requests: Sequence[Request]) -> list[Reply | BaseException]:
    """Every request at once; what came of each."""

    async def run() -> list[Reply | BaseException]:
        try:
            asked = [teacher.ask(request) for request in requests]
            return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)
        finally:
            await teacher.aclose()

    return asyncio.run(run())


def answers(teacher: LocalTeacher, requests: Sequence[Request]) -> list[Reply]:
    replies = ask_all(teacher, requests)
    for reply in replies:
        if isinstance(reply, BaseException):
            raise reply
    return [reply for reply in replies if isinstance(reply, Reply)]


@torch.inference_mode()
def plain_greedy(loaded: Loaded, ids: list[int], max_tokens: int) -> tuple[list[int], str]:
    prompt = len(ids)
    for _ in range(max_tokens):
        token = int(loaded.model(torch.tensor([ids])).logits[0, -1].argmax())
        if token in loaded.eos_ids:
            return ids[prompt:], "stop"
        ids = [*ids, token]
    return ids[prompt:], "length"


def chat_ids(loaded: Loaded, request: Request) -> list[int]:
    text = chat_prompt(loaded.tokenizer, messages_json(request.messages))
    return list(loaded.tokenizer(text, add_special_tokens=False)["input_ids"])


def test_it_is_a_teacher(tiny: Loaded) -> None:
    assert isinstance(LocalTeacher(tiny), Teacher)


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_answers_are_the_models_own_in_the_order_asked(tiny: Loaded, batch_size: int) -> None:
    requests = [Request((user(text),), max_tokens=6 + i) for i, text in enumerate(QUESTIONS)]
    replies = answers(LocalTeacher(tiny, batch_size=batch_size), requests)
    for request, reply in zip(requests, replies, strict=True):
        ids = chat_ids(tiny, request)
        tokens, reason = plain_greedy(tiny, ids, request.max_tokens)
        assert reply.text == tiny.tokenizer.decode(tokens, skip_special_tokens=True)
        assert reply.finish_reason == reason
        assert reply.usage == Usage(len(ids), len(tokens))


def test_a_raw_request_continues_its_text(tiny: Loaded) -> None:
    request = Request((user("The capital of"),), max_tokens=5, template="raw")
    (reply,) = answers(LocalTeacher(tiny), [request])
    ids = tiny.tokenizer("The capital of")["input_ids"]
    assert reply.text == tiny.tokenizer.decode(plain_greedy(tiny, ids, 5)[0])


def test_it_says_what_a_user_would_say(tiny: Loaded) -> None:
    requests = [
        Request((), max_tokens=6, template="user"),
        Request((Message("system", "算术"),), max_tokens=6, template="user"),
    ]
    for request, reply in zip(requests, answers(LocalTeacher(tiny), requests), strict=True):
        prompt = user_prompt(tiny.tokenizer, messages_json(request.messages))
        ids = tiny.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        tokens, reason = plain_greedy(tiny, ids, 6)
        assert reply.text == tiny.tokenizer.decode(tokens, skip_special_tokens=True)
        assert reply.finish_reason == reason


def test_a_presence_penalty_keeps_a_greedy_answer_from_repeating_itself(tiny: Loaded) -> None:
    (reply,) = answers(
        LocalTeacher(tiny), [Request((user("Hi"),), max_tokens=12, presence_penalty=1e4)]
    )
    ids = chat_ids(tiny, Request((user("Hi"),)))
    expected: list[int] = []
    while len(expected) < 12:
        with torch.inference_mode():
            logits = tiny.model(torch.tensor([ids + expected])).logits[0, -1]
        best = logits.argsort(descending=True).tolist()
        expected.append(next(token for token in best if token not in expected))
    assert not set(expected) & set(tiny.eos_ids)
    assert reply.text == tiny.tokenizer.decode(expected)


def test_a_seed_gives_the_same_sample_whoever_else_asks(tiny: Loaded) -> None:
    requests = [
        Request((user(text),), max_tokens=8, temperature=1.0, seed=place)
        for place, text in enumerate(QUESTIONS)
    ]
    together = [reply.text for reply in answers(LocalTeacher(tiny), requests)]
    alone = [answers(LocalTeacher(tiny), [request])[0].text for request in requests]
    assert together == alone


def test_a_stop_string_cuts_the_text_and_ends_it(tiny: Loaded) -> None:
    request = Request((user(QUESTIONS[0]),), max_tokens=30)
    (whole,) = answers(LocalTeacher(tiny), [request])
    stop = whole.text[7:9]
    (cut,) = answers(LocalTeacher(tiny), [replace(request, stop=("never said", stop))])
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.usage.completion_tokens < whole.usage.completion_tokens


def test_a_request_too_long_for_the_window_is_refused_and_its_neighbours_are_not(
    tiny: Loaded,
) -> None:
    good = [Request((user(text),), max_tokens=6) for text in QUESTIONS]
    bad = [
        Request((user("word " * 300),), max_tokens=6),
        Request((user("short"),), max_tokens=256),
        Request((user("short"),), max_tokens=0),
        Request((user(""),), max_tokens=6, template="raw"),
    ]
    mixed = [good[0], bad[0], good[1], bad[1], bad[2], good[2], bad[3], good[3], good[4]]
    results = ask_all(LocalTeacher(tiny, batch_size=3), mixed)
    expected = answers(LocalTeacher(tiny), good)
    assert [r for r in results if isinstance(r, Reply)] == expected
    refused = [r for r in results if not isinstance(r, Reply)]
    assert len(refused) == len(bad)
    assert all(isinstance(error, BadRequest) for error in refused)


def test_a_request_that_just_fits_the_window_is_answered(tiny: Loaded) -> None:
    request = Request((user("a"),), max_tokens=1)
    room = 256 - len(chat_ids(tiny, request))
    fits, over = ask_all(
        LocalTeacher(tiny),
        [replace(request, max_tokens=room), replace(request, max_tokens=room + 1)],
    )
    assert isinstance(fits, Reply)
    assert isinstance(over, BadRequest)


def test_a_conversation_that_the_template_refuses_is_a_bad_request(tiny: Loaded) -> None:
    strict = make_tokenizer(
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
        "{{ messages[0]['content'] }}"
    )
    teacher = LocalTeacher(replace(tiny, tokenizer=strict))
    refused, answered = ask_all(
        teacher,
        [
            Request((Message("system", "Be brief."), user("Hi")), max_tokens=3),
            Request((user("Hi"),), max_tokens=3),
        ],
    )
    assert isinstance(refused, BadRequest)
    assert "no system turn" in str(refused)
    assert isinstance(answered, Reply)


def test_a_model_without_chat_template_answers_raw_requests_only(tiny: Loaded) -> None:
    teacher = LocalTeacher(replace(tiny, tokenizer=make_tokenizer(None)))
    refused, answered = ask_all(
        teacher,
        [
            Request((user("Hi"),), max_tokens=3),
            Request((user("Hi"),), max_tokens=3, template="raw"),
        ],
    )
    assert isinstance(refused, BadRequest)
    assert "template: raw" in str(refused)
    assert isinstance(answered, Reply)


class Faulty:
    """The tiny model until its forward pass number `at`."""

    def __init__(self, model: Any, at: int) -> None:
        self._model, self._at, self.calls = model, at, 0
        self.config, self.device = model.config, model.device

    def __call__(self, **inputs: Any) -> Any:
        self.calls += 1
        if self.calls == self._at:
            raise RuntimeError("out of memory")
        return self._model(**inputs)


@pytest.mark.parametrize("at", [1, 4])
def test_a_model_error_reaches_everybody_who_waits(tiny: Loaded, at: int) -> None:
    teacher = LocalTeacher(replace(tiny, model=Faulty(tiny.model, at)), batch_size=2)
    results = ask_all(teacher, [Request((user(text),), max_tokens=9) for text in QUESTIONS])
    assert len(results) == len(QUESTIONS)
    for error in results:
        assert isinstance(error, ModelError)
        assert "RuntimeError: out of memory" in str(error)


def test_a_broken_teacher_says_so_to_whoever_asks_later(tiny: Loaded) -> None:
    teacher = LocalTeacher(replace(tiny, model=Faulty(tiny.model, 1)))
    request = Request((user("Hi"),), max_tokens=2)
    for _ in range(2):
        (error,) = ask_all(teacher, [request])
        assert isinstance(error, ModelError)


def test_a_tokenizer_error_reaches_the_one_who_asked(tiny: Loaded) -> None:
    class Mute:
        chat_template, pad_token_id, eos_token_id = "x", 0, 0

        def apply_chat_template(self, *_: Any, **__: Any) -> str:
            raise KeyError("roles")

    results = ask_all(
        LocalTeacher(replace(tiny, tokenizer=Mute())),
        [Request((user(text),), max_tokens=2) for text in QUESTIONS],
    )
    assert all(isinstance(error, ModelError) for error in results)


class Slow:
    """The tiny model, which tells when it has begun."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.config, self.device = model.config, model.device
        self.begun = asyncio.Event()

    def __call__(self, **inputs: Any) -> Any:
        self._loop.call_soon_threadsafe(self.begun.set)
        return self._model(**inputs)

    def watch(self) -> None:
        self._loop = asyncio.get_running_loop()


def test_closing_in_the_middle_tells_those_who_wait_and_does_not_hang(tiny: Loaded) -> None:
    async def run() -> list[Reply | BaseException]:
        model = Slow(tiny.model)
        model.watch()
        teacher = LocalTeacher(replace(tiny, model=model), batch_size=1)
        asked = [
            asyncio.create_task(teacher.ask(Request((user(text),), max_tokens=200)))
            for text in QUESTIONS
        ]
        await model.begun.wait()
        await asyncio.wait_for(teacher.aclose(), 60)
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)

    results = asyncio.run(run())
    assert any(isinstance(result, StopRun) for result in results)
    assert all(isinstance(result, Reply | StopRun) for result in results)


def test_closing_after_the_askers_left_does_not_hang(tiny: Loaded) -> None:
    async def run() -> None:
        model = Slow(tiny.model)
        model.watch()
        teacher = LocalTeacher(replace(tiny, model=model))
        asked = asyncio.create_task(teacher.ask(Request((user("Hi"),), max_tokens=200)))
        await model.begun.wait()
        asked.cancel()
        await asyncio.wait_for(teacher.aclose(), 60)
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(run())


def test_a_closed_teacher_answers_again_when_asked_again(tiny: Loaded) -> None:
    teacher = LocalTeacher(tiny)
    request = Request((user("Hi"),), max_tokens=3)
    assert answers(teacher, [request]) == answers(teacher, [request])


def test_closing_one_that_was_never_asked_is_nothing(tiny: Loaded) -> None:
    asyncio.run(LocalTeacher(tiny).aclose())


def test_the_teacher_of_a_recipe_is_known_by_its_weights_and_type(tiny_folder: Path) -> None:
    section = TeacherSection(model=str(tiny_folder), dtype="float32")
    teacher = local_teacher(parse_model(section.model), section)
    assert isinstance(teacher, LocalTeacher)
    assert teacher.name == str(tiny_folder)
    assert teacher.identity == identity(section)
    assert teacher.identity == {
        "endpoint": "local",
        "model": load_tiny(tiny_folder).fingerprint,
        "dtype": "float32",
    }


class Held(Slow):
    """The tiny model, which tells when it has begun and then waits for `go`."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.go = threading.Event()

    def __call__(self, **inputs: Any) -> Any:
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self.go.wait(60)
        return self._model(**inputs)


def test_stopping_answers_the_batch_and_fails_whoever_waits_or_asks_later(tiny: Loaded) -> None:
    error = Interrupted("stopped on request")
    requests = [Request((user(text),), max_tokens=9) for text in QUESTIONS]

    async def run() -> list[Any]:
        model = Held(tiny.model)
        model.watch()
        teacher = LocalTeacher(replace(tiny, model=model), batch_size=1)
        first = asyncio.create_task(teacher.ask(requests[0]))
        await model.begun.wait()
        waiting: list[asyncio.Task[Any]] = [
            asyncio.create_task(teacher.ask(request)) for request in requests[1:]
        ]
        waiting.append(asyncio.create_task(teacher.label_scores(requests[0], ["a"])))
        await asyncio.sleep(0)
        teacher.stop(error)
        failed = await asyncio.gather(*waiting, return_exceptions=True)
        assert failed == [error] * 5
        assert not first.done()  # nobody waited for the batch
        model.go.set()
        with pytest.raises(Interrupted):
            await teacher.ask(requests[0])
        with pytest.raises(Interrupted):
            await teacher.top_logprobs(requests[0], 1)
        reply = await first
        await teacher.aclose()
        return [reply]

    found = asyncio.run(asyncio.wait_for(run(), 60))
    assert found == answers(LocalTeacher(tiny), requests[:1])


def test_those_that_may_take_longest_begin_first(tiny: Loaded) -> None:
    counts = [1, 2, 9, 5, 9]
    done: list[int] = []

    async def run() -> None:
        model = Held(tiny.model)
        model.watch()
        teacher = LocalTeacher(replace(tiny, model=model), batch_size=1)

        async def ask(place: int) -> None:
            await teacher.ask(Request((user(f"Q {place}"),), max_tokens=counts[place]))
            done.append(place)

        asked = [asyncio.create_task(ask(0))]
        await model.begun.wait()
        asked += [asyncio.create_task(ask(place)) for place in range(1, len(counts))]
        await asyncio.sleep(0)
        model.go.set()
        await asyncio.gather(*asked)
        await teacher.aclose()

    asyncio.run(asyncio.wait_for(run(), 60))
    assert done == [0, 2, 4, 3, 1]


@pytest.mark.slow
def test_the_bundled_model_answers_a_question() -> None:
    section = TeacherSection(model="bundled")
    teacher = local_teacher(parse_model("bundled"), section)
    assert isinstance(teacher, LocalTeacher)
    request = Request((user("What is the capital of France?"),), max_tokens=24)
    (reply,) = answers(teacher, [request])
    assert "Paris" in reply.text
