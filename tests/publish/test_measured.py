"""Near copies across splits, languages of a part of the rows, and when an old audit counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from limbeck.pipeline.context import Context
from limbeck.publish.funnel import checked_stages
from limbeck.publish.measured import _languages, _near, measured
from limbeck.publish.rows import COLUMNS, to_published
from limbeck.publish.shards import Shards
from limbeck.record import Provenance, Record, user
from limbeck.store import write_json
from tests.publish.runs import rows, run_of


def data(folder: Path, **sides: list[str]) -> list[str]:
    """data/*.parquet with these prompts."""
    names: list[str] = []
    for side, prompts in sides.items():
        with Shards(folder / "data", side, COLUMNS) as out:
            for number, prompt in enumerate(prompts):
                record = Record((user(prompt),), "x", Provenance("t", index=number))
                out.write(to_published(record, prompt, []))
        names += [f"data/{name}" for name in out.files]
    return names


LONG = "Explain in three short sentences how a steam engine turns heat into motion on a ship"


def test_rows_with_nearly_a_training_prompt_are_counted(tmp_path: Path) -> None:
    names = data(
        tmp_path,
        train=[LONG, "Wie wird das Wetter morgen in den Alpen, und was ziehe ich an?"],
        validation=["讲一个关于猫和月亮的故事，不要超过三句话。"],
        test=[LONG + " today", LONG + " today", "Something else that nobody asked before at all"],
    )
    assert _near(tmp_path, names) == {"threshold": 0.8, "rows": {"validation": 0, "test": 2}}


def test_near_copies_within_a_split_are_no_leak(tmp_path: Path) -> None:
    names = data(tmp_path, train=["Quite another thing to ask here"], test=[LONG, LONG + " today"])
    assert _near(tmp_path, names)["rows"]["test"] == 0


def test_of_many_rows_a_part_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("py3langid")
    monkeypatch.setattr("limbeck.publish.measured.IDENTIFIED", 5)
    prompts = [f"这是第{n}个问题，请用中文回答。" for n in range(12)]
    found = _languages(tmp_path, data(tmp_path, train=prompts), 12)
    assert found == {"languages": {"zh": 4}, "languages_every": 3, "languages_missing": ""}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return run_of(tmp_path_factory.mktemp("measured"), rows())


def test_an_old_audit_counts_where_its_hashes_are_the_run_s(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {"schema": "limbeck.audit/2", "findings": [{"key": "pii", "level": "good"}]}
    monkeypatch.setattr("limbeck.publish.measured._measure", lambda *_: made)
    done, _ = checked_stages(context)
    names = data(tmp_path, train=["x"])
    path = context.run.path / "audit" / "audit.json"
    hashes = {stage: done[stage].outputs for stage in ("generate", "filter")}
    old = {"schema": "limbeck.audit/2", "findings": [{"key": "empty", "level": "note"}]}
    for inputs, key in ((hashes, "empty"), (hashes | {"filter": "0"}, "pii"), (None, "pii")):
        write_json(path, old | {"inputs": inputs})
        found = measured(context, done, tmp_path, names, total=1, audit=True)["audit"]
        assert [one["key"] for one in found["findings"]] == [key]
        assert ("by their hashes" in found["about"]) is (key == "empty")
    path.write_text("broken")
    found = measured(context, done, tmp_path, names, total=1, audit=True)["audit"]
    assert found["about"] == "measured on the published rows"
    path.unlink()


def test_without_a_report_contamination_is_not_known(context: Context, tmp_path: Path) -> None:
    done, _ = checked_stages(context)
    found = measured(context, done, tmp_path, data(tmp_path, train=["x"]), total=1, audit=False)
    assert found["contamination"] is None
    assert found["audit"] is None
