"""`verify` finds what was changed, whoever changed it, and is led nowhere by a hostile folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from limbeck.columns import schema
from limbeck.errors import UserError
from limbeck.publish.card import card
from limbeck.publish.folder import publish
from limbeck.publish.rows import COLUMNS, REFUSED_ROW
from limbeck.publish.verify import Verified, verify
from limbeck.store import file_hash, read_json, write_json, write_text
from tests.publish.runs import YES, rows, run_of

TRAIN = "data/train-00000-of-00001.parquet"
TEST = "data/test-00000-of-00001.parquet"
REFUSED = "provenance/refused-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    cut = replace(rows(1)[0], completion="cut", meta={"finish_reason": "length"})
    cut = replace(cut, provenance=replace(cut.provenance, index=9), id="")
    publish(run_of(folder, [*rows(), cut]), folder / "d", YES)
    return folder / "d"


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    shutil.copytree(original, tmp_path / "d")
    return tmp_path / "d"


def sealed(folder: Path, change: Callable[[dict[str, Any]], None] = lambda found: None) -> None:
    """limbeck.json changed, and made to fit the files again: what a careful forger would do."""
    found = read_json(folder / "limbeck.json")
    change(found)
    for name, about in found["files"].items():
        if (folder / name).is_file():
            about |= {"sha256": file_hash(folder / name)}
            about |= {"bytes": (folder / name).stat().st_size}
    write_text(folder / "README.md", card(found))
    about = found["files"]["README.md"]
    about |= {"sha256": file_hash(folder / "README.md")}
    about |= {"bytes": (folder / "README.md").stat().st_size}
    write_json(folder / "limbeck.json", found)


def edit(folder: Path, name: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
    table = pq.read_table(folder / name).to_pylist()
    change(table)
    pq.write_table(pa.Table.from_pylist(table, schema=schema(COLUMNS)), folder / name)


def said(found: Verified) -> str:
    assert not found.ok
    return "\n".join(found.mismatches)


def test_what_was_published_is_right(original: Path) -> None:
    found = verify(original)
    assert found.mismatches == []
    assert [line["says"].split(":")[0] for line in found.checked] == [
        "files", "rows", "provenance", "splits", "refused", "funnel", "recipe", "card",
    ]  # fmt: skip
    assert all(line["ok"] for line in found.checked)
    assert found.sha256 == file_hash(original / "limbeck.json")
    assert found.checked[1]["says"].startswith("rows: 34 train, 6 validation, 8 test")
    assert "48 of 48 ids follow" in found.checked[2]["says"]


def test_one_flipped_byte_is_found(folder: Path) -> None:
    path = folder / TRAIN
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert f"{TRAIN} has another content" in said(verify(folder))


@pytest.mark.parametrize("name", ["README.md", "recipe.yaml", TRAIN])
def test_a_missing_or_longer_file_is_found(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert f"{name} has" in said(verify(folder))
    (folder / name).unlink()
    assert f"{name} is missing" in said(verify(folder))


def test_another_answer_is_found_though_every_hash_fits(folder: Path) -> None:
    def change(table: list[dict[str, Any]]) -> None:
        table[3]["completion"][0]["content"] = "Das ist 99."

    edit(folder, TRAIN, change)
    sealed(folder)
    assert "rows.completion_characters" in said(verify(folder))


def test_another_prompt_is_found_by_its_id(folder: Path) -> None:
    """Of the same length, so that no count but one changes: the id does not follow any more."""

    def change(table: list[dict[str, Any]]) -> None:
        turn = table[5]["prompt"][0]  # the group, whatever the case, stays
        turn["content"] = turn["content"].replace("Wie", "WIE")

    edit(folder, TRAIN, change)
    sealed(folder)
    found = verify(folder)
    assert said(found) == ("rows.ids_that_follow is 47 by the rows, and limbeck.json says 48")


def test_columns_that_say_something_else_than_the_record_are_found(folder: Path) -> None:
    def change(table: list[dict[str, Any]]) -> None:
        table[0]["teacher"] = "openai:gpt-9"

    edit(folder, TRAIN, change)
    sealed(folder)
    assert "row 0: not a row of limbeck (the column teacher" in said(verify(folder))


def test_a_row_moved_to_another_split_is_found(folder: Path) -> None:
    moved: list[dict[str, Any]] = []
    edit(folder, TRAIN, lambda table: moved.append(table.pop()))
    edit(folder, TEST, lambda table: table.append(moved[0]))

    def change(found: dict[str, Any]) -> None:
        found["files"][TRAIN]["rows"] -= 1
        found["files"][TEST]["rows"] += 1
        found["rows"]["splits"]["train"]["rows"] -= 1
        found["rows"]["splits"]["test"]["rows"] += 1

    sealed(folder, change)
    assert "1 rows are of a group that is on two sides" in said(verify(folder))


def test_a_group_of_its_own_does_not_hide_a_leak(folder: Path) -> None:
    """The moved row gets another group: its prompt says that it has the old one."""
    moved: list[dict[str, Any]] = []
    edit(folder, TRAIN, lambda table: moved.append(table.pop()))
    edit(folder, TEST, lambda table: table.append(moved[0] | {"group": "0" * 16}))

    def change(found: dict[str, Any]) -> None:
        found["files"][TRAIN]["rows"] -= 1
        found["files"][TEST]["rows"] += 1
        found["rows"]["splits"]["train"]["rows"] -= 1
        found["rows"]["splits"]["test"] = {"rows": 9, "groups": 5}

    sealed(folder, change)
    assert said(verify(folder)) == "1 rows say another group than they have by their prompt"


def test_card_numbers_are_those_of_the_rows(folder: Path) -> None:
    def better(found: dict[str, Any]) -> None:
        found["rows"]["checked"] = {"correct": 48}

    sealed(folder, better)
    assert "rows.checked.correct is 24 by the rows" in said(verify(folder))


def test_a_line_of_the_card_that_limbeck_json_does_not_say(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8").replace("24 of 48", "48 of 48")
    (folder / "README.md").write_text(text, "utf-8")
    found = read_json(folder / "limbeck.json")
    found["files"]["README.md"] |= {
        "sha256": file_hash(folder / "README.md"),
        "bytes": (folder / "README.md").stat().st_size,
    }
    write_json(folder / "limbeck.json", found)
    assert "README.md line" in said(verify(folder))


def test_a_card_of_another_version_is_compared_by_its_metadata(folder: Path) -> None:
    def older(found: dict[str, Any]) -> None:
        found["card"] = 0

    sealed(folder, older)
    found = verify(folder)
    assert found.ok
    assert "another version of the card" in found.notes[0]
    text = (folder / "README.md").read_text("utf-8").replace("license: unknown", "license: mit")
    (folder / "README.md").write_text(text, "utf-8")
    told = read_json(folder / "limbeck.json")
    told["files"]["README.md"] |= {
        "sha256": file_hash(folder / "README.md"),
        "bytes": (folder / "README.md").stat().st_size,
    }
    write_json(folder / "limbeck.json", told)
    assert "another license" in said(verify(folder))


def test_the_funnel_adds_up(folder: Path) -> None:
    def more(found: dict[str, Any]) -> None:
        found["funnel"]["records"] += 1

    sealed(folder, more)
    assert "the funnel does not add up" in said(verify(folder))


def test_refused_rows_are_those_of_the_funnel(folder: Path) -> None:
    def other(found: dict[str, Any]) -> None:
        found["funnel"]["refused"][0]["reason"] = "empty"

    sealed(folder, other)
    assert "provenance has 1 refused rows" in said(verify(folder))


def test_another_recipe_is_found(folder: Path) -> None:
    text = (folder / "recipe.yaml").read_text("utf-8").replace("seed: 0", "seed: 1", 1)
    (folder / "recipe.yaml").write_text(text, "utf-8")
    sealed(folder)
    assert "another recipe" in said(verify(folder))


def test_files_that_nobody_listed_are_found_but_not_the_hub_s(folder: Path) -> None:
    (folder / ".gitattributes").write_text("*.parquet lfs")
    (folder / ".cache" / "huggingface").mkdir(parents=True)
    (folder / ".cache" / "huggingface" / "x.lock").write_text("")
    assert verify(folder).ok
    (folder / "data" / "train-00001-of-00001.parquet").write_bytes(b"PAR1")
    assert "train-00001-of-00001.parquet is there" in said(verify(folder))


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "data/../../x", "a\\..\\b", "", "x" * 300, "data/\0", "."],
)
def test_no_name_leads_outside(folder: Path, name: str) -> None:
    found = read_json(folder / "limbeck.json")
    found["files"][name] = {"sha256": "0" * 64, "bytes": 1}
    write_json(folder / "limbeck.json", found)
    told = said(verify(folder))
    assert "leads outside" in told or "is no name of a file" in told
    assert "root:" not in told


def test_links_are_refused_but_for_the_hub_s_own_cache(folder: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.parquet"
    (folder / TRAIN).rename(real)
    (folder / TRAIN).symlink_to(real)
    assert "is a link" in said(verify(folder))
    os.rename(real, folder / "data" / "other")
    (folder / TRAIN).unlink()
    (folder / TRAIN).symlink_to("other")
    assert "is a link" in said(verify(folder))


def test_a_snapshot_in_the_hub_s_cache_verifies(original: Path, tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc123"
    blobs.mkdir()
    for path in original.rglob("*"):
        if path.is_file():
            blob = blobs / file_hash(path)
            shutil.copy(path, blob)
            link = snapshot / path.relative_to(original)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(blob, link.parent))
    assert verify(snapshot).ok


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda found: found.pop("rows"), "limbeck.json lacks"),
        (lambda found: found.update(rows=[]), "limbeck.json"),
        (lambda found: found.update(funnel="x"), "limbeck.json lacks"),
        (lambda found: found["split"].update(by="luck"), "limbeck.json lacks"),
        (lambda found: found["measured"].pop("languages"), "limbeck.json lacks"),
        (lambda found: found.update(measured={"languages": {"en": "many"}}), "limbeck.json lacks"),
    ],
)  # fmt: skip
def test_a_manifest_of_another_form_is_a_mismatch(
    folder: Path, change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    found = read_json(folder / "limbeck.json")
    change(found)
    write_json(folder / "limbeck.json", found)
    assert says in said(verify(folder))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "has the schema None"),
        ("[1]", "has the schema None"),
        ('{"schema": "limbeck.dataset/1"}', "another version of limbeck"),
        ('{"schema": "limbeck.dataset/2"}', "lists no files"),
        ("not json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_dataset_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "limbeck.json").write_text(text)
    with pytest.raises(UserError, match=says):
        verify(tmp_path)


def test_no_folder_and_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder"):
        verify(tmp_path / "none")
    with pytest.raises(UserError, match="is no dataset that limbeck published"):
        verify(tmp_path)


def test_yaml_aliases_are_not_followed(folder: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"k{n}: &k{n} [*a, *a]\n" for n in range(3))
    (folder / "recipe.yaml").write_text(bomb)
    sealed(folder)
    assert "YAML aliases" in said(verify(folder))


def test_rows_that_hold_too_deep_json_are_a_mismatch(folder: Path) -> None:
    def change(table: list[dict[str, Any]]) -> None:
        table[0]["meta"] = '{"kind": ' + "[" * 200_000 + "]" * 200_000 + "}"

    edit(folder, TRAIN, change)
    sealed(folder)
    assert "row 0: not a row of limbeck" in said(verify(folder))


def test_parquet_that_is_none_and_other_columns_are_mismatches(folder: Path) -> None:
    table = pq.read_table(folder / TRAIN).drop_columns(["verdicts"])
    pq.write_table(table, folder / TRAIN)
    sealed(folder)
    assert "other columns" in said(verify(folder))
    (folder / TRAIN).write_bytes(b"PAR1 nonsense PAR1")
    sealed(folder)
    assert "cannot read" in said(verify(folder))


def test_json_is_what_was_found(original: Path) -> None:
    row = verify(original).to_json()
    assert row["ok"] is True
    assert row["name"] == "r"
    json.dumps(row)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m["cost"].update(per_row=7), "cost.per_row is 0"),
        (lambda m: m["cost"].update(correct_rows=48), "cost.correct_rows is 24"),
        (lambda m: m["cost"].update(per_correct_row=1), "cost.per_correct_row is 0"),
        (lambda m: m["sampling"].update(requests=9, unknown=9), "sampling.requests is 48"),
        (lambda m: m["sampling"].update(found=48), "sampling.found is 0"),
        (lambda m: m["files"][REFUSED].update(rows=2), f"{REFUSED} has 1 rows"),
    ],
)
def test_numbers_that_follow_from_others_are_had_again(
    folder: Path, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    sealed(folder, change)
    assert says in said(verify(folder))


def test_refused_rows_are_rows_of_limbeck(tmp_path: Path) -> None:
    cut = replace(rows(1)[0], completion="断", meta={"finish_reason": "length"}, id="")
    made = [*rows(), replace(cut, provenance=replace(cut.provenance, index=9), id="")]
    publish(run_of(tmp_path, made), tmp_path / "d", replace(YES, with_refused=True))
    assert verify(tmp_path / "d").ok
    table = pq.read_table(tmp_path / "d" / REFUSED).to_pylist()
    table[0]["completion"][0]["role"] = "user"
    pq.write_table(
        pa.Table.from_pylist(table, schema=schema(REFUSED_ROW)), tmp_path / "d" / REFUSED
    )
    sealed(tmp_path / "d")
    assert f"{REFUSED}, row 0: not a row of limbeck" in said(verify(tmp_path / "d"))
