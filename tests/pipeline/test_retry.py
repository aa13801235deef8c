"""`limbeck retry`: what ended for the reasons given is asked again, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.testing import Answer, ApiServer, completion
from tests.engine import count, limbeck, prompts, records, rows, write_recipe


class Moody:
    """A server's script: the row that a reason is kept for gets it while it is in `bad`."""

    def __init__(self, *bad: str) -> None:
        self.bad = list(bad)
        self.row = {text: reason for text, reason in zip(prompts(len(bad)), bad, strict=True)}

    def __call__(self, body: dict[str, Any], number: int) -> Answer | None:
        reason = self.row.get(body["messages"][-1]["content"])
        if reason not in self.bad:
            return None
        return {
            "transient": Answer({"error": {"message": "坏了"}}, 500),
            "malformed": Answer({"choices": []}),
            "bad_request": Answer({"error": {"message": "半 \ud800 é"}}, 400),
            "refused": Answer(completion(None, "content_filter")),
            "truncated": Answer(completion("cut", "length")),
            "empty": Answer(completion(" ")),
        }[reason]


REASONS = ("transient", "malformed", "bad_request", "refused", "truncated", "empty")


def test_each_reason_is_asked_again_alone_and_what_was_put_aside_is_kept(tmp_path: Path) -> None:
    script = Moody(*REASONS)
    with ApiServer(script=script) as server:
        recipe = write_recipe(tmp_path, server.base_url, 12, teacher=", attempts: 1")
        limbeck(tmp_path, "generate", str(recipe), "--progress", "quiet")
        failures = rows(tmp_path / "runs/r/generate/failures.jsonl")
        assert [row["reason"] for row in failures] == list(REASONS[:3])
        assert len(server.bodies) == 12
        script.bad = []
        for done, group in enumerate((("refused", "transient"), REASONS[1:3], REASONS[4:]), 1):
            words = [word for reason in group for word in ("--reason", reason)]
            out = limbeck(tmp_path, "retry", str(recipe), *words, "--progress", "plain")
            assert "to ask again: 2\n" in out
            assert len(server.bodies) == 12 + 2 * done
            asked = {body["messages"][-1]["content"] for body in server.bodies[-2:]}
            assert {script.row[text] for text in asked} == set(group)
        out = limbeck(tmp_path, "retry", str(recipe), "--reason", "timeout", "--progress", "plain")
        assert "12 already answered in the ledger; to ask again: 0\n" in out
        assert len(server.bodies) == 18
    assert [row["messages"][-1]["content"] for row in records(tmp_path)] == prompts(12)
    assert all(row["meta"]["finish_reason"] == "stop" for row in records(tmp_path))
    assert count(tmp_path, "SELECT count(*) FROM retired") == 3


def test_an_unknown_reason_is_named_and_nothing_is_asked(tmp_path: Path) -> None:
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, 3)
        words = ("--reason", "timeout", "--reason", "transent")
        out = limbeck(tmp_path, "retry", str(recipe), *words, code=2)
    assert out.startswith("limbeck: ")
    assert "no reason 'transent'; did you mean 'transient'?" in out
    assert server.bodies == []


def test_rows_that_ask_the_same_are_asked_once_and_have_a_record_each(tmp_path: Path) -> None:
    def script(body: dict[str, Any], number: int) -> Answer | None:
        odd = "odd" in body["messages"][-1]["content"]
        return Answer({"error": {"message": "不行"}}, 400) if odd else None

    seeds: list[dict[str, Any]] = []
    for text in ("même 🙂", "odd"):
        turns = [{"role": "system", "content": "短"}, {"role": "user", "content": text}]
        seeds += [{"prompt": text}, {"messages": turns}]  # equal once the recipe's system is there
    with ApiServer(script=script, latency=0.05) as server:
        recipe = write_recipe(tmp_path, server.base_url, seeds)
        whole = recipe.read_text("utf-8").replace(
            "{max_tokens", "{system: 短, temperature: 0, max_tokens"
        )
        recipe.write_text(whole, "utf-8")
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "plain")
        assert len(server.bodies) == 2
    assert len({row["id"] for row in records(tmp_path)}) == len(records(tmp_path)) == 2
    assert len(rows(tmp_path / "runs/r/generate/failures.jsonl")) == 2
    assert "generate: done, 4 calls" in out, "those who waited are counted too"


@pytest.mark.parametrize("code", [401, "insufficient_quota"])
def test_an_error_inside_a_200_that_is_about_all_rows_stops_the_run(
    tmp_path: Path, code: object
) -> None:
    body = {"error": {"message": "不行", "code": code}}
    with ApiServer(script=lambda asked, number: Answer(body) if number > 9 else None) as server:
        recipe = write_recipe(tmp_path, server.base_url, 40)
        out = limbeck(tmp_path, "generate", str(recipe), "--progress", "quiet", code=2)
    assert "不行" in out
    assert len(server.bodies) <= 10 + 8
    assert count(tmp_path) == 10


def test_a_retry_that_fails_leaves_the_old_answers_and_the_finished_stage(tmp_path: Path) -> None:
    cut = Answer(completion("被截", "length"))
    with ApiServer(script=lambda body, number: cut) as server:
        recipe = write_recipe(tmp_path, server.base_url, 4, teacher=", attempts: 1")
        limbeck(tmp_path, "generate", str(recipe), "--progress", "quiet")
    folder = tmp_path / "runs/r/generate"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(records(tmp_path)) == 4
    # The server is gone.
    out = limbeck(tmp_path, "retry", str(recipe), "--reason", "truncated", code=2)
    assert "nothing answers" in out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert count(tmp_path, "SELECT count(*) FROM retired") == 0
    assert count(tmp_path, "SELECT count(*) FROM replies") == 4


def test_what_is_asked_again_in_vain_keeps_its_old_answer(tmp_path: Path) -> None:
    answers = [Answer(completion("cut", "length"))]
    with ApiServer(script=lambda body, number: answers[0]) as server:
        recipe = write_recipe(tmp_path, server.base_url, 4, teacher=", attempts: 1")
        limbeck(tmp_path, "generate", str(recipe), "--progress", "quiet")
        answers[0] = Answer({"error": {"message": "down"}}, 500)
        limbeck(tmp_path, "retry", str(recipe), "--reason", "truncated", "--progress", "quiet")
        assert len(server.bodies) == 8
    assert [row["completion"] for row in records(tmp_path)] == ["cut"] * 4
