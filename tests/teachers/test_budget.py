"""The budget: never overshot, used up closely, and every attempt is accounted for."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from limbeck.errors import AskTimeout, AuthError, BudgetError, Interrupted, Malformed, Transient
from limbeck.money import PICO, Meter, cost, estimate_tokens
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import Budget
from limbeck.record import user
from limbeck.teachers.budget import Budgeted
from tests.teachers.budget_fakes import (
    ONE,
    RATES,
    WORST,
    Counting,
    Manual,
    requests,
    spend,
    turns,
)

# Never overshot, closely used


@pytest.mark.parametrize("ratio", [0.6, 1.0])
@pytest.mark.parametrize("budget", [Budget(usd=0.02), Budget(tokens=100_000)])
def test_fifty_at_once_never_overshoot_and_use_the_budget_up(budget: Budget, ratio: float) -> None:
    bare = Counting(ratio)
    meter = Meter(RATES)
    teacher = Budgeted(bare, budget, RATES, meter=meter)
    error = asyncio.run(spend(teacher, requests(2000), 50))
    assert error is not None
    assert bare.most == 50
    spent = cost(bare.billed, RATES)
    tokens = bare.billed.prompt_tokens + bare.billed.completion_tokens
    assert (teacher.spent, teacher.spent_tokens) == (spent, tokens)
    assert (meter.cost, meter.usage) == (spent, bare.billed)
    part = spent / (0.02 * PICO) if budget.usd else tokens / 100_000
    assert 0.99 < part <= 1


def test_prompts_longer_than_estimated_are_learned_from_the_first_answers() -> None:
    bare = Counting(2.5)
    teacher = Budgeted(bare, Budget(tokens=100_000), None)

    async def main() -> BudgetError | None:
        await teacher.ask(requests(1)[0])
        return await spend(teacher, requests(3000)[1:], 50)

    assert asyncio.run(main()) is not None
    spent = bare.billed.prompt_tokens + bare.billed.completion_tokens
    assert 98_000 < spent <= 100_000


def test_what_a_server_puts_around_every_prompt_is_added_not_multiplied() -> None:
    bare = Manual()
    long = Request((user("word " * 3000),), max_tokens=100)

    async def main() -> None:
        teacher = Budgeted(bare, Budget(tokens=40_000), None)
        first = asyncio.create_task(teacher.ask(ONE))
        await turns()
        bare.answer(0, 5000, 50)  # tools: hundreds of times the estimate
        await first
        second = asyncio.create_task(teacher.ask(long))
        await turns()
        assert len(bare.sent) == 2
        bare.answer(1, 8000, 50)
        await second

    asyncio.run(main())


def test_what_an_answer_taught_counts_for_the_next_one_that_is_let_in() -> None:
    bare, estimate = Manual(), estimate_tokens(ONE)

    async def main() -> None:
        room = 3 * estimate + 10 + estimate + 100  # enough, had the first one not been so long
        teacher = Budgeted(bare, Budget(tokens=room), None)
        first, second = (asyncio.create_task(teacher.ask(ONE)) for _ in range(2))
        await turns()
        bare.answer(0, 3 * estimate, 10)
        await first
        with pytest.raises(BudgetError):
            await second

    asyncio.run(main())
    assert len(bare.sent) == 1


def test_failures_are_charged_as_far_as_they_may_have_been_billed() -> None:
    def fail(drawn: random.Random) -> Exception | None:
        choice = drawn.random()
        return Malformed("x") if choice < 0.2 else Transient("y") if choice < 0.4 else None

    bare = Counting(0.9, fail)
    meter = Meter(RATES)
    teacher = Budgeted(bare, Budget(usd=0.004), RATES, meter=meter)
    assert asyncio.run(spend(teacher, requests(2000), 50)) is not None
    assert cost(bare.billed, RATES) <= teacher.spent <= 0.004 * PICO
    assert teacher.spent == meter.cost
    assert meter.wasted > 0
    assert meter.wasted_cost is not None
    assert 0 < meter.wasted_cost < teacher.spent


# One attempt at a time


def test_an_answer_is_charged_as_counted_and_the_rest_is_free_again() -> None:
    bare = Manual()

    async def main() -> Budgeted:
        teacher = Budgeted(bare, Budget(tokens=2 * WORST), None)
        first = asyncio.create_task(teacher.ask(ONE))
        await turns()
        bare.answer(0, 10, 20)
        await first
        return teacher

    assert asyncio.run(main()).spent_tokens == 30


@pytest.mark.parametrize(
    ("error", "charged", "wasted"),
    [
        (Transient("reset"), 0, 0),
        (AuthError("no"), 0, 0),
        (Malformed("cut"), WORST, 1),
        (AskTimeout("late"), WORST, 1),
        (RuntimeError("a bug"), WORST, 1),
    ],
)
def test_a_failed_attempt_costs_at_most_its_worst(
    error: Exception, charged: int, wasted: int
) -> None:
    bare, meter = Manual(), Meter(None)

    async def main() -> int:
        teacher = Budgeted(bare, Budget(tokens=10 * WORST), None, meter=meter)
        task = asyncio.create_task(teacher.ask(ONE))
        await turns()
        bare.fail(0, error)
        with pytest.raises(type(error)):
            await task
        return teacher.spent_tokens

    assert asyncio.run(main()) == charged
    assert (meter.new, meter.wasted) == (0, wasted)


def test_a_failure_whose_tokens_the_server_told_costs_those() -> None:
    bare, error = Manual(), Malformed("no choices")
    error.tokens = (11, 7)
    meter = Meter(RATES)

    async def main() -> Budgeted:
        teacher = Budgeted(bare, Budget(usd=1), RATES, meter=meter)
        task = asyncio.create_task(teacher.ask(ONE))
        await turns()
        bare.fail(0, error)
        with pytest.raises(Malformed):
            await task
        return teacher

    teacher = asyncio.run(main())
    assert (teacher.spent, teacher.spent_tokens) == (cost(Usage(11, 7), RATES), 18)
    assert meter.wasted_usage == Usage(11, 7)


def test_a_cancelled_attempt_counts_as_billed_and_frees_its_place() -> None:
    bare, meter = Manual(), Meter(None)

    async def main() -> None:
        teacher = Budgeted(bare, Budget(tokens=3 * WORST), None, meter=meter)
        tasks = [asyncio.create_task(teacher.ask(ONE)) for _ in range(4)]
        await turns()
        assert len(bare.sent) == 3
        tasks[0].cancel()
        await turns()
        assert teacher.spent_tokens == WORST
        assert len(bare.sent) == 3  # its reservation became spending: no room yet
        bare.answer(1, 0, 10)
        bare.answer(2, 0, 10)
        await turns()
        assert len(bare.sent) == 4
        bare.answer(3, 0, 10)
        await asyncio.gather(*tasks[1:])
        assert teacher.spent_tokens == WORST + 30

    asyncio.run(main())
    assert (meter.new, meter.wasted) == (3, 1)


def test_without_usage_the_texts_are_charged_as_estimated() -> None:
    bare = Manual()

    async def main() -> int:
        teacher = Budgeted(bare, Budget(tokens=10 * WORST), None)
        task = asyncio.create_task(teacher.ask(ONE))
        await turns()
        bare.sent[0][1].set_result(Reply("abcdef"))
        await task
        return teacher.spent_tokens

    assert asyncio.run(main()) == estimate_tokens(ONE) + 2


# Waiting


def test_those_who_wait_are_let_in_in_order_as_room_comes() -> None:
    bare = Manual()
    order: list[int] = []

    async def ask(teacher: Budgeted, number: int) -> None:
        await teacher.ask(ONE)
        order.append(number)

    async def main() -> None:
        teacher = Budgeted(bare, Budget(tokens=2 * WORST + 60), None)
        tasks = [asyncio.create_task(ask(teacher, number)) for number in range(4)]
        await turns()
        assert len(bare.sent) == 2
        bare.answer(0, 10, 10)
        await turns()
        assert len(bare.sent) == 3
        bare.answer(2, 10, 10)
        await turns()
        assert len(bare.sent) == 4
        bare.answer(1, 10, 10)
        bare.answer(3, 10, 10)
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert order[:2] == [0, 2]
    assert sorted(order) == [0, 1, 2, 3]


def test_one_who_leaves_the_queue_makes_way_for_a_smaller_one() -> None:
    bare = Manual()
    small = Request(ONE.messages, max_tokens=10)

    async def main() -> None:
        teacher = Budgeted(bare, Budget(tokens=WORST + estimate_tokens(small) + 10), None)
        first = asyncio.create_task(teacher.ask(ONE))
        big = asyncio.create_task(teacher.ask(ONE))
        little = asyncio.create_task(teacher.ask(small))
        await turns()
        assert len(bare.sent) == 1
        big.cancel()
        await turns()
        assert [request for request, _ in bare.sent] == [ONE, small]
        bare.answer(0, 1, 1)
        bare.answer(1, 1, 1)
        await asyncio.gather(first, little)
        assert teacher.spent_tokens == 4

    asyncio.run(main())


def test_one_let_in_and_cancelled_at_once_was_never_sent_and_costs_nothing() -> None:
    bare = Manual()

    async def main() -> None:
        teacher = Budgeted(bare, Budget(tokens=WORST), None)

        async def ask_then_cancel() -> None:
            with pytest.raises(Transient):
                await teacher.ask(ONE)
            second.cancel()  # in the same step in which it was let in

        first = asyncio.create_task(ask_then_cancel())
        await turns()
        second, third = (asyncio.create_task(teacher.ask(ONE)) for _ in range(2))
        await turns()
        bare.fail(0, Transient("reset"))
        await first
        await turns()
        assert len(bare.sent) == 2
        bare.answer(1, 3, 4)
        await third
        assert teacher.spent_tokens == 7

    asyncio.run(main())


def test_with_nothing_in_flight_and_no_room_all_who_wait_are_told() -> None:
    bare = Manual()

    async def main() -> list[Any]:
        teacher = Budgeted(bare, Budget(usd=0.0001), RATES, spent=30_000_000)
        tasks = [asyncio.create_task(teacher.ask(ONE)) for _ in range(3)]
        await turns()
        assert len(bare.sent) == 1
        bare.answer(0, 10, 90)
        found = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(BudgetError):
            await teacher.ask(ONE)
        return found

    reply, *errors = asyncio.run(main())
    assert isinstance(reply, Reply)
    assert [type(error) for error in errors] == [BudgetError, BudgetError]
    assert len(bare.sent) == 1
    assert str(errors[0]) == (
        "the budget of $0.0001 has no room for another request: $0.0000855 spent so far, and the "
        "next one may cost up to $0.0000628. What is answered stays answered: raise budget.usd "
        "in the recipe and run the same command again"
    )


def test_a_budget_in_tokens_says_so() -> None:
    teacher = Budgeted(Manual(), Budget(tokens=1000), None, spent_tokens=990)
    with pytest.raises(BudgetError) as caught:
        asyncio.run(teacher.ask(ONE))
    message = str(caught.value)
    assert "the budget of 1,000 tokens has no room" in message
    assert f"990 spent so far, and the next one may take up to {WORST}." in message
    assert "raise budget.tokens in the recipe" in message


def test_what_earlier_sessions_spent_counts() -> None:
    whole = Counting(1.0)
    asyncio.run(spend(Budgeted(whole, Budget(usd=0.004), RATES), requests(2000), 20))
    halves = Counting(1.0)
    first = Budgeted(halves, Budget(usd=0.002), RATES)
    asyncio.run(spend(first, requests(2000), 20))
    second = Budgeted(
        halves, Budget(usd=0.004), RATES, spent=first.spent, spent_tokens=first.spent_tokens
    )
    asyncio.run(spend(second, requests(4000)[2000:], 20))
    assert second.spent == cost(halves.billed, RATES) <= 0.004 * PICO
    assert second.spent > 0.95 * cost(whole.billed, RATES)


# Stopping, metering


def test_stop_wakes_everybody_and_goes_down_and_lets_what_is_in_flight_end() -> None:
    bare = Manual()

    async def main() -> None:
        teacher = Budgeted(bare, Budget(tokens=WORST), None)
        first, *others = (asyncio.create_task(teacher.ask(ONE)) for _ in range(3))
        await turns()
        error = Interrupted("Ctrl-C")
        teacher.stop(error)
        found = await asyncio.gather(*others, return_exceptions=True)
        assert found == [error, error]
        assert bare.stopped is error
        with pytest.raises(Interrupted):
            await teacher.ask(ONE)
        bare.answer(0, 1, 1)
        assert (await first).text == "é"

    asyncio.run(main())


def test_without_a_budget_it_only_meters() -> None:
    meter = Meter(RATES)
    bare = Counting(3.0, lambda drawn: Malformed("x") if drawn.random() < 0.3 else None)
    teacher = Budgeted(bare, Budget(), RATES, meter=meter)
    assert asyncio.run(spend(teacher, requests(100), 20)) is None
    assert meter.new + meter.wasted == 100
    assert 15 < meter.wasted < 45
    assert (teacher.name, teacher.identity) == (bare.name, bare.identity)


def test_a_budget_in_dollars_wants_a_price() -> None:
    with pytest.raises(ValueError, match="price"):
        Budgeted(Manual(), Budget(usd=1), None)
