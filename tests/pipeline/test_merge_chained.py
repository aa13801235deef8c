"""Runs of a chained generator united: every row of each, one that several have once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.merge import merge
from limbeck.pipeline.run import do_stages
from limbeck.protocols import Request
from limbeck.rundir import RunDir
from limbeck.store import file_hash, read_json, read_records, write_json
from tests.generators.self_instruct.scribe import seeds, stage_of, words
from tests.pipeline.batches import Notebook
from tests.pipeline.machines import Machines

GIVEN = [
    {
        "instruction": seed.meta["instruction"],
        "input": seed.meta["input"],
        "output": seed.target,
        "is_classification": seed.meta["task"] == "classification",
    }
    for seed in seeds()
]
HOW = {"generator": "self_instruct", "instructions": 12, "form": "base"}
MORE: dict[str, Any] = {"rows": GIVEN, "generate": HOW}


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    made = Machines(tmp_path, monkeypatch)
    made.says = said(str)
    return made


def said(change: Callable[[str], str]) -> Callable[[Request], dict[str, float]]:
    return lambda request: {change(words(request, stage_of(request))): 1.0}


def lines(run: Path, name: str) -> list[bytes]:
    return (run / "generate" / name).read_bytes().splitlines(keepends=True)


def with_records(run: Path, rows: list[bytes]) -> None:
    """Other records in a finished run, whose marker fits them."""
    path, marker = run / "generate" / "records.jsonl", run / "generate" / "done.json"
    path.write_bytes(b"".join(rows))
    done = read_json(marker)
    done["files"]["records.jsonl"] = file_hash(path)
    done["counts"]["records"] = len(rows)
    write_json(marker, done)


def test_runs_with_other_seeds_of_chance_are_united(machines: Machines, tmp_path: Path) -> None:
    runs = [machines.run(f"m{seed}", seed=seed, **MORE) for seed in (1, 2, 3)]
    merged = merge([runs[2], runs[0], runs[1]], tmp_path / "all")
    assert any("no single run would have made these rows" in note for note in merged.notes)
    for name in ("records.jsonl", "drafts.jsonl", "failures.jsonl"):
        assert lines(tmp_path / "all", name) == [row for run in runs for row in lines(run, name)]
    own = [read_json(run / "generate" / "done.json")["counts"] for run in runs]
    for key in ("records", "calls", "prompt_tokens", "completion_tokens", "replies"):
        assert merged.counts[key] == sum(one[key] for one in own) > 0
    assert merged.counts["seeds"] == own[0]["seeds"]
    for line, number in merged.counts["funnel"].items():
        assert number == sum(one["funnel"].get(line, 0) for one in own)
    asked = machines.asked
    context = Context(RunDir.open(tmp_path / "all"), Notebook(), tmp_path / "no.sqlite")
    do_stages(context, ("generate", "filter"))
    assert machines.asked == asked
    assert context.recipe.seed == 1


def test_runs_over_parts_are_united_too(machines: Machines, tmp_path: Path) -> None:
    runs = machines.parts(2, **MORE)
    merged = merge(runs[::-1], tmp_path / "all")
    assert lines(tmp_path / "all", "records.jsonl") == [
        row for run in runs for row in lines(run, "records.jsonl")
    ]
    assert merged.counts["seeds"] == len(GIVEN)
    with pytest.raises(UserError, match="the part 2/2 of the seeds is missing"):
        merge(runs[:1], tmp_path / "b")


def test_a_record_of_several_runs_stands_once(machines: Machines, tmp_path: Path) -> None:
    runs = [machines.run(f"m{seed}", seed=seed, **MORE) for seed in (1, 2)]
    one, other = (lines(run, "records.jsonl") for run in runs)
    with_records(runs[1], [*one[:2], *other, one[3]])
    merged = merge(runs, tmp_path / "all")
    assert lines(tmp_path / "all", "records.jsonl") == one + other
    assert merged.counts["records"] == len(one + other)


def test_an_id_with_other_content_is_a_conflict(machines: Machines, tmp_path: Path) -> None:
    runs = [machines.run(f"m{seed}", seed=seed, **MORE) for seed in (1, 2)]
    one, other = (lines(run, "records.jsonl") for run in runs)
    row = json.loads(one[1]) | {"completion": "другое"}
    changed = json.dumps(row, ensure_ascii=False).encode() + b"\n"
    with_records(runs[1], [*other, changed])
    said = rf"^1 record is in both {runs[0]} and {runs[1]}.*record {row['id']} is line 2 there and"
    with pytest.raises(UserError, match=said):
        merge(runs, tmp_path / "all")
    merge(runs, tmp_path / "a", prefer_first=True)
    assert lines(tmp_path / "a", "records.jsonl") == one + other
    merge(runs[::-1], tmp_path / "b", prefer_first=True)
    assert lines(tmp_path / "b", "records.jsonl") == [one[0], *one[2:], *other, changed]
    assert "другое" in {
        record.completion for record in read_records(tmp_path / "b/generate/records.jsonl")
    }
