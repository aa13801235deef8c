"""What a run spent on several models, each at its own price."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import BudgetError
from limbeck.ledger import Ledger
from limbeck.ledger.entries import Answered
from limbeck.money import PICO, price_of
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import Budget, TeacherSection
from limbeck.record import user
from limbeck.teachers.connect import connect, identity, spent_by
from limbeck.testing import ApiServer

M = 10**6


def section(model: str, given: float, output: float, **more: Any) -> TeacherSection:
    data = {"model": f"openai:{model}", "base_url": "http://127.0.0.1:9/v1"}
    return TeacherSection.model_validate(
        data | {"price": {"input": given, "output": output}} | more
    )


TEACHER, REFEREE = section("t", 2, 8), section("r", 0.5, 1)


def paid(ledger: Ledger, *rows: tuple[str, TeacherSection, int, int]) -> None:
    async def put() -> None:
        for key, who, prompt, completion in rows:
            reply = Reply("x", usage=Usage(prompt, completion))
            await ledger.put(Answered(key, identity(who), "{}", reply, run="loop"))

    asyncio.run(put())


def test_each_model_counts_at_its_own_price(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        paid(ledger, ("a", TEACHER, 1 * M, 1 * M), ("b", REFEREE, 4 * M, 2 * M))
        both = (1 * 2 + 1 * 8) + (4 * 0.5 + 2 * 1)
        for own, other in ((TEACHER, REFEREE), (REFEREE, TEACHER)):
            assert spent_by(ledger, "loop", price_of(own), (other,)) == (both * PICO, 8 * M)
        alone = (1 + 4) * 2 + (1 + 2) * 8  # one price for all, where no other model is named
        assert spent_by(ledger, "loop", price_of(TEACHER)) == (alone * PICO, 8 * M)
        assert spent_by(ledger, "another", price_of(TEACHER), (REFEREE,)) == (0, 0)


def test_a_budget_holds_both(tmp_path: Path) -> None:
    """The referee's tokens would cost 16 dollars at the teacher's price, and cost one."""
    asked = Request((user("Which sea?"),), max_tokens=8)

    async def ask(ledger: Ledger, url: str, usd: float) -> str:
        who = section("t", 2, 8, base_url=url)
        budget, other = Budget(usd=usd), (REFEREE,)
        teacher = connect(who, ledger, budget=budget, run="loop", beside=other)
        try:
            return (await teacher.ask(asked)).text
        finally:
            await teacher.aclose()

    with ApiServer() as server, Ledger(tmp_path / "l.sqlite") as ledger:
        paid(ledger, ("b", REFEREE, 0, 1 * M))
        with pytest.raises(BudgetError):
            asyncio.run(ask(ledger, server.base_url, 0.9))
        assert server.bodies == []
        assert asyncio.run(ask(ledger, server.base_url, 1.1))
