"""Likelihoods through the wrappers: recorded once, replayed, and the same as without them."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import BadRequest, BudgetError, Malformed
from limbeck.labels import Exact
from limbeck.ledger import Ledger, request_key
from limbeck.money import FREE, Meter
from limbeck.protocols import Likelihoods, Reply, Request, Teacher
from limbeck.recipe import Budget, TeacherSection
from limbeck.record import Message, user
from limbeck.teachers.budget import Budgeted
from limbeck.teachers.connect import connect, gives_likelihoods
from limbeck.teachers.likelihoods import AskedLikelihoods, LikelihoodRequest, Scored
from limbeck.teachers.recorded import Recorded, RecordedLikelihoods
from limbeck.testing import FakeLikelihoods, FakeTeacher

KNOWN = {"好": 0.5, "très mal 🙂": 0.3, "bad": 0.2}
ASK = Request((Message("system", "用一个词"), user("Stimmung?")), temperature=0.7, index=3)
OPTIONS = ["好", "très mal 🙂", "never"]


def recorded(teacher: Teacher, ledger: Ledger, **options: Any) -> RecordedLikelihoods:
    return RecordedLikelihoods(Budgeted(Scored(teacher), Budget(), FREE), ledger, **options)


def test_all_three_are_those_of_the_teacher_itself_also_from_the_ledger(tmp_path: Path) -> None:
    async def looks(one: Likelihoods) -> list[Any]:
        begun = Request((*ASK.messages, Message("assistant", "très mal 🙂")))
        return [
            await one.label_scores(ASK, OPTIONS),
            await one.prompt_logprobs(begun),
            await one.top_logprobs(ASK, 2),
        ]

    plain, inner = FakeLikelihoods(KNOWN), FakeLikelihoods(KNOWN)
    expected = asyncio.run(looks(plain))
    assert expected[0][2] == -math.inf
    for times in (1, 2):  # the second time by another process, as it were
        with Ledger(tmp_path / "l.sqlite") as ledger:
            meter = Meter()
            teacher = recorded(inner, ledger, meter=meter)
            assert isinstance(teacher, Likelihoods)
            assert asyncio.run(looks(teacher)) == expected
            assert meter.found == (0, 3)[times - 1]
    assert len(inner.scored) == 3
    assert inner.asked == []


def test_the_key_is_of_teacher_conversation_and_options_and_of_nothing_else(tmp_path: Path) -> None:
    inner = FakeLikelihoods(KNOWN)
    with Ledger(tmp_path / "l.sqlite") as ledger:
        teacher = recorded(inner, ledger)

        async def main() -> None:
            for request in (ASK, Request(ASK.messages), Request(ASK.messages, max_tokens=9)):
                await teacher.label_scores(request, OPTIONS)
            await teacher.label_scores(ASK, OPTIONS[::-1])
            await teacher.label_scores(Request((user("x"),)), OPTIONS)
            await teacher.ask(ASK)

        asyncio.run(main())
        assert (len(inner.scored), len(inner.asked)) == (3, 1)
        asked = LikelihoodRequest.of(ASK, "label_scores", options=OPTIONS)
        stored = ledger.get(request_key(inner.identity, asked))
    assert stored is not None
    assert (stored.text, stored.finish_reason) == ("好", "stop")
    with sqlite3.connect(tmp_path / "l.sqlite") as link:
        rows = link.execute("SELECT request FROM replies").fetchall()
    link.close()
    assert sum('"look":"label_scores"' in row[0] for row in rows) == 3


def test_the_same_question_at_once_is_put_once_and_a_failure_is_a_failure(tmp_path: Path) -> None:
    class Broken(FakeLikelihoods):
        async def label_scores(self, request: Request, options: Any, /) -> list[float]:
            await super().label_scores(request, options)
            await asyncio.sleep(0)
            raise BadRequest("不行")

    async def main(teacher: RecordedLikelihoods) -> list[Any]:
        asks = (teacher.label_scores(ASK, OPTIONS) for _ in range(4))
        return await asyncio.gather(*asks, return_exceptions=True)

    for inner, kinds in ((FakeLikelihoods(KNOWN), list), (Broken(KNOWN), BadRequest)):
        with Ledger(tmp_path / f"{kinds.__name__}.sqlite") as ledger:
            found = asyncio.run(main(recorded(inner, ledger)))
            assert ledger.counts() == ((1, 0) if kinds is list else (0, 1))
        assert all(isinstance(one, kinds) for one in found)
        assert len(inner.scored) == 1


def test_a_budget_and_a_stop_reach_them(tmp_path: Path) -> None:
    inner = FakeLikelihoods(KNOWN)
    with Ledger(tmp_path / "l.sqlite") as ledger:
        low = Budgeted(Scored(inner), Budget(tokens=3), FREE)
        with pytest.raises(BudgetError):
            asyncio.run(RecordedLikelihoods(low, ledger).label_scores(ASK, OPTIONS))
    assert inner.scored == []


def test_exact_distributions_name_the_replies_that_they_are_from(tmp_path: Path) -> None:
    inner = FakeLikelihoods(KNOWN)
    plain = asyncio.run(Exact().estimate(ASK, OPTIONS, inner))
    with Ledger(tmp_path / "l.sqlite") as ledger:
        teacher = recorded(inner, ledger)
        for source in ("label_scores", "prompt_logprobs"):
            exact = Exact(source=source)
            options = OPTIONS[:2]
            found = asyncio.run(exact.estimate(ASK, options, teacher))
            keys = [reply.key for reply in found.replies]
            asked = exact.requests(ASK, options)
            assert keys == [request_key(inner.identity, one) for one in asked]
            p = found.distribution.probabilities
            assert p["好"] == pytest.approx(0.5 / 0.8)
        with_never = asyncio.run(Exact().estimate(ASK, OPTIONS, teacher)).distribution
    assert with_never.to_json() == plain.distribution.to_json()


def test_connect_wraps_what_gives_likelihoods_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        section = TeacherSection(model="fake:t")
        assert not isinstance(connect(section, ledger), Likelihoods)
        assert isinstance(connect(section, ledger), Recorded)
        monkeypatch.setattr("limbeck.testing.fake_teacher", lambda *_: FakeLikelihoods(KNOWN))
        teacher = connect(section, ledger)
        assert isinstance(teacher, AskedLikelihoods)
        assert asyncio.run(teacher.label_scores(ASK, ["好"])) == [math.log(0.5)]


@pytest.mark.parametrize(
    ("section", "gives"),
    [
        ({"model": "bundled"}, True),
        ({"model": "gguf:x.gguf"}, True),
        ({"model": "hf:a/b", "engine": "transformers"}, True),
        ({"model": "openai:gpt", "base_url": "http://127.0.0.1:9/v1"}, False),
        ({"model": "fake:x"}, False),
    ],
)
def test_whether_a_teacher_gives_them_is_known_beforehand(
    section: dict[str, Any], gives: bool
) -> None:
    assert gives_likelihoods(TeacherSection(**section)) is gives


def test_a_reply_that_is_none_is_refused() -> None:
    class Odd(AskedLikelihoods, FakeTeacher):
        raw: Any = None

        async def ask(self, request: Request, /) -> Reply:
            return Reply("x", raw=self.raw)

    odd = Odd()
    with pytest.raises(Malformed, match="a question about label_scores has none"):
        asyncio.run(odd.label_scores(ASK, ["a", "b"]))
    odd.raw = {"label_scores": [0.0]}
    with pytest.raises(Malformed, match="gave 1 scores for 2 options"):
        asyncio.run(odd.label_scores(ASK, ["a", "b"]))
    assert asyncio.run(odd.label_scores(ASK, [])) == []
