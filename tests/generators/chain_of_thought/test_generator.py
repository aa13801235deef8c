"""chain_of_thought: paths, rounds, one call or two, and rows that say all that happened."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any

import pytest

from limbeck.errors import AskTimeout, AuthError, UserError
from limbeck.generators.chain_of_thought import ChainOfThought
from limbeck.protocols import Generator, Reply, Request
from limbeck.record import Provenance, Record, user
from limbeck.testing import Collected
from tests.generators.chain_of_thought.solver import Clerk, Solver, questions, run, text_of

DEMOS = [
    Record(
        (user(f"Demo {n}?"),),
        "",
        Provenance("seed"),
        f"{n}",
        {"rationale": f"Count to {n}."},
    )
    for n in range(6)
]


def half(question: str, index: int) -> str | None:
    """Right on even paths, wrong on odd ones, silent on every fifth."""
    return None if index % 5 == 4 else "7" if index % 2 == 0 else "8"


@pytest.mark.parametrize("calls", ["one", "two"])
def test_timing_and_width_change_nothing(calls: str) -> None:
    options: dict[str, Any] = {"paths": 6, "calls": calls}
    given = questions(9)
    first = text_of(run(Solver(half), given, width=1, **options))
    for chance, width in ((1, 3), (2, 50)):
        teacher = Solver(half, turns=9, chance=chance)
        assert text_of(run(teacher, given, width=width, **options)) == first
    assert text_of(run(Solver(half), given, seed=1, **options)) != first


def test_a_row_says_what_was_thought_what_was_answered_and_whether_it_is_right() -> None:
    rows = run(Solver(half), questions(1), paths=3).records
    assert [row.completion for row in rows] == [
        "思考 thought 0 of #0.\nAnswer: 7",
        "思考 thought 1 of #0.\nAnswer: 8",
        "思考 thought 2 of #0.\nAnswer: 7",
    ]
    assert [row.meta["check"]["status"] for row in rows] == ["correct", "wrong", "correct"]
    assert [row.meta["answer"] for row in rows] == ["7", "8", "7"]
    assert {row.meta["pass_rate"] for row in rows} == {2 / 3}
    assert {row.meta["paths"] for row in rows} == {3}
    assert {row.meta["kind"] for row in rows} == {"number"}
    assert {row.target for row in rows} == {"7"}
    assert [row.provenance.index for row in rows] == [0, 1, 2]
    assert {row.provenance.parents for row in rows} == {("q0",)}
    assert {row.prompt for row in rows} == {"What is #0? 多少🙂"}  # as the student is asked
    assert len({row.provenance.request for row in rows}) == 3


def test_two_calls_as_published_for_a_base_teacher() -> None:
    teacher = Solver(half)
    out = run(teacher, questions(1), form="base", paths=2, temperature=0.9)
    first, second = teacher.calls("rationale"), teacher.calls("answer")
    assert first[0].messages[0].content == ("Q: What is #0? 多少🙂\nA: Let's think step by step.")
    assert (first[0].template, first[0].temperature, first[0].stop) == ("raw", 0.9, ("\nQ:",))
    assert second[0].messages[0].content == (
        "Q: What is #0? 多少🙂\nA: Let's think step by step.思考 thought 0 of #0.\n"
        "Therefore, the answer (arabic numerals) is"
    )
    assert (second[0].temperature, second[0].max_tokens, second[0].seed) == (0.0, 32, None)
    row = out.records[0]
    assert row.completion == "思考 thought 0 of #0.\nTherefore, the answer is 7."
    assert (row.meta["rationale"], row.meta["answer_text"]) == ("思考 thought 0 of #0.", " 7.")
    assert row.meta["answer_finish_reason"] == "stop"
    assert row.provenance.prompt_version == "cot_rationale_base.v1+cot_answer_base.v1"
    assert row.meta["usage"] == {"prompt_tokens": 14, "completion_tokens": 10}
    assert out.funnel["second calls"] == 2


def test_a_chat_teacher_is_asked_twice_only_where_the_answer_is_missing() -> None:
    teacher = Solver(half)
    out = run(teacher, questions(1), paths=5)
    assert Counter(stage for stage, _ in teacher.asked) == {"rationale": 5, "answer": 1}
    [again] = teacher.calls("answer")
    assert [message.role for message in again.messages] == ["user", "assistant", "user"]
    assert again.messages[1].content == "思考 thought 4 of #0."
    assert out.records[4].completion.endswith("\nTherefore, the answer is ?.")
    twice = Solver(half)
    run(twice, questions(1), paths=5, calls="two")
    assert Counter(stage for stage, _ in twice.asked) == {"rationale": 5, "answer": 5}


@pytest.mark.parametrize(
    ("kind", "base", "chat"),
    [
        ("number", "(arabic numerals) is", "the number in digits"),
        ("choice", "among A through C, the answer is", "the letter of the right option"),
        ("yesno", "(Yes or No) is", "yes or no"),
        ("text", "Therefore, the answer is", "the answer"),
    ],
)
def test_the_form_of_the_answer_is_asked_for(kind: str, base: str, chat: str) -> None:
    given = questions(1, kind=kind, options=["a", "b", "c"])
    teacher = Solver()
    run(teacher, given, form="base", paths=1)
    assert teacher.calls("answer")[0].messages[0].content.endswith(base)
    teacher = Solver()
    run(teacher, given, paths=1)
    assert chat in teacher.calls("rationale")[0].messages[0].content


@pytest.mark.parametrize(("target", "expected"), [("05/01/2020", True), ("3:05 pm", False)])
def test_a_date_is_asked_for_as_the_target_is_written(target: str, expected: bool) -> None:
    teacher = Solver()
    run(teacher, questions(1, target, kind="date"), paths=1, form="base")
    assert ("MM/DD/YYYY" in teacher.calls("answer")[0].messages[0].content) is expected


def test_worked_examples_come_first_and_save_the_second_call() -> None:
    teacher = Solver()
    out = run(teacher, questions(1), form="base", paths=1, demos=DEMOS, shots=2)
    [first] = teacher.calls("rationale")
    assert first.messages[0].content == (
        "Q: Demo 0?\nA: Count to 0. The answer is 0.\n\n"
        "Q: Demo 1?\nA: Count to 1. The answer is 1.\n\n"
        "Q: What is #0? 多少🙂\nA:"
    )
    assert teacher.calls("answer") == []
    assert out.funnel["correct"] == 1
    teacher = Solver()
    run(teacher, questions(1), paths=1, demos=DEMOS, shots=1)
    [chat] = teacher.calls("rationale")
    assert [message.role for message in chat.messages] == ["user", "assistant", "user"]
    assert chat.messages[1].content == "Count to 0.\nAnswer: 0"
    assert chat.messages[0].content.startswith("Demo 0?\n\nThink step by step")


def test_unsolved_questions_are_sampled_again_in_rounds_and_solved_ones_are_not() -> None:
    def hard(question: str, index: int) -> str:
        return "7" if (question, index) in {("#0", 1), ("#1", 5)} else "8"

    out = run(Solver(hard), questions(3), paths=2, max_paths=7)
    assert Counter(row.provenance.parents[0] for row in out.records) == {"q0": 2, "q1": 6, "q2": 7}
    assert out.funnel["questions solved"] == 2
    rates = {row.provenance.parents[0]: row.meta["pass_rate"] for row in out.records}
    assert rates == {"q0": 1 / 2, "q1": 1 / 6, "q2": 0.0}


def test_every_path_has_a_seed_of_its_own() -> None:
    teacher = Solver()
    run(teacher, questions(4), paths=5)
    assert len({request.seed for _, request in teacher.asked}) == 20


def test_a_rationale_that_was_cut_off_is_asked_longer_once_and_then_never_passes() -> None:
    def cut(request: Request) -> Reply | None:
        if request.index == 1 or (request.index == 2 and request.max_tokens == 50):
            return Reply("So far so good. Answer: 7", "length")
        return None

    teacher = Solver(first=cut)
    out = run(teacher, questions(1), paths=3, max_tokens=50)
    asked = [(request.index, request.max_tokens) for _, request in teacher.asked]
    assert sorted(asked) == [(0, 50), (1, 50), (1, 100), (2, 50), (2, 100)]
    assert out.funnel["rationales cut off"] == 1
    lost = out.records[1]
    assert (lost.meta["finish_reason"], "check" in lost.meta, "answer" in lost.meta) == (
        "length",
        False,
        False,
    )
    assert {row.meta["pass_rate"] for row in out.records} == {2 / 3}
    assert out.records[2].meta["check"]["status"] == "correct"
    once = Solver(first=cut)
    run(once, questions(1), paths=3, max_tokens=50, longer=False)
    assert len(once.asked) == 3


def test_an_answer_that_was_cut_off_says_so() -> None:
    def cut(request: Request) -> Reply | None:
        return Reply(" 7 and", "length") if request.max_tokens == 32 else None

    [row] = run(Solver(first=cut), questions(1), form="base", paths=1).records
    assert row.meta["finish_reason"] == "length"


def test_a_failed_path_leaves_the_others_alone() -> None:
    def fails(request: Request) -> Exception | None:
        return AskTimeout("slow") if request.index == 1 else None

    out = run(Solver(first=fails), questions(2), paths=3)
    assert [failure.index for failure in out.failures] == [1, 1]
    assert [row.provenance.index for row in out.records] == [0, 2, 0, 2]
    assert {row.meta["pass_rate"] for row in out.records} == {1.0}
    assert out.funnel["paths without a reply"] == 2


def test_a_second_call_that_fails_loses_the_path_and_keeps_its_reply_in_the_books() -> None:
    def fails(request: Request) -> Exception | None:
        return AskTimeout("slow") if request.max_tokens == 32 else None

    out = run(Solver(first=fails), questions(1), form="base", paths=2)
    assert out.records == []
    assert len(out.replies) == len(out.failures) == 2


def test_without_a_target_there_is_an_answer_but_no_check() -> None:
    out = run(Solver(half), questions(1, None), paths=2, max_paths=9)
    assert [row.meta["answer"] for row in out.records] == ["7", "8"]  # no rounds: nothing to reach
    assert all("check" not in row.meta and "pass_rate" not in row.meta for row in out.records)


@pytest.mark.parametrize("after", [0, 5])
def test_what_ends_the_run_ends_it(after: int) -> None:
    count = 0

    def refused(request: Request) -> Exception | None:
        nonlocal count
        count += 1
        return AuthError("the key is wrong") if count > after else None

    async def main() -> None:
        made = ChainOfThought(paths=4, verifier=Clerk())
        with pytest.raises(AuthError):
            await asyncio.wait_for(
                made.generate(questions(20), Solver(first=refused, turns=3), Collected()), 30
            )

    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"paths": 2, "temperature": 0.0}, "at temperature 0 would all be the same"),
        ({"paths": 4, "max_paths": 2}, r"max_paths \(2\) must be at least paths \(4\)"),
    ],
)
def test_options_that_make_no_sense_are_told(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ChainOfThought(**options)


def test_what_is_missing_is_told() -> None:
    with pytest.raises(UserError, match="needs a verifier"):
        run(Solver(), verifier=None)
    with pytest.raises(UserError, match="only with worked examples"):
        run(Solver(), form="base", calls="one")
    bare = [Record((user("Demo?"),), "", Provenance("seed"), "1")]
    with pytest.raises(UserError, match="needs a rationale and a target"):
        run(Solver(), demos=bare)
    assert isinstance(ChainOfThought(), Generator)


def test_maths_is_checked_off_the_loop_and_gives_the_same() -> None:
    threads: set[str] = set()

    class Slow(Clerk):
        def check(self, *given: Any, **more: Any) -> Any:
            threads.add(threading.current_thread().name)
            return super().check(*given, **more)

    rows = run(Solver(half), questions(2, kind="math"), paths=2, verifier=Slow()).records
    assert [row.meta["check"]["status"] for row in rows] == ["correct", "wrong"] * 2
    assert threading.current_thread().name not in threads


def test_a_path_that_makes_no_row_solves_no_question() -> None:
    """Its rationale holds the answer, but the second call failed: another round is due."""

    def fails(request: Request) -> Reply | Exception | None:
        if request.index:
            return None
        return AskTimeout("slow") if request.max_tokens == 32 else Reply("Answer: 7")

    out = run(Solver(first=fails), questions(1), calls="two", paths=1, max_paths=2)
    assert [row.provenance.index for row in out.records] == [1]
    assert [failure.index for failure in out.failures] == [0]
    assert out.funnel["questions solved"] == 1
