"""A budget through the real command: where it stops, what it says, and that nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.testing import Answer, ApiServer, completion
from tests.engine import count, limbeck, prompts, records, write_recipe

# The server says 5 prompt and 7 completion tokens; a request may take up to about 60 + 32.
PRICE = ", price: {input: 1000, output: 1000}"  # $0.012 an answer
SPENT = (
    "SELECT sum(prompt_tokens + completion_tokens + wasted_prompt_tokens"
    " + wasted_completion_tokens) FROM (SELECT prompt_tokens, completion_tokens,"
    " wasted_prompt_tokens, wasted_completion_tokens FROM replies UNION ALL"
    " SELECT 0, 0, wasted_prompt_tokens, wasted_completion_tokens FROM failures)"
)


@pytest.mark.parametrize(("key", "budget"), [("tokens", "400"), ("usd", "0.4")])
def test_a_budget_stops_the_run_and_a_higher_one_goes_on(
    tmp_path: Path, key: str, budget: str
) -> None:
    with ApiServer(latency=0.01) as server:

        def generate(more: str, code: int) -> str:
            recipe = write_recipe(tmp_path, server.base_url, 60, teacher=PRICE, more=more)
            words = ("generate", str(recipe), "--progress", "quiet")
            return limbeck(tmp_path, *words, code=code)

        out = generate(f"budget: {{{key}: {budget}}}\n", 2)
        assert out.startswith("limbeck: the budget of ")
        assert f"raise budget.{key} in the recipe and run the same command again" in out
        sent = len(server.bodies)
        assert 20 <= sent <= 33, "as many as fit, and not one more"
        assert count(tmp_path) == sent, "what was paid is there"
        assert count(tmp_path, SPENT) <= 400
        assert records(tmp_path) == []
        # It is spent for good: the same command asks nothing, and says the same.
        assert generate(f"budget: {{{key}: {budget}}}\n", 2) == out
        assert len(server.bodies) == sent
        generate("", 0)
        assert len(server.bodies) == 60
    assert [row["messages"][-1]["content"] for row in records(tmp_path)] == prompts(60)


def test_failures_that_may_be_billed_are_paid_from_the_budget_also_after_a_stop(
    tmp_path: Path,
) -> None:
    """Every second answer is unusable and says what it cost; whatever the moment of the stop, the
    ledger knows of each of them, so a resumed run cannot spend it again."""
    unusable = Answer(completion("") | {"choices": []})

    def script(body: object, number: int) -> Answer | None:
        return unusable if number % 2 else None

    with ApiServer(script=script, latency=0.01) as server:
        recipe = write_recipe(tmp_path, server.base_url, 60, more="budget: {tokens: 500}\n")
        for _ in range(3):
            limbeck(tmp_path, "generate", str(recipe), "--progress", "quiet", code=2)
        billed = 12 * len(server.bodies)
        assert len(server.bodies) >= 20
        assert billed <= 500
        assert count(tmp_path, SPENT) == billed
