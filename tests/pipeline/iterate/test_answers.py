"""How teacher and student are asked the same seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import BadRequest, UserError
from limbeck.ledger import Ledger
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generate, generator_of
from limbeck.pipeline.iterate.answers import (
    Answer,
    Answers,
    Asked,
    student_answers,
    student_prompts,
    teacher_answers,
)
from limbeck.protocols import Request
from limbeck.record import Record
from limbeck.store import write_jsonl
from tests.pipeline.iterate.cast import Cast, Player, pool

SEEDS = pool(*({"prompt": f"Frage {n}: 海有多深？🌊"} for n in range(5)))


@pytest.fixture
def cast(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    return Cast(tmp_path, tiny_folder, monkeypatch)


def of_teacher(context: Context, seeds: list[Record] = SEEDS) -> Answers:
    with Ledger(context.ledger) as ledger:
        return teacher_answers(context, generator_of(context), seeds, ledger, "discriminate")


def of_student(
    context: Context, role: Asked = "student", seeds: list[Record] = SEEDS, **how: Any
) -> Answers:
    asked = {"temperature": 0.0, "max_tokens": 8} | how
    with Ledger(context.ledger) as ledger:
        return student_answers(context, role, seeds, ledger, "discriminate", **asked)


def test_what_the_stage_generate_asked_is_not_asked_again(cast: Cast) -> None:
    context = cast.context("a", generate={"paths": 3, "max_tokens": 8})
    write_jsonl(context.recipe.seeds.path, ({"prompt": seed.prompt} for seed in SEEDS[:3]))
    generate(context)
    assert len(cast.teacher.asked) == 9
    found = of_teacher(context)
    assert len(cast.teacher.asked) == 15  # those of the two new ones
    assert [len(found.given[seed.id]) for seed in SEEDS] == [3] * 5
    assert len(found.replies) == 15


def test_a_generator_that_writes_its_own_questions_answers_no_pool(cast: Cast) -> None:
    context = cast.context("a", generate={"generator": "self_instruct", "instructions": 3})
    with pytest.raises(UserError, match="self_instruct writes questions of its own"):
        of_teacher(context)


def test_rows_that_were_answered_already_need_no_teacher(cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "no_weights").mkdir()
    nobody = {"model": str(tmp_path / "no_weights")}
    context = cast.context("a", generate={"generator": "given"}, teacher=nobody)
    seeds = pool({"prompt": "2 + 2?", "completion": "四", "target": "4"})
    assert of_teacher(context, seeds).whole(seeds[0].id) == [Answer("四")]


def test_the_reason_is_that_of_the_first_path() -> None:
    found = Answers()
    found.add("a", Answer("half", "truncated"))
    found.add("a", Answer("", "empty"))
    found.failed("b", "timeout")
    found.failed("b", "transient")
    assert [found.why_none(seed) for seed in "abc"] == ["truncated", "timeout", "none"]
    assert found.failures == ["timeout", "transient"]
    found.add("a", Answer("whole"))
    assert found.whole("a") == [Answer("whole")]


def requests(cast: Cast) -> list[Request]:
    assert cast.student is not None
    return cast.student.asked


def test_a_student_is_asked_as_it_was_trained_and_the_base_as_the_teacher(cast: Cast) -> None:
    context = cast.context("a", format={"text": "arrow"})
    of_student(context)
    of_student(context, "base")
    asked = requests(cast)
    assert [request.template for request in asked] == ["raw"] * 5 + ["chat"] * 5
    assert asked[0].messages[0].content == "Frage 0: 海有多深？🌊 ###"
    assert asked[5].messages == SEEDS[0].messages
    assert student_prompts(context, "student", SEEDS) != student_prompts(context, "base", SEEDS)


def test_plain_text_is_for_who_knows_no_chats(cast: Cast) -> None:
    chat = pool(
        {
            "messages": [
                {"role": "system", "content": "Sé breve."},
                {"role": "user", "content": "嗨"},
            ]
        }
    )
    of_student(cast.context("a"), seeds=chat)
    of_student(cast.context("b", eval={"tasks": [], "prompt": "plain"}), seeds=chat)
    first, second = requests(cast)
    assert (first.template, first.messages) == ("chat", chat[0].messages)
    assert (second.template, second.messages[0].content) == ("raw", "Sé breve.\n\n嗨")


def test_weights_without_a_chat_template_continue_the_text(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limbeck.hf import save
    from tests.tiny import make_model, make_tokenizer

    tokenizer = make_tokenizer(template=None)
    save(make_model(tokenizer), tokenizer, tmp_path / "no_chats")
    bare = Cast(tmp_path / "bare", tmp_path / "no_chats", monkeypatch)
    bare.student = None
    found = of_student(bare.context("a"))
    assert not found.failures
    assert len(found.given) == 5


def test_every_row_is_sampled_from_a_seed_of_its_own(cast: Cast) -> None:
    of_student(cast.context("a"), temperature=0.7)
    of_student(cast.context("b"), temperature=0.7, seeds=SEEDS[3:])
    of_student(cast.context("c", seed=1), temperature=0.7, seeds=SEEDS[3:])
    of_student(cast.context("d"), seeds=SEEDS[3:])
    seeds = [request.seed for request in requests(cast)]
    assert len(set(seeds[:5])) == 5
    assert seeds[5:7] == seeds[3:5]
    assert not {*seeds[7:9]} & {*seeds[:5]}
    assert seeds[9:] == [None, None]


def test_a_call_that_fails_leaves_the_others(cast: Cast) -> None:
    cast.student = Player(
        "student",
        lambda request: BadRequest("no") if "1" in request.messages[0].content else "好",
    )
    found = of_student(cast.context("a"))
    assert found.lost == {SEEDS[1].id: "bad_request"}
    assert [found.whole(seed.id) for seed in SEEDS] == [
        [Answer("好")] if seed is not SEEDS[1] else [] for seed in SEEDS
    ]
    assert found.replies == []  # nobody pays for a student


def test_nobody_is_loaded_to_answer_nothing(cast: Cast) -> None:
    cast.student = None
    context = cast.context("a")
    (context.run.folder("train") / "student").unlink()
    assert of_student(context, seeds=[]) == Answers()
