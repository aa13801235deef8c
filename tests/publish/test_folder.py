"""A published folder: what is in it, that it loads, and that nothing is written over."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import kept_records
from limbeck.pipeline.format import from_row, read_split
from limbeck.publish.folder import publish
from limbeck.publish.options import Options
from limbeck.publish.verify import verify
from limbeck.record import Record, Verdict, content_hash
from limbeck.store import file_hash, read_json, read_jsonl
from limbeck.text import prompt_key
from tests.publish.runs import PROMPTS, YES, rows, run_of

SIDES = {"train": "train", "validation": "valid", "test": "test"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, Path]:
    folder = tmp_path_factory.mktemp("publish")
    wrong = rows(1)[0]
    cut = replace(wrong, completion="Das", id="", meta={"finish_reason": "length"})
    again = replace(cut, provenance=replace(cut.provenance, index=5), id="")
    context = run_of(folder, [*rows(), again])
    publish(context, folder / "数据集", replace(YES, with_refused=True, load_as="数据集"))
    return context, folder / "数据集"


def read(folder: Path, name: str = "data/*") -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob(name)) for row in pq.read_table(path).to_pylist()]


def test_the_rows_are_the_kept_records_on_the_sides_of_format(made: tuple[Context, Path]) -> None:
    context, folder = made
    kept = {record.id: record for record in kept_records(context)}
    assert len(kept) == 48
    for side, name in SIDES.items():
        own = {from_row(row).id: from_row(row) for row in read(folder, f"data/{side}-*")}
        split = {record.id for record in read_split(context.run.folder("format"), name)}
        assert set(own) == split
        assert all(kept[key] == record for key, record in own.items())  # to the last character
    assert sum(1 for _ in read(folder)) == 48


def test_every_row_has_its_provenance_and_verdicts(made: tuple[Context, Path]) -> None:
    context, folder = made
    said: dict[str, list[Verdict]] = {}
    for _, line in read_jsonl(context.run.folder("filter") / "verdicts.jsonl"):
        verdict = Verdict.from_json(line)
        said.setdefault(verdict.record, []).append(verdict)
    for row in read(folder):
        record = from_row(row)
        assert row["request"] == record.provenance.request != ""
        assert row["parents"] == list(record.provenance.parents)
        assert (row["generator"], row["teacher"], row["index"]) == (
            "answers", "fake:t", record.provenance.index,
        )  # fmt: skip
        assert row["group"] == content_hash(["prompt", prompt_key(record.messages)], size=8)
        assert [(v["filter"], v["score"], v["reason"]) for v in row["verdicts"]] == [
            (v.filter, v.score, v.reason) for v in said[row["id"]]
        ]


def test_counts_are_those_of_the_run(made: tuple[Context, Path]) -> None:
    found = read_json(made[1] / "limbeck.json")
    assert found["schema"] == "limbeck.dataset/2"
    assert found["rows"]["total"] == 48
    assert found["rows"]["prompts"] == 24
    assert found["rows"]["splits"] == {
        "train": {"rows": 34, "groups": 17},
        "validation": {"rows": 6, "groups": 3},
        "test": {"rows": 8, "groups": 4},
    }
    assert found["rows"]["checked"] == {"correct": 24, "wrong": 24}
    assert found["rows"]["completion_tokens"] == 24 * 5 + 24 * 6
    assert found["rows"]["ids_that_follow"] == found["rows"]["ids"] == 48
    assert found["verifier"] == {"correct": 24, "wrong": 24}
    funnel = found["funnel"]
    assert (funnel["records"], funnel["kept"], funnel["failed"]) == (49, 48, {"timeout": 1})
    assert funnel["refused"] == [{"filter": "complete", "reason": "truncated", "rows": 1}]
    assert funnel["filters"] == [
        {"filter": "complete", "judged": 49},
        {"filter": "exact", "judged": 48},
    ]


def test_every_file_is_listed_with_its_hash(made: tuple[Context, Path]) -> None:
    _, folder = made
    listed = read_json(folder / "limbeck.json")["files"]
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there == set(listed) | {"limbeck.json"}
    for name, about in listed.items():
        assert about["sha256"] == file_hash(folder / name)
        assert about["bytes"] == (folder / name).stat().st_size


def test_refused_rows_come_with_their_reason(made: tuple[Context, Path]) -> None:
    (row,) = read(made[1], "provenance/*")
    assert (row["filter"], row["reason"]) == ("complete", "truncated")
    assert row["completion"] == [{"role": "assistant", "content": "Das"}]
    assert row["verdicts"][0]["reason"] == "truncated"


def test_datasets_loads_it(
    made: tuple[Context, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of the card, run where the folder is; the hub's library checks the split sizes that
    the card gives."""
    datasets = pytest.importorskip("datasets")
    context, folder = made
    monkeypatch.setattr("datasets.config.HF_DATASETS_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    monkeypatch.chdir(folder.parent)
    card = (folder / "README.md").read_text(encoding="utf-8")
    code = card.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    code = code.replace("split=", f"cache_dir={str(tmp_path)!r}, split=")
    exec(code.replace("print", "str"), names)
    assert len(names["rows"]) == 34
    told = datasets.load_dataset_builder(str(folder), cache_dir=str(tmp_path)).info.splits
    assert told["train"].num_examples == 34  # None where datasets cannot read the card's splits
    whole = datasets.load_dataset(str(folder), cache_dir=str(tmp_path))
    assert {name: part.num_rows for name, part in whole.items()} == {
        "train": 34, "validation": 6, "test": 8,
    }  # fmt: skip
    kept = {record.id: record for record in kept_records(context)}
    for part in whole.values():
        for row in part:
            assert from_row(row) == kept[row["id"]]
    refused = datasets.load_dataset(str(folder), "refused", cache_dir=str(tmp_path))
    assert refused["refused"]["reason"][:] == ["truncated"]


def test_reading_takes_it_as_anybody_s_dataset(made: tuple[Context, Path]) -> None:
    from limbeck.reading.source import open_source

    context, folder = made
    source = open_source(folder)
    found = Counter((row.instruction, row.output, row.target) for row in source.rows())
    assert found == Counter((r.prompt, r.completion, r.target) for r in kept_records(context))


def test_the_same_run_gives_the_same_bytes(made: tuple[Context, Path], tmp_path: Path) -> None:
    context, folder = made
    publish(context, tmp_path / "again", replace(YES, with_refused=True, load_as="数据集"))
    assert file_hash(tmp_path / "again" / "limbeck.json") == file_hash(folder / "limbeck.json")


def test_large_sets_are_cut_into_shards(
    made: tuple[Context, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("limbeck.publish.shards.GROUP_ROWS", 10)
    publish(made[0], tmp_path / "d", YES, shard=1)
    names = sorted(path.name for path in (tmp_path / "d" / "data").iterdir())
    assert names[1:] == [f"train-{n:05d}-of-00004.parquet" for n in range(4)] + [
        "validation-00000-of-00001.parquet"
    ]
    order = [row["id"] for row in read(tmp_path / "d", "data/train-*")]
    assert order == [row["id"] for row in read(made[1], "data/train-*")]
    assert verify(tmp_path / "d").ok


def test_what_format_leaves_out_of_training_is_published(tmp_path: Path) -> None:
    """`format.rows` is about the student; a row goes where its prompt is."""
    context = run_of(tmp_path, rows(), format={"valid": 3, "test": 4, "rows": 5})
    publish(context, tmp_path / "d", YES)
    found = read_json(tmp_path / "d" / "limbeck.json")
    assert found["rows"]["splits"]["train"]["rows"] == 34
    assert found["split"]["trained_on"] == 5
    assert verify(tmp_path / "d").ok
    assert "trained on 5 of the 34" in (tmp_path / "d" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("by", ["template", "source"])
def test_splits_by_other_groups_verify(tmp_path: Path, by: str) -> None:
    """Two prompts of a seed are one source: seven prompts on the test side would not be."""
    twos = [
        replace(r, provenance=replace(r.provenance, parents=(f"s{i // 4}",)), id="")
        for i, r in enumerate(rows())
    ]
    templated = [
        replace(r, meta={**r.meta, "template": r.provenance.parents[0]}, id="") for r in twos
    ]
    context = run_of(tmp_path, templated, format={"valid": 2, "test": 3, "by": by})
    publish(context, tmp_path / "d", YES)
    found = read_json(tmp_path / "d" / "limbeck.json")
    assert found["rows"]["splits"]["test"] == {"rows": 12, "groups": 3}
    assert verify(tmp_path / "d").ok


def test_a_leaking_split_is_not_published(made: tuple[Context, Path], tmp_path: Path) -> None:
    from limbeck.publish.sides import sides_of

    ids, groups = ["a", "b", "c"], ["g", "g", "h"]
    assert sides_of(ids, groups, {"a": "test"}) == ["test", "test", "train"]
    with pytest.raises(UserError, match="the split leaks"):
        sides_of(ids, groups, {"a": "test", "b": "train"})


def test_a_teacher_of_this_machine_is_its_last_part(tmp_path: Path) -> None:
    local = rows(teacher="gguf:/home/somebody/secret project/qwen2.5-0.5b.gguf")
    context = run_of(tmp_path, local)
    publish(context, tmp_path / "d", YES)
    found = read(tmp_path / "d")
    assert {row["teacher"] for row in found} == {"gguf:qwen2.5-0.5b.gguf"}
    kept = {record.id: record for record in kept_records(context)}
    for row in found:
        mine = from_row(row)
        made = replace(mine.provenance, teacher=kept[mine.id].provenance.teacher)
        assert replace(mine, provenance=made) == kept[mine.id]
    for path in (tmp_path / "d").rglob("*"):
        if path.is_file():
            assert b"secret project" not in path.read_bytes()
    assert read_json(tmp_path / "d" / "limbeck.json")["rows"]["ids_that_follow"] == 0
    assert verify(tmp_path / "d").ok


def test_masked_rows_keep_their_ids_and_verify(tmp_path: Path) -> None:
    """What a filter changed is published as it changed it, also what was refused later."""
    mail = rows(6)
    mail[2] = replace(mail[2], completion="Write to ana.silva@mailbox.org now.", id="")
    mail[3] = replace(
        mail[3], completion="Or to bo@mailbox.org …", meta={"finish_reason": "length"}, id=""
    )
    context = run_of(tmp_path, mail, filters=[{"pii": {"mask": True}}, "complete"],
                     format={"valid": 1, "test": 1})  # fmt: skip
    publish(context, tmp_path / "d", replace(YES, with_refused=True))
    row = next(row for row in read(tmp_path / "d") if row["id"] == mail[2].id)
    assert "ana.silva" not in json.dumps(row)
    assert row["verdicts"][0]["reason"] == "masked"
    (refused,) = read(tmp_path / "d", "provenance/*")
    assert refused["id"] == mail[3].id
    assert "bo@mailbox" not in json.dumps(refused)
    assert verify(tmp_path / "d").ok
    card = (tmp_path / "d" / "README.md").read_text("utf-8")
    assert "In 1 rows personal data was masked" in card


def test_a_folder_that_limbeck_did_not_write_stays(
    made: tuple[Context, Path], tmp_path: Path
) -> None:
    context, _ = made
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("important")
    with pytest.raises(UserError, match="limbeck did not publish it"):
        publish(context, tmp_path / "mine", YES, replace=True)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "important"
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="is not a folder"):
        publish(context, tmp_path / "file", YES, replace=True)
    with pytest.raises(UserError, match="holds the run itself"):
        publish(context, context.run.path.parent, YES, replace=True)
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    with pytest.raises(UserError, match="is not a folder"):
        publish(context, tmp_path / "link", YES, replace=True)
    (tmp_path / "empty").mkdir()
    publish(context, tmp_path / "empty", YES)
    publish(context, tmp_path / "empty", YES)  # the very same
    with pytest.raises(UserError, match="--replace"):
        publish(context, tmp_path / "empty", replace(YES, pretty_name="Other"))
    assert verify(tmp_path / "empty").ok
    assert read_json(tmp_path / "empty" / "limbeck.json")["pretty_name"] == "r"
    publish(context, tmp_path / "empty", replace(YES, pretty_name="Other"), replace=True)
    assert read_json(tmp_path / "empty" / "limbeck.json")["pretty_name"] == "Other"
    (tmp_path / "empty" / ".git").mkdir()
    (tmp_path / "empty" / ".git" / "HEAD").write_text("ref")
    with pytest.raises(UserError, match=r"\.git/HEAD, which limbeck did not write"):
        publish(context, tmp_path / "empty", YES, replace=True)


@pytest.mark.parametrize("to", ["seeds.jsonl/d", "/proc/none/d", "名" * 200, "runs/r/train"])
def test_a_place_that_cannot_be_written_is_a_sentence(made: tuple[Context, Path], to: str) -> None:
    context, _ = made
    place = context.run.path.parents[1] / to
    with pytest.raises(UserError, match=r"cannot write|is in the run folder"):
        publish(context, place, YES)


def test_nothing_is_left_of_what_failed(tmp_path: Path) -> None:
    context = run_of(tmp_path, rows())
    with pytest.raises(UserError, match="--acknowledge seeds-licence"):
        publish(context, tmp_path / "out" / "d", Options(audit=False, hub=True))
    assert not (tmp_path / "out").exists()
    records = context.run.folder("generate") / "records.jsonl"
    records.write_bytes(records.read_bytes() + b"\n")
    with pytest.raises(UserError, match="is not what limbeck wrote there"):
        publish(context, tmp_path / "out" / "d", YES)
    assert not (tmp_path / "out").exists()


def test_chats_and_plain_texts_are_not_one_set(tmp_path: Path) -> None:
    made = rows()
    made[4] = replace(made[4], provenance=replace(made[4].provenance, template="raw"), id="")
    with pytest.raises(UserError, match=f"both chats and plain texts .* {made[4].id}"):
        publish(run_of(tmp_path, made), tmp_path / "d", YES)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("template", ["chat", "raw"])
def test_every_reader_gives_the_records_back(tmp_path: Path, template: str) -> None:
    from limbeck.publish.export import Options as Export
    from limbeck.publish.export import export
    from limbeck.reading.source import open_source

    made = [replace(r, provenance=replace(r.provenance, template=template), id="") for r in rows()]
    publish(run_of(tmp_path, made), tmp_path / "d", YES)
    assert verify(tmp_path / "d").mismatches == []
    assert {from_row(row).id: from_row(row) for row in read(tmp_path / "d")} == {
        record.id: record for record in made
    }
    found = Counter((row.instruction, row.output) for row in open_source(tmp_path / "d").rows())
    assert found == Counter((r.prompt, r.completion) for r in made)
    done = export(str(tmp_path / "d"), tmp_path / "out", Export("messages"))
    assert sum(file.rows for file in done.files) == len(made)
    assert done.raw == (len(made) if template == "raw" else 0)


def test_a_run_that_is_not_up_to_date_is_not_published(tmp_path: Path) -> None:
    context = run_of(tmp_path, rows())
    recipe = context.recipe
    loose = recipe.model_copy(update={"filters": recipe.filters[:1]})
    context.run.recipe = loose
    with pytest.raises(UserError, match=r"the stage filter .* Run: limbeck filter"):
        publish(context, tmp_path / "d", YES)
    context.run.recipe = recipe
    shutil.rmtree(context.run.folder("format"))
    with pytest.raises(UserError, match="limbeck filter"):
        publish(context, tmp_path / "d", YES)
    assert not (tmp_path / "d").exists()


def test_seeds_that_are_gone_are_told(tmp_path: Path) -> None:
    context = run_of(tmp_path, rows())
    (tmp_path / "seeds.jsonl").unlink()
    publish(context, tmp_path / "d", YES)
    found = read_json(tmp_path / "d" / "limbeck.json")
    assert found["recipe"]["not_compared"] == ["generate"]
    assert found["seeds"]["files"] == [{"file": "seeds.jsonl", "sha256": None}]
    assert "could not be checked" in (tmp_path / "d" / "README.md").read_text("utf-8")


def test_bundled_seeds_bring_their_licence(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "datasets" / "quickstart_prompts.jsonl"
    context = run_of(tmp_path, rows(teacher="bundled"), seeds=[{"prompt": "x"}],
                     teacher="fake:t")  # fmt: skip
    recipe = context.recipe.model_copy(
        update={"seeds": context.recipe.seeds.model_copy(update={"path": path})}
    )
    from limbeck.publish.seeds import seeds_of

    found = seeds_of(recipe, None)
    assert found["licence"] == "apache-2.0"
    assert found["files"] == [{"file": path.name, "sha256": file_hash(path)}]
    assert seeds_of(recipe, "cc-by-nc-4.0")["licence"] == "cc-by-nc-4.0"
    assert seeds_of(context.recipe, None)["licence"] == "unknown"


def test_records_come_back_from_json(made: tuple[Context, Path]) -> None:
    """The ids of rows can be had again by anybody who knows what they are hashes of."""
    for row in read(made[1]):
        inputs = {
            "messages": row["prompt"],
            "target": row["target"],
            "provenance": json.loads(row["provenance"]),
        }
        assert content_hash(inputs) == row["id"]
        assert isinstance(from_row(row), Record)
        assert row["prompt"][0]["content"] in PROMPTS
