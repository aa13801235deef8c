"""The guard: what is near a held-out item is not written into a pool."""

from __future__ import annotations

import json
from pathlib import Path

from limbeck.contamination import Item
from limbeck.pipeline.iterate.guard import Guard
from limbeck.recipe import Recipe
from limbeck.record import Provenance, Record, user


def guard(folder: Path, name: str = "held.jsonl") -> Guard:
    task, held = folder / "test.jsonl", folder / name
    held.parent.mkdir(exist_ok=True)
    question = {"prompt": "A train leaves at 10:30 and takes 45 minutes. When does it arrive?"}
    task.write_text(json.dumps(question | {"target": "11:15"}) + "\n", encoding="utf-8")
    lines = [
        {"prompt": "请解释为什么天空在日落时变红。"},
        {"prompt": "Describe the taste of 🍋 water"},
    ]
    held.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return Guard(
        Recipe.model_validate(
            {
                "name": "r",
                "seeds": str(task),
                "teacher": "fake:t",
                "student": "fake:s",
                "eval": {"tasks": [str(task)]},
                "iterate": {"held_out": str(held), "referee": "fake:r"},
            }
        )
    )


def test_an_item_is_refused_word_for_word_and_with_other_numbers(tmp_path: Path) -> None:
    one = guard(tmp_path)
    text = "A train leaves at 10:30 and takes 45 minutes. When does it arrive?"
    assert one.refuse(text) == "test/0"
    assert one.refuse(text.replace("10:30", "08:15").replace("45", "20")) == "test/0"
    assert one.refuse("Which trains are the fastest of all in Europe today?") is None


def test_a_held_out_prompt_is_refused_in_nearly_the_same_words(tmp_path: Path) -> None:
    one = guard(tmp_path)
    assert one.refuse("请解释为什么天空在日落时会变红。") == "held/0"
    assert one.refuse("Describe the taste of cold 🍋 water") == "held/1"
    assert one.refuse("请写一首关于春天的诗。") is None


def test_what_was_asked_by_name_is_known_after_it_was_asked(tmp_path: Path) -> None:
    one = guard(tmp_path)
    text = "Which planet is the largest of the solar system?"
    before = one.hash
    assert one.refuse(text) is None
    one.add_items({"arc": [Item("3", text)]})
    assert one.refuse(text) == "arc/3"
    assert one.hash != before


def test_only_the_same_words_make_a_seed_a_held_out_one(tmp_path: Path) -> None:
    one = guard(tmp_path)

    def seed(text: str) -> Record:
        return Record((user(text),), "", Provenance("seed"))

    assert one.is_held_out(seed("describe the taste of 🍋  water"))
    assert not one.is_held_out(seed("Describe the taste of cold 🍋 water"))


def test_files_of_one_name_hide_nothing_of_each_other(tmp_path: Path) -> None:
    """Both have a row 0; so has an item that the evaluation asked in other words."""
    one = guard(tmp_path, "held/test.jsonl")
    assert one.refuse("A train leaves at 10:30 and takes 45 minutes. When does it arrive?")
    assert one.refuse("请解释为什么天空在日落时变红。") == "test/0"
    assert one.refuse("Describe the taste of 🍋 water") == "test/1"
    text = "Which planet is the largest of the solar system?"
    one.add_items({"test": [Item("0", text)]})
    assert one.refuse(text) == "test/0"
