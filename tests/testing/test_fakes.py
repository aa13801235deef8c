"""The public fakes do what they say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter

import pytest

import limbeck.testing
from limbeck.errors import Transient
from limbeck.protocols import Request, Teacher
from limbeck.record import Provenance, user
from limbeck.testing import FakeTeacher, record


def test_record_makes_a_record_in_one_word() -> None:
    made = record("Paris.", prompt="Capital?", finish_reason="length", target="Paris")
    assert (made.completion, made.prompt, made.target) == ("Paris.", "Capital?", "Paris")
    assert made.meta["finish_reason"] == "length"
    assert record("a").id != record("b").id
    assert record("a", provenance=Provenance("x")).provenance.generator == "x"


def test_record_refuses_an_unknown_field() -> None:
    with pytest.raises(ValueError, match="finish_raeson"):
        record("a", finish_raeson="stop")


def test_a_fake_is_a_teacher_with_the_probabilities_it_was_given() -> None:
    teacher = FakeTeacher({"yes": 3, "no": 1})
    assert isinstance(teacher, Teacher)
    request = Request((user("?"),), temperature=1.0)
    assert teacher.probabilities(request) == {"yes": 0.75, "no": 0.25}

    async def many() -> Counter[str]:
        asked = [Request((user("?"),), temperature=1.0, seed=i) for i in range(4000)]
        return Counter([(await teacher.ask(r)).text for r in asked])

    assert abs(asyncio.run(many())["yes"] / 4000 - 0.75) < 0.03


def test_the_same_request_always_gets_the_same_answer() -> None:
    teacher = FakeTeacher({str(i): 1 for i in range(50)})
    request = Request((user("?"),), temperature=1.0, seed=3)
    first, second = (asyncio.run(teacher.ask(request)).text for _ in range(2))
    assert first == second


def test_temperature_zero_gets_the_most_probable_answer() -> None:
    teacher = FakeTeacher(lambda request: {"a": 0.4, request.messages[0].content: 0.6})
    assert asyncio.run(teacher.ask(Request((user("b"),)))).text == "b"


def test_a_fake_fails_on_request_and_remembers_what_it_was_asked() -> None:
    teacher = FakeTeacher(fail=lambda request: Transient("now"))
    with pytest.raises(Transient):
        asyncio.run(teacher.ask(Request((user("b"),))))
    assert [r.messages[0].content for r in teacher.asked] == ["b"]


@pytest.mark.parametrize("name", limbeck.testing.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(limbeck.testing, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'limbeck\.testing' has no attribute 'ApiSever'"):
        limbeck.testing.ApiSever  # noqa: B018


def test_a_fake_teacher_pays_for_no_http_server() -> None:
    code = (
        "from limbeck.testing import fake_teacher\n"
        "import sys\n"
        "print(*({'aiohttp', 'openai', 'pydantic', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
