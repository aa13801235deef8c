"""The door of patterns and arithmetic: no text, however hostile, holds a reader up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from limbeck.filters.answer.maths import Worker
from limbeck.record import Provenance, Record, user
from limbeck.registry import build

WORKER = Worker()
LONG = 20_000  # what is quadratic takes seconds here, what is linear milliseconds
MOST = 3.0
PIECES = (
    *("{", "(", "$", "\\frac{", "a", "中", "\n", " ", "`", "*", "1", "1.", "-", '"', "# ", "\\"),
    *("[", "the answer is ", "\\boxed{", "not ", " a", "\t1", ":", "|", "answer: ", "_", " \n"),
    *("**", "#", "=", "'", "<think>", "1:", "x^", "﹘", "a@", "0", "Aa ", "1 ", "```\n", ". "),
    *("- ", "1. ", "Input: ", "Output:", '{"', '["a",', "//", "<!--", "=+", ";", "| ", "![", "<"),
)  # fmt: skip
STAGES = "limbeck.generators.self_instruct."
READERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("limbeck.filters.structure", "json_errors", {"parts": (), "expected": True}),
    ("limbeck.filters.fences", "blocks", {}),
    ("limbeck.filters.repeats", "repeats", {}),
    ("limbeck.filters.leaks", "leak_errors", {"text": "a", "prompt": "a"}),
    (STAGES + "no_input", "without_placeholder", {}),
    (STAGES + "replies", "spoken", {}),
    (STAGES + "replies", "without_small_talk", {}),
    (STAGES + "replies", "refusal", {}),
    (STAGES + "replies", "json_start", {}),
    (STAGES + "replies", "json_lists", {"own_line": False}),
    (STAGES + "replies", "plain_list", {"finish_reason": "stop"}),
    (STAGES + "instances", "listed", {"is_classification": False, "finish_reason": "stop"}),
    (STAGES + "instances", "listed", {"is_classification": True, "finish_reason": "length"}),
    (STAGES + "instructions", "listed", {"finish_reason": "stop"}),
    (STAGES + "tasks", "listed", {"finish_reason": "stop"}),
    ("limbeck.generators.chain_of_thought.conclusion", "parted", {}),
    ("limbeck.generators.chain_of_thought.conclusion", "thoughts", {}),
    ("limbeck.generators.adversarial.written", "never", {}),
    ("limbeck.evals.extract", "chosen_option", {"options": ("yes", "no")}),
    ("limbeck.evals.judge.features", "features", {}),
    ("limbeck.evals.pages.markdown", "escape", {}),
    ("limbeck.evals.pages.markdown", "fence", {}),
    ("limbeck.publish.card", "fence", {}),
    ("limbeck.audit.words", "opening", {}),
    ("limbeck.audit.sheet", "shown", {}),
    ("limbeck.audit.sheet", "meant", {}),
    ("limbeck.text", "word_count", {}),
    ("limbeck.questions.affixes", "asked", {}),
    ("limbeck.teachers.pace", "read_duration", {}),
)


@pytest.mark.parametrize(("module", "name", "more"), READERS, ids=lambda it: str(it)[-24:])
def test_a_reader_of_foreign_text_is_linear(module: str, name: str, more: dict[str, Any]) -> None:
    read: Callable[..., Any] = getattr(import_module(module), name)
    slow = []
    for piece in PIECES:
        text = (piece * LONG)[:LONG] + "!"
        started = time.process_time()
        found = read(text, **more)
        if hasattr(found, "__next__"):
            list(found)
        if (took := time.process_time() - started) > MOST:
            slow.append((piece, took))
    assert not slow


@pytest.mark.parametrize("target", ["5", "yes"])
def test_the_answer_filter_is_linear(target: str) -> None:
    judge = build("filters", "answer", {})
    for piece in PIECES:
        text = (piece * LONG)[: LONG // 2] + "!"
        started = time.process_time()
        judge.judge([Record((user("Which?"),), text, Provenance("test"), target=target)])
        assert time.process_time() - started < MOST, piece


@pytest.mark.parametrize(
    "text",
    [
        *("10^{10^{10}}", "(10^9)!", "{" * 1900, "\\frac{" * 300, "1e999999999"),
        "\\begin{pmatrix}" + "1&" * 900 + "\\end{pmatrix}",
        "().__class__.__base__.__subclasses__()",
    ],
)  # fmt: skip
def test_arithmetic_without_end_is_ended_and_the_next_one_is_answered(text: str) -> None:
    pytest.importorskip("math_verify")
    reply = WORKER.ask({"op": "compare", "target": "1", "found": text})
    assert reply is None or not reply["equal"]
    right = WORKER.ask({"op": "compare", "target": "1/2", "found": "0.5"})
    assert right is not None
    assert right["equal"]


def test_no_expression_runs_python(tmp_path: Path) -> None:
    pytest.importorskip("math_verify")
    ran = tmp_path / "ran"
    for text in (f"open('{ran}','w')", f"__import__('os').system('touch {ran}')"):
        WORKER.ask({"op": "compare", "target": "1", "found": text})
    assert not ran.exists()


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    WORKER.timeout = 1.0
    yield
    WORKER.close()
