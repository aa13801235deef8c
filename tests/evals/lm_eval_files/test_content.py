"""The hash of what is behind lm-eval's files changes with all that changes what is asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from limbeck.errors import DataError
from limbeck.evals.lm_eval_files.content import content_of

TASK = """
include: base/common.yaml
task: sums
process_docs: !function utils.docs
dataset_kwargs:
  data_files: {test: DATA/test.jsonl, train: [DATA/shots-1.jsonl, DATA/more/*.jsonl]}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    tasks, data = tmp_path / "tasks", tmp_path / "data"
    for folder in (tasks / "base", data / "more"):
        folder.mkdir(parents=True)
    (tasks / "sums.yaml").write_text(TASK.replace("DATA", str(data)))
    (tasks / "base/common.yaml").write_text("dataset_path: json\n")
    (tasks / "utils.py").write_text("def docs(rows): return rows\n")
    for name in ("test", "shots-1", "more/数", "other"):
        (data / f"{name}.jsonl").write_text("{}\n")
    return tmp_path


@pytest.mark.parametrize("of", ["tasks/sums.yaml", "tasks"])
@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("tasks/sums.yaml", True),
        ("tasks/base/common.yaml", True),
        ("tasks/utils.py", True),
        ("data/test.jsonl", True),
        ("data/shots-1.jsonl", True),
        ("data/more/数.jsonl", True),
        ("data/other.jsonl", False),
    ],
)
def test_what_changes_the_task_changes_the_hash(
    files: Path, of: str, changed: str, matters: bool
) -> None:
    before = content_of(files / of)
    with (files / changed).open("a") as file:
        file.write("# more\n")
    assert (content_of(files / of) != before) is matters


def test_more_data_under_a_pattern_changes_the_hash(files: Path) -> None:
    before = content_of(files / "tasks/sums.yaml")
    (files / "data/more/b.jsonl").write_text("{}\n")
    assert content_of(files / "tasks/sums.yaml") != before


def test_a_folder_of_data_is_read_whole(files: Path) -> None:
    path = files / "tasks/sums.yaml"
    for text in (f"dataset_path: {files}/data", f"dataset_kwargs: {{data_dir: {files}/data}}"):
        path.write_text(f"task: sums\n{text}\n")
        before = content_of(path)
        (files / "data/other.jsonl").write_text(before)
        assert content_of(path) != before


@pytest.mark.parametrize("of", ["sums.yaml", "."])
def test_where_the_files_lie_changes_nothing(files: Path, of: str) -> None:
    before = content_of(files / "tasks" / of)
    shutil.move(files / "tasks", files / "任务")
    assert content_of(files / "任务" / of) == before


def test_code_without_a_call_is_none_of_the_task(files: Path) -> None:
    path = files / "tasks/sums.yaml"
    path.write_text("task: sums\n")
    before = content_of(path)
    (files / "tasks/utils.py").write_text("x = 1\n")
    assert content_of(path) == before
    assert not list(files.rglob("__pycache__"))  # nothing was run


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda tasks: (tasks / "base/common.yaml").unlink(), "cannot read .*common.yaml"),
        (lambda tasks: (tasks / "sums.yaml").write_text("a: ]"), "sums.yaml is not the YAML"),
        (lambda tasks: (tasks / "base/common.yaml").write_text("include: ../sums.yaml"), "itself"),
    ],
)
def test_files_that_cannot_be_read_are_told(
    files: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(files / "tasks")
    with pytest.raises(DataError, match=told):
        content_of(files / "tasks/sums.yaml")
