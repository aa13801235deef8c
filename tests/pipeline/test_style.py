"""Style as a part of a run: what is asked of whom, what is kept, and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError, UserError
from limbeck.ledger import Ledger
from limbeck.pipeline.evaluate import ROLES
from limbeck.pipeline.style import FOLDER, ask_model, protocol, report_of
from limbeck.recipe import Recipe
from limbeck.record import Provenance, Record, user
from limbeck.store import write_json
from limbeck.teachers.local import LocalTeacher
from tests.pipeline.test_train import Job

TRAINED = Record((user("Tell me  ABOUT the sea."),), "It is wide.", Provenance("t"))
PROMPTS = ["Tell me about the sea.", *(f"Say {n} 海 words" for n in range(11))]
FAKE = {"model": "fake:x"}


def job_of(folder: Path, model: Path, prompts: list[str] = PROMPTS, **changes: Any) -> Job:
    folder.mkdir(exist_ok=True)
    lines = "".join(json.dumps({"prompt": text}) + "\n" for text in prompts)
    (folder / "open.jsonl").write_text(lines, encoding="utf-8")
    style = {"prompts": "open.jsonl", "max_tokens": 6} | changes.pop("style", {})
    section = {"tasks": [], "style": style} | changes.pop("eval", {})
    job = Job(folder, model, [TRAINED], eval=section, **({"teacher": FAKE} | changes))
    for role in ("base", "student"):
        place = job.run.folder("train") / role
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(model)
    return job


def asked_of(job: Job) -> dict[str, Any]:
    found = protocol(job.context)
    assert found is not None
    return found


def test_what_was_trained_on_is_not_asked(tmp_path: Path, tiny_folder: Path) -> None:
    found = asked_of(job_of(tmp_path, tiny_folder))
    assert (found["asked"], found["trained_on"]) == (11, 1)
    assert (found["prompts"], found["form"], found["student"]) == ("open.jsonl", "chat", "as base")


def test_a_prompt_trained_on_as_arrow_is_not_asked(tmp_path: Path, tiny_folder: Path) -> None:
    job = job_of(tmp_path, tiny_folder, ["a sea ###", "a sea", "b"], format={"text": "arrow"})
    trained = Record((user("a sea ###"),), " x --> y", Provenance("t"))
    arrow = Job(tmp_path / "two", tiny_folder, [trained], eval={"tasks": []})
    object.__setattr__(arrow.run, "recipe", job.run.recipe)
    assert (asked_of(arrow)["asked"], asked_of(arrow)["trained_on"]) == (1, 2)


def test_other_prompts_or_sampling_are_another_protocol(tmp_path: Path, tiny_folder: Path) -> None:
    def hashed(name: str, *args: Any, **changes: Any) -> str:
        return str(asked_of(job_of(tmp_path / name, tiny_folder, *args, **changes))["hash"])

    first = hashed("a")
    assert hashed("b") == first  # where the file lies is no part of it
    others = [
        hashed("c", [*PROMPTS, "one more"]),
        hashed("d", style={"limit": 5}),
        hashed("e", style={"temperature": 0.9}),
        hashed("f", style={"max_tokens": 7}),
        hashed("g", style={"system": "Be brief."}),
        hashed("h", eval={"prompt": "plain"}),
        hashed("i", seed=5),
        hashed("j", format={"text": "arrow"}),
    ]
    assert len({first, *others}) == 9


def test_prompts_that_are_not_there_are_named(tmp_path: Path, tiny_folder: Path) -> None:
    job = job_of(tmp_path, tiny_folder)
    (tmp_path / "open.jsonl").unlink()
    with pytest.raises(DataError, match=r"open\.jsonl"):
        protocol(job.context)


def test_nothing_is_asked_without_the_section(tmp_path: Path, tiny_folder: Path) -> None:
    job = Job(tmp_path, tiny_folder, [TRAINED], eval={"tasks": []})
    assert protocol(job.context) is None
    assert report_of(job.context) is None
    with pytest.raises(UserError, match=r"no eval\.style"):
        ask_model(job.context, "base")


def test_the_teacher_is_sampled_twice_and_paid_by_the_run(
    tmp_path: Path, tiny_folder: Path
) -> None:
    job = job_of(tmp_path, tiny_folder)
    found = ask_model(job.context, "teacher")
    assert len(found["texts"]) == len(found["again"]["texts"]) == 11
    assert found["reasons"] == found["again"]["reasons"] == [""] * 11
    with Ledger(job.context.ledger) as ledger:
        [spent] = ledger.spent(job.run.id)
    words = sum(len(prompt.split()) for prompt in PROMPTS[1:])  # a fake's tokens
    assert spent.usage.prompt_tokens == 2 * words


def test_local_answers_are_written_once_and_paid_by_no_run(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tmp_path, tiny_folder)
    student = ask_model(job.context, "student")
    assert len([text for text in student["texts"] if text is not None]) == 11
    assert set(student["reasons"]) <= {"", "truncated", "empty"}

    async def never(self: Any, request: Any) -> Any:
        raise AssertionError("it was asked again")

    monkeypatch.setattr(LocalTeacher, "ask", never)
    # Base has the same weights here and the same seeds: what the student wrote.
    assert ask_model(job.context, "base") == student
    with Ledger(job.context.ledger) as ledger:
        assert ledger.spent(job.run.id) == []


def test_equal_weights_are_two_samples_and_not_one(tmp_path: Path, tiny_folder: Path) -> None:
    weights = {"model": str(tiny_folder), "dtype": "float32"}
    job = job_of(tmp_path, tiny_folder, teacher=weights, style={"temperature": 2.0})
    base = ask_model(job.context, "base")["texts"]
    teacher = ask_model(job.context, "teacher")
    again = teacher["again"]["texts"]
    for one, two in ((base, teacher["texts"]), (base, again), (teacher["texts"], again)):
        assert sum(a == b for a, b in zip(one, two, strict=True)) < 3


def test_a_student_is_asked_as_it_was_trained(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    ask = LocalTeacher.ask

    async def seen(self: LocalTeacher, request: Any) -> Any:
        asked.append(request)
        return await ask(self, request)

    monkeypatch.setattr(LocalTeacher, "ask", seen)
    job = job_of(tmp_path, tiny_folder, ["Hi"], format={"text": "arrow"}, style={"system": "Be."})
    ask_model(job.context, "student")
    ask_model(job.context, "base")
    assert [request.template for request in asked] == ["raw", "chat"]
    assert asked[0].messages[0].content == "Hi ###"
    assert [turn.content for turn in asked[1].messages] == ["Be.", "Hi"]


def test_plain_prompts_are_raw_text(tmp_path: Path, tiny_folder: Path) -> None:
    job = job_of(tmp_path, tiny_folder, eval={"prompt": "plain"})
    assert ask_model(job.context, "base")["raw"] is True


def written(job: Job) -> None:
    folder = job.run.folder("eval") / FOLDER
    folder.mkdir(parents=True)
    for role in ROLES:
        found = ask_model(job.context, role)
        write_json(folder / f"{role}.json", {"protocol": asked_of(job), **found})


def test_the_report_has_the_section(tmp_path: Path, tiny_folder: Path) -> None:
    job = job_of(tmp_path, tiny_folder)
    written(job)
    found = report_of(job.context)
    assert found is not None
    assert (found["prompts"], found["dropped"], found["same"]) == (11, 0, 11)
    assert found["setting"] == {"temperature": 0.7, "max_tokens": 6}
    assert found["protocol"]["hash"] == asked_of(job)["hash"]
    assert found["failed_calls"] == dict.fromkeys(
        ("base", "student", "teacher", "teacher_again"), 0
    )
    # Base and student are the same weights: none of the way, where there is a way.
    assert found["closed"]["value"] == 0
    json.dumps(found, allow_nan=False)


def test_answers_to_other_prompts_are_refused(tmp_path: Path, tiny_folder: Path) -> None:
    job = job_of(tmp_path, tiny_folder)
    written(job)
    changed = job_of(tmp_path / "new", tiny_folder, [*PROMPTS, "one more"]).run.recipe
    object.__setattr__(job.run, "recipe", Recipe.model_validate(changed))
    with pytest.raises(UserError, match="other prompts"):
        report_of(job.context)
