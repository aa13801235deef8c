"""The estimate: what a sample of a run's own requests says about the whole run."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AuthError, BadRequest, UserError
from limbeck.ledger import Ledger
from limbeck.money import FREE, PICO, Rates
from limbeck.pipeline import estimate as module
from limbeck.pipeline.context import Context
from limbeck.pipeline.estimate import Estimate, estimate, render
from limbeck.pipeline.generate import generate, generator_of
from limbeck.pipeline.sample import Interval
from limbeck.progress import Quiet
from limbeck.protocols import Request, Usage
from limbeck.recipe import Recipe
from limbeck.record import content_hash
from limbeck.rundir import RunDir
from limbeck.seeds import read_seeds
from limbeck.teachers.recorded import Recorded
from limbeck.testing import Answer, ApiServer, FakeTeacher, completion

PRICE = {"input": 0.15, "output": 0.6}
SEEDS = 120


def prompts(count: int = SEEDS) -> list[str]:
    drawn = random.Random(1)
    words = ["讲讲", "numéro", "🙂", "tell", "about", "the"]
    return [
        f"{i} " + " ".join(drawn.choices(words, k=drawn.randrange(3, 40))) for i in range(count)
    ]


def context(folder: Path, *, name: str = "x", count: int = SEEDS, **changes: Any) -> Context:
    rows = "".join(json.dumps({"prompt": text}) + "\n" for text in prompts(count))
    (folder / "seeds.jsonl").write_text(rows, encoding="utf-8")
    job: dict[str, Any] = {
        "name": name,
        "seeds": "seeds.jsonl",
        "teacher": {"model": "fake:t"},
        "generate": {"max_tokens": 300},
        "student": "fake:s",
    }
    recipe = Recipe.model_validate(job | changes).resolved(folder)
    return Context(RunDir(folder / "runs" / name, recipe), Quiet(), folder / "ledger.sqlite")


def counts(text: str) -> tuple[int, int]:
    """The server's own tokens of a prompt and of its answer: known to the test alone."""
    drawn = random.Random(content_hash(text))
    return 9 + len(text.split()) * 2, min(300, int(drawn.lognormvariate(4, 0.5)))


def counting(body: dict[str, Any], number: int) -> Answer:
    text = body["messages"][-1]["content"]
    prompt, written = counts(text)
    answer = completion(f"A whole answer to {text}")
    answer["usage"] = {"prompt_tokens": prompt, "completion_tokens": written}
    return Answer(answer)


def holds(found: Interval | None, truth: float) -> bool:
    return found is not None and found.low <= truth <= found.high


def api(server: ApiServer, **fields: Any) -> dict[str, Any]:
    return {"model": "openai:m", "base_url": server.base_url, "attempts": 1, **fields}


def test_tokens_and_cost_of_the_whole_run_come_from_twenty_requests(tmp_path: Path) -> None:
    told = [counts(text) for text in prompts()]
    prompt, written = sum(p for p, _ in told), sum(w for _, w in told)
    money = prompt * 150_000 + written * 600_000
    with ApiServer(script=counting) as server:
        ctx = context(tmp_path, teacher=api(server, price=PRICE))
        made = estimate(ctx)
        assert len(server.bodies) == 20
        again = estimate(ctx)
        whole = estimate(ctx, 500)
        assert len(server.bodies) == SEEDS
    assert (made.seeds, made.requests, made.found, made.asked, made.left) == (120, 120, 0, 20, 100)
    assert holds(made.prompt_tokens, prompt)
    assert holds(made.completion_tokens, written)
    assert holds(made.cost, money)
    assert made.cost is not None
    assert made.to_pay is not None
    assert made.cost.high - made.cost.low < money
    asked = [counts(body["messages"][-1]["content"]) for body in server.bodies[:20]]
    paid = sum(p * 150_000 + w * 600_000 for p, w in asked)
    assert made.cost.value - made.to_pay.value == pytest.approx(paid)
    assert made.cost.low - made.to_pay.low == pytest.approx(paid)
    # A second time costs nothing and says the same of the run.
    assert (again.found, again.asked, again.cost) == (20, 0, made.cost)
    # A sample of everything is no estimate any more.
    assert (whole.found, whole.asked, whole.left) == (20, 100, 0)
    assert whole.cost == Interval(money, money, money)
    assert whole.prompt_tokens == Interval(prompt, prompt, prompt)
    assert whole.to_pay == Interval(0, 0, 0)


def test_the_run_finds_the_sample_answered(tmp_path: Path) -> None:
    with ApiServer(script=counting) as server:
        ctx = context(tmp_path, teacher=api(server), generate={"paths": 2, "max_tokens": 300})
        estimate(ctx, 30)
        generate(ctx)
        assert len(server.bodies) == 2 * SEEDS
        assert len({json.dumps(body, sort_keys=True) for body in server.bodies}) == 2 * SEEDS


