"""Money: exact sums, the table of list prices, costs, guesses of tokens, the meter."""

from __future__ import annotations

import random
from decimal import Decimal
from importlib import resources

import pytest
import yaml

from limbeck.money import (
    FREE,
    PICO,
    Meter,
    Rates,
    cost,
    counted,
    dollars,
    estimate_tokens,
    from_dollars,
    price_of,
    text_tokens,
    tokens,
)
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import Price, TeacherSection
from limbeck.record import Message, user

OPENAI = "https://api.openai.com/v1"
MINI = Rates(input=150_000, output=600_000, cached=75_000, batch=500_000)


def openai(model: str, base_url: str = OPENAI, price: Price | None = None) -> TeacherSection:
    return TeacherSection(model=f"openai:{model}", base_url=base_url, price=price)


# Prices


def test_a_known_model_has_its_list_price_in_whole_pico_dollars() -> None:
    found = price_of(openai("gpt-4o-mini"))
    assert found is not None
    assert (found.input, found.output, found.cached, found.batch) == (
        150_000,
        600_000,
        75_000,
        500_000,
    )
    assert "known in 20" in found.source


def test_a_dated_name_has_its_familys_price_unless_it_has_its_own() -> None:
    assert price_of(openai("gpt-4o-mini-2024-07-18")) == price_of(openai("gpt-4o-mini"))
    anthropic = "https://api.anthropic.com/v1"
    dated = price_of(openai("claude-haiku-4-5-20251001", anthropic))
    assert dated == price_of(openai("claude-haiku-4-5", anthropic))
    assert dated is not None
    own, family = price_of(openai("gpt-4o-2024-05-13")), price_of(openai("gpt-4o"))
    assert own is not None
    assert family is not None
    assert own.input == 2 * family.input


@pytest.mark.parametrize(
    ("model", "base_url"),
    [
        ("gpt-4o-mini-audio-preview", OPENAI),
        ("gpt-4o-mini-2024", OPENAI),
        ("gpt-4o-mini", "http://127.0.0.1:8000/v1"),
        ("gpt-4o-mini", "https://api.openai.com.example/v1"),
        ("模型🙂", OPENAI),
    ],
)
def test_what_the_table_does_not_have_is_unknown_and_never_guessed(
    model: str, base_url: str
) -> None:
    assert price_of(openai(model, base_url)) is None


def test_the_recipes_price_comes_first_and_cached_tokens_cost_as_the_others_unless_told() -> None:
    found = price_of(openai("gpt-4o-mini", price=Price(input=0.1, output=0.3)))
    assert found is not None
    assert (found.input, found.output, found.cached, found.batch) == (
        100_000,
        300_000,
        100_000,
        500_000,
    )
    told = price_of(openai("x", price=Price(input=1, output=2, cached=0, batch=1)))
    assert told is not None
    assert (told.cached, told.batch) == (0, 1_000_000)


@pytest.mark.parametrize("model", ["bundled", "fake:x", "gguf:/m.gguf", "hf:a/b", "/models/openai"])
def test_a_teacher_in_this_process_costs_nothing(model: str) -> None:
    found = price_of(TeacherSection(model=model))
    assert found == FREE
    assert FREE.free
    assert not MINI.free


def test_every_price_of_the_table_is_one_that_a_recipe_may_hold_and_exact() -> None:
    table = yaml.safe_load((resources.files("limbeck") / "prices.yaml").read_text("utf-8"))
    assert set(table) == {"as_of", "hosts"}
    for host, models in table["hosts"].items():
        assert host == host.lower()
        for model, row in models.items():
            price = Price.model_validate(row)
            assert 0 < price.input <= price.output
            assert price.cached is None or price.cached < price.input
            found = price_of(openai(str(model), f"https://{host}/v1"))
            assert found is not None
            assert Decimal(found.input) / 10**6 == Decimal(str(row["input"]))


# Costs


def test_cached_prompt_tokens_are_cheaper() -> None:
    assert cost(Usage(1000, 100), MINI) == 1000 * 150_000 + 100 * 600_000
    assert cost(Usage(1000, 100, 800), MINI) == 200 * 150_000 + 800 * 75_000 + 100 * 600_000


def test_a_batch_costs_its_part_rounded_up() -> None:
    assert cost(Usage(1000, 100), MINI, via="batch") == 105_000_000
    odd = Rates(input=3, output=0, cached=3, batch=500_000)
    assert cost(Usage(1, 0), odd, via="batch") == 2
    assert cost(Usage(1, 0), odd) == 3


