"""The verbs as a user types them: what is said, and the exit code."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from limbeck import cli
from limbeck.cli.options import load_recipe
from limbeck.store import JsonlWriter


def limbeck(*words: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "limbeck", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        timeout=120,
        check=False,
        env=os.environ | {"LIMBECK_LEDGER": str(cwd / "ledger.sqlite")} | environment,
    )


def write(folder: Path, **changes: str) -> Path:
    """A recipe that runs on the fake teacher, with some lines changed; None leaves one out."""
    (folder / "seeds.jsonl").write_text('{"prompt": "Why?"}\n{"prompt": "为什么？"}\n', "utf-8")
    lines = {
        "name": "test",
        "seeds": "seeds.jsonl",
        "teacher": "fake:x",
        "student": "bundled",
        **changes,
    }
    recipe = folder / "recipe.yaml"
    recipe.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()), "utf-8")
    return recipe


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2, one sentence, no traceback."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("limbeck: ")
    for word in words:
        assert word in last


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, limbeck.cli\n"
        "heavy = {'torch', 'transformers', 'lm_eval', 'pydantic', 'openai', 'numpy', 'aiohttp'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert out.stdout.strip() == "[]"
    done = limbeck("--help", cwd=tmp_path)
    assert done.returncode == 0
    for verb in ("run", "generate", "filter", "train", "eval", "report", "plugins"):
        assert f"\n  {verb} " in done.stdout


def test_version(tmp_path: Path) -> None:
    assert limbeck("--version", cwd=tmp_path).stdout == "limbeck 0.1.0\n"


def test_plugins_lists_every_group_with_one_line_each(tmp_path: Path) -> None:
    out = limbeck("plugins", cwd=tmp_path).stdout
    for words in ("generators:", "  answers ", "filters:", "  complete ", "  exact ", "teachers:",
                  "  bundled ", "  openai ", "objectives:", "  sft "):  # fmt: skip
        assert words in out
    assert all(len(line) <= 120 for line in out.splitlines())


def test_generate_and_filter_alone(tmp_path: Path) -> None:
    recipe = write(tmp_path, format="{valid: 0, test: 0}")
    assert limbeck("generate", recipe, cwd=tmp_path).returncode == 0
    done = limbeck("filter", tmp_path / "runs" / "test", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 train, 0 valid, 0 test" in done.stderr
    again = limbeck("generate", recipe, cwd=tmp_path)
    assert "generate: already done, nothing changed" in again.stderr
    rows = (tmp_path / "runs/test/generate/records.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row)["messages"][0]["content"] for row in rows] == ["Why?", "为什么？"]


def test_a_changed_recipe_is_done_again_and_asks_only_what_is_new(tmp_path: Path) -> None:
    limbeck("generate", write(tmp_path), cwd=tmp_path)
    done = limbeck("generate", write(tmp_path, generate="{max_tokens: 7}"), "--fresh", cwd=tmp_path)
    assert "2 requests, 0 already answered in the ledger, 2 left to ask" in done.stderr
    done = limbeck("generate", write(tmp_path), "--fresh", cwd=tmp_path)
    assert "2 requests, 2 already answered in the ledger, 0 left to ask" in done.stderr


def test_a_key_is_set_for_a_recipe_and_then_for_its_run(tmp_path: Path) -> None:
    write(tmp_path)
    sets = ("--set", "generate.paths=3", "--set", "name=drei")
    done = limbeck("generate", "recipe.yaml", *sets, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "runs/drei/generate/records.jsonl").read_text("utf-8").splitlines()) == 6
    again = limbeck("generate", "runs/drei", "--set", "generate.paths=1", "--fresh", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert len((tmp_path / "runs/drei/generate/records.jsonl").read_text("utf-8").splitlines()) == 2
    assert "paths: 1" in (tmp_path / "runs/drei/recipe.yaml").read_text("utf-8")
    refused(limbeck("run", "recipe.yaml", "--set", "paths=1", cwd=tmp_path), "unknown key 'paths'")


@pytest.mark.parametrize(
    ("verb", "missing"),
    [("filter", "generate"), ("train", "format"), ("eval", "train"), ("report", "eval")],
)
def test_a_stage_called_too_early_says_what_to_run(tmp_path: Path, verb: str, missing: str) -> None:
    done = limbeck(verb, write(tmp_path), cwd=tmp_path)
    command = "filter" if missing == "format" else missing
    refused(done, f"{verb if verb != 'filter' else 'filter'} needs the output of {missing}",
            f"Run: limbeck {command} ")  # fmt: skip


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_one(tmp_path: Path) -> None:
    refused(
        limbeck("run", write(tmp_path, generate="{max_tokns: 7}"), cwd=tmp_path),
        "recipe.yaml, line 5",
        "'max_tokns'",
        "did you mean 'max_tokens'?",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": "nowhere.jsonl"}, ["nowhere.jsonl does not exist"]),
        ({"teacher": "gpt-9"}, ["unknown model 'gpt-9'", "openai:MODEL"]),
        ({"teacher": "gguf:nowhere.gguf"}, ["there is no GGUF file", "nowhere.gguf"]),
        ({"filters": "[complet]"}, ["unknown filter 'complet'", "did you mean 'complete'?"]),
        ({"generate": "{generator: answer}"}, ["did you mean 'answers'?"]),
        ({"teacher": "{model: 'fake:x', api_key: sk-hunter2}"}, ["api_key_env"]),
        ({"name": "../escape"}, ["name"]),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_before_anything_is_written(
    tmp_path: Path, changes: dict[str, str], words: list[str]
) -> None:
    done = limbeck("run", write(tmp_path, **changes), cwd=tmp_path)
    refused(done, *words)
    assert "hunter2" not in done.stderr + done.stdout
    assert not (tmp_path / "runs" / "test" / "generate" / "records.jsonl").exists()


def test_a_broken_seed_line_stops_with_its_number_unless_skipping_is_asked_for(
    tmp_path: Path,
) -> None:
    recipe = write(tmp_path, seeds="{path: seeds.jsonl}")
    (tmp_path / "seeds.jsonl").write_text('{"prompt": "Why?"}\n{"prompt": \n', "utf-8")
    refused(limbeck("generate", recipe, cwd=tmp_path), "seeds.jsonl, line 2", "not JSON")
    recipe = write(tmp_path, seeds="{path: seeds.jsonl, on_bad_line: skip}")
    (tmp_path / "seeds.jsonl").write_text('{"prompt": "Why?"}\n{"prompt": \n', "utf-8")
    done = limbeck("generate", recipe, cwd=tmp_path)
    assert done.returncode == 0
    assert "skipped:" in done.stderr
    assert "line 2" in done.stderr


def test_an_empty_seed_file_and_a_missing_recipe_are_one_sentence(tmp_path: Path) -> None:
    recipe = write(tmp_path)
    (tmp_path / "seeds.jsonl").write_text("\n\n", "utf-8")
    refused(limbeck("generate", recipe, cwd=tmp_path), "has no usable seed")
    refused(limbeck("run", "nowhere.yaml", cwd=tmp_path), "nowhere.yaml", "No such file")
    (tmp_path / "empty").mkdir()
    refused(limbeck("run", tmp_path / "empty", cwd=tmp_path), "is no run folder")
    refused(limbeck("run", recipe, "--progress", "loud", cwd=tmp_path), "'loud'")


def test_a_missing_key_is_named_and_never_written(tmp_path: Path) -> None:
    teacher = "{model: 'openai:m', base_url: 'https://api.example.org/v1', api_key_env: MY_KEY}"
    refused(
        limbeck("generate", write(tmp_path, teacher=teacher), cwd=tmp_path, MY_KEY=""),
        "MY_KEY",
        "api.example.org",
    )


def test_json_progress_is_one_object_a_line(tmp_path: Path) -> None:
    done = limbeck("generate", write(tmp_path), "--progress", "json", cwd=tmp_path)
    rows = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"start", "end"} <= {row["event"] for row in rows}


def test_the_names_of_recipes_that_come_with_limbeck_are_known(tmp_path: Path) -> None:
    recipe = load_recipe(Path("quickstart"))
    assert recipe.name == "quickstart"
    assert recipe.seeds.path.is_file()


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: JsonlWriter, row: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(JsonlWriter, "write", full)
    monkeypatch.setenv("LIMBECK_LEDGER", str(tmp_path / "ledger.sqlite"))
    recipe = write(tmp_path)
    monkeypatch.setattr(sys, "argv", ["limbeck", "generate", str(recipe), "--into", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert "No space left on device" in capsys.readouterr().err
    left = [path.name for path in (tmp_path / "test" / "generate").iterdir()]
    assert left == []


def test_with_json_progress_the_last_sentence_is_json_too(tmp_path: Path) -> None:
    recipe = write(tmp_path)
    (tmp_path / "seeds.jsonl").unlink()
    done = limbeck("generate", recipe, "--progress", "json", cwd=tmp_path)
    assert done.returncode == 2
    last = [json.loads(line) for line in done.stderr.splitlines()][-1]
    assert last["event"] == "error"
    assert "seeds.jsonl does not exist" in last["text"]


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_that_wait_leave_the_core_to_others_unless_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, given: str | None, expected: str
) -> None:
    if given is None:
        monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    else:
        monkeypatch.setenv("OMP_WAIT_POLICY", given)
    monkeypatch.setattr("sys.argv", ["limbeck", "--version"])
    with pytest.raises(SystemExit):
        cli.main()
    assert os.environ["OMP_WAIT_POLICY"] == expected
