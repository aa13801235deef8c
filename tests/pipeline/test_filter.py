"""The stage filter: its files and counts, a sweep, what is said, what an interruption leaves."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.pipeline import filter_engine
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.filter_engine import Rows, run_filters
from limbeck.pipeline.filter_pool import Parallel
from limbeck.pipeline.format import format_records, inputs, read_split
from limbeck.pipeline.run import do_stages
from limbeck.progress import Quiet
from limbeck.protocols import Filter
from limbeck.recipe_changes import changed
from limbeck.record import Record, Verdict
from limbeck.rundir import RunDir
from limbeck.store import read_json, write_jsonl
from tests.pipeline.filtering import Letter, Upper, add_fakes, row, run_of

TEXTS = ["ab", "axb", "", "中文", "aé🙂", "xx", "ok"]


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    add_fakes(monkeypatch)


def rows(texts: Sequence[str] = TEXTS) -> list[Record]:
    return [row(text, number) for number, text in enumerate(texts)]


def counts(context: Context) -> dict[str, Any]:
    return dict(read_json(context.run.folder("filter") / "done.json")["counts"])


def swept(context: Context, *sets: str) -> Context:
    recipe = changed(context.recipe, sets, Path.cwd())
    return Context(RunDir(context.run.path, recipe), context.reporter, context.ledger)


def test_counts_say_what_each_filter_judged_refused_changed_and_kept(tmp_path: Path) -> None:
    context, _ = run_of(
        tmp_path, rows(), ["complete", "letter", {"letter": {"letter": "o"}}, "upper"]
    )
    filter_records(context)
    assert counts(context) == {
        "kept": 3,
        "refused": {"complete: empty": 1, "letter: has_it": 3},
        "filters": [
            {"name": "complete", "judged": 7, "kept": 6, "refused": {"empty": 1}},
            {"name": "letter", "judged": 6, "kept": 4, "refused": {"has_it": 2}},
            {"name": "letter", "judged": 4, "kept": 3, "refused": {"has_it": 1}},
            {"name": "upper", "judged": 3, "kept": 3, "refused": {}, "changed": 2},
        ],
    }


def test_changed_rows_are_what_is_formatted_and_the_records_stay(tmp_path: Path) -> None:
    section = {"valid": 0, "test": 0}
    context, _ = run_of(tmp_path, rows(), ["complete", "letter", "upper"], format=section)
    before = (context.run.folder("generate") / "records.jsonl").read_bytes()
    filter_records(context)
    format_records(context)
    trained = read_split(context.run.folder("format"), "train")
    assert [r.completion for r in trained] == ["AB", "中文", "AÉ🙂", "ok"]
    assert [r.id for r in trained] == [rows()[n].id for n in (0, 3, 4, 6)]
    assert (context.run.folder("generate") / "records.jsonl").read_bytes() == before
    assert (context.run.folder("filter") / "changed.jsonl").is_file()
    # The same verdicts, but another text to train on.
    other = swept(context, "upper.more='!'")
    old, verdicts = inputs(context), context.run.folder("filter") / "verdicts.jsonl"
    text = verdicts.read_bytes()
    filter_records(other)
    assert verdicts.read_bytes() == text
    assert inputs(other) != old
    filter_records(swept(context, "filters=[complete]"))
    assert not (context.run.folder("filter") / "changed.jsonl").exists()


def test_other_completions_with_the_same_ids_and_verdicts_are_formatted_again(
    tmp_path: Path,
) -> None:
    context, _ = run_of(tmp_path, rows(["a", "b"]), ["complete"])
    filter_records(context)
    before, verdicts = inputs(context), context.run.folder("filter") / "verdicts.jsonl"
    text = verdicts.read_bytes()
    context, _ = run_of(tmp_path, rows(["c", "d"]), ["complete"])
    filter_records(context)
    assert verdicts.read_bytes() == text
    assert inputs(context) != before


def test_a_sweep_asks_nothing_again_and_says_what_moved(tmp_path: Path) -> None:
    context, said = run_of(
        tmp_path, rows(), ["complete", {"letter": {"letter": "x"}}], format={"valid": 0, "test": 1}
    )
    do_stages(context, ("filter", "format"))
    assert "filter: kept" not in said.getvalue()
    generated = (context.run.folder("generate") / "done.json").read_bytes()
    for sets, told in (
        (["letter.letter=a"], "filter: kept 4 -> 3; letter refused 2 -> 3\n"),
        (["letter.letter=b"], "filter: kept 3 -> 4; letter refused 3 -> 2\n"),
        (["filters=[exact]"], "filter: kept 4 -> 7; complete refused 1 -> 0; letter refused 2"),
    ):
        context = swept(context, *sets)
        do_stages(context, ("filter", "format"))
        assert told in said.getvalue()
    do_stages(context, ("filter", "format"))
    assert "filter: already done, nothing changed" in said.getvalue()
    do_stages(swept(context, "exact.on=completion"), ("filter", "format"))
    assert "filter: kept 7, and each filter refused as many as before\n" in said.getvalue()
    assert (context.run.folder("generate") / "done.json").read_bytes() == generated


def test_a_filter_that_fails_in_the_middle_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filter_engine, "BATCH", 1)
    context, _ = run_of(tmp_path, rows(), ["upper", "letter"])
    filter_records(context)
    folder = context.run.folder("filter")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def judge(self: Letter, records: Sequence[Record], /) -> list[Verdict]:
        if records[0].completion == "中文":
            raise KeyboardInterrupt
        return [Verdict(record.id, "letter", False) for record in records]

    monkeypatch.setattr(Letter, "judge", judge)
    with pytest.raises(KeyboardInterrupt):
        filter_records(context)
    assert context.run.done("filter") is None
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after == {name: data for name, data in before.items() if name != "done.json"}


def test_a_record_without_its_verdict_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Letter, "judge", lambda self, records, /: [])
    context, _ = run_of(tmp_path, rows(), ["letter"])
    with pytest.raises(ValueError, match="zip"):
        filter_records(context)


def test_memory_does_not_grow_with_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_engine, "BATCH", 64)

    def lines(count: int) -> Iterator[dict[str, Any]]:
        return (row("text a " * 20, number).to_json() for number in range(count))

    peaks = []
    for count in (1_500, 4_000):
        path = tmp_path / f"{count}.jsonl"
        write_jsonl(path, lines(count))
        filters: list[Filter] = [Letter("q"), Upper(), Letter("q")]
        with (
            (tmp_path / "verdicts").open("wb") as verdicts,
            (tmp_path / "changed").open("w+b") as spill,
        ):
            gc.collect()
            tracemalloc.start()
            outcome = run_filters(
                filters,
                Rows(path),
                count,
                verdicts=verdicts,
                parallel=Parallel(filters, [], path, 1),
                reporter=Quiet(),
                temporary=lambda spill=spill: spill,  # type: ignore[misc]
            )
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert (len(outcome.kept), outcome.tallies[1].changed) == (count, count)
    assert peaks[1] < peaks[0] + 100_000  # a set of ids would take 300,000
