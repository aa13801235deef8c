"""A stream of batches judges as one list would, and in the order that is promised."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.kept import kept_records
from limbeck.pipeline import filter_engine
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.filter_engine import Rows, passes, runs
from limbeck.protocols import Filter
from limbeck.record import Record
from limbeck.store import read_json, read_jsonl, write_jsonl
from tests.pipeline.filtering import Every, Letter, Median, Upper, add_fakes, row, run_of

KINDS = {"letter": Letter, "every": Every, "median": Median, "upper": Upper}
STEPS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.one_of(
        st.sampled_from(["x", "é", "中", "A"]).map(lambda c: {"letter": {"letter": c}}),
        st.integers(1, 4).map(lambda n: {"every": {"n": n}}),
        st.just({"median": {}}),
        st.sampled_from(["", "x", "!"]).map(lambda more: {"upper": {"more": more}}),
    ),
    max_size=5,
)
TEXTS = st.lists(st.text("abxé中 \n\u2028🙂\ud800", max_size=6), min_size=1, max_size=25)


def naive(
    steps: Sequence[dict[str, Any]], records: list[Record]
) -> tuple[list[Record], list[dict[str, Any]]]:
    """What is kept and all verdicts, with every filter over one list."""
    verdicts = []
    for step in steps:
        ((name, options),) = step.items()
        judge: Any = KINDS[name](**options)
        if not records:
            continue
        if hasattr(judge, "survey"):
            judge.survey(records)
        made = judge.judge(records)
        verdicts += [verdict.to_json() for verdict in made]
        records = [r for r, verdict in zip(records, made, strict=True) if verdict.keep]
        if hasattr(judge, "changed"):
            records = [judge.changed(record) for record in records]
    return records, verdicts


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, texts=TEXTS, twice=st.booleans())
def test_streaming_is_judging_the_whole_list(
    steps: list[dict[str, Any]],
    texts: list[str],
    twice: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("run")
    # One id for all where `twice`: places tell rows apart, ids do not.
    records = [row(text, 0 if twice else number) for number, text in enumerate(texts)]
    with pytest.MonkeyPatch.context() as patch:
        add_fakes(patch)
        patch.setattr(filter_engine, "BATCH", 3)
        context, _ = run_of(folder, records, steps)
        filter_records(context)
    kept, verdicts = naive(steps, records)
    assert list(kept_records(context.run.path)) == kept
    found = [r for _, r in read_jsonl(context.run.folder("filter") / "verdicts.jsonl")]
    assert Counter(json.dumps(r, sort_keys=True) for r in found) == Counter(
        json.dumps(verdict, sort_keys=True) for verdict in verdicts
    )
    counts = read_json(context.run.folder("filter") / "done.json")["counts"]
    assert counts["kept"] == len(kept)
    lost = Counter(f"{v['filter']}: {v['reason']}" for v in verdicts if not v["keep"])
    assert counts["refused"] == dict(sorted(lost.items()))
    assert [stage["name"] for stage in counts["filters"]] == [next(iter(step)) for step in steps]
    for before, after in zip(counts["filters"], counts["filters"][1:], strict=False):
        assert before["kept"] == after["judged"]


def test_verdicts_stand_by_pass_then_batch_then_filter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_fakes(monkeypatch)
    monkeypatch.setattr(filter_engine, "BATCH", 2)
    records = [row("x" * n, n) for n in range(5)]
    steps = [{"letter": {"letter": "y"}}, {"every": {"n": 9}}, "median", "upper"]
    context, said = run_of(tmp_path, records, steps)
    filter_records(context)
    found = [r for _, r in read_jsonl(context.run.folder("filter") / "verdicts.jsonl")]
    names = {record.id: str(n) for n, record in enumerate(records)}
    # The first pass: two filters, two rows at a time. The second: three rows are short enough.
    assert " ".join(r["filter"][0] + names[r["record"]] for r in found) == (
        "l0 l1 e0 e1 l2 l3 e2 e3 l4 e4 m0 m1 u0 u1 m2 m3 u2 m4"
    )
    assert "every: saw 5 rows\n" in said.getvalue()
    assert "letter: 0 of 5 rows have it\n" in said.getvalue()
    assert "filter, median looks: done, 5 records" in said.getvalue()
    assert "filter, median on: done, 5 records" in said.getvalue()


def test_a_pass_begins_at_each_filter_that_surveys() -> None:
    one, two, three = Letter(), Every(), Median()
    cases: list[tuple[list[Filter], list[tuple[int, int]]]] = [
        ([], [(0, 0)]),
        ([one, two], [(0, 2)]),
        ([three], [(0, 1)]),
        ([three, one, three, three], [(0, 2), (2, 3), (3, 4)]),
        ([one, two, three, one], [(0, 2), (2, 4)]),
    ]
    for filters, wanted in cases:
        assert passes(filters) == wanted
    filters = [one, Upper(), two, three, one, one]
    assert runs(filters, 0, 6) == [(0, 2), (2, 4), (4, 6)]
    assert runs(filters, 1, 3) == [(1, 2), (2, 3)]


def test_a_batch_parts_no_question_and_is_bounded_in_rows_and_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.jsonl"
    prompts = ["a", "A ", "b", "c", "c", "Ｃ", "c", "d", "e"]
    records = [row("text", n, prompt=prompt) for n, prompt in enumerate(prompts)]
    write_jsonl(path, (record.to_json() for record in records))
    path.write_bytes(b"\n" + path.read_bytes() + b"  \n")
    sizes = {}
    for name, value in (("BATCH", 1), ("BATCH", 3), ("BATCH_BYTES", 150), ("BATCH", 100)):
        with monkeypatch.context() as patch:
            patch.setattr(filter_engine, name, value)
            batches = list(Rows(path).batches())
        sizes[name, value] = [batch.size for batch in batches]
        assert [n for batch in batches for n in batch.numbers] == list(range(2, 11))
    assert sizes["BATCH", 1] == sizes["BATCH_BYTES", 150] == [2, 1, 4, 1, 1]
    assert sizes["BATCH", 3] == [3, 4, 2]
    assert sizes["BATCH", 100] == [9]
    one = [row("text", n, prompt="?") for n in range(9)]
    write_jsonl(path, (record.to_json() for record in one))
    monkeypatch.setattr(filter_engine, "BATCH", 2)
    monkeypatch.setattr(filter_engine, "MOST", 2)
    assert [batch.size for batch in Rows(path).batches()] == [4, 4, 1]
