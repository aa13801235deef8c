"""Rows that a filter refused, and the nearest beside them; rows around its threshold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError, StageError, UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.funnel import Stage, compared, funnel
from limbeck.pipeline.refused import Near, filtered, refused_rows, rows_around
from limbeck.progress import shown_json
from limbeck.record import Record, Verdict
from limbeck.store import read_json, write_json, write_jsonl
from tests.pipeline.filtering import row, run_of

TEXTS = ["Rouge", "Vert", "Rouge ", "中文", "中文", "", "Rouge"]


def judged(folder: Path, filters: Sequence[Any] = ("complete", "exact")) -> Context:
    rows = [row(text, number, prompt="Couleur ?") for number, text in enumerate(TEXTS)]
    context, _ = run_of(folder, rows, filters)
    filter_records(context)
    return context


def with_scores(context: Context, scores: Sequence[tuple[bool, float | None]]) -> list[Record]:
    """The run's verdicts exchanged for those of one filter `score`."""
    rows = [row(f"text {number}", number) for number in range(len(scores))]
    write_jsonl(context.run.folder("generate") / "records.jsonl", (r.to_json() for r in rows))
    verdicts = [
        Verdict(r.id, "score", keep, score, "" if keep else "low")
        for r, (keep, score) in zip(rows, scores, strict=True)
    ]
    path = context.run.folder("filter") / "verdicts.jsonl"
    write_jsonl(path, (verdict.to_json() for verdict in verdicts))
    return rows


def test_refused_rows_stand_beside_the_nearest(tmp_path: Path) -> None:
    run, stages = filtered(judged(tmp_path).run.path)
    rows = refused_rows(run, stages, "exact", None, 2)
    assert [(r.prompt, r.completion, r.verdict.reason) for r in rows] == [
        ("Couleur ?", "Rouge ", "duplicate"),
        ("Couleur ?", "中文", "duplicate"),
    ]
    names = [r.verdict.nearest for r in rows]
    assert [r.nearest for r in rows] == [
        Near(str(names[0]), "Couleur ?", "Rouge"),
        Near(str(names[1]), "Couleur ?", "中文"),
    ]
    assert len(refused_rows(run, stages, "exact", "duplicate", 20)) == 3
    [empty] = refused_rows(run, stages, "complete", None, 20)
    assert (empty.completion, empty.nearest, empty.to_json()["nearest"]) == ("", None, None)


def test_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    context = judged(tmp_path)
    run, stages = filtered(context.run.path)
    for name, reason, words in (
        ("exakt", None, "the run has no filter 'exakt'; did you mean 'exact'?"),
        ("zzz", None, "the run has no filter 'zzz'; known are complete, exact"),
        ("exact", "duplicat", "exact refused no row as 'duplicat'; did you mean 'duplicate'?"),
        ("complete", "zzz", "complete refused no row as 'zzz'; known are empty"),
    ):
        with pytest.raises(UserError, match=words.replace("?", r"\?")):
            refused_rows(run, stages, name, reason, 1)
    with pytest.raises(UserError, match="no filter 'exact'; it has no filters"):
        refused_rows(run, [], "exact", None, 1)
    with pytest.raises(UserError, match="exact refused no row as 'x'; it refused nothing"):
        refused_rows(run, [Stage("exact", 1, 1)], "exact", "x", 1)
    (context.run.folder("filter") / "done.json").unlink()
    with pytest.raises(StageError, match=r"has none yet\. Run: limbeck filter .*runs/r$"):
        filtered(context.run.path)
    with pytest.raises(UserError, match="is no run folder"):
        filtered(tmp_path)
    write_jsonl(context.run.folder("filter") / "verdicts.jsonl", [{"filter": "exact", "x": 1}])
    with pytest.raises(DataError, match=r"verdicts\.jsonl, line 1: not a verdict"):
        refused_rows(run, stages, "exact", None, 1)


