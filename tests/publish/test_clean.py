"""No key, folder or private address leaves with a dataset; the rest of the recipe does, whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.publish.clean import public_recipe
from limbeck.publish.folder import publish
from tests.publish.runs import YES, rows, run_of


def test_secrets_do_not_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "k3y-0f-a-private-server"
    monkeypatch.setenv("MY_API_KEY", key)
    leaking = rows()
    leaking[0] = replace(leaking[0], completion=f"Your key is {key}.", id="")
    sections: dict[str, Any] = {"format": {"valid": 0, "test": 1}}
    context = run_of(tmp_path, leaking, **sections)
    with pytest.raises(UserError, match=r"would hold the value of \$MY_API_KEY") as error:
        publish(context, tmp_path / "d", YES)
    assert key not in str(error.value)
    assert not (tmp_path / "d").exists()


KEY = "sk-" + "Zt4Rq8Wn2Lb7Xc5Vm9Kd"  # drawn at random, and nobody's


@pytest.mark.parametrize("text", ["Your key is k3y-0f-a-private-server.", f"钥匙 {KEY} 🙂"])
@pytest.mark.parametrize("place", ["completion", "meta"])
def test_secrets_do_not_leave_in_any_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, place: str
) -> None:
    """The first row is on the card; all others, and the refused ones, are searched as well."""
    monkeypatch.setenv("MY_API_KEY", "k3y-0f-a-private-server")
    clean = rows()
    change: dict[str, Any] = {"completion": text} if place == "completion" else {
        "meta": {**clean[31].meta, "rationale": text}
    }  # fmt: skip
    leaking = [*clean[:31], replace(clean[31], id="", **change), *clean[32:]]
    context = run_of(tmp_path, leaking)
    with pytest.raises(UserError, match=r"the row [0-9a-f]{32} would hold") as error:
        publish(context, tmp_path / "d", YES)
    assert "k3y" not in str(error.value)
    assert KEY not in str(error.value)
    assert not (tmp_path / "d").exists()


def test_secrets_do_not_leave_in_refused_rows(tmp_path: Path) -> None:
    leaking = rows()
    cut = {**leaking[9].meta, "finish_reason": "length"}
    leaking[9] = replace(leaking[9], completion=KEY, meta=cut, id="")
    context = run_of(tmp_path, leaking)
    publish(context, tmp_path / "without", YES)
    with pytest.raises(UserError, match="looks like an API key"):
        publish(context, tmp_path / "d", replace(YES, with_refused=True))


def test_a_word_behind_a_slash_is_no_folder(tmp_path: Path) -> None:
    """Qwen3's switch is a text of the recipe, which has to be whole."""
    said = "/no_think Antworte in einem Satz / 一句话 🙂"
    context = run_of(tmp_path, rows(), generate={"generator": "answers", "system": said})
    data, _ = public_recipe(context.recipe)
    assert data["generate"]["system"] == said
    for path, name in (
        ("/home/ana/my files/x.jsonl", "x.jsonl"), ("/x.jsonl", "x.jsonl"),
        ("~/x y.jsonl", "x y.jsonl"), ("C:\\Users\\ana\\x", "x"), ("/no_think", "/no_think"),
        ("gguf:/m/q.gguf", "gguf:q.gguf"),
    ):  # fmt: skip
        moved = context.recipe.model_copy(update={"name": path})
        assert public_recipe(moved)[0]["name"] == name


def test_private_servers_and_folders_are_not_in_the_recipe(tmp_path: Path) -> None:
    teacher = {"model": "openai:m", "base_url": "http://llm.corp.example:8000/v1"}
    context = run_of(tmp_path, rows(teacher="openai:m"), teacher=teacher)
    publish(context, tmp_path / "d", YES)
    for path in (tmp_path / "d").rglob("*"):
        if path.is_file():
            assert b"corp.example" not in path.read_bytes(), path
            assert str(tmp_path).encode() not in path.read_bytes(), path
    text = (tmp_path / "d" / "recipe.yaml").read_text("utf-8")
    assert "https://hidden.invalid/v1" in text
    assert "path: seeds.jsonl" in text
    assert "a private endpoint" in (tmp_path / "d" / "README.md").read_text("utf-8")
