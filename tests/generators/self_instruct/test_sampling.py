"""What each stage sends, by preset and form: the published parameters, and what users change."""

from __future__ import annotations

import math
from typing import Any

import pytest

from limbeck.errors import RecipeError
from limbeck.generators.self_instruct.sampling import Sampling, settings
from limbeck.protocols import Request
from limbeck.registry import build
from tests.generators.self_instruct.scribe import Scribe, run


def sent(**options: Any) -> dict[str, Request]:
    """The first request of every stage."""
    teacher = Scribe()
    run(teacher, **options)
    found: dict[str, Request] = {}
    for stage, request in teacher.asked:
        found.setdefault(stage, request)
    return found


def test_the_reference_sends_what_was_published() -> None:
    found = sent(preset="reference", form="base", instructions=30)
    first = found["instructions"]
    assert (first.temperature, first.top_p, first.presence_penalty) == (0.7, 0.5, 2.0)
    assert (first.max_tokens, first.stop) == (1024, ("\n\n", "\n16", "16.", "16 ."))
    second = found["classify"]
    assert (second.temperature, second.max_tokens, second.stop) == (0.0, 3, ("\n", "Task"))
    assert second.seed is None
    for stage in ("labels", "instances"):
        third = found[stage]
        assert (third.temperature, third.presence_penalty) == (0.0, 1.5)
        assert third.stop == ("Example 6", "Task:")
    whole = sent(preset="reference", form="base", style="alpaca")["tasks"]
    assert (whole.temperature, whole.top_p, whole.max_tokens) == (1.0, 1.0, 3072)
    assert whole.stop == ("\n20", "20.")


@pytest.mark.parametrize("style", ["self_instruct", "alpaca", "evolve"])
def test_the_mended_stops_are_anchored_to_a_line(style: str) -> None:
    stops = {stop for request in sent(form="base", style=style).values() for stop in request.stop}
    assert stops
    assert all(stop.startswith("\n") for stop in stops)


def test_a_chat_teacher_is_sent_no_stop_and_no_raw_text() -> None:
    for request in sent(form="chat").values():
        assert (request.stop, request.template) == ((), "chat")
    for request in sent(form="base").values():
        assert request.template == "raw"


def test_a_recipe_changes_what_it_names_and_nothing_else() -> None:
    before = sent(form="base")
    after = sent(
        form="base",
        instruction_sampling=Sampling(temperature=1.2),
        answer_sampling=Sampling(max_tokens=99, presence_penalty=0.5),
    )
    one, other = before["instructions"], after["instructions"]
    assert (other.temperature, other.top_p) == (1.2, one.top_p)
    assert other.presence_penalty == one.presence_penalty == 2.0
    assert after["instances"].max_tokens == 99
    assert after["instances"].presence_penalty == 0.5
    assert after["classify"].max_tokens == before["classify"].max_tokens


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": -0.1}, "temperature must be at least 0, got -0.1"),
        ({"top_p": 1.5}, "top_p must lie between 0 and 1, got 1.5"),
        ({"max_tokens": 0}, "max_tokens must be at least 1, got 0"),
        ({"presence_penalty": 99}, "presence_penalty must lie between -2 and 2, got 99"),
        ({"presence_penalty": math.inf}, "presence_penalty must be a number, got inf"),
        ({"temperature": math.nan}, "temperature must be a number, got nan"),
    ],
)
def test_sampling_that_no_server_takes_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Sampling(**options)


def test_the_reference_has_the_stages_of_the_mended_one_where_it_has_none() -> None:
    assert settings("answer", "reference", "base") == settings("answer", "fixed", "base")
    assert settings("instructions", "reference", "chat") == settings(
        "instructions", "fixed", "chat"
    )


def test_a_slip_in_a_recipe_is_told_by_its_name() -> None:
    with pytest.raises(RecipeError, match=r"option 'instruction_sampling.top_k'"):
        build("generators", "self_instruct", {"instruction_sampling": {"top_k": 3}})