def test_another_files_row_is_shown_where_the_file_still_is(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    write_jsonl(tmp_path / "one" / "test.jsonl", [{"id": "a/b", "prompt": "couleur ?"}])
    write_jsonl(tmp_path / "two" / "test.jsonl", [{"id": "a/b", "prompt": "not this one"}])
    against = ["one/test.jsonl", "two/test.jsonl"]
    run, stages = filtered(judged(tmp_path, [{"contamination": {"against": against}}]).run.path)
    first = refused_rows(run, stages, "contamination", None, 1)[0]
    assert first.nearest == Near("test/a/b", "couleur ?")
    (tmp_path / "one" / "test.jsonl").unlink()
    first = refused_rows(run, stages, "contamination", None, 1)[0]
    assert first.nearest == Near("test/a/b")


def test_ids_that_stand_twice_and_lone_surrogates_are_found(tmp_path: Path) -> None:
    rows = [row("\ud800", 0), row("", 0), row("x", 1)]
    assert rows[0].id == rows[1].id
    context, _ = run_of(tmp_path, rows, ["complete"])
    filter_records(context)
    run, stages = filtered(context.run.path)
    [one, two] = refused_rows(run, stages, "complete", None, 9)
    assert (one.completion, two.completion) == ("\ud800", "\ud800")
    text = shown_json([one.to_json()])
    assert json.loads(text)[0]["completion"] == "\ud800"
    assert text.isascii()


@pytest.mark.parametrize("high", [True, False])
def test_around_a_threshold_are_the_nearest_of_both_sides(tmp_path: Path, high: bool) -> None:
    context = judged(tmp_path, ["exact"])
    sign = 1 if high else -1
    # Kept below 0.8, refused above it; the other way round where low scores are refused.
    given = [(s < 0.8, sign * s) for s in (0.1, 0.79, 0.95, 0.81, 0.5, 0.8, 0.6)]
    rows = with_scores(context, [*given, (True, None)])
    run = context.run
    stages = [Stage("score", 8, 5, {"low": 3})]
    found = rows_around(run, stages, "score", 2)
    assert [(r.verdict.keep, r.verdict.score) for r in found] == [
        (False, sign * 0.81), (False, sign * 0.8), (True, sign * 0.79), (True, sign * 0.6),
    ]  # fmt: skip
    assert [r.completion for r in found] == [rows[n].completion for n in (3, 5, 1, 6)]
    everything = rows_around(run, stages, "score", 99)
    assert [r.verdict.score for r in everything] == [
        sign * s for s in (0.95, 0.81, 0.8, 0.79, 0.6, 0.5, 0.1)
    ]


def test_a_filter_with_two_thresholds_shows_both(tmp_path: Path) -> None:
    texts = ["字" * count for count in (1, 2, 3, 4, 7, 8, 9, 20)]
    rows = [row(text, number) for number, text in enumerate(texts)]
    context, _ = run_of(tmp_path, rows, [{"length": {"least": 3, "most": 8}}])
    filter_records(context)
    run, stages = filtered(context.run.path)
    found = rows_around(run, stages, "length", 1)
    assert [(one.verdict.keep, one.verdict.score) for one in found] == [
        (False, 9), (True, 8), (False, 2), (True, 3),
    ]  # fmt: skip


def test_rows_are_shown_as_the_filter_saw_them(tmp_path: Path) -> None:
    rows = [row(f"请写信到 mail{n}@posta.hu", n, prompt="Ida 🙂") for n in range(2)]
    steps: list[Any] = [{"length": {"most": 2, "unit": "characters"}}]
    context, _ = run_of(tmp_path, rows, [{"pii": {"mask": True}}, "exact", *steps])
    filter_records(context)
    run, stages = filtered(context.run.path)
    (pair,) = refused_rows(run, stages, "exact", None, 9)
    assert pair.completion == "请写信到 [EMAIL_1]"
    assert pair.nearest == Near(rows[0].id, "Ida 🙂", "请写信到 [EMAIL_1]")
    (before, _) = rows_around(run, stages, "pii", 9)
    assert before.completion == "请写信到 mail0@posta.hu"


def test_around_needs_scores(tmp_path: Path) -> None:
    context = judged(tmp_path, ["exact"])
    with_scores(context, [(True, None)])
    with pytest.raises(UserError, match="filter score have no scores"):
        rows_around(context.run, [Stage("score", 1, 1)], "score", 2)
    with_scores(context, [(True, 0.1), (True, 0.3)])  # nothing refused: the highest come first
    found = rows_around(context.run, [Stage("score", 2, 2)], "score", 1)
    assert [r.verdict.score for r in found] == [0.3]


def test_the_funnel_of_an_old_run_is_counted_from_its_verdicts(tmp_path: Path) -> None:
    context = judged(tmp_path)
    new = funnel(context.run)
    assert new == [
        Stage("complete", 7, 6, {"empty": 1}),
        Stage("exact", 6, 3, {"duplicate": 3}),
    ]
    path = context.run.folder("filter") / "done.json"
    done = read_json(path)
    del done["counts"]["filters"]
    write_json(path, done)
    assert funnel(context.run) == new


def test_what_moved_between_two_filterings() -> None:
    def counts(kept: int, **refused: int) -> dict[str, Any]:
        return {"kept": kept, "refused": {k.replace("_", ": ", 1): n for k, n in refused.items()}}

    before = counts(812, minhash_near=30, minhash_far=1, exact_duplicate=4)
    assert compared(before, counts(790, minhash_near=53, exact_duplicate=4)) == (
        "kept 812 -> 790; minhash refused 31 -> 53"
    )
    assert compared(before, counts(12_345, pii_found=1, minhash_near=31)) == (
        "kept 812 -> 12,345; pii refused 0 -> 1; exact refused 4 -> 0"
    )
    assert compared(before, before) == "kept 812, and each filter refused as many as before"


def test_json_holds_nothing_that_steers_a_terminal() -> None:
    hostile = "\x1b[31m\x9b31m\u202e\ud800\x7f中文🙂\n\U000e0041é"
    text = shown_json({"text": hostile})
    assert json.loads(text) == {"text": hostile}
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "中文🙂" in text