def test_the_sample_is_spread_over_the_seeds_and_drawn_by_the_recipes_seed(tmp_path: Path) -> None:
    def asked(name: str, sample: int, **changes: Any) -> list[str]:
        with ApiServer(script=counting) as server:
            folder = tmp_path / name
            folder.mkdir()
            options = {"paths": 4, "max_tokens": 300}
            ctx = context(folder, count=30, teacher=api(server), generate=options, **changes)
            estimate(ctx, sample)
            return [body["messages"][-1]["content"] for body in server.bodies]

    few, many = asked("few", 20), asked("many", 50)
    assert len(set(few)) == 20
    assert sorted(set(many)) == sorted(prompts(30))
    assert set(asked("same", 20)) == set(few)
    assert set(asked("other", 20, seed=1)) != set(few)


def use(monkeypatch: pytest.MonkeyPatch, teacher: FakeTeacher) -> None:
    monkeypatch.setattr(Context, "connect", lambda _, ledger, *__: Recorded(teacher, ledger))


def test_what_the_ledger_holds_is_known_and_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = FakeTeacher(name="t")
    use(monkeypatch, teacher)
    ctx = context(tmp_path, teacher={"model": "fake:t", "price": PRICE})

    async def ask(requests: Sequence[Request]) -> list[Usage]:
        with Ledger(ctx.ledger) as ledger:
            recorded = Recorded(teacher, ledger)
            return [(await recorded.ask(request)).usage for request in requests]

    seeds = read_seeds(ctx.recipe.seeds.path)
    requests = list(generator_of(ctx).requests(seeds))  # type: ignore[attr-defined]
    known = asyncio.run(ask(requests[:60]))
    made = estimate(ctx)
    assert made.found == 60
    assert made.asked + made.left == 60
    assert 0 < made.asked < 20
    usage = asyncio.run(ask(requests))
    assert usage[:60] == known
    assert holds(made.prompt_tokens, sum(u.prompt_tokens for u in usage))
    assert made.to_pay is not None
    assert made.cost is not None
    assert made.to_pay.value < made.cost.value / 2


def survivor(request: Request) -> dict[str, float]:
    drawn = random.Random(content_hash(request.to_json()))
    if drawn.random() < 0.3:
        return {"I'm sorry, but I can't help with that.": 1.0}
    return {" ".join(["mot"] * int(drawn.lognormvariate(3, 0.6) + 1)) + " 字。": 1.0}


def test_rows_are_judged_by_the_recipes_filters_and_prompts_to_buy_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, FakeTeacher(survivor, name="t"))
    generate = {"paths": 2, "max_tokens": 300}
    made = estimate(context(tmp_path, generate=generate), 60, good=1000)
    assert made.survival.value == made.kept / 60
    assert made.survival.low < 0.7 < made.survival.high
    assert made.prompts is not None
    assert made.prompts.value == -(-1000 * 60 // (made.kept * 2))
    assert made.prompts.low < 1000 / (2 * 0.7) < made.prompts.high
    everything = estimate(context(tmp_path, generate=generate, filters=[]), 60)
    assert everything.kept == 60
    assert everything.prompts is None


def test_no_survivor_bounds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeTeacher({"": 1.0}, name="t"))
    made = estimate(context(tmp_path), 10, good=5)
    assert made.kept == 0
    assert made.to_json()["prompts"]["value"] is None
    assert made.to_json()["prompts"]["high"] is None
    assert "no bound" in render(made)


def test_some_failures_are_counted_and_lower_the_survival(tmp_path: Path) -> None:
    def script(body: dict[str, Any], number: int) -> Answer:
        refused = Answer({"error": {"message": "too odd"}}, 400)
        return refused if number % 4 == 0 else counting(body, number)

    with ApiServer(script=script) as server:
        made = estimate(context(tmp_path, teacher=api(server, concurrency=1)))
    assert (made.sampled, made.answered, dict(made.failed)) == (20, 15, {"bad_request": 5})
    assert (made.kept, made.left) == (15, 105)
    assert "5 of the 20 sampled requests failed (5 bad_request)" in render(made)


def test_when_all_fail_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeTeacher(name="t", fail=lambda request: AuthError("no key")))
    with pytest.raises(AuthError, match="no key"):
        estimate(context(tmp_path))
    use(monkeypatch, FakeTeacher(name="t", fail=lambda request: BadRequest("too odd")))
    with pytest.raises(UserError, match=r"0 of the 20 sampled.*\(bad_request: too odd\)"):
        estimate(context(tmp_path))


def test_without_usage_the_tokens_are_guessed_and_that_is_said(tmp_path: Path) -> None:
    def script(body: dict[str, Any], number: int) -> Answer:
        answer = completion("une réponse 🙂")
        del answer["usage"]
        return Answer(answer)

    with ApiServer(script=script) as server:
        made = estimate(context(tmp_path, teacher=api(server)))
    assert not made.counted
    assert made.completion_tokens.value > SEEDS
    assert "they are guessed from the texts" in render(made)


