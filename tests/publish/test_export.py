"""Export: runs, folders and files into files, and what is counted, refused and told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.publish.export import Options, export
from limbeck.publish.export_chat import Chat
from tests.publish.runs import PROMPTS, rows, run_of

LONG = Chat(
    (("system", "s"), ("user", "第一"), ("assistant", "Erste"), ("user", "ต่อไป")), "Réponse"
)
SHORT = Chat((("user", "第一"),), "x")


def turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "content": text}


def write(path: Path, lines: Iterable[Any]) -> Path:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return path


def chat_line(chat: Chat) -> dict[str, Any]:
    turns = [*chat.turns, ("assistant", chat.answer)]
    return {"messages": [turn(role, text) for role, text in turns]}


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_rows_that_do_not_fit_are_counted_by_reason(tmp_path: Path) -> None:
    tools = ("user", "assistant", "tool", "user", "assistant")
    lines: list[Any] = [
        chat_line(SHORT),
        chat_line(Chat((("system", "a"), ("system", "b"), ("user", "c")), "d")),
        {"messages": [turn(role, "a") for role in tools]},
        {"messages": [turn("user", "a"), {**turn("assistant", ""), "tool_calls": [{"name": "f"}]}]},
        {"messages": [turn("user", "a"), {"from": "function_call", "value": "{}"}]},
        {"messages": [turn("user", "a")]},
        {"text": "no prompt"},
        {"messages": [turn("robot", "a")]},
    ]  # fmt: skip
    done = export(str(write(tmp_path / "a.jsonl", lines)), tmp_path / "b.jsonl", Options("alpaca"))
    (file,) = done.files
    assert file.rows == 1
    assert dict(file.left_out) == {
        "with several system turns": 1,
        "with a tool's turns or calls": 3,
        "without an answer": 1,
        "without a prompt": 1,
    }
    assert dict(done.unreadable) == {"unknown_role": 1}
    assert file.rows + file.left_out.total() + done.unreadable.total() == len(lines)


def test_a_run_gives_its_finished_splits(tmp_path: Path) -> None:
    context = run_of(tmp_path, rows())
    run = context.run.path
    done = export(str(run), tmp_path / "out", Options("messages", provenance=True))
    assert {file.split: file.rows for file in done.files} == {
        "train": 34, "validation": 6, "test": 8,
    }  # fmt: skip
    made = [
        row
        for split in ("train", "validation", "test")
        for row in read_lines(tmp_path / "out" / f"{split}.jsonl")
    ]
    by_id = {record.id: record for record in rows()}
    assert {row["id"] for row in made} == set(by_id)
    for row in made:
        record = by_id[row["id"]]
        assert row["messages"] == [
            turn("user", record.prompt),
            turn("assistant", record.completion),
        ]
        assert (row["target"], row["request"]) == (record.target, record.provenance.request)
    prompts = [
        {row["messages"][0]["content"] for row in read_lines(file.path)} for file in done.files
    ]
    assert sum(map(len, prompts)) == len(PROMPTS)  # none on two sides
    info = json.loads((tmp_path / "out" / "dataset_info.json").read_text())
    assert set(info) == {"out_train", "out_validation", "out_test"}
    assert info["out_test"]["file_name"] == "test.jsonl"


def test_a_file_holds_one_split_and_says_which(tmp_path: Path) -> None:
    run = str(run_of(tmp_path, rows()).run.path)
    train = export(run, tmp_path / "train.jsonl", Options("messages"))
    assert train.files[0].rows == 34
    assert "this is train, without validation, test" in train.notes[0]
    test = export(run, tmp_path / "t.parquet", Options("alpaca", split="test"))
    assert test.files[0].rows == 8
    assert export(run, tmp_path / "v.csv", Options("alpaca", split="valid")).files[0].rows == 6
    with pytest.raises(UserError, match="no split 'tset'; its splits are train, valid"):
        export(run, tmp_path / "x.jsonl", Options("alpaca", split="tset"))


def test_a_published_folder_gives_its_splits(tmp_path: Path) -> None:
    from limbeck.publish.folder import publish
    from tests.publish.runs import YES

    context = run_of(tmp_path, rows())
    publish(context, tmp_path / "p", YES)
    done = export(str(tmp_path / "p"), tmp_path / "out", Options("sharegpt", file_type="parquet"))
    assert {file.split: file.rows for file in done.files} == {
        "train": 34, "validation": 6, "test": 8,
    }  # fmt: skip


def test_before_format_every_kept_record_is_exported(tmp_path: Path) -> None:
    run = run_of(tmp_path, rows()).run
    (run.folder("format") / "done.json").unlink()
    done = export(str(run.path), tmp_path / "out", Options("messages"))
    assert [(file.path.name, file.rows) for file in done.files] == [("train.jsonl", 48)]
    assert "has no splits yet" in done.notes[0]
    with pytest.raises(UserError, match="no splits yet, so there is no 'test'"):
        export(str(run.path), tmp_path / "x.jsonl", Options("messages", split="test"))
    (run.folder("filter") / "done.json").unlink()
    with pytest.raises(UserError, match="limbeck filter"):
        export(str(run.path), tmp_path / "x.jsonl", Options("messages"))


def test_splits_that_are_older_than_the_recipe_are_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path, rows()).run
    recipe = run.path / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    assert "  test: 4" in text
    recipe.write_text(text.replace("  test: 4", "  test: 5"), encoding="utf-8")
    with pytest.raises(UserError, match="older than its verdicts or its recipe"):
        export(str(run.path), tmp_path / "x.jsonl", Options("messages"))


def test_plain_texts_of_a_run_stay_plain(tmp_path: Path) -> None:
    records = [
        replace(
            record,
            meta={**record.meta, "rationale": "because", "answer_text": record.target or ""},
            id="",
        )
        for record in rows(paths=1)
    ]
    context = run_of(tmp_path, records, format={"valid": 3, "test": 4, "text": "arrow"})
    done = export(str(context.run.path), tmp_path / "a.jsonl", Options("prompt_completion"))
    row = read_lines(tmp_path / "a.jsonl")[0]
    assert row["prompt"].endswith("###")
    assert row["completion"].startswith(" because -->")
    assert (done.shape.text, done.raw) == (True, 17)
    done = export(str(context.run.path), tmp_path / "b.jsonl", Options("messages"))
    assert (done.shape.text, done.raw) == (False, 17)


def test_nothing_is_written_over_and_nothing_appears_by_half(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", [chat_line(SHORT)])
    there = tmp_path / "b.jsonl"
    there.write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        export(str(source), there, Options("messages"))
    assert there.read_text() == "mine"
    assert export(str(source), there, Options("messages", force=True)).files[0].rows == 1
    with pytest.raises(UserError, match="would write over the source"):
        export(str(source), source, Options("messages", force=True))
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "validation.csv").write_text("mine")
    with pytest.raises(UserError, match=r"validation\.csv is there already"):
        export(str(source), folder, Options("messages"))
    nothing = write(tmp_path / "n.jsonl", [{"messages": [turn("user", "a")]}])
    with pytest.raises(UserError, match="no row to export; rows without an answer"):
        export(str(nothing), tmp_path / "new" / "n.parquet", Options("messages"))
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.parametrize(
    ("to", "options", "says"),
    [
        ("x.csv", Options("messages"), "a CSV holds texts and no lists"),
        ("x", Options("sharegpt", file_type="csv"), "a CSV holds texts and no lists"),
        ("x.json", Options("messages", file_type="csv"), r"--file-type is csv, and .* named .json"),
        ("x.json", Options("alpaca", text=True), "--text is for the form prompt_completion"),
        ("a.txt", Options("alpaca"), "is a file; name one that ends with"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, to: str, options: Options, says: str
) -> None:
    source = write(tmp_path / "a.jsonl", [chat_line(SHORT)])
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match=says):
        export(str(source), tmp_path / to, options)


def test_entries_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", [chat_line(LONG)])
    info = tmp_path / "dataset_info.json"
    info.write_text('{"other": {"file_name": "o.json"}}')
    done = export(str(source), tmp_path / "ü, b.json", Options("alpaca"))
    assert done.info == info
    assert json.loads(info.read_bytes().decode("ascii")) == {
        "other": {"file_name": "o.json"},
        "ü_b": {
            "file_name": "ü, b.json",
            "formatting": "alpaca",
            "columns": {
                "prompt": "instruction", "query": "input", "response": "output",
                "system": "system", "history": "history",
            },
        },
    }  # fmt: skip
    info.write_text('{"ü_b": {"file_name": "mine"}}', encoding="utf-8")
    done = export(str(source), tmp_path / "ü, b.jsonl", Options("messages"))
    assert "another dataset named 'ü_b'" in done.notes[0]
    assert json.loads(info.read_text(encoding="utf-8")) == {"ü_b": {"file_name": "mine"}}
    info.write_text("[")
    assert (
        "is not LLaMA-Factory's"
        in export(str(source), tmp_path / "c.jsonl", Options("messages")).notes[0]
    )
    assert info.read_text() == "["


def test_axolotl_is_told_how_to_read_each_form(tmp_path: Path) -> None:
    import yaml

    source = write(tmp_path / "a.jsonl", [chat_line(SHORT)])
    for form, wanted in (
        ("messages", {"type": "chat_template", "field_messages": "messages",
                      "message_property_mappings": {"role": "role", "content": "content"}}),
        ("sharegpt", {"type": "chat_template", "field_messages": "conversations",
                      "message_property_mappings": {"role": "from", "content": "value"}}),
        ("alpaca", {"type": "alpaca"}),
    ):  # fmt: skip
        path = tmp_path / f"{form}.jsonl"
        done = export(str(source), path, Options(form))  # type: ignore[arg-type]
        assert yaml.safe_load(done.axolotl) == {
            "datasets": [{"path": str(path), "ds_type": "json", **wanted}]
        }
