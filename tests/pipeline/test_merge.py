"""Run folders merged: what one machine would have written, or a sentence; nothing in between."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import BadRequest, RecipeError, Transient, UserError
from limbeck.ledger import Ledger
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import generate
from limbeck.pipeline.ledger import merge as merge_ledgers
from limbeck.pipeline.merge import merge, payers
from limbeck.pipeline.run import do_stages
from limbeck.protocols import Request
from limbeck.rundir import RunDir
from limbeck.store import read_json, read_records
from tests.pipeline.batches import Notebook
from tests.pipeline.machines import PROMPTS, ROWS, Machines, made


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    return Machines(tmp_path, monkeypatch)


def counts(run: Path) -> dict[str, Any]:
    return dict(read_json(run / "generate" / "done.json")["counts"])


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def some_fail(request: Request) -> Exception | None:
    """Every seventh prompt for good, every fifth this time."""
    number = PROMPTS.index(request.messages[-1].content)
    if number % 7 == 3:
        return BadRequest("no – 不行")
    return Transient("503") if number % 5 == 2 and request.index == 1 else None


# The same as one machine


@pytest.mark.parametrize("of", [2, 3])
def test_parts_are_byte_for_byte_the_whole(machines: Machines, tmp_path: Path, of: int) -> None:
    machines.fail = some_fail
    teacher = {"model": "fake:t", "attempts": 1}
    whole = machines.run("whole", teacher=teacher)
    parts = machines.parts(of, teacher=teacher)
    before = [tree(part) for part in parts]
    merged = merge(parts[::-1], tmp_path / "all")
    assert made(tmp_path / "all") == made(whole)
    assert counts(tmp_path / "all") == counts(whole) == merged.counts
    assert counts(whole)["failures"] > counts(whole)["hopeless"] > 0
    assert [tree(part) for part in parts] == before, "parts are only read"
    # The stage is done, as far as it is on one machine: only the transient failures are open.
    own, one = (read_json(run / "generate" / "done.json") for run in (tmp_path / "all", whole))
    assert own == one


def test_the_order_of_the_arguments_does_not_matter(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(3)
    merge(parts, tmp_path / "a" / "all")
    merge([parts[1], parts[2], parts[0]], tmp_path / "b" / "all")
    a, b = (tree(tmp_path / name / "all") for name in "ab")
    for name in ("id", "log.jsonl"):
        assert a.pop(name) != b.pop(name)
    assert a == b


def test_the_merged_run_goes_on_without_a_call(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(3)
    whole = machines.run("whole")
    merge(parts, tmp_path / "all")
    asked = machines.asked
    run = RunDir.open(tmp_path / "all")
    assert run.recipe.seeds.part is None
    assert run.recipe.name == "all"
    context = Context(run, Notebook(), tmp_path / "none.sqlite")
    do_stages(context, ("generate", "filter", "format"))
    assert "generate: already done, nothing changed" in context.reporter.lines  # type: ignore[attr-defined]
    assert machines.asked == asked
    alone = Context(RunDir.open(whole), Notebook(), tmp_path / "whole" / "ledger.sqlite")
    do_stages(alone, ("filter", "format"))
    for name in ("filter/verdicts.jsonl", "filter/kept.bin", "format/train.parquet"):
        assert (tmp_path / "all" / name).read_bytes() == (whole / name).read_bytes()


def test_with_the_ledgers_merged_it_replays(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(3)
    merge(parts, tmp_path / "all")
    asked, before = machines.asked, made(tmp_path / "all")
    ledger = tmp_path / "ledger.sqlite"
    for n in (1, 2, 3):
        merge_ledgers(ledger, tmp_path / f"m{n}" / "ledger.sqlite")
    context = Context(RunDir.open(tmp_path / "all"), Notebook(), ledger)
    generate(context)
    assert machines.asked == asked == 2 * len(PROMPTS)
    assert made(tmp_path / "all") == before
    with Ledger(ledger) as opened:
        paid = [opened.spent(one) for one in payers(tmp_path / "all")]
    assert payers(tmp_path / "all")[1:] == tuple((p / "id").read_text() for p in parts)
    tokens = sum(row.usage.completion_tokens for rows in paid for row in rows)
    assert paid[0] == []
    assert tokens == counts(tmp_path / "all")["completion_tokens"] > 0


def test_failures_are_asked_again_and_nothing_else(machines: Machines, tmp_path: Path) -> None:
    machines.fail = some_fail
    parts = machines.parts(2, teacher={"model": "fake:t", "attempts": 1})
    merge(parts, tmp_path / "all")
    ledger = tmp_path / "ledger.sqlite"
    for n in (1, 2):
        merge_ledgers(ledger, tmp_path / f"m{n}" / "ledger.sqlite")
    open_failures = counts(tmp_path / "all")["failures"] - counts(tmp_path / "all")["hopeless"]
    asked, machines.fail = machines.asked, lambda request: None
    do_stages(Context(RunDir.open(tmp_path / "all"), Notebook(), ledger), ("generate",))
    assert machines.asked - asked == open_failures > 0
    assert counts(tmp_path / "all")["failures"] == counts(tmp_path / "all")["hopeless"]


def test_bad_lines_of_the_seed_file_count_once(machines: Machines, tmp_path: Path) -> None:
    rows = [{"prompt": ""}, *ROWS, {"x": 1}]
    seeds = {"on_bad_line": "skip", "limit": 20}
    more: dict[str, Any] = {"rows": rows, "seeds": seeds}
    whole, parts = machines.run("whole", **more), machines.parts(2, **more)
    merge(parts, tmp_path / "all")
    assert counts(tmp_path / "all") == counts(whole)
    assert counts(whole)["skipped_lines"] == 1  # the limit comes before the second
    assert counts(whole)["seeds"] == 20
    assert made(tmp_path / "all") == made(whole)


def test_demonstrations_see_the_same_pool_on_every_machine(
    machines: Machines, tmp_path: Path
) -> None:
    rows = [{"task": "mood", "input": f"天气 {n} {'good' * n}", "output": "ok"} for n in range(12)]
    how = {"generator": "demonstrations", "labels": "text", "shots": 3, "folds": 2}
    more: dict[str, Any] = {"rows": rows, "generate": how}
    whole, parts = machines.run("whole", **more), machines.parts(3, **more)
    merge(parts, tmp_path / "all")
    assert made(tmp_path / "all") == made(whole)
    assert counts(tmp_path / "all") == counts(whole)


def test_reasoned_paths_and_their_funnel(machines: Machines, tmp_path: Path) -> None:
    def says(request: Request) -> dict[str, float]:
        return {f"So it is {n}. The answer is {n}.": 1.0 for n in (3, 4)}

    machines.says = says
    rows = [{"prompt": f"{n} + 1? 多少", "target": str(n + 1)} for n in range(9)]
    how = {"generator": "chain_of_thought", "paths": 3}
    more: dict[str, Any] = {"rows": rows, "generate": how}
    whole, parts = machines.run("whole", **more), machines.parts(2, **more)
    merge(parts, tmp_path / "all")
    assert made(tmp_path / "all") == made(whole)
    assert counts(tmp_path / "all") == counts(whole)
    assert list(counts(tmp_path / "all")["funnel"]) == list(counts(whole)["funnel"])


# Parts that do not fit


def test_a_part_that_is_missing_is_named(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(3)
    with pytest.raises(UserError, match=r"the part 2/3 of the seeds is missing.*seeds\.part=2/3"):
        merge([parts[0], parts[2]], tmp_path / "all")
    with pytest.raises(UserError, match=r"the parts 1/3, 2/3 of the seeds are missing"):
        merge([parts[2]], tmp_path / "all")
    other = machines.run("other", "1/2")
    with pytest.raises(UserError, match=r"parts of other wholes \(.* 1/2, .* 3/3\)"):
        merge([other, parts[1], parts[2]], tmp_path / "all")
    whole = machines.run("whole")
    with pytest.raises(UserError, match=r"name either the whole or the parts"):
        merge([whole, parts[1]], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_a_part_that_stands_twice_is_taken_once(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    again = machines.run("again", "1/2")
    merged = merge([*parts, again, parts[0]], tmp_path / "all")
    assert merged.counts["records"] == 2 * len(PROMPTS)
    assert sum("is the same as" in note for note in merged.notes) == 2
    assert (again / "id").read_text() in payers(tmp_path / "all"), "it was paid all the same"


def test_another_reply_to_the_same_request_is_a_conflict(
    machines: Machines, tmp_path: Path
) -> None:
    parts = machines.parts(2)
    machines.says = lambda request: {"改了 – something else": 1.0}
    other = machines.run("other", "1/2")
    ours = sum(1 for _ in read_records(parts[0] / "generate" / "records.jsonl"))
    said = rf"^{ours} records are in both .*m1/runs/r and .*other/runs/r with another content"
    with pytest.raises(UserError, match=said + r".*record \w{32} is line 1 there and 1 here"):
        merge([*parts, other], tmp_path / "all")
    assert not (tmp_path / "all").exists()
    merge([parts[1], other, parts[0]], tmp_path / "all", prefer_first=True)
    texts = Counter(r.completion for r in read_records(tmp_path / "all/generate/records.jsonl"))
    assert texts["改了 – something else"] == ours


def test_of_two_runs_of_a_part_the_one_with_fewer_failures_stands(
    machines: Machines, tmp_path: Path
) -> None:
    whole = machines.run("whole", teacher={"model": "fake:t", "attempts": 1})
    parts = machines.parts(2, teacher={"model": "fake:t", "attempts": 1})
    machines.fail = some_fail
    worse = machines.run("worse", "1/2", teacher={"model": "fake:t", "attempts": 1})
    assert counts(worse)["failures"] > 0
    merged = merge([worse, *parts], tmp_path / "all")
    assert made(tmp_path / "all") == made(whole)
    assert any(f"the rows of {parts[0]} are taken" in note for note in merged.notes)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"generate": {"paths": 3}}, "generate.paths"),
        ({"teacher": "fake:u"}, "teacher.model"),
        ({"seed": 1}, "seed"),
        ({"filters": [{"exact": {}}]}, "filters"),
        ({"seeds": {"limit": 12}}, "seeds.limit"),
    ],
)
def test_recipes_that_differ_are_refused_by_their_key(
    machines: Machines, tmp_path: Path, change: dict[str, Any], key: str
) -> None:
    one, other = machines.run("m1", "1/2"), machines.run("m2", "2/2", **change)
    with pytest.raises(UserError, match=rf"{other} has {key}[\w.]* .*not those of one recipe"):
        merge([one, other], tmp_path / "all")


def test_what_is_a_machines_own_may_differ(machines: Machines, tmp_path: Path) -> None:
    one = machines.run("m1", "1/2", name="x", teacher={"model": "fake:t", "concurrency": 3})
    other = machines.run("m2", "2/2", budget={"tokens": "9M"}, train={"epochs": 7})
    merged = merge([one, other], tmp_path / "all")
    assert [note.partition(":")[0] for note in merged.notes] == ["train.epochs differs"]
    epochs = [RunDir.open(path).recipe.train.epochs for path in (one, other, tmp_path / "all")]
    assert epochs == [epochs[0], 7, epochs[0]], "those of the first part are taken"


def test_set_settles_what_differs_but_not_what_was_asked(
    machines: Machines, tmp_path: Path
) -> None:
    one, other = machines.run("m1", "1/2"), machines.run("m2", "2/2", filters=["exact"])
    merge([one, other], tmp_path / "all", sets=["filters=[complete]"])
    assert [s.name for s in RunDir.open(tmp_path / "all").recipe.filters] == ["complete"]
    with pytest.raises(UserError, match=r"the rows of .* were made of other seeds"):
        merge([one], tmp_path / "b", sets=["generate.paths=3"])


def test_other_seeds_are_told_by_their_content(machines: Machines, tmp_path: Path) -> None:
    one = machines.run("m1", "1/2")
    other = machines.run("m2", "2/2", rows=[*ROWS, {"prompt": "one more"}])
    with pytest.raises(UserError, match=rf"the rows of {other} were made of other seeds"):
        merge([one, other], tmp_path / "all")


def test_the_seed_file_may_lie_elsewhere(machines: Machines, tmp_path: Path) -> None:
    parts = machines.parts(2)
    (tmp_path / "m1" / "seeds.jsonl").unlink()
    merge(parts, tmp_path / "all")
    assert RunDir.open(tmp_path / "all").recipe.seeds.path == tmp_path / "m2" / "seeds.jsonl"
    (tmp_path / "m2" / "seeds.jsonl").rename(tmp_path / "种子.jsonl")
    with pytest.raises(UserError, match=r"say where the seed file is: --set seeds\.path=FILE"):
        merge(parts, tmp_path / "b")
    merge(parts, tmp_path / "b", sets=[f"seeds.path={tmp_path / '种子.jsonl'}"])
    assert made(tmp_path / "b") == made(tmp_path / "all")


# The target


def test_only_a_new_folder_or_a_merge_of_the_same_is_written(
    machines: Machines, tmp_path: Path
) -> None:
    parts = machines.parts(2)
    for target in (parts[0], parts[0] / "in"):
        with pytest.raises(UserError, match="which is only read; name another"):
            merge(parts, target)
    with pytest.raises(UserError, match="is there already and no merged run"):
        merge(parts, tmp_path / "m1")
    (tmp_path / "link").symlink_to(tmp_path / "m1")
    with pytest.raises(UserError, match="is a link"):
        merge(parts, tmp_path / "link")
    with pytest.raises(RecipeError, match=r"name"):
        merge(parts, tmp_path / "-x y")
    (tmp_path / "all").mkdir()
    merge(parts, tmp_path / "all")
    others = [machines.run("x1", "1/2"), machines.run("x2", "2/2")]
    with pytest.raises(UserError, match="is merged of other runs than these"):
        merge(others, tmp_path / "all")


def test_merged_again_it_is_left_or_brought_up_to_date(machines: Machines, tmp_path: Path) -> None:
    machines.fail = some_fail
    teacher = {"model": "fake:t", "attempts": 1}
    parts = machines.parts(2, teacher=teacher)
    merge(parts, tmp_path / "all")
    run = RunDir.open(tmp_path / "all")
    do_stages(Context(run, Notebook(), tmp_path / "no.sqlite"), ("filter", "format"))
    before = tree(tmp_path / "all")
    assert merge(parts[::-1], tmp_path / "all").unchanged
    after = tree(tmp_path / "all")
    assert before == after
    machines.fail = lambda request: None
    for n, part in ((1, parts[0]), (2, parts[1])):
        again = Context(RunDir.open(part), Notebook(), tmp_path / f"m{n}" / "ledger.sqlite")
        do_stages(again, ("generate",))
    merged = merge(parts, tmp_path / "all")
    assert not merged.unchanged
    assert counts(tmp_path / "all")["failures"] == counts(tmp_path / "all")["hopeless"]
    assert (tmp_path / "all" / "id").read_bytes() == before["id"]
    assert (tmp_path / "all" / "filter" / "verdicts.jsonl").is_file(), "later stages stay"


def test_a_merge_can_be_a_part(machines: Machines, tmp_path: Path) -> None:
    """A merged run is a whole one; a copy of it on another machine is the same."""
    parts = machines.parts(2)
    merge(parts, tmp_path / "all")
    shutil.copytree(tmp_path / "all", tmp_path / "copy")
    merge([tmp_path / "all", tmp_path / "copy"], tmp_path / "both")
    assert made(tmp_path / "both") == made(tmp_path / "all")
    ids = {(path / "id").read_text() for path in [*parts, tmp_path / "all", tmp_path / "both"]}
    assert set(payers(tmp_path / "both")) == ids
