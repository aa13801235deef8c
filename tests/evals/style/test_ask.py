"""What is asked, with which seeds, and what is kept of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.aio import run
from limbeck.errors import BadRequest, StopRun
from limbeck.evals.style.ask import (
    AGAIN,
    STUDENT,
    TEACHER,
    Answers,
    Question,
    Sampling,
    ask,
    outcome,
    request,
)
from limbeck.protocols import Request
from limbeck.record import Message, user
from limbeck.testing import FakeTeacher

PROMPTS = [Question(f"p{n}", (user(f"Say {n} 海"),)) for n in range(6)]


def asked(
    teacher: Any, questions: list[Question] = PROMPTS, sample: str = STUDENT, width: int = 3
) -> Answers:
    return run(ask(questions, Sampling(seed=7), teacher, sample, width=width))


def test_every_prompt_has_a_seed_of_its_own_that_no_other_prompt_changes() -> None:
    teacher = FakeTeacher()
    asked(teacher)
    before = {r.messages[0].content: r.seed for r in teacher.asked}
    assert len(set(before.values())) == len(PROMPTS)
    more = FakeTeacher()
    asked(more, [Question("new", (user("Say new"),)), *reversed(PROMPTS)])
    after = {r.messages[0].content: r.seed for r in more.asked}
    del after["Say new"]
    assert after == before


def test_base_and_student_share_seeds_and_the_teachers_two_samples_share_none() -> None:
    seeds = {s: request(PROMPTS[0], Sampling(), s).seed for s in (STUDENT, TEACHER, AGAIN)}
    assert len(set(seeds.values())) == 3
    # An API that takes no seed must be asked twice all the same.
    indices = [request(PROMPTS[0], Sampling(), sample).index for sample in (TEACHER, AGAIN)]
    assert indices == [0, 1]
    assert request(PROMPTS[0], Sampling(seed=1), TEACHER).seed != seeds[TEACHER]


def test_the_request_is_the_prompt_as_it_is() -> None:
    turns = (Message("system", "Be brief."), user("Hi"))
    made = request(Question("x", turns), Sampling(0.5, 99, 0), STUDENT)
    assert (made.messages, made.temperature, made.max_tokens) == (turns, 0.5, 99)
    assert made.template == "chat"
    raw = request(Question("x", "Hi ###"), Sampling(), STUDENT)
    assert (raw.messages, raw.template) == ((user("Hi ###"),), "raw")


def test_a_failed_call_is_none_and_the_others_go_on() -> None:
    def fail(request: Request) -> Exception | None:
        return BadRequest("too long") if "2" in request.messages[0].content else None

    found = asked(FakeTeacher({"fine": 1.0}, fail=fail))
    assert found.texts == ["fine", "fine", None, "fine", "fine", "fine"]
    assert found.reasons == ["", "", "bad_request", "", "", ""]
    assert found.failures == ["bad_request: too long"]


def test_a_stop_of_the_run_stops_it() -> None:
    def fail(request: Request) -> Exception:
        return StopRun("no money")

    with pytest.raises(StopRun, match="no money"):
        asked(FakeTeacher(fail=fail))


def test_the_width_changes_nothing() -> None:
    said = {"one": 0.5, "two": 0.5}
    assert asked(FakeTeacher(said), width=1) == asked(FakeTeacher(said), width=6)


@pytest.mark.parametrize(
    ("text", "reason", "expected"),
    [
        ("Yes.", "", ""),
        ("Yes, and", "truncated", "truncated"),
        ("", "truncated", "empty"),
        (" \n", "empty", "empty"),
        ("", "refused", "refused"),
        ("I'm sorry, but I can't help with that", "truncated", "refused"),
        ("抱歉，我无法提供这方面的信息。", "", "refused"),
    ],
)
def test_how_an_answer_ended(text: str, reason: str, expected: str) -> None:
    assert outcome(text, reason) == expected


def test_every_answer_counts_on_the_bar() -> None:
    done: list[int] = []
    run(ask(PROMPTS, Sampling(), FakeTeacher(), STUDENT, width=2, on_done=done.append))
    assert sum(done) == len(PROMPTS)