def test_sums_are_exact_where_floats_are_not() -> None:
    rates = Rates(input=100_000, output=0, cached=0)
    once = cost(Usage(1, 0), rates)
    assert sum(once for _ in range(1_000_000)) == from_dollars(0.1)
    assert sum(0.1e-6 for _ in range(1_000_000)) != 0.1


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0"),
        (1, "$0.000000000001"),
        (999, "$0.000000000999"),
        (12_345_678, "$0.0000123"),
        (10**10, "$0.01"),
        (12_345_000_000, "$0.0123"),
        (99_960_000_000, "$0.10"),
        (100_000_000_000, "$0.10"),
        (123_000_000_000, "$0.12"),
        (5 * PICO, "$5.00"),
        (1_234_567 * PICO + 891 * 10**9, "$1,234,567.89"),
        (-5 * PICO, "-$5.00"),
    ],
)
def test_dollars_are_never_scientific_and_show_what_is_known(amount: int, text: str) -> None:
    assert dollars(amount) == text


def test_dollars_round_to_three_digits_whatever_the_size() -> None:
    drawn = random.Random(3)
    for _ in range(300):
        amount = int(10 ** drawn.uniform(0, 11))
        shown = Decimal(dollars(amount).removeprefix("$")) * PICO
        assert abs(shown - amount) <= Decimal(amount) / 200


@pytest.mark.parametrize(
    ("value", "amount"), [(5, 5 * PICO), (0.1, PICO // 10), (1e-05, 10**7), (2.675, 2675 * 10**9)]
)
def test_an_amount_is_read_as_it_was_written(value: float, amount: int) -> None:
    assert from_dollars(value) == amount


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 tokens"),
        (950, "950 tokens"),
        (12_345, "12.3k tokens"),
        (999_949, "999.9k tokens"),
        (999_950, "1.0M tokens"),
        (1_200_000, "1.2M tokens"),
        (2_500_000_000_000, "2,500.0G tokens"),
    ],
)
def test_tokens_are_shown_short(count: int, text: str) -> None:
    assert tokens(count) == text


# Guesses


@pytest.mark.parametrize(
    ("text", "least", "most"),  # what common tokenisers make of it, and twice that
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog.", 10, 20),
        ("天空为什么是蓝色的？", 10, 20),
        ("Où est la bibliothèque, s'il vous plaît ?", 11, 22),
        ("🙂🙂🙂", 3, 12),
        ("👩‍👩‍👧‍👦", 7, 22),
        ("half a character: \ud83d", 6, 14),
    ],
)
def test_a_guess_is_careful_and_sane(text: str, least: int, most: int) -> None:
    assert least <= text_tokens(text) <= most


def test_a_prompt_counts_its_messages_template_included() -> None:
    turns = (Message("system", "Be brief."), user("你好"))
    alone = text_tokens("Be brief.") + text_tokens("你好")
    assert alone < estimate_tokens(turns) <= alone + 20
    assert estimate_tokens(Request(turns)) == estimate_tokens(turns)


def test_usage_is_the_servers_else_a_guess_that_keeps_to_the_limit() -> None:
    request = Request((user("你好"),), max_tokens=5)
    told = Reply("word " * 100, usage=Usage(7, 3, 2))
    assert counted(request, told) == Usage(7, 3, 2)
    silent = counted(request, Reply("word " * 100))
    assert silent == Usage(estimate_tokens(request), 5)
    assert counted(request, Reply("ab")).completion_tokens == 1


# The meter


def test_a_meter_counts_calls_tokens_and_cost() -> None:
    meter = Meter(MINI)
    meter.found += 2
    meter.answered(Usage(1000, 100, 10))
    meter.answered(Usage(1000, 100), via="batch")
    meter.waste(Usage(10, 5))
    assert (meter.found, meter.new, meter.failed, meter.wasted) == (2, 2, 0, 1)
    assert meter.usage == Usage(2000, 200, 10)
    assert meter.wasted_usage == Usage(10, 5)
    assert meter.wasted_cost == cost(Usage(10, 5), MINI)
    live, batch = cost(Usage(1000, 100, 10), MINI), cost(Usage(1000, 100), MINI, "batch")
    assert meter.cost == live + batch + meter.wasted_cost


def test_the_note_says_money_or_tokens_or_neither() -> None:
    priced, unknown, local = Meter(MINI), Meter(None), Meter(FREE)
    for meter in (priced, unknown, local):
        for _ in range(411):
            meter.answered(Usage(500, 362))
    assert priced.note() == "411 new, $0.12"
    assert unknown.note() == "411 new, 354.3k tokens"
    assert local.note() == "411 new"
    assert unknown.cost is None
    assert unknown.wasted_cost is None
    assert local.cost == 0
    local.failed += 3
    assert local.note() == "411 new, 3 failed"
