"""A judge behind a fake API compares a run's answers: through the ledger, from its own budget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AuthError, BudgetError, UserError
from limbeck.ledger import Ledger
from limbeck.pipeline.context import Context
from limbeck.pipeline.judge import FILE, judge_run, protocol, report_of
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.store import write_json
from limbeck.testing import Answer, ApiServer, answer_to
from limbeck.testing.server import error_body, prompt_text

KEY = "sk-fake"
PROMPTS = [f"Frage {number}: 海 أهلاً?" for number in range(24)]
TEXTS: dict[str, list[str | None]] = {
    "student": [f"sea {'long ' * (number % 5)}🌊 {number}" for number in range(24)],
    "base": [f"sea {'long ' * (number % 3)}good" for number in range(24)],
    "teacher": [None, *[f"**sea** good {number}" for number in range(1, 24)]],
}
Script = Callable[[dict[str, Any], int], Answer]


def says(rule: Callable[[str, str], str]) -> Script:
    def script(body: dict[str, Any], number: int) -> Answer:
        text = prompt_text(body)
        first, second = (
            text.partition(f"ANSWER {letter} BEGINS\n")[2].partition("\n[")[0] for letter in "AB"
        )
        return Answer(answer_to(body, rule(first, second)))

    return script


def good(first: str, second: str) -> str:
    if ("good" in first) == ("good" in second):
        return "Verdict: tie"
    return "Verdict: A" if "good" in first else "Verdict: B"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)


def context(folder: Path, server: ApiServer | None, **fields: Any) -> Context:
    data: dict[str, Any] = {
        "name": "x",
        "seeds": "s.jsonl",
        "teacher": "fake:t",
        "student": "bundled",
    }
    if server is not None:
        section = {
            "model": "openai:judge-模型",
            "base_url": server.base_url,
            "api_key_env": "MY_KEY",
            "price": {"input": 1, "output": 1},
        }
        data["eval"] = {"judge": section | fields}
    run = RunDir(folder / "run", Recipe.model_validate(data))
    (folder / "run" / "eval").mkdir(parents=True, exist_ok=True)
    return Context(run, Quiet(), folder / "账本.sqlite")


def test_pairs_are_judged_once_and_the_ledger_answers_from_then_on(tmp_path: Path) -> None:
    with ApiServer(script=says(good), api_key=KEY) as server:
        run = context(tmp_path, server)
        saved = judge_run(run, PROMPTS, TEXTS)
        assert len(server.bodies) == 2 * (24 + 23), "one answer of the teacher is not there"
        assert {(body["temperature"], body["max_tokens"]) for body in server.bodies} == {(0.0, 512)}
        assert judge_run(run, PROMPTS, TEXTS) == saved
        assert len(server.bodies) == 94
        write_json(run.run.folder("eval") / FILE, saved)
        found = report_of(run)
    assert saved["protocol"] == protocol(run)
    assert found is not None
    assert (found["judge"], found["prompts"]) == ("openai:judge-模型", 24)
    assert [(pair["one"], pair["other"], pair["n"]) for pair in found["pairs"]] == [
        ("student", "base", 24),
        ("student", "teacher", 23),
    ]
    assert [pair["win_rate"]["value"] for pair in found["pairs"]] == [0, 0]
    assert [pair["flip_rate"]["value"] for pair in found["pairs"]] == [0, 0]
    assert found["pairs"][0]["controlled"]["value"] < 0.1
    assert found["pairs"][1]["controlled"] is None, "only the teacher's answers are bold, always"


def test_a_judge_of_places_shows_in_the_flip_rate(tmp_path: Path) -> None:
    with ApiServer(script=says(lambda first, second: "**Verdict: A**"), api_key=KEY) as server:
        run = context(tmp_path, server, against="base", limit=22)
        write_json(run.run.folder("eval") / FILE, judge_run(run, PROMPTS, TEXTS))
        found = report_of(run)
    assert found is not None
    [pair] = found["pairs"]
    assert (found["prompts"], pair["n"], len(server.bodies)) == (22, 22, 44)
    assert pair["flip_rate"]["value"] == 1
    assert pair["win_rate"]["value"] == 0.5
    assert pair["controlled"]["value"] == pytest.approx(0.5, abs=0.01)


def test_failed_calls_and_unreadable_replies_are_written_down(tmp_path: Path) -> None:
    broken = Answer(error_body("too long", "context_length_exceeded"), 400)

    def script(body: dict[str, Any], number: int) -> Answer:
        text = prompt_text(body)
        if "Frage 1:" in text:
            return broken
        return Answer(answer_to(body, "Both." if "Frage 2:" in text else "Verdict: tie"))

    with ApiServer(script=script, api_key=KEY) as server:
        run = context(tmp_path, server, against=["base"])
        saved = judge_run(run, PROMPTS, TEXTS)
        write_json(run.run.folder("eval") / FILE, saved)
        found = report_of(run)
    [row] = [row for row in saved["pairs"][0]["rows"] if "failed" in row]
    assert row["place"] == 1
    assert row["failed"].startswith("bad_request: ")
    assert found is not None
    [pair] = found["pairs"]
    assert (found["prompts"], pair["n"], pair["unreadable"]) == (24, 22, 1)


def test_the_budget_is_the_judges_own(tmp_path: Path) -> None:
    with ApiServer(script=says(good), api_key=KEY) as server:
        poor = context(tmp_path, server, budget={"usd": 1e-6})
        with pytest.raises(BudgetError, match=r"^the judge: .*: raise eval\.judge\.budget\.usd in"):
            judge_run(poor, PROMPTS, TEXTS)
        assert not server.bodies
        rich = context(tmp_path, server, budget={"usd": 1})
        judge_run(rich, PROMPTS, TEXTS)
    with Ledger(rich.ledger) as ledger:
        assert not ledger.spent(rich.run.id), "nothing of it is the teacher's"
        assert ledger.spent(f"{rich.run.id}-judge")


def test_a_wrong_key_stops_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-wrong")
    with ApiServer(script=says(good), api_key=KEY) as server, pytest.raises(AuthError):
        judge_run(context(tmp_path, server), PROMPTS, TEXTS)


def test_the_protocol_is_what_is_asked_of_whom(tmp_path: Path) -> None:
    with ApiServer(script=says(good)) as server:
        plain = protocol(context(tmp_path, server))
        assert plain is not None
        assert plain["prompt"] == "judge_pair.v1"
        assert plain["judge"]["model"] == "judge-模型"
        changed: Any
        for changed in (
            {"limit": 3},
            {"max_tokens": 9},
            {"against": "base"},
            {"model": "openai:x"},
        ):
            other = protocol(context(tmp_path, server, **changed))
            assert other is not None
            assert other["hash"] != plain["hash"]
        for changed in ({"concurrency": 3}, {"budget": {"tokens": 9}}, {"api_key_env": "X"}):
            assert protocol(context(tmp_path, server, **changed)) == plain


def test_without_a_judge_there_is_nothing(tmp_path: Path) -> None:
    run = context(tmp_path, None)
    assert protocol(run) is None
    assert report_of(run) is None
    with pytest.raises(UserError, match=r"the recipe has no eval\.judge"):
        judge_run(run, PROMPTS, TEXTS)
