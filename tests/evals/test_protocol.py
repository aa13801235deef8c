"""The protocol: its hash changes with whatever changes what is asked, and with nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from limbeck.evals.protocol import Protocol, make_protocol
from limbeck.recipe import Eval
from limbeck.record import Provenance, Record, content_hash, user

TEST = [Record((user("Hi"),), "Hello", Provenance("test"))]


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text('{"question": "Which?", "options": ["a", "b"], "answer": 0}\n')
    return path


def made(items: Path, *, black_box: bool = False, test: Any = TEST, **section: Any) -> Protocol:
    tasks = ("imitation", str(items), "arc_easy")
    return make_protocol(Eval(tasks=tasks, **section), test, black_box=black_box, asked={})


def test_a_black_box_forces_the_written_form(items: Path) -> None:
    assert made(items, black_box=False).form == "loglikelihood"
    assert made(items, black_box=True).form == "generate"


def test_the_recipe_may_name_the_form(items: Path) -> None:
    assert made(items, form="generate", black_box=False).form == "generate"
    assert made(items, form="loglikelihood", black_box=True).form == "loglikelihood"


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "plain"},
        {"max_tokens": 7},
        {"limit": 3},
        {"form": "generate"},
        {"test": []},
        {"test": [Record((user("Hi"),), "Hallo", Provenance("test"))]},
    ],
)
def test_what_changes_the_question_changes_the_hash(items: Path, change: dict[str, Any]) -> None:
    assert made(items, **change).hash != made(items).hash


def test_other_items_change_the_hash(items: Path) -> None:
    before = made(items).hash
    items.write_text(items.read_text().replace("Which", "What"))
    assert made(items).hash != before


def test_where_the_items_lie_changes_nothing(items: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.copy(items, tmp_path / "elsewhere" / items.name))
    assert made(moved).hash == made(items).hash


def test_how_fast_it_is_asked_changes_nothing(items: Path) -> None:
    assert made(items, batch_size=3).hash == made(items).hash


def test_another_version_of_the_scoring_or_of_lm_eval_changes_the_hash(items: Path) -> None:
    protocol = made(items)
    assert protocol.lm_eval == metadata.version("lm-eval")
    assert replace(protocol, version=protocol.version + 1).hash != protocol.hash
    assert replace(protocol, lm_eval="0").hash != protocol.hash


def test_json_holds_the_hash_and_what_it_is_of(items: Path) -> None:
    row = made(items).to_json()
    told = row.pop("hash")
    assert told == content_hash(row, size=8)
    assert row["tasks"] == ("imitation", "items.jsonl", "arc_easy")


def test_what_is_behind_lm_evals_files_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    data = tmp_path / "rows.jsonl"
    text = f"task: a\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {data}}}}}\n"
    (tmp_path / "own/a.yaml").write_text(text)
    (tmp_path / "b.yml").write_text(text)
    for task in ("own", "b.yml"):
        hashes = []
        for rows in ("{}\n", '{"question": "?"}\n'):
            data.write_text(rows)
            section = Eval(tasks=(str(tmp_path / task),))
            hashes.append(make_protocol(section, TEST, black_box=False, asked={}).hash)
        assert hashes[0] != hashes[1]


def test_other_prompts_in_the_same_words_change_the_hash(items: Path) -> None:
    section = Eval(tasks=(str(items),))
    told = {"base": "cot_question_chat.v1, 2 worked examples"}
    first, other = (
        make_protocol(section, TEST, black_box=False, asked=told, prompts=prompts)
        for prompts in ("one", "other")
    )
    assert first.asked == other.asked
    assert first.hash != other.hash
