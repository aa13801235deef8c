"""`style: evolve`: operators, rounds, and the four reasons to eliminate a prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from limbeck.errors import AskTimeout
from limbeck.generators.self_instruct.evolve import OPERATORS
from limbeck.generators.self_instruct.evolve_rules import leaked, useless
from limbeck.generators.self_instruct.sampling import Sampling
from limbeck.protocols import Reply, Request
from tests.generators.self_instruct.scribe import Scribe, run, seeds


def saying(**replies: str | Reply | Callable[[Request], str]) -> Scribe:
    def reply(request: Request, stage: str) -> Reply | None:
        said = replies.get(stage)
        if said is None:
            return None
        if isinstance(said, Reply):
            return said
        return Reply(said if isinstance(said, str) else said(request))

    return Scribe(reply)


def test_all_six_operators_are_drawn_and_named_in_the_drafts() -> None:
    out = run(Scribe(), seeds(60), style="evolve", instructions=60)
    drawn = Counter(record.provenance.prompt_version for record, _ in out.drafts)
    assert set(drawn) == {f"evolve_{name}.v1" for name in OPERATORS}
    assert len(out.records) == 60


def test_a_round_goes_on_from_what_the_last_one_made() -> None:
    teacher = Scribe()
    out = run(teacher, seeds(5), style="evolve", instructions=15, rounds=3)
    drafts = {record.id: record for record, verdict in out.drafts if verdict.keep}
    assert len(out.records) == len(drafts) == 15
    depths: Counter[int] = Counter()
    for record in out.records:
        depth, name = 0, record.provenance.parents[0]
        while name in drafts:
            depth, name = depth + 1, drafts[name].provenance.parents[0]
        depths[depth] += 1
        assert name in {f"seed {n}" for n in range(5)}
    assert depths == {1: 5, 2: 5, 3: 5}
    prompts = teacher.prompts("evolve")
    assert "Seed0 alpha0 beta0 gamma0 delta0\n\ninput 0\n" in prompts[0]  # with its input
    assert any(record.prompt in prompt for record in out.records for prompt in prompts[5:])


def test_rounds_end_the_run_where_prompts_do_not_suffice() -> None:
    out = run(Scribe(), seeds(4), style="evolve", instructions=20, rounds=2)
    assert len(out.records) == 8
    assert out.said == ["all 2 rounds are done, with 8 of 20 rows"]


def test_what_gained_nothing_is_eliminated_and_tried_again_from_where_it_was() -> None:
    teacher = saying(gain="Equal")
    out = run(teacher, seeds(3), style="evolve", rounds=4)
    assert out.records == []
    assert out.funnel["refused evolutions: no_gain"] == 12
    assert "answer" not in teacher.stages()  # nobody pays for the answer to what is thrown away
    assert all("Seed" in prompt for prompt in teacher.prompts("evolve"))


@pytest.mark.parametrize(
    ("answer", "rule"),
    [("Sorry, I cannot say.", "sorry"), ("对不起，我不知道。", "sorry"), ("...", "wordless")],
)
def test_a_prompt_with_a_useless_answer_is_eliminated(answer: str, rule: str) -> None:
    out = run(saying(answer=answer), seeds(2), style="evolve", rounds=1)
    assert out.records == []
    assert out.funnel[f"refused evolutions: {rule}"] == 2
    refused = [record for record, verdict in out.drafts if verdict.reason == rule]
    assert [record.completion for record in refused] == [answer] * 2


def test_a_verdict_that_cannot_be_read_is_asked_again_and_then_eliminates() -> None:
    teacher = saying(gain="Hard to say.")
    out = run(teacher, seeds(2), style="evolve", rounds=1)
    assert Counter(teacher.stages())["gain"] == 4
    assert out.funnel["refused evolutions: unread"] == 2


def test_a_prompt_that_copies_the_evolving_prompt_is_refused() -> None:
    out = run(
        saying(evolve="Here the rewritten prompt asks for five more rivers."),
        seeds(2),
        style="evolve",
        rounds=1,
    )
    assert out.funnel["refused instructions: leaked"] == 2
    assert out.records == []


def test_labels_and_quotes_around_a_prompt_are_taken_off() -> None:
    def labelled(request: Request) -> str:
        return f'**Rewritten prompt:** "Name {request.seed} rivers and {request.seed} lakes."'

    rows = run(saying(evolve=labelled), seeds(3), style="evolve", rounds=1).records
    assert len(rows) == 3
    assert all(row.prompt.startswith("Name ") and row.prompt.endswith("lakes.") for row in rows)


def test_what_was_cut_off_or_refuses_is_no_prompt() -> None:
    for said in (
        Reply("Name the rivers of all the", "length"),
        Reply("I'm sorry, I can't do that."),
    ):
        out = run(saying(evolve=said), seeds(2), style="evolve", rounds=1)
        assert out.records == []
        assert out.funnel["replies not read"] == 2


def test_an_evolved_prompt_may_be_near_its_own_line() -> None:
    def longer(request: Request) -> str:
        """Adds a word to the prompt that is to evolve."""
        body = request.messages[0].content.split("Prompt:\n")[-1]
        text = body.rsplit("\n\n", 1)[0].split("\n\n")[0]
        return f"{text} more"

    rows = run(saying(evolve=longer), seeds(3), style="evolve", rounds=2, instructions=6).records
    assert len(rows) == 6


def test_an_evolved_prompt_that_is_near_another_line_is_refused() -> None:
    out = run(
        saying(evolve="Name the five longest rivers in Asia."), seeds(3), style="evolve", rounds=1
    )
    assert len(out.records) == 1
    assert out.funnel["refused instructions: similar"] == 2


def test_a_whole_prompt_may_be_long_and_the_recipe_says_how_long() -> None:
    long = " ".join(f"word{n}" for n in range(400))
    assert len(run(saying(evolve=long), seeds(1), style="evolve", rounds=1).records) == 1
    out = run(saying(evolve=long), seeds(1), style="evolve", rounds=1, max_words=399)
    assert out.funnel["refused instructions: too_long"] == 1
    out = run(saying(instructions=f'["{long}"]'), stall_calls=2)
    assert out.funnel["refused instructions: too_long"] == 2


def test_what_was_eliminated_does_not_stand_in_the_way_of_the_next_try() -> None:
    """The next round says nearly the same again, and this time the teacher finds it better."""

    def near(request: Request) -> str:
        return f"Name the five longest rivers in Asia, and number {request.seed or 0} as well."

    verdicts = iter(["Equal", "Not Equal"])
    teacher = saying(evolve=near, gain=lambda request: next(verdicts))
    out = run(teacher, seeds(1), style="evolve", rounds=2)
    assert out.funnel["refused evolutions: no_gain"] == 1
    assert len(out.records) == 1


def test_a_teacher_that_echoes_makes_no_row() -> None:
    def echo(request: Request) -> str:
        body = request.messages[0].content.split("Prompt:\n")[-1]
        return body.rsplit("\n\n", 1)[0].split("\n\n")[0].upper()

    out = run(saying(evolve=echo), seeds(5), style="evolve", rounds=3)
    assert out.records == []
    assert out.funnel["refused instructions: similar"] == 15


def test_every_round_draws_another_operator_for_what_stayed() -> None:
    teacher = saying(gain="Equal")
    run(teacher, seeds(1), style="evolve", rounds=12)
    prompts = {prompt.split("Prompt:")[0] for prompt in teacher.prompts("evolve")}
    assert len(prompts) > 3


def test_rewriting_is_sampled_and_stalls_as_the_recipe_says() -> None:
    teacher = saying(evolve="Sing.")
    out = run(
        teacher,
        seeds(30),
        style="evolve",
        stall_calls=5,
        instruction_sampling=Sampling(temperature=0.2),
    )
    assert len(teacher.prompts("evolve")) <= 5 + 16
    assert out.funnel["calls for instructions"] == 5
    assert "stopped in round 1 with 0 rows: of the 5 instructions" in out.said[0]
    assert {request.temperature for _, request in teacher.asked} == {0.2}


def test_failed_calls_are_in_the_funnel_of_every_stage() -> None:
    def fails(at: str, **options: Any) -> dict[str, int]:
        def reply(request: Request, stage: str) -> Exception | None:
            return AskTimeout("slow") if stage == at else None

        return run(Scribe(reply), **options).funnel

    assert fails("evolve", style="evolve", rounds=1)["calls failed"] == 12
    assert fails("gain", style="evolve", rounds=1)["evolutions whose call failed"] == 12
    assert fails("answer", style="evolve", rounds=1)["evolutions whose call failed"] == 12
    assert fails("classify", instructions=5)["instructions whose call failed"] == 5
    assert fails("answer", style="magpie", instructions=5)["instructions whose call failed"] == 5
    assert fails("instructions", stall_calls=5)["calls failed"] == 5


def test_leaked_names_the_words() -> None:
    found = leaked("Answer the #Given Prompt# in five words")
    assert found is not None
    assert (found.rule, found.value) == ("leaked", "Given Prompt")
    assert leaked("Prompt the user for a number, given that it is new.") is None
    assert leaked("给出的提示") is None


def test_useless_counts_words_and_looks_at_every_script() -> None:
    assert useless("It is, as it was, what it is.") is not None
    assert useless("") is not None
    assert useless("42") is None
    assert useless("河流") is None
    long = "I am sorry for the delay. " + "River " * 80
    assert useless(long) is None
    assert useless("I am sorry for the delay. " + "River " * 70) is not None
