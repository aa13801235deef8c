"""The tasks of a folder: each once, and no code of theirs is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.errors import DataError, UserError
from limbeck.evals.lm_eval_files.task_folder import check_file, tasks_in


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_every_file_with_a_task_is_one_and_bases_are_not(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "_base.yaml": "dataset_path: json\ntest_split: test\n",
            "b.yaml": "include: _base.yaml\ntask: b\n",
            "sub/a.yaml": "include: ../_base.yaml\ntask: 中文_a\n",
            "old.yml": "task: lm_eval_would_not_find_it\n",
            "__pycache__/x.yaml": "task: cached\n",
            "list.yaml": "- task: no\n",
            "notes.jsonl": "{}\n",
        },
    )
    assert tasks_in(tmp_path) == ["b", "中文_a"]


def test_functions_are_not_run_nor_looked_up(tmp_path: Path) -> None:
    code = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"
    text = "task: a\ndoc_to_text: !function utils.f\nclass: !function missing.Task\n"
    put(tmp_path, {"a.yaml": text, "utils.py": code})
    assert tasks_in(tmp_path) == ["a"]
    assert not (tmp_path / "ran").exists()


def test_python_objects_are_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a.yaml": "task: a\nx: !!python/object/apply:os.system ['touch ran']\n"})
    with pytest.raises(DataError, match=r"a\.yaml is not the YAML of an lm-eval task"):
        tasks_in(tmp_path)


def test_a_group_stands_for_its_members(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "a.yaml": "task: a\n",
            "b.yaml": "task: b\ntag: some\n",
            "c.yaml": "task: c\ntag: [some, more]\n",
            "d.yaml": "task: d\n",
            "e.yaml": "task: e\ntag: more\n",
            "g.yaml": "group: inner\ntask:\n  - task: a\n    num_fewshot: 2\n  - some\n",
            "h.yaml": "group: outer\ntask:\n  - inner\n  - {group: own, task: [d]}\n",
        },
    )
    assert tasks_in(tmp_path) == ["e", "outer"]


def test_a_name_may_come_from_what_is_included(tmp_path: Path) -> None:
    put(tmp_path, {"elsewhere/gsm8k.yaml": "task: gsm8k\nnum_fewshot: 5\n"})
    put(tmp_path / "here", {"own.yaml": "include: ../elsewhere/gsm8k.yaml\ndataset_path: json\n"})
    assert tasks_in(tmp_path / "here") == ["gsm8k"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.yaml": "task: x\n", "b.yaml": "task: x\n"}, "two files have the task 'x'"),
        ({"a.yaml": "task: [\n"}, "is not the YAML of an lm-eval task"),
        ({"a.yaml": "include: a.yaml\ntask: x\n"}, "includes itself"),
        ({"a.yaml": "include: none.yaml\ntask: x\n"}, "cannot read"),
    ],
)
def test_a_file_that_lm_eval_would_pass_over_is_named(
    tmp_path: Path, files: dict[str, str], told: str
) -> None:
    put(tmp_path, files)
    with pytest.raises(DataError, match=told):
        tasks_in(tmp_path)


def test_a_folder_without_tasks_says_so(tmp_path: Path) -> None:
    put(tmp_path, {"_base.yaml": "dataset_path: json\n"})
    with pytest.raises(UserError, match="has no lm-eval task"):
        tasks_in(tmp_path)
    with pytest.raises(DataError, match="there is no folder"):
        tasks_in(tmp_path / "none")


def test_a_file_is_a_task_whatever_the_task_is_called_in_it(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "_base.yaml": "test_split: test\n",
            "天气.yaml": "include: _base.yaml\ntask: 天气\nprocess_docs: !function utils.f\n",
            "all.yaml": "group: every\ntask: [天气]\n",
            "other.yml": "task: 天气\n",
        },
    )
    check_file(tmp_path / "天气.yaml")
    check_file(tmp_path / "all.yaml")
    check_file(tmp_path / "other.yml")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "test_split: test\n", r"a\.yaml is no lm-eval task: it names none"),
        ("a.yaml", "task: [a\n", r"a\.yaml is not the YAML of an lm-eval task"),
        ("a.yaml", "- task: a\n", "names none"),
        ("a.yaml", "include: none.yaml\ntask: a\n", r"cannot read .*none\.yaml: No such file"),
        ("a.yaml", "include: a.yaml\ntask: a\n", "includes itself"),
    ],
)
def test_a_file_that_holds_no_task_is_told(tmp_path: Path, name: str, text: str, said: str) -> None:
    put(tmp_path, {name: text})
    with pytest.raises(DataError, match=said):
        check_file(tmp_path / name)
