"""The hub's side, against a fake of its client: what is asked of it, and in which order."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.publish.hub import hub_name, upload
from limbeck.store import write_json

MANIFEST = {"rows": {"total": 3}, "files": {"README.md": {}, "data/train-x.parquet": {}}}


class Api:
    """huggingface_hub.HfApi as far as limbeck uses it; `calls` are what was asked."""

    def __init__(self, there: dict[str, Path] | None = None, fail: Exception | None = None) -> None:
        self.there = there
        self.fail = fail
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def repo_exists(self, name: str, *, repo_type: str) -> bool:
        assert (name, repo_type) == ("org/set", "dataset")
        return self.there is not None

    def list_repo_files(self, name: str, *, repo_type: str) -> list[str]:
        return list(self.there or ())

    def hf_hub_download(self, name: str, file: str, *, repo_type: str) -> str:
        return str((self.there or {})[file])

    def create_repo(self, name: str, **more: Any) -> None:
        self.calls.append(("create_repo", {"name": name, **more}))

    def upload_folder(self, **more: Any) -> Any:
        self.calls.append(("upload_folder", more))
        if self.fail is not None:
            raise self.fail
        return SimpleNamespace(repo_url="hub/datasets/org/set")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_json(tmp_path / "d" / "limbeck.json", MANIFEST)
    return tmp_path / "d"


def test_a_new_dataset_is_private_and_comes_in_one_commit(folder: Path) -> None:
    api = Api()
    assert upload(folder, "org/set", MANIFEST, api=api) == "hub/datasets/org/set"
    (made, how), (sent, what) = api.calls
    assert (made, how) == (
        "create_repo",
        {"name": "org/set", "repo_type": "dataset", "private": True, "exist_ok": True},
    )
    assert sent == "upload_folder"
    assert what["folder_path"] == folder
    assert what["repo_type"] == "dataset"
    assert what["allow_patterns"] == ["README.md", "data/train-x.parquet", "limbeck.json"]
    assert what["delete_patterns"] == ["data/*", "provenance/*"]
    assert "token" not in what
    public = Api()
    upload(folder, "org/set", MANIFEST, public=True, api=public)
    assert public.calls[0][1]["private"] is False


def test_the_same_dataset_is_not_sent_again(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "limbeck.json", tmp_path / "old.json")
    api = Api({"limbeck.json": tmp_path / "old.json"})
    assert upload(folder, "org/set", MANIFEST, api=api) == ""
    assert api.calls == []


def test_another_state_needs_replace(folder: Path, tmp_path: Path) -> None:
    write_json(tmp_path / "old.json", {"schema": "limbeck.dataset/1"})
    there = {"limbeck.json": tmp_path / "old.json", "README.md": tmp_path}
    with pytest.raises(UserError, match="--replace"):
        upload(folder, "org/set", MANIFEST, api=Api(there))
    api = Api(there)
    upload(folder, "org/set", MANIFEST, replace=True, api=api)
    assert [name for name, _ in api.calls] == ["upload_folder"]  # its visibility stays


def test_a_dataset_of_somebody_else_stays(folder: Path) -> None:
    api = Api({"README.md": folder, "train.csv": folder})
    with pytest.raises(UserError, match="limbeck did not publish it"):
        upload(folder, "org/set", MANIFEST, replace=True, api=api)
    assert api.calls == []
    empty = Api({".gitattributes": folder})
    upload(folder, "org/set", MANIFEST, api=empty)
    assert [name for name, _ in empty.calls] == ["upload_folder"]


def test_what_the_hub_says_is_one_sentence_without_the_token(folder: Path) -> None:
    hub = pytest.importorskip("huggingface_hub.errors")
    error = hub.LocalTokenNotFoundError("Token hf_abcDEF123 is not valid.\nmore")
    with pytest.raises(UserError, match="Log in with: hf auth login") as told:
        upload(folder, "org/set", MANIFEST, api=Api(fail=error))
    assert "hf_abc" not in str(told.value)
    assert "[hidden] is not valid" in str(told.value)
    assert "more" not in str(told.value)
    with pytest.raises(ZeroDivisionError):  # a defect stays one
        upload(folder, "org/set", MANIFEST, api=Api(fail=ZeroDivisionError()))


@pytest.mark.parametrize(
    "to", ["hf:", "hf:name", "hf:a/b/c", "hf:../x", "hf:a/..", "hf:a b/c", "hf:a/b--c", "hf:/x"]
)
def test_names_that_are_none(to: str) -> None:
    with pytest.raises(UserError, match="hf:ORG/NAME"):
        hub_name(to)


def test_names_and_folders() -> None:
    assert hub_name("hf:my-org/my.set_1") == "my-org/my.set_1"
    assert hub_name("out/dir") is None
