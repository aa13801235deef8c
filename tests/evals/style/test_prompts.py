"""Reading the open prompts: every form, each once, none that was trained on, a drawn sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError
from limbeck.evals.style.prompts import read_prompts


def written(folder: Path, rows: list[Any]) -> Path:
    path = folder / "prompts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_every_form_of_a_prompt(tmp_path: Path) -> None:
    rows = [
        {"prompt": "一"},
        {"question_id": 81, "category": "writing", "turns": ["Write.", "Now rewrite it."]},
        {"instruction": "Sum up", "instances": [{"input": "Long.", "output": "x"}]},
        {"messages": [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Hi"}]},
        {"instruction": "Sing"},
        {"prompt": " write. "},  # the same again but for case and space
    ]
    found = read_prompts(written(tmp_path, rows))
    texts = [prompt.prompt for prompt in found.asked]
    assert texts[:2] == ["一", "Write."]
    assert len(texts) == 5
    assert "Long." in texts[2]
    assert found.asked[3].messages[0].role == "system"
    assert found.asked[1].provenance.parents == ("81",)
    assert found.trained_on == 0


def test_a_limit_draws_a_sample_that_other_prompts_hardly_change(tmp_path: Path) -> None:
    rows = [{"prompt": f"Prompt {n}"} for n in range(50)]
    path = written(tmp_path, rows)
    ten = [prompt.prompt for prompt in read_prompts(path, limit=10, seed=1).asked]
    assert len(ten) == 10
    assert ten == sorted(ten, key=lambda text: int(text.split()[1]))  # in file order
    assert ten != [f"Prompt {n}" for n in range(10)]
    assert ten != [prompt.prompt for prompt in read_prompts(path, limit=10, seed=2).asked]
    more = [p.prompt for p in read_prompts(path, limit=11, seed=1).asked]
    assert set(ten) < set(more)
    fewer = read_prompts(written(tmp_path, rows[::-1]), limit=10, seed=1).asked
    assert {prompt.prompt for prompt in fewer} == set(ten)


def test_training_prompts_are_left_out_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, [{"prompt": "seen"}, {"prompt": "new"}])
    found = read_prompts(path, is_trained_on=lambda prompt: prompt.prompt == "seen")
    assert ([prompt.prompt for prompt in found.asked], found.trained_on) == (["new"], 1)
    with pytest.raises(DataError, match="every one of them is a training prompt"):
        read_prompts(path, is_trained_on=lambda prompt: True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"turns": []}, r"line 1: turns must be a list of texts"),
        ({"turns": [3]}, r"line 1: turns must be a list of texts"),
        ({"nothing": 1}, r"line 1: no prompt found"),
        ({"prompt": " "}, r"line 1: prompt must be a text"),
    ],
)
def test_a_row_that_is_no_prompt_is_named(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_prompts(written(tmp_path, [row]))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    path.write_text("", encoding="utf-8")
    with pytest.raises(DataError):
        read_prompts(path)
