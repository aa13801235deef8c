"""The card: valid metadata, numbers from limbeck.json, and hostile text that stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from limbeck.columns import schema
from limbeck.publish.card import card, metadata, size_of
from limbeck.publish.folder import publish
from limbeck.publish.measured import common
from limbeck.publish.rows import COLUMNS, REFUSED_ROW, REFUSED_VERDICT, features
from limbeck.publish.verify import verify
from limbeck.record import Provenance, Record, user
from limbeck.store import read_json
from tests.publish.runs import PROMPTS, YES, rows, run_of

EVIL = (
    "---\nlicense: mit\n---\n# <img src=x onerror=alert(1)> [x](javascript:1) `| a: b\x1b[31m @me"
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("card")
    publish(run_of(folder, rows()), folder / "d", YES)
    found: dict[str, Any] = read_json(folder / "d" / "limbeck.json")
    return found


def head(text: str) -> Any:
    return yaml.safe_load(text.split("\n---\n", 1)[0].removeprefix("---\n"))


def test_the_hub_s_library_reads_the_metadata(manifest: dict[str, Any]) -> None:
    hub = pytest.importorskip("huggingface_hub")
    text = card(manifest)
    data = hub.DatasetCard(text).data
    assert data.license == "unknown"
    assert data.pretty_name == "r"
    assert data.size_categories == ["n<1K"]
    assert data.task_categories == ["text-generation", "question-answering"]
    assert {"distillation", "synthetic"} <= set(data.tags)
    # Written by the hub's own writer and read again, it is the same.
    assert yaml.safe_load(data.to_yaml()) == head(text) == metadata(manifest)


@pytest.mark.parametrize("columns", [COLUMNS, REFUSED_ROW, REFUSED_VERDICT])
@pytest.mark.needs("publish")
def test_features_are_written_as_datasets_writes_them(columns: dict[str, Any]) -> None:
    datasets = pytest.importorskip("datasets")
    made = datasets.Features.from_arrow_schema(schema(columns))
    assert features(columns) == made._to_yaml_list()


@pytest.mark.parametrize(
    ("rows", "size"),
    [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"),
     (1_000_000, "1M<n<10M"), (10**12, "n>1T")],
)  # fmt: skip
def test_sizes_are_the_hub_s(rows: int, size: str) -> None:
    assert size_of(rows) == size


def test_rare_and_unknown_languages_are_not_in_the_metadata(manifest: dict[str, Any]) -> None:
    languages = {"zh": 600, "und": 300, "ar": 99, "th": 1}
    assert common(languages) == ["zh", "ar"]
    told = manifest | {
        "measured": manifest["measured"]
        | {"languages": languages, "languages_missing": "", "languages_every": 50}
    }
    text = card(told)
    assert head(text)["language"] == ["zh", "ar"]
    assert "zh 600, und 300, ar 99, th 1 (rows, of every 50th; und is" in text


def test_every_text_from_outside_is_escaped(manifest: dict[str, Any]) -> None:
    finding = {"key": "pii", "title": EVIL, "level": "warning", "says": EVIL}
    told = manifest | {
        "pretty_name": EVIL,
        "name": EVIL,
        "authors": [EVIL],
        "load_as": EVIL,
        "limbeck_version": EVIL,
        "teacher": manifest["teacher"]
        | {
            "model": EVIL, "endpoint": EVIL, "extra": {EVIL: EVIL}, "weights": EVIL,
            "terms": [{"name": EVIL, "says": EVIL, "read": EVIL, "as_of": EVIL}],
        },
        "notices": [{"key": EVIL, "says": EVIL, "acknowledged": True}],
        "licence": {"id": EVIL, "said_by": EVIL},
        "seeds": {"files": [{"file": EVIL, "sha256": EVIL}], "licence": EVIL, "said_by": EVIL},
        "generator": {"name": EVIL, "options": {"generator": "x", EVIL: EVIL}},
        "filters": [{"name": EVIL, "options": {EVIL: EVIL}}],
        "sampling": manifest["sampling"]
        | {
            "models": {EVIL: 1}, "settings": [{"sent": {EVIL: EVIL}, "rows": 1}] * 2,
            "first": EVIL, "last": "x",
        },
        "funnel": manifest["funnel"]
        | {
            "steps": [{"label": EVIL, "count": 1}], "failed": {EVIL: 1},
            "useless_answers": {EVIL: 1}, "refused": [{"filter": EVIL, "reason": EVIL, "rows": 1}],
        },
        "rows": manifest["rows"]
        | {
            "sample": {k: {"text": EVIL + "```", "left_out": 3} for k in ("prompt", "completion")},
            "prompt_versions": {EVIL: 1},
        },
        "split": manifest["split"] | {"by": EVIL},
        "recipe": {"hash": EVIL, "not_compared": [EVIL], "seed": 0},
        "measured": {
            "languages": {EVIL: 5}, "languages_missing": "", "languages_every": 50,
            "near_across_splits": {"threshold": 0.8, "rows": {"validation": 1, "test": 2}},
            "audit": {"about": EVIL, "findings": [finding, finding | {"level": "good"}]},
            "contamination": {"tasks": [{"task": EVIL, "items": 3, "flagged": 1}]},
            "student": {
                "headline": EVIL,
                "models": {"base": {"name": EVIL, "about": EVIL}},
                "tasks": [{"task": EVIL, "metric": EVIL, "kind": EVIL, "unit": EVIL, "n": 3}],
                "pooled": [],
            },
        },
        "cost": manifest["cost"] | {"local": False, "price": EVIL, "picodollars": 5, "per_row": 1},
    }  # fmt: skip
    text = card(told)
    assert head(text)["license"] == EVIL  # a value, not a second key
    assert "\x1b" not in text
    body = re.sub(r"```python\n.*?\n```\n", "", text.split("\n---\n", 1)[1], flags=re.DOTALL)
    for number, block in enumerate(body.split("````text\n")):
        outside = block if number == 0 else block.split("\n````\n", 1)[1]
        assert "<img" not in outside
        assert re.search(r"(?<!\\)\]\(javascript", outside) is None
        assert "\n---" not in outside
        assert "@me" not in outside
    assert body.count("````text\n") == 2


def test_a_name_that_yaml_would_read_as_something_else(tmp_path: Path) -> None:
    context = run_of(tmp_path, rows(), name="1e3")
    publish(
        context, tmp_path / "d", replace(YES, pretty_name="no: [yes]\n---\nx", authors=("a\nb",))
    )
    assert head((tmp_path / "d" / "README.md").read_text("utf-8"))["pretty_name"] == (
        "no: [yes] --- x"
    )
    assert verify(tmp_path / "d").ok


def test_what_is_not_known_is_said(manifest: dict[str, Any]) -> None:
    text = card(manifest)
    assert "the ledger that the run wrote was not at hand" in text
    assert "they were compared with no evaluation" in text
    assert "The rows were not audited" in text
    assert "No licence was given" in text
    assert "24 of 48 have the right answer (50.0%, 95% interval 36.4% to 63.6%)" in text
    unchecked = manifest | {"rows": manifest["rows"] | {"checked": {}}, "verifier": {}}
    assert "the run verified no answer (48 rows have a reference answer)" in card(unchecked)


def test_rows_that_were_given_are_not_said_to_be_a_model_s(tmp_path: Path) -> None:
    """Nobody was asked for them: a person may have written every answer."""
    seeds = [{"prompt": text, "output": f"是 {n} 🙂"} for n, text in enumerate(PROMPTS)]
    given = [
        Record((user(text),), f"是 {n} 🙂", Provenance("given", "", "", "", 0, (f"s{n}",)))
        for n, text in enumerate(PROMPTS)
    ]
    context = run_of(tmp_path, given, seeds=seeds, generate={"generator": "given"}, filters=[])
    publish(context, tmp_path / "d", YES)
    text = (tmp_path / "d" / "README.md").read_text("utf-8")
    assert head(text)["tags"] == ["limbeck"]
    assert "24 rows that were given with their answers" in text
    assert "Who wrote the answers, a model or a person, the run does not know." in text
    assert "The run asked nobody for these rows" in text
    assert "No model was asked by the run" in text
    for wrong in ("Every answer is a model's", "the teacher's", "publisher's machine", "ledger"):
        assert wrong not in text
    assert verify(tmp_path / "d").ok
