"""The run folder: a stage is done when its marker says so, and the marker comes last."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from limbeck.errors import StageError, UserError
from limbeck.recipe import Recipe
from limbeck.rundir import STAGES, Done, RunDir, StageName
from limbeck.store import file_hash, write_jsonl
from tests.test_recipe import BASE

RECIPE = Recipe.parse("name: x\nseeds: s.jsonl\nteacher: fake:t\nstudent: fake:s")
FILE = "records.jsonl"


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return RunDir(tmp_path / "x", RECIPE)


def do(run: RunDir, *, inputs: str = "in", row: int = 1) -> None:
    with run.stage("generate", inputs) as finish:
        write_jsonl(run.folder("generate") / FILE, [{"a": row}])
        finish.files.append(FILE)
        finish.counts["records"] = row


def fail(run: RunDir) -> None:
    with run.stage("generate", "in"):
        assert run.done("generate") is None
        write_jsonl(run.folder("generate") / FILE, [{"a": 1 // 0}])


def test_the_stages_are_these_in_this_order() -> None:
    assert STAGES == ("generate", "filter", "format", "train", "eval", "report")
    assert get_args(StageName) == STAGES


def test_a_finished_stage_has_its_inputs_counts_and_hashes(run: RunDir) -> None:
    assert run.done("generate") is None
    do(run)
    hashed = file_hash(run.folder("generate") / FILE)
    assert run.done("generate") == Done("in", {"records": 1}, {FILE: hashed})
    assert RunDir(run.path, RECIPE).done("generate") == run.done("generate")


def test_the_marker_is_written_after_everything_else(run: RunDir) -> None:
    marker = run.folder("generate") / "done.json"
    with run.stage("generate", "in") as finish:
        write_jsonl(run.folder("generate") / FILE, [])
        finish.files.append(FILE)
        assert not marker.exists()
    assert marker.exists()


def test_a_stage_that_fails_is_not_done_even_where_it_was_before(run: RunDir) -> None:
    do(run)
    with pytest.raises(ZeroDivisionError):
        fail(run)
    assert run.done("generate") is None


def test_a_stage_that_names_a_file_it_did_not_write_is_not_done(run: RunDir) -> None:
    with pytest.raises(FileNotFoundError), run.stage("generate", "in") as finish:
        finish.files.append("never.jsonl")
    assert run.done("generate") is None


def test_a_stage_that_lost_a_file_is_not_done(run: RunDir) -> None:
    do(run)
    (run.folder("generate") / FILE).unlink()
    assert run.done("generate") is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"inputs": "x"}', '{"files": 3}', "3"])
def test_a_marker_that_limbeck_did_not_write_is_none(run: RunDir, content: str) -> None:
    do(run)
    (run.folder("generate") / "done.json").write_text(content)
    done = run.done("generate")
    assert done is None or done.inputs != "in"


def test_outputs_change_with_what_was_written_and_with_nothing_else(run: RunDir) -> None:
    outputs = []
    for inputs, row in [("in", 1), ("other", 1), ("in", 2)]:
        do(run, inputs=inputs, row=row)
        done = run.done("generate")
        assert done is not None
        assert done.inputs == inputs
        outputs.append(done.outputs)
    assert outputs[0] == outputs[1] != outputs[2]


def test_what_a_killed_run_left_half_written_is_cleared(run: RunDir) -> None:
    folder = run.folder("generate")
    folder.mkdir(parents=True)
    (folder / ".records.jsonl.1.part").touch()
    do(run)
    assert sorted(file.name for file in folder.iterdir()) == ["done.json", FILE]


@pytest.mark.parametrize(
    ("stage", "verb"),
    [("generate", "generate"), ("filter", "filter"), ("format", "filter"), ("train", "train"),
     ("eval", "eval"), ("report", "report")],
)  # fmt: skip
def test_a_missing_stage_is_an_error_that_names_the_command(
    run: RunDir, stage: StageName, verb: str
) -> None:
    with pytest.raises(StageError) as caught:
        run.need(stage, by="report")
    assert f"report needs the output of {stage}" in str(caught.value)
    assert str(caught.value).endswith(f"Run: limbeck {verb} {run.path}")


def test_a_finished_stage_is_given_to_the_one_that_needs_it(run: RunDir) -> None:
    do(run)
    assert run.need("generate", by="filter") == run.done("generate")


def test_the_recipe_is_saved_whole_and_the_folder_opens_with_it(run: RunDir) -> None:
    run.save_recipe()
    path = run.path / "recipe.yaml"
    before = path.stat()
    run.save_recipe()
    assert path.stat().st_ino == before.st_ino  # the same: not written again
    assert RunDir.open(run.path).recipe == RECIPE
    changed = RunDir(run.path, RECIPE.model_copy(update={"seed": 1}))
    changed.save_recipe()
    assert RunDir.open(run.path).recipe.seed == 1


def test_a_folder_without_a_recipe_is_no_run_folder(tmp_path: Path) -> None:
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "iterate.yaml").touch()
    with pytest.raises(UserError, match=r"is a loop, .* it goes on with: limbeck iterate .*loop$"):
        RunDir.open(tmp_path / "loop")
    with pytest.raises(UserError, match=r"is no run folder: it has no recipe\.yaml"):
        RunDir.open(tmp_path)


HOLDER = """
import sys
from pathlib import Path
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir

recipe = Recipe.parse("name: x\\nseeds: s\\nteacher: fake:t\\nstudent: fake:s")
with RunDir(Path(sys.argv[1]), recipe).locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


def enter(run: RunDir) -> None:
    with run.locked():
        pass


def test_a_lock_that_another_process_holds_keeps_this_one_out_until_it_ends(run: RunDir) -> None:
    command = [sys.executable, "-c", HOLDER, str(run.path)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        held = (
            rf"at work in {run.path} \(pid {process.pid} on {socket.gethostname()}, since .*: -c "
        )
        with pytest.raises(UserError, match=held):
            enter(run)
        process.kill()
    enter(run)
    assert (run.path / ".lock").read_bytes() == b"", "nobody is named who is not at work"


def test_the_lock_is_free_again_after_the_block_and_after_an_error(run: RunDir) -> None:
    with run.locked(), pytest.raises(UserError, match="another limbeck"):
        enter(RunDir(run.path, RECIPE))
    with pytest.raises(ZeroDivisionError), run.locked():
        _ = 1 // 0
    enter(run)


def test_a_run_folder_that_cannot_be_made_is_a_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write to"):
        enter(RunDir(tmp_path / "file" / "x", RECIPE))


def test_the_log_holds_one_json_object_a_line(run: RunDir) -> None:
    run.path.mkdir()
    run.log("started", stage="generate", text="a\nb\u2028é")
    run.log("odd", text="\ud800")
    first, second = (run.path / "log.jsonl").read_bytes().split(b"\n")[:2]
    row = json.loads(first)
    assert row.pop("at") > 0
    assert row == {"event": "started", "stage": "generate", "text": "a\nb\u2028é"}
    assert json.loads(second)["event"] == "odd"


def test_a_log_that_cannot_be_written_is_a_users_error(run: RunDir) -> None:
    with pytest.raises(UserError, match=r"cannot write .*log\.jsonl"):
        run.log("started")


def test_a_name_of_more_bytes_than_a_folder_s_name_has_is_told(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(BASE | {"name": "名" * 100})
    with pytest.raises(UserError, match="takes 300 bytes as the name of a folder, which has 240"):
        RunDir.of(tmp_path, recipe)
    fits = recipe.model_copy(update={"name": "名" * 80})
    assert RunDir.of(tmp_path, fits).path == tmp_path / fits.name
