"""Any file as a stream of rows: what is read as what, what is refused, and that ids stay."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from limbeck.errors import UserError
from limbeck.reading import source as reading_source
from limbeck.reading.row import Row
from limbeck.reading.source import Source, open_source
from limbeck.record import content_hash

ROWS: list[dict[str, Any]] = [
    {"instruction": "翻译", "input": "猫 🐈", "output": "cat"},
    {"instruction": "แปล", "input": "", "output": "قط"},
    {"instruction": "翻译", "input": "猫 🐈", "output": "cat"},
]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def texts(source: Source) -> list[tuple[str, str, str]]:
    return [(row.instruction, row.input, row.output) for row in source.rows()]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def parquet(content: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(content), sink)
    return bytes(sink.getvalue())


def arrow_stream(content: list[dict[str, Any]]) -> bytes:
    table = pa.Table.from_pylist(content)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


CSV = 'instruction,input,output\r\n翻译,猫 🐈,cat\r\nแปล,,"قط"\r\n翻译,猫 🐈,cat\r\n'
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
FILES = {
    "a.jsonl": lines(ROWS),
    "bom.jsonl": b"\xef\xbb\xbf" + lines(ROWS),
    "b.json": json.dumps(ROWS, indent=1).encode(),
    "pretty.json": json.dumps({"version": 1, "data": ROWS}, indent=2).encode(),
    "one_line.json": json.dumps({"rows": ROWS}).encode(),
    "columns.json": json.dumps(COLUMNS).encode(),
    "named.json": json.dumps({str(at): row for at, row in enumerate(ROWS)}).encode(),
    "served.json": json.dumps(
        {"rows": [{"row_idx": at, "row": row} for at, row in enumerate(ROWS)]}
    ).encode(),
    "c.csv": CSV.encode(),
    "bom.csv": CSV.encode("utf-8-sig"),
    "utf16.csv": CSV.encode("utf-16"),
    "utf16.jsonl": lines(ROWS).decode().encode("utf-16"),
    "semicolons.csv": CSV.replace(",", ";").encode(),
    "d.tsv": CSV.replace(",", "\t").encode(),
    "no_suffix": CSV.encode(),
    "e.parquet": parquet(ROWS),
    "f.arrow": arrow_stream(ROWS),
    "g.jsonl.gz": gzip.compress(lines(ROWS)[:40]) + gzip.compress(lines(ROWS)[40:]),
    "h.json.bz2": bz2.compress(json.dumps(ROWS).encode()),
    "i.csv.xz": lzma.compress(CSV.encode()),
    "j.jsonl.zst": zstd(lines(ROWS)),
}


@pytest.mark.parametrize("name", FILES)
def test_every_form_of_a_file_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    source = open_source(written(tmp_path, name, FILES[name]))
    assert texts(source) == [(r["instruction"], r["input"], r["output"]) for r in ROWS]
    assert not source.unreadable, source.reasons
    assert source.columns == {"instruction": "instruction", "input": "input", "output": "output"}
    assert source.about.endswith("3 rows read as instruction, input, output")
    assert source.answered


def test_rows_come_again_and_counts_start_anew(tmp_path: Path) -> None:
    source = open_source(written(tmp_path, "a.jsonl", lines(ROWS) + b"nonsense\n"))
    assert source.about == (
        "JSON lines, columns instruction: instruction, input: input, output: output"
    )
    first, second = list(source.rows()), list(source.rows())
    assert first == second
    assert (source.forms.total(), source.unreadable) == (3, {"not_json": 1})
    assert len(source.reasons) == 1


def test_ids_are_the_hash_of_the_texts_and_a_number_behind_it(tmp_path: Path) -> None:
    first, second, again = open_source(written(tmp_path, "a.jsonl", lines(ROWS))).rows()
    expected = [
        "r" + content_hash(["", r["instruction"], r["input"], r["output"]], size=8) for r in ROWS
    ]
    assert [first.id, second.id, again.id] == [*expected[:2], f"{expected[2]}-2"]
    assert (first.place, again.place) == (1, 3)


def test_labels_that_are_numbers_are_read(tmp_path: Path) -> None:
    rows = [{"question": f"q{at}", "answer": at} for at in range(30)]
    source = open_source(written(tmp_path, "a.jsonl", lines(rows)))
    assert [row.output for row in source.rows()] == [str(at) for at in range(30)]


def named(tmp_path: Path, **options: Any) -> list[Row]:
    rows = [{"q": "asked", "a": "said", "gold": "meant", "question": "other"}]
    return list(open_source(written(tmp_path, "a.jsonl", lines(rows)), **options).rows())


def test_columns_can_be_named(tmp_path: Path) -> None:
    (row,) = named(tmp_path, columns={"instruction": "q", "output": "a"}, targets="gold")
    assert (row.instruction, row.output, row.target) == ("asked", "said", "meant")
    (row,) = named(tmp_path, columns={"output": "a"})
    assert (row.instruction, row.output) == ("other", "said")
    with pytest.raises(UserError, match=r"read as 'instructions' .did you mean 'instruction'"):
        named(tmp_path, columns={"instructions": "q"})
    with pytest.raises(UserError, match=r"no column 'golt' to read as target .did you mean 'gold'"):
        named(tmp_path, targets="golt")
    with pytest.raises(UserError, match="in 'gold' and in 'a': name one"):
        named(tmp_path, targets="gold", columns={"target": "a"})


def test_a_row_without_a_named_column_is_counted(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"q": "a", "o": "b"}, {"q": "c"}, {"q": "d", "o": None}]
    path = written(tmp_path, "a.jsonl", lines(rows))
    source = open_source(path, columns={"instruction": "q", "output": "o"})
    assert texts(source) == [("a", "", "b"), ("d", "", "")]
    assert source.unreadable == {"missing_column": 1}


def test_unknown_names_are_guessed_from_the_texts_and_said(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "nr": at,
            "frage": f"Was ist {at} und {at}?",
            "antwort": f"Das ist {2 * at}.",
            "lang": "de",
        }
        for at in range(50)
    ]
    source = open_source(written(tmp_path, "a.jsonl", lines(rows)))
    assert source.columns == {"instruction": "frage", "output": "antwort"}
    assert source.left == ("nr", "lang")
    assert "'frage' as the instruction, 'antwort' as the output is a guess" in source.notes[0]
    assert texts(source)[1] == ("Was ist 1 und 1?", "", "Das ist 2.")
    answers = [{"prompt": "p", "gpt4_answer": f"Answer number {at}"} for at in range(9)]
    source = open_source(written(tmp_path, "b.jsonl", lines(answers)))
    assert source.columns["output"] == "gpt4_answer"


def test_plain_text_is_an_output_alone_or_split_where_every_row_is_in_a_template(
    tmp_path: Path,
) -> None:
    source = open_source(written(tmp_path, "a.jsonl", lines([{"text": "Es war."}])))
    assert texts(source) == [("", "", "Es war.")]
    assert source.columns == {"output": "text"}
    alpaca = "Below.\n\n### Instruction:\n{}\n\n### Input:\n2\n\n### Response:\n{}"
    rows = [{"text": alpaca.format(f"Ask {at}", f"Said {at}")} for at in range(3)]
    source = open_source(written(tmp_path, "b.jsonl", lines(rows)))
    assert texts(source)[2] == ("Ask 2", "2", "Said 2")
    assert next(iter(source.forms)).startswith("text, split at ### Instruction:")
    mixed = open_source(written(tmp_path, "c.jsonl", lines([*rows, {"text": "none"}])))
    assert texts(mixed)[3] == ("", "", "none")


def test_a_text_that_leaves_the_template_later_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_source, "SURVEYED", 2)
    rows = [{"text": f"### Human: a{at}### Assistant: b"} for at in range(2)] + [{"text": "none"}]
    source = open_source(written(tmp_path, "a.jsonl", lines(rows)))
    assert texts(source) == [("a0", "", "b"), ("a1", "", "b")]
    assert source.unreadable == {"no_template": 1}


def test_a_mixed_file_says_how_many_rows_are_of_which_form(tmp_path: Path) -> None:
    alone = {"instruction": "Alone"}
    source = open_source(written(tmp_path, "d.jsonl", lines([alone, *ROWS])))
    assert len(list(source.rows())) == 4
    assert source.answered
    assert source.about == (
        "JSON lines, 3 rows read as instruction, input, output; "
        "1 row read as instruction, without an output"
    )
    asked = open_source(written(tmp_path, "alone.jsonl", lines([alone])))
    assert (len(list(asked.rows())), asked.answered) == (1, False)


def test_only_the_first_reasons_are_told_and_all_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "d.jsonl", lines(ROWS) + b"[]\n\n" + b'{"foo": 1}\n' * 12)
    source = open_source(path)
    assert len(list(source.rows())) == len(ROWS)
    assert source.unreadable == {"not_an_object": 1, "no_instruction": 12}
    assert len(source.reasons) == reading_source.SHOWN
    assert source.reasons[0].startswith(f"{path}, line 4: not an object")
    assert source.reasons[1].startswith(f"{path}, line 6: no instruction found")


def test_a_split_that_a_file_has_not_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, "d.jsonl", lines(ROWS))
    with pytest.raises(UserError, match=r"d\.jsonl is one file and has no split 'test'$"):
        open_source(path, split="test")
    named = open_source(written(tmp_path, "dev.jsonl", lines(ROWS)), split="validation")
    assert len(texts(named)) == len(ROWS)
    both = {"train": ROWS, "probe": ROWS[:1], "about": "🐈"}
    held = written(tmp_path, "held.json", json.dumps(both).encode())
    assert len(texts(open_source(held, split="probe"))) == 1
    with pytest.raises(UserError, match="has no split 'test'; it holds train, probe"):
        open_source(held, split="test")
