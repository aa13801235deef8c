"""The public fakes do what they say."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from collections import Counter

import pytest

import limbeck.testing
from limbeck.errors import Transient
from limbeck.protocols import Request, Teacher
from limbeck.record import Provenance, user
from limbeck.teachers.logprobs import read_logprobs
from limbeck.testing import FakeTeacher, record, words


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


KNOWN = {"très bien": 0.5, "très mal": 0.25, "mal": 0.25}


def test_a_fake_with_tokens_gives_log_probabilities_as_a_chat_does() -> None:
    request = Request((user("?"),), top_logprobs=5)
    reply = asyncio.run(FakeTeacher(KNOWN, tokens=words).ask(request))
    found = read_logprobs((reply.raw or {})["choices"][0])
    assert found is not None
    shape, (first, second) = found
    assert (shape, reply.text) == ("chat", "très bien")
    assert first.text == "très"
    assert first.logprob == pytest.approx(math.log(0.75))
    assert dict(first.top) == pytest.approx({"très": math.log(0.75), "mal": math.log(0.25)})
    assert dict(second.top) == pytest.approx({" bien": math.log(2 / 3), " mal": math.log(1 / 3)})


def test_a_fake_with_tokens_gives_log_probabilities_as_completions_do() -> None:
    teacher = FakeTeacher(KNOWN, tokens=words)
    firsts = []
    for seed in range(20):
        request = Request((user("?"),), 1, 1.0, seed=seed, template="raw", top_logprobs=1)
        reply = asyncio.run(teacher.ask(request))
        found = read_logprobs((reply.raw or {})["choices"][0])
        assert found is not None
        assert found[0] == "completions"
        (first,) = found[1]
        assert reply.text == first.text
        firsts.append((first.text, sorted(text for text, _ in first.top)))
    # The token drawn stands beside the likeliest one.
    assert sorted(set(map(str, firsts))) == [
        "('mal', ['mal', 'très'])",
        "('très', ['très'])",
    ]


def test_a_fake_with_tokens_keeps_to_its_limit() -> None:
    teacher = FakeTeacher(KNOWN, tokens=words)
    one, two = (asyncio.run(teacher.ask(Request((user("?"),), most))) for most in (1, 2))
    assert (one.text, one.finish_reason, one.raw) == ("très", "length", None)
    assert (two.text, two.finish_reason) == ("très bien", "stop")


def test_the_next_tokens_end_where_a_completion_does() -> None:
    teacher = FakeTeacher({"a": 3, "a b": 1}, tokens=words)
    request = Request((user("?"),))
    assert teacher.next_tokens(request, ["a"]) == {"<|end|>": 0.75, " b": 0.25}
    assert words(" 你好 world \n") == [" 你好", " world", " \n"]
    with pytest.raises(ValueError, match="no completion begins with"):
        teacher.next_tokens(request, ["b"])
    with pytest.raises(ValueError, match="has no tokens"):
        FakeTeacher({"a": 3}).next_tokens(request)


def test_a_fake_can_draw_at_a_temperature() -> None:
    async def share(teacher: FakeTeacher) -> float:
        asked = [Request((user("?"),), temperature=0.5, seed=i) for i in range(2000)]
        return sum([(await teacher.ask(r)).text == "yes" for r in asked]) / 2000

    known = {"yes": 0.75, "no": 0.25}
    assert abs(asyncio.run(share(FakeTeacher(known, tempered=True))) - 0.9) < 0.03  # 9 to 1
    assert abs(asyncio.run(share(FakeTeacher(known))) - 0.75) < 0.03


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
