"""`limbeck probe`: what is printed, what is stored, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from limbeck.cli.probe import probe
from limbeck.errors import AuthError, UserError
from limbeck.testing import ApiServer
from tests.teachers.probe_model import KEY, Server

MODEL = "openai:m-模型"

app = typer.Typer()
app.command()(probe)


class Done(NamedTuple):
    out: str
    error: BaseException | None


def limbeck_probe(*words: object) -> Done:
    """What is printed, and the user's error, which `limbeck.cli.main` turns into exit code 2."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    failed = result.exception if isinstance(result.exception, UserError) else None
    assert failed or result.exit_code == 0, result.output
    assert KEY not in result.output
    assert KEY not in str(failed)
    return Done(result.stdout, failed)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    monkeypatch.setenv("LIMBECK_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with ApiServer(script=Server(echo="ignored", chat_top=5, shape="chat"), api_key=KEY) as server:
        yield server


def test_a_probe_prints_a_table_and_the_ledger_answers_from_then_on(server: ApiServer) -> None:
    words = (MODEL, "--base-url", server.base_url, "--api-key-env", "MY_KEY")
    lines = limbeck_probe(*words).out.splitlines()
    asked = len(server.bodies)
    assert lines[0].startswith(f"{MODEL} at {server.base_url}  (asked now, and kept in the ledger ")
    assert lines[2].split() == ["capability", "finding", "evidence"]
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in lines[3:]}
    assert rows["top_logprobs"] == "5 at each place, in chat"
    assert rows["completion_top"] == "20 at each place, in the shape of chat"
    assert rows["prompt_logprobs"].startswith("no accepted, but the prompt is not echoed")
    assert rows["seed"].startswith("yes the same seed gave the same text")
    again = limbeck_probe(*words).out.splitlines()
    assert again[0].endswith("; --again asks the server)")
    assert "from the ledger" in again[0]
    assert again[1:] == lines[1:]
    assert len(server.bodies) == asked
    assert "asked now" in limbeck_probe(*words, "--again").out
    assert len(server.bodies) == 2 * asked


def test_json_says_whether_it_came_from_the_ledger(server: ApiServer, tmp_path: Path) -> None:
    other = tmp_path / "账本.sqlite"
    words = (MODEL, "--base-url", server.base_url, "--api-key-env", "MY_KEY", "--json")
    first, second = (json.loads(limbeck_probe(*words, "--ledger", other).out) for _ in range(2))
    assert (first.pop("from_ledger"), second.pop("from_ledger")) == (False, True)
    assert first == second
    assert first["prompt_logprobs"]["verdict"] == "no"
    assert first["top_logprobs"] == 5
    assert other.is_file()


def test_a_recipes_teacher_is_probed(server: ApiServer, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    teacher = f"{{model: {MODEL}, base_url: '{server.base_url}', api_key_env: MY_KEY}}"
    recipe.write_text(
        f"name: r\nseeds: s.jsonl\nstudent: bundled\nteacher: {teacher}\n", encoding="utf-8"
    )
    assert limbeck_probe(recipe).out.startswith(f"{MODEL} at {server.base_url}")
    error = limbeck_probe(recipe, "--base-url", "http://x/v1").error
    assert "--base-url goes with openai:MODEL only" in str(error)


def test_what_runs_here_is_not_asked(server: ApiServer, tiny_folder: Path) -> None:
    assert limbeck_probe("fake:é").out.splitlines()[0] == "fake:é  (it runs here, not asked)"
    local = limbeck_probe(tiny_folder).out
    assert "prompt_logprobs      yes      exact, from the weights" in local
    assert server.bodies == []


def test_a_wrong_or_missing_key_is_one_sentence(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (MODEL, "--base-url", server.base_url, "--api-key-env", "MY_KEY")
    monkeypatch.setenv("MY_KEY", KEY + "x")
    error = limbeck_probe(*words).error
    assert isinstance(error, AuthError)
    assert "refused the API key in MY_KEY" in str(error)
    assert len(server.bodies) == 1
    error = limbeck_probe(MODEL).error
    assert "OPENAI_API_KEY is not set; it must hold the API key for api.openai.com" in str(error)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--api-key-env", KEY, "this is the name of the environment variable, never the key"),
        ("--base-url", f"http://u:{KEY}@h/v1", "base_url must not hold a user, a password"),
    ],
)
def test_a_key_in_the_wrong_place_is_not_repeated(
    server: ApiServer, option: str, value: str, words: str
) -> None:
    assert words in str(limbeck_probe(MODEL, option, value).error)


def test_an_unknown_name_is_one_sentence(server: ApiServer) -> None:
    assert "unknown model 'nonsense'" in str(limbeck_probe("nonsense").error)
