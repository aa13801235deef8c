"""Another prompts file, or other settings, under the name of a run that has records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from limbeck.testing.server import ApiServer
from tests.engine import limbeck, records, write_recipe

ROWS = [{"prompt": "Grüße?"}, {"prompt": "为什么?"}, {"prompt": "لماذا؟"}]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Path, ApiServer]]:
    with ApiServer() as server:
        recipe = write_recipe(tmp_path, server.base_url, ROWS)
        limbeck(tmp_path, "generate", str(recipe), "--set", "seeds.limit=2")
        yield recipe, server


def asked(made: tuple[Path, ApiServer], *words: str, code: int = 0) -> str:
    out = limbeck(made[0].parent, *words[:1], str(made[0]), *words[1:], code=code)
    return " ".join(out.split())


def add(made: tuple[Path, ApiServer], *rows: dict[str, str], first: bool = False) -> None:
    path = made[0].parent / "seeds.jsonl"
    text = "".join(json.dumps(row) + "\n" for row in rows)
    old = path.read_text(encoding="utf-8")
    path.write_text(text + old if first else old + text, encoding="utf-8")


def test_other_settings_stop_say_what_differs_and_keep_the_records(
    made: tuple[Path, ApiServer],
) -> None:
    folder = made[0].parent
    before = (folder / "runs/r/generate/records.jsonl").read_bytes()
    saved = (folder / "runs/r/recipe.yaml").read_bytes()
    words = ("seeds.limit=2", "generate.temperature=0.1", "teacher.model=openai:n")
    other = [part for word in words for part in ("--set", word)]
    for verb in ("generate", "run", "filter"):
        said = asked(made, verb, *other, code=2)
        assert "runs/r has 2 records that were made otherwise" in said
        assert "teacher.model was 'openai:m' and is 'openai:n'" in said
        assert "generate.temperature was not set and is 0.1" in said
        assert (
            "(name in the recipe, or --set name=NAME), or let it overwrite them with --fresh"
            in said
        )
    asked(made, "estimate", "--sample", "2", *other)
    assert (folder / "runs/r/generate/records.jsonl").read_bytes() == before
    assert (folder / "runs/r/recipe.yaml").read_bytes() == saved
    asked(made, "generate", *other, "--fresh")
    assert {row["provenance"]["teacher"] for row in records(folder)} == {"openai:n"}
    asked(made, "generate", *other)  # those of the new ones now
    asked(made, "generate", "--set", "seeds.limit=2", "--set", "name=zwei")
    assert len(made[1].bodies) == 2 + 2, "what was paid is not paid again"


def test_another_prompts_file_stops_and_one_that_grew_adds_its_rows(
    made: tuple[Path, ApiServer],
) -> None:
    folder, limit = made[0].parent, ("--set", "seeds.limit=2")
    add(made, {"prompt": "four"})
    first = records(folder)
    asked(made, "generate")  # a higher limit, and rows behind the old ones
    assert (records(folder)[:2], len(records(folder))) == (first, 4)
    said = asked(made, "generate", *limit, code=2)
    assert "seeds.limit was not set and is 2" in said
    add(made, {"prompt": "zero"}, first=True)
    said = asked(made, "generate", code=2)
    assert f"the content of seeds.path ({folder / 'seeds.jsonl'}) is another" in said
    assert (len(records(folder)), len(made[1].bodies)) == (4, 4)
    asked(made, "generate", "--fresh")
    assert (len(records(folder)), len(made[1].bodies)) == (5, 5)


def test_what_changes_no_record_goes_on(made: tuple[Path, ApiServer]) -> None:
    limit: tuple[str, ...] = ("--set", "seeds.limit=2")
    for change in (
        "teacher.concurrency=3", "budget.tokens=99999", "filters=[complete]", "train.epochs=7",
        "seeds.on_bad_line=skip",
    ):  # fmt: skip
        asked(made, "generate", *limit, "--set", change)
        limit += ("--set", change)
    asked(made, "filter", *limit, "--set", "format.valid=0", "--set", "format.test=0")
    assert len(made[1].bodies) == 2
