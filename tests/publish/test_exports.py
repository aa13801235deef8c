"""Exports: forms, round trips, files, splits; golden rows are written by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.audit.sheet import meant
from limbeck.errors import UserError
from limbeck.publish.export import Exported, Options, export
from limbeck.publish.export_chat import Chat, chat_of_record, whole
from limbeck.publish.exports import CannotHold, Form, Shape, to_row
from limbeck.reading.source import open_source
from limbeck.record import Message, Provenance, Record, user
from tests.publish.runs import PROMPTS, rows, run_of

SYSTEM, ASKED, SAID, AGAIN = "كن موجزا", "第一个问题？", "Erste Antwort", "ต่อไป 🙂"
MANY = (("system", SYSTEM), ("user", ASKED), ("assistant", SAID), ("user", AGAIN))
LONG = Chat(MANY, "Réponse\n\n«2»")
SHORT = Chat((("user", ASKED),), "x")


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


def test_messages_hold_every_turn() -> None:
    assert to_row(LONG, Shape("messages")) == {
        "messages": [
            turn("system", SYSTEM),
            turn("user", ASKED),
            turn("assistant", SAID),
            turn("user", AGAIN),
            turn("assistant", "Réponse\n\n«2»"),
        ]
    }


def test_prompt_and_completion_as_turns_and_as_texts() -> None:
    made = to_row(LONG, Shape("prompt_completion"))
    assert made["prompt"] == [turn(role, text) for role, text in MANY]
    assert made["completion"] == [turn("assistant", "Réponse\n\n«2»")]
    text = Shape("prompt_completion", text=True)
    assert to_row(SHORT, text) == {"prompt": ASKED, "completion": "x"}


def test_sharegpt_says_human_and_gpt() -> None:
    made = to_row(LONG, Shape("sharegpt"))["conversations"]
    assert [said["from"] for said in made] == ["system", "human", "gpt", "human", "gpt"]
    assert [said["value"] for said in made] == [SYSTEM, ASKED, SAID, AGAIN, "Réponse\n\n«2»"]


def test_alpaca_has_earlier_turns_as_history() -> None:
    assert to_row(LONG, Shape("alpaca", system=True, history=True)) == {
        "instruction": AGAIN,
        "input": "",
        "output": "Réponse\n\n«2»",
        "system": SYSTEM,
        "history": [[ASKED, SAID]],
    }


@pytest.mark.parametrize(
    ("turns", "form", "says"),
    [
        ((), "messages", "without a prompt"),
        ((("user", "a"), ("user", "b")), "alpaca", "not user and assistant in turn"),
        ((("user", "a"), ("user", "b")), "sharegpt", "not user and assistant in turn"),
        ((("assistant", "a"), ("user", "b")), "sharegpt", "not user and assistant in turn"),
        ((("user", "a"), ("assistant", "b")), "sharegpt", "not user and assistant in turn"),
        ((("system", "a"),), "alpaca", "not user and assistant in turn"),
        ((("system", "a"), ("system", "b"), ("user", "c")), "alpaca", "several system turns"),
        ((("user", "a"), ("system", "b"), ("user", "c")), "sharegpt", "behind the first turn"),
    ],
)
def test_what_a_form_cannot_hold_has_a_reason(
    turns: tuple[tuple[str, str], ...], form: Form, says: str
) -> None:
    with pytest.raises(CannotHold, match=says):
        to_row(Chat(turns, "x"), Shape(form, system=True, history=True))


def test_tools_answers_that_are_missing_and_plain_texts_have_no_place() -> None:
    for chat, shape, says in (
        (replace(SHORT, calls=True), Shape("messages"), "a tool's turns"),
        (replace(SHORT, answer=""), Shape("messages"), "without an answer"),
        (replace(SHORT, raw=True), Shape("prompt_completion"), "plain text and no chat"),
        (LONG, Shape("prompt_completion", text=True), "more than one user turn"),
        (LONG, Shape("alpaca", history=True), "a system turn"),
        (LONG, Shape("alpaca", system=True), "earlier turns"),
    ):
        with pytest.raises(CannotHold, match=says):
            to_row(chat, shape)


def test_an_instruction_and_its_input_are_parted_where_they_are_the_whole_turn() -> None:
    made = Provenance("self_instruct")
    meta = {"instruction": "übersetze", "input": "猫"}
    fits = chat_of_record(Record((user("übersetze\n\n猫"),), "cat", made, meta=meta))
    assert to_row(fits, Shape("alpaca")) == {
        "instruction": "übersetze", "input": "猫", "output": "cat",
    }  # fmt: skip
    other = chat_of_record(Record((user("Bitte: übersetze 猫"),), "cat", made, meta=meta))
    assert to_row(other, Shape("alpaca"))["instruction"] == "Bitte: übersetze 猫"


def test_provenance_is_text_and_hides_this_machines_folders() -> None:
    made = Provenance("answers", "gguf:/home/me/models/t.gguf", request="key")
    row = to_row(
        chat_of_record(Record((user("q"),), "a", made, target="7", id="i")),
        Shape("messages", about=True),
    )
    about = {key: row[key] for key in ("id", "model", "origin", "request", "licence", "target")}
    assert about == {
        "id": "i", "model": "gguf:t.gguf", "origin": "answers", "request": "key", "licence": "",
        "target": "7",
    }  # fmt: skip


def test_half_characters_are_replaced() -> None:
    chat, had = whole(Chat((("user", "a\ud83d"),), "b\udc00", ("a\ud83d", "")))
    assert (chat.turns, chat.answer, chat.parts, had) == (
        (("user", "a\ufffd"),), "b\ufffd", ("a\ufffd", ""), True,
    )  # fmt: skip
    assert whole(LONG) == (LONG, False)


TEXT = st.one_of(
    st.text(min_size=1, max_size=20),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.sampled_from(
        ['"quotes", and\r\nlines\r', "\x00 NUL", "=SUM(A1)\n+x(", "'=1", "\u2028", "👩‍🚀é", "ไทย",
         "\ufeffx", "  spaces  ", "null", "a\ud800", "-- |", "{\"a\": [1]}", "\t@x;=y"]
    ),
)  # fmt: skip


@st.composite
def chats(draw: st.DrawFn) -> Chat:
    asked = TEXT.filter(lambda text: bool(text.strip()))
    turns: list[tuple[str, str]] = []
    if draw(st.booleans()):
        turns.append(("system", draw(TEXT)))
    for _ in range(draw(st.integers(0, 2))):
        turns += [("user", draw(asked)), ("assistant", draw(TEXT))]
    turns.append(("user", draw(asked)))
    return Chat(tuple(turns), draw(TEXT))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round")


def _records(chats: Sequence[Chat]) -> list[Record]:
    return [
        Record(
            tuple(Message(role, text) for role, text in chat.turns),  # type: ignore[arg-type]
            chat.answer,
            Provenance("answers"),
            id=f"r{number}",
        )
        for number, chat in enumerate(chats)
    ]


def _written(
    chats: Sequence[Chat], to: Path, options: Options, monkeypatch: pytest.MonkeyPatch
) -> Exported:
    """Exported from memory, since no file holds every text that a record does."""
    from limbeck.publish import export as module
    from limbeck.publish.export_sources import Exportable, Part

    def source(spec: str, split: str | None) -> Exportable:
        return Exportable("m", "memory", [Part("", lambda: map(chat_of_record, _records(chats)))])

    monkeypatch.setattr(module, "exportable", source)
    return export("m", to, options)


@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("form", ["messages", "sharegpt", "prompt_completion"])
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(chats(), min_size=1, max_size=4))
def test_what_was_exported_is_read_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, form: Form, kind: str, given: list[Chat]
) -> None:
    path = folder / f"{form}.{kind}"
    done = _written(given, path, Options(form, force=True), monkeypatch)
    assert done.files[0].rows == len(given)
    assert done.files[0].replaced == sum(whole(chat)[1] for chat in given)
    source = open_source(path)
    found = [(read.turns, read.rows[0].output) for _, read in source.read()]
    assert not source.unreadable, source.reasons
    assert found == [(whole(chat)[0].turns, whole(chat)[0].answer) for chat in given]


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(chats(), min_size=1, max_size=4), st.sampled_from(["jsonl", "json", "parquet"]))
def test_alpaca_is_read_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, given: list[Chat], kind: str
) -> None:
    path = folder / f"alpaca.{kind}"
    _written(given, path, Options("alpaca", force=True), monkeypatch)
    source = open_source(path)
    found = [
        (row.system, raw.get("history") or [], row.instruction, row.output)
        for raw, read in source.read()
        for row in read.rows
    ]
    assert not source.unreadable, source.reasons
    wanted = []
    for chat in (whole(one)[0] for one in given):
        system = chat.turns[0][1] if chat.turns[0][0] == "system" else ""
        spoken = [text for role, text in chat.turns if role != "system"]
        pairs = [[spoken[at], spoken[at + 1]] for at in range(0, len(spoken) - 1, 2)]
        wanted.append((system, pairs, spoken[-1], chat.answer))
    if kind == "jsonl":  # the first row with a history stands first
        at = next((at for at, row in enumerate(wanted) if row[1]), 0)
        wanted.insert(0, wanted.pop(at))
    assert found == wanted


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(TEXT.filter(str.strip), TEXT), min_size=1, max_size=5), st.booleans())
def test_a_csv_is_read_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, given: list[tuple[str, str]], protect: bool
) -> None:
    pairs = [Chat((("user", asked),), said) for asked, said in given]
    path = folder / "pc.csv"
    options = Options("prompt_completion", protect=protect, force=True)
    done = _written(pairs, path, options, monkeypatch)
    source = open_source(path)
    found = [(row.instruction, row.output) for row in source.rows()]
    assert not source.unreadable, source.reasons
    texts = [(whole(one)[0].turns[0][1], whole(one)[0].answer) for one in pairs]
    if protect:
        changed = sum(
            a != b
            for one, two in zip(found, texts, strict=True)
            for a, b in zip(one, two, strict=True)
        )
        assert done.files[0].hidden == changed
        found = [(meant(asked), meant(said)) for asked, said in found]
    assert found == texts


def test_formulas_are_kept_text_in_a_csv_unless_they_are_wanted(tmp_path: Path) -> None:
    lines = [{"prompt": "=HYPERLINK(1)", "completion": "@x"}, {"prompt": "p", "completion": "c"}]
    source = write(tmp_path / "a.jsonl", lines)
    done = export(str(source), tmp_path / "safe.csv", Options("prompt_completion"))
    text = (tmp_path / "safe.csv").read_bytes().decode()
    assert text == '"prompt","completion"\r\n"\'=HYPERLINK(1)","\'@x"\r\n"p","c"\r\n'
    assert done.files[0].hidden == 2
    export(str(source), tmp_path / "raw.csv", Options("prompt_completion", protect=False))
    table = list(csv.reader(io.StringIO((tmp_path / "raw.csv").read_text(encoding="utf-8"))))
    assert table[1] == ["=HYPERLINK(1)", "@x"]


def test_rows_that_do_not_fit_are_counted_by_reason(tmp_path: Path) -> None:
    lines: list[Any] = [
        chat_line(SHORT),
        chat_line(Chat((("system", "a"), ("system", "b"), ("user", "c")), "d")),
        {"messages": [turn("user", "a"), turn("assistant", "b"), turn("tool", "c"), turn("user", "d"), turn("assistant", "e")]},
        {"messages": [turn("user", "a"), {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f"}}]}]},
        {"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": "{}"}]},
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
            "datasets": [{"path": str(path), "ds_type": "json", **wanted}]  # type: ignore[dict-item]
        }
