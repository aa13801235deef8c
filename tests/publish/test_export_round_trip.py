"""Round trips: what is exported is read again as it was, in every script and with odd texts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.audit.sheet import meant
from limbeck.publish.export import Exported, Options, export
from limbeck.publish.export_chat import Chat, chat_of_record, chats_of_read, whole
from limbeck.publish.exports import Form
from limbeck.reading.source import open_source
from limbeck.record import Message, Provenance, Record

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
        (chat.turns, chat.answer)
        for raw, read in source.read()
        for chat in chats_of_read(raw, read)
    ]
    assert not source.unreadable, source.reasons
    wanted = [(chat.turns, chat.answer) for chat in (whole(one)[0] for one in given)]
    if kind == "jsonl":  # the first row with a history stands first
        roles = [[role for role, _ in turns] for turns, _ in wanted]
        at = next((at for at, who in enumerate(roles) if who.count("user") > 1), 0)
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
    source = tmp_path / "a.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = export(str(source), tmp_path / "safe.csv", Options("prompt_completion"))
    text = (tmp_path / "safe.csv").read_bytes().decode()
    assert text == '"prompt","completion"\r\n"\'=HYPERLINK(1)","\'@x"\r\n"p","c"\r\n'
    assert done.files[0].hidden == 2
    export(str(source), tmp_path / "raw.csv", Options("prompt_completion", protect=False))
    table = list(csv.reader(io.StringIO((tmp_path / "raw.csv").read_text(encoding="utf-8"))))
    assert table[1] == ["=HYPERLINK(1)", "@x"]