def test_a_generator_whose_requests_are_not_known_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Chain:
        name = "chain"

    monkeypatch.setattr(module, "generator_of", lambda context: Chain())
    with pytest.raises(UserError, match="'chain' cannot be estimated: its next request depends"):
        estimate(context(tmp_path))


@pytest.mark.parametrize(
    ("options", "said"),
    [({"sample": 1}, "--sample must be at least 2, got 1"), ({"good": 0}, "--good .* got 0")],
)
def test_numbers_that_say_nothing_are_refused(
    tmp_path: Path, options: dict[str, int], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        estimate(context(tmp_path), **options)


def test_a_run_of_one_request_needs_no_spread(tmp_path: Path) -> None:
    made = estimate(context(tmp_path, count=1))
    assert (made.requests, made.left, made.cost) == (1, 0, Interval(0, 0, 0))


def test_the_intervals_hold_the_truth_nearly_always(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, FakeTeacher(survivor, name="t"))
    held = 0
    for seed in range(20):
        ctx = context(tmp_path, name=f"n{seed}", seed=seed, count=60)
        made = estimate(ctx)
        whole = estimate(ctx, 60)
        assert whole.left == 0
        held += holds(made.prompt_tokens, whole.prompt_tokens.value)
        held += holds(made.completion_tokens, whole.completion_tokens.value)
        held += holds(made.survival, whole.survival.value)
    assert held >= 0.9 * 60


# What is shown


def shown(**changes: Any) -> str:
    fields: dict[str, Any] = {
        "teacher": "openai:模型",
        "seeds": 440,
        "requests": 880,
        "rows": 880,
        "found": 120,
        "sampled": 20,
        "sampled_rows": 20,
        "asked": 18,
        "answered": 20,
        "failed": {},
        "left": 742,
        "counted": True,
        "prompt_tokens": Interval(48_210.4, 47_900, 48_520),
        "completion_tokens": Interval(30_000, 26_000, 36_000),
        "rates": Rates(150_000, 600_000, 150_000, source="the recipe's price"),
        "cost": Interval(0.0252 * PICO, 0.022 * PICO, 0.0291 * PICO),
        "to_pay": Interval(0.0212 * PICO, 0.018 * PICO, 0.0251 * PICO),
        "kept": 17,
        "survival": Interval(0.85, 0.64, 0.95),
        "good": 1000,
        "prompts": Interval(589, 527, 782),
    }
    return render(Estimate(**fields | changes))


def test_the_table_reads_well() -> None:
    assert shown().splitlines() == [
        "openai:模型: 880 requests from 440 prompts; 120 were in the ledger, 18 were asked for "
        "this estimate, 742 are left",
        "whole run                    estimate       95% interval",
        "prompt tokens                  48,210   [47,900, 48,520]",
        "completion tokens              30,000   [26,000, 36,000]",
        "cost                          $0.0252  [$0.022, $0.0291]",
        "still to pay                  $0.0212  [$0.018, $0.0251]",
        "good rows                         748         [563, 836]",
        "prompts for 1,000 good rows       589         [527, 782]",
        "Good rows: of 20 sampled requests 17 gave a row that every filter kept: 85% [64%, 95%].",
        "Price: $0.15 in, $0.60 out per million tokens, the recipe's price; prices change, and "
        "teacher.price in the recipe overrides.",
        "Not in it: duplicates between a prompt's paths, and more of them the larger a run grows; "
        "retries that a server bills, and discounts for cached prompts and for batches.",
    ]


def test_rows_of_several_requests_are_told_as_rows() -> None:
    said = shown(rows=110, sampled_rows=2, kept=1, survival=Interval(0.5, 0.1, 0.9)).splitlines()
    assert said[6].split() == ["good", "rows", "55", "[11,", "99]"]
    assert said[8] == "Good rows: of 2 sampled rows 1 passed every filter: 50% [10%, 90%]."


def test_without_a_price_the_recipes_keys_are_named_and_a_local_teacher_is_free() -> None:
    unknown = shown(rates=None, cost=None, to_pay=None)
    assert "put teacher.price (input and output" in unknown
    assert "$0" not in unknown
    nothing = Interval(0.0, 0.0, 0.0)
    assert "$" not in shown(rates=FREE, cost=nothing, to_pay=nothing)


def test_json_has_dollars_and_says_where_the_price_is_from(tmp_path: Path) -> None:
    made = estimate(context(tmp_path, teacher={"model": "fake:t", "price": PRICE}), good=7)
    row = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert made.cost is not None
    assert row["cost_usd"]["value"] == pytest.approx(made.cost.value / PICO)
    assert row["price_source"] == "the recipe's price"
    assert row["rates"]["input"] == 150_000
    assert row["completion_tokens"]["low"] <= row["completion_tokens"]["value"]
    assert row["good"] == 7
    free = estimate(context(tmp_path, teacher="fake:t")).to_json()
    assert free["cost_usd"] == {"value": 0.0, "low": 0.0, "high": 0.0}
