"""The split by prompt or by template."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline import format as format_stage
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.format import format_records, read_split, split
from limbeck.progress import reporter
from limbeck.recipe import Format, Recipe
from limbeck.record import Provenance, Record, content_hash, user
from limbeck.rundir import RunDir
from limbeck.store import ParquetRows, read_json, write_jsonl
from limbeck.text import prompt_key


def row(prompt: str, number: int = 0, **meta: Any) -> Record:
    made = Provenance("chain_of_thought", index=number)
    return Record((user(prompt),), "x", made, target="7", meta=meta)


def test_no_template_is_on_two_sides() -> None:
    rows = [
        row(f"Ana has {n} apples. How many are left? {t}", n, template=f"t{t}")
        for t in range(20)
        for n in range(5)
    ]
    sides = split(rows, valid=0.1, test=0.2, seed=1, by="template")
    found = {name: {r.meta["template"] for r in part} for name, part in sides.items()}
    assert {name: len(names) for name, names in found.items()} == {
        "train": 14,
        "valid": 2,
        "test": 4,
    }
    assert not found["train"] & found["test"]
    assert sum(len(part) for part in sides.values()) == 100
    assert split(rows, valid=0.1, test=0.2, seed=1, by="template") == sides


def test_without_a_template_of_their_own_questions_are_masked() -> None:
    """Numbers and names tell nothing apart: four stories, told ten times each."""
    stories = [
        "{} has {} apples and eats one. How many are left?",
        "A train of {} leaves at {}. When does it arrive?",
        "Yesterday {} bought {} books. How many today?",
        "{} runs {} miles every day. How far in a week?",
    ]
    names = ["Ana", "José", "Mei", "Łukasz"]
    rows = [row(s.format(names[n % 4], n + 2), n) for s in stories for n in range(10)]
    sides = split(rows, valid=0, test=1, seed=0, by="template")
    assert {name: len(part) for name, part in sides.items()} == {
        "train": 30,
        "valid": 0,
        "test": 10,
    }


def test_one_prompt_is_on_one_side_whatever_its_templates_and_case() -> None:
    rows = [row(f"Is {n} big?", n, template=f"t{n}") for n in range(20)]
    rows += [row(f"is {n} BIG?", n, template=f"other{n}") for n in range(20)]
    sides = split(rows, valid=0.2, test=0.3, seed=0, by="template")
    prompts = {name: {r.prompt.lower() for r in part} for name, part in sides.items()}
    assert {name: len(part) for name, part in sides.items()} == {
        "train": 20,
        "valid": 8,
        "test": 12,
    }
    assert not prompts["train"] & prompts["test"]
    assert not prompts["train"] & prompts["valid"]


def test_a_split_that_leaves_nothing_is_a_sentence() -> None:
    rows = [row("a", template="t"), row("b", template="t")]
    with pytest.raises(UserError, match="1 test and 0 valid templates, but only 1 templates"):
        split(rows, valid=0, test=1, seed=0, by="template")


def test_sides_are_filled_in_the_order_of_hashed_prompts() -> None:
    rows = [row(f"q{n % 30}", n) for n in range(90)]
    keys = {f"q{n}": content_hash([3, prompt_key([user(f"q{n}")])]) for n in range(30)}
    order = sorted(keys, key=lambda prompt: keys[prompt])
    sides = split(rows, valid=0.1, test=5, seed=3)
    assert {r.prompt for r in sides["test"]} == set(order[:5])
    assert {r.prompt for r in sides["valid"]} == set(order[5:8])
    assert [r.id for r in sides["train"]] == [r.id for r in rows if r.prompt in order[8:]]


def test_pieces_make_the_files_that_one_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(f"q{n} é中\ud800", rationale="r", answer_text=str(n)) for n in range(9)]
    found = []
    for piece in (2, 100):
        monkeypatch.setattr(format_stage, "PIECE", piece)
        monkeypatch.setattr(ParquetRows, "GROUP", piece)
        (tmp_path / str(piece)).mkdir()
        context, _ = stage(tmp_path / str(piece), rows, text="arrow", valid=2, test=3)
        format_records(context)
        folder = context.run.folder("format")
        found.append({name: read_split(folder, name) for name in ("train", "valid", "test")})
    assert found[0] == found[1]
    assert [len(part) for part in found[0].values()] == [4, 2, 3]
    assert all("\ufffd ###" in r.prompt for part in found[0].values() for r in part)


def test_a_stage_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    context, _ = stage(tmp_path, [row("a", rationale="r"), row("b")], valid=0, test=0)
    format_records(context)
    folder = context.run.folder("format")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    context, _ = stage(tmp_path, [row("a"), row("b")], text="arrow", valid=0, test=0)
    with pytest.raises(UserError, match="no training row can be written"):
        format_records(context)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def stage(folder: Path, rows: list[Record], /, **section: Any) -> tuple[Context, io.StringIO]:
    """The stage format over rows that were generated and all kept."""
    data = {"name": "r", "seeds": "s.jsonl", "teacher": "fake:t", "student": "fake:s"}
    recipe = Recipe.model_validate(data | {"filters": [], "format": section}).resolved(folder)
    run = RunDir(folder / "runs" / "r", recipe)
    with run.stage("generate", "given") as done:
        write_jsonl(run.folder("generate") / "records.jsonl", (r.to_json() for r in rows))
        done.counts["records"] = len(rows)
        done.files.append("records.jsonl")
    said = io.StringIO()
    context = Context(run, reporter("plain", said), folder / "ledger.sqlite")
    filter_records(context)
    return context, said


def test_one_row_that_cannot_be_written_stops_nothing_and_is_told(tmp_path: Path) -> None:
    wrong = {"status": "wrong"}
    rows = [row(f"q{n}", rationale="r") for n in range(8)]
    rows += [row("8", rationale="r", answer_text="3 --> 8", check=wrong)]
    rows += [row("9", rationale="r", check=wrong)]
    context, said = stage(tmp_path, rows, text="arrow", valid=0, test=0)
    format_records(context)
    assert (
        "2 of 10 records have no text arrow and were left out "
        "(1 with an answer that holds '-->', 1 with no answer)"
    ) in said.getvalue()
    counts = read_json(context.run.folder("format") / "done.json")["counts"]
    assert counts["left_out"] == {"an answer that holds '-->'": 1, "no answer": 1}
    assert counts["train"] == len(read_split(context.run.folder("format"), "train")) == 8


def test_rows_that_all_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    context, _ = stage(tmp_path, [row("a"), row("b")], text="arrow", valid=0, test=0)
    with pytest.raises(UserError, match=r"no training row can be written so \(2 rows, 2 with no r"):
        format_records(context)
    assert not (context.run.folder("format") / "train.parquet").exists()


def test_a_side_too_small_to_shuffle_is_named(tmp_path: Path) -> None:
    rows = [row(f"q{n}", rationale=str(n)) for n in range(8)]
    given = {"text": "arrow", "rationales": "shuffled", "test": 0}
    context, _ = stage(tmp_path, rows, **given, valid=1)
    with pytest.raises(UserError, match=r"1 of 1 valid rows are of one question.*format\.valid"):
        format_records(context)
    context, _ = stage(tmp_path, rows, **given, valid=2)
    format_records(context)
    assert len(read_split(context.run.folder("format"), "valid")) == 2


def test_fewer_training_rows_leave_the_other_sides_as_they_are(tmp_path: Path) -> None:
    rows = [row(f"q{n}") for n in range(20)]
    found, inputs = {}, set()
    for name, section in {
        "all": {},
        "8": {"rows": 8},
        "4": {"rows": 4},
        "14": {"rows": 14},
    }.items():
        (tmp_path / name).mkdir()
        context, said = stage(tmp_path / name, rows, valid=2, test=4, **section)
        format_records(context)
        folder = context.run.folder("format")
        found[name] = {side: read_split(folder, side) for side in ("train", "valid", "test")}
        inputs.add(read_json(folder / "done.json")["inputs"])
        if section:
            assert f"format: {name} of 14 training rows, by format.rows" in said.getvalue()
    assert all(f["valid"] == found["all"]["valid"] for f in found.values())
    assert all(f["test"] == found["all"]["test"] for f in found.values())
    sets = {name: {r.id for r in f["train"]} for name, f in found.items()}
    assert sets["4"] < sets["8"] < sets["all"]
    assert found["14"]["train"] == found["all"]["train"]
    assert len(inputs) == 4


def test_what_is_not_set_is_no_part_of_the_hash() -> None:
    """Run folders that are older than `rows` and `completions` stay done."""
    hashed = Format(valid=2).hashed()
    assert hashed == {
        "valid": 2.0,
        "test": 0.1,
        "by": "prompt",
        "text": "chat",
        "rationales": "own",
    }
    assert Format(rows=3).hashed()["rows"] == 3
    assert Format(completions="target").hashed()["completions"] == "target"
