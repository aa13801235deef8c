"""`limbeck retriever`: what is written and said, and what is refused in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from limbeck.cli.retriever import retriever, told
from limbeck.encoders import encoder, read_about
from limbeck.errors import UserError
from limbeck.trainers.retriever import rounds
from tests.trainers.retriever.cues import rows

app = typer.Typer()
app.command()(retriever)

QUICK = [
    "--candidates", "3", "--rounds", "1", "--epochs", "1", "--reward-epochs", "1",
    "--valid", "0.2", "--progress", "quiet",
]  # fmt: skip


class Done(NamedTuple):
    out: str
    error: BaseException | None


def run(*words: object) -> Done:
    result = CliRunner().invoke(app, [str(word) for word in words])
    failed = result.exception if isinstance(result.exception, UserError) else None
    assert failed or result.exit_code == 0, (result.output, result.exception)
    return Done(result.stdout, failed)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = []
    for row in rows(15):
        one = {"task": row.task, "id": row.id, "input": row.input, "output": row.output}
        lines.append(json.dumps(one | {"options": list(row.options)}, ensure_ascii=False) + "\n")
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(lines), "utf-8")
    return path


def test_a_retriever_is_written_and_its_worth_is_told(
    data: Path, tmp_path: Path, tiny_folder: Path
) -> None:
    into = tmp_path / "检索"
    words = (data, "--scorer", tiny_folder, "--into", into, "--dtype", "float32", *QUICK)
    lines = run(*words).out.splitlines()
    assert lines[2].split() == ["scheme", "score", "right", "minus", "BM25"]
    assert [line.split()[0] for line in lines[3:7]] == ["random", "bm25", "untrained", "retriever"]
    assert lines[-1] == f"Retriever: {into}"
    about = read_about(into)
    assert about["scorer"]["name"] == str(tiny_folder)
    assert about["settings"]["candidates"] == 3
    found = encoder(str(into))
    assert found is not None
    assert found.encode(["猫 🎈"]).any()
    before = {path.name: path.read_bytes() for path in into.iterdir()}
    kept = (tmp_path / "检索.scores.jsonl").read_bytes()
    as_json = json.loads(run(*words, "--json").out)
    assert as_json == {"folder": str(into), **about}
    assert {path.name: path.read_bytes() for path in into.iterdir()} == before
    assert (tmp_path / "检索.scores.jsonl").read_bytes() == kept  # nothing was scored again


def test_every_option_gets_to_the_training(data: Path, tmp_path: Path, tiny_folder: Path) -> None:
    words = [
        "--no-reward", "--same-label-only", "--label-score", "likelihood", "--kl", "0.5",
        "--contrastive", "0.1", "--temperature", "0.02", "--near", "0.9", "--group", "3",
        "--batch", "4", "--learning-rate", "0.01", "--limit", "12", "--seed", "7",
        "--reward-learning-rate", "0.3",
    ]  # fmt: skip
    into, kept = tmp_path / "r", tmp_path / "kept.jsonl"
    run(data, "--scorer", tiny_folder, "--into", into, "--scores", kept, *QUICK, *words)
    assert read_about(into)["settings"] == {
        "candidates": 3,
        "rounds": 1,
        "valid": 0.2,
        "limit": 12,
        "near": 0.9,
        "label_score": "likelihood",
        "same_label_only": True,
        "reward": False,
        "reward_target": True,
        "kl": 0.5,
        "contrastive": 0.1,
        "temperature": 0.02,
        "group": 3,
        "batch": 4,
        "epochs": 1,
        "learning_rate": 0.01,
        "reward_epochs": 1,
        "reward_learning_rate": 0.3,
        "seed": 7,
    }
    assert kept.is_file()
    assert not (tmp_path / "r.scores.jsonl").exists()
    blind = (data, "--scorer", tiny_folder, "--into", tmp_path / "b", *QUICK, "--blind-reward")
    run(*blind)
    assert read_about(tmp_path / "b")["settings"]["reward_target"] is False


def test_a_stop_says_where_the_scores_are(
    data: Path, tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "train_retriever", stopped)
    words = [data, "--scorer", tiny_folder, "--into", tmp_path / "r", "--progress", "plain"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 130
    assert f"what was scored is in {tmp_path / 'r.scores.jsonl'}" in result.stderr
    assert "Give the same command to go on" in result.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scorer", "openai:m"], "the scorer openai:m answers elsewhere"),
        (["--scorer", "nonsense"], "unknown model 'nonsense'"),
        (["--encoder", "ngram"], "unknown encoder 'ngram'"),
        (["--encoder", "TRAINED"], "is a trained retriever, and training starts from ngrams"),
        (["--into", "FULL"], "is there and is no retriever; name another folder with --into"),
        (["--into", "ROWS"], "is there and is no retriever"),
        (["--candidates", "1"], "candidates is at least 2, got 1"),
        (["--label-score", "sum"], "label score is one of normalised, likelihood"),
        (["--dtype", "int8"], "--dtype is bfloat16 or float32, got 'int8'"),
        (["--progress", "loud"], "--progress is one of auto"),
        (["--no-reward", "--blind-reward"], "there is none to hide the target from"),
        (["--valid", "0.9"], "15 groups of different texts"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_refused_before_anything_is_loaded(
    data: Path,
    tmp_path: Path,
    tiny_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("limbeck.hf.load", lambda *_, **__: pytest.fail("weights were loaded"))
    for name, file in (("full", "notes.txt"), ("trained", "retriever.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("{}", "utf-8")
    places = {"FULL": tmp_path / "full", "TRAINED": tmp_path / "trained", "ROWS": data}
    given = {"--scorer": str(tiny_folder), "--into": str(tmp_path / "r"), "--valid": "0.2"}
    flags: list[str] = []
    while words:
        if words[0] in ("--no-reward", "--blind-reward"):
            flags, words = [*flags, words[0]], words[1:]
        else:
            given |= {words[0]: str(places.get(words[1], words[1]))}
            words = words[2:]
    error = run(data, *(word for pair in given.items() for word in pair), *flags).error
    assert said in str(error)


def test_rows_that_cannot_be_read_are_named(tmp_path: Path, tiny_folder: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"task": "t", "id": "1", "input": "x"}\n', "utf-8")
    error = run(path, "--scorer", tiny_folder, "--into", tmp_path / "r").error
    assert f"{path}, line 1: the key 'output' is missing" in str(error)


ABOUT = {"left_out": 0, "held_out": {}}


def held(difference: float, error: float | None, rows: int = 30) -> dict[str, object]:
    base = {"rows": rows, "score": -1.0, "right": 0.5, "minus_bm25": None}
    moved = {
        "rows": rows,
        "score": -1.0 + difference,
        "right": None,
        "minus_bm25": [difference, error],
    }
    return ABOUT | {"held_out": {"bm25": base, "retriever": moved}}


def test_a_negative_result_is_told_as_it_is() -> None:
    # Student's t at 97.5% is 2.045 for 29 degrees of freedom, 2.365 for 7, 12.706 for 1.
    assert list(told(held(0.25, 0.1)))[-1] == (
        "The retriever's demos are worth 0.250 nats more than BM25's on 30 held-out rows "
        "(95% interval +0.045 to +0.455)"
    )
    worse = list(told(held(-0.25, 0.1)))
    assert worse[-1] == (
        "The retriever's demos are worth 0.250 nats less than BM25's on 30 held-out rows "
        "(95% interval -0.455 to -0.045)"
    )
    assert worse[-2].split() == ["retriever", "-1.250", "-0.250", "±", "0.100"]
    for unclear in (held(0.19, 0.1), held(0.0, 0.0), held(5.0, None, 1)):
        assert "cannot be told from BM25's" in list(told(unclear))[-1]
    [nothing] = told(ABOUT)
    assert nothing.startswith("No row was held out")
    assert "3 pairs and held-out rows did not fit" in next(iter(told(ABOUT | {"left_out": 3})))


def test_two_standard_errors_on_few_rows_are_no_proof() -> None:
    assert list(told(held(0.22, 0.1, 8)))[-1] == (
        "The retriever's demos cannot be told from BM25's on 8 held-out rows (95% interval -0.016 "
        "to +0.456): they are as good, or the rows are too few"
    )
    assert "are worth 0.220 nats more" in list(told(held(0.22, 0.1, 30)))[-1]
    assert "are worth 0.240 nats more" in list(told(held(0.24, 0.1, 8)))[-1]
    assert "cannot be told" in list(told(held(1.27, 0.1, 2)))[-1]
    assert "on one held-out row" in list(told(held(5.0, None, 1)))[-1]
