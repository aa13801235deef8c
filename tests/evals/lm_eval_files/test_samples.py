"""Which files of lm-eval make up a run, and what is no run."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import DataError, UserError
from limbeck.evals.lm_eval_files.samples import find_run, one_number, read_samples, score_of
from tests.evals.lm_eval_made import DATE, write_run, written


def test_the_newest_run_of_each_task_counts_and_older_ones_are_said(tmp_path: Path) -> None:
    write_run(
        tmp_path, {"gsm8k_cot": [written(0)], "arc": [written(0)]}, date="2026-01-02T03-04-05"
    )
    write_run(tmp_path, {"gsm8k_cot": [written(0)]}, date="2026-01-02T03-04-05.5", versions={})
    run = find_run(tmp_path)
    assert list(run.tasks) == ["arc", "gsm8k_cot"]
    assert run.tasks["gsm8k_cot"].path.name == "samples_gsm8k_cot_2026-01-02T03-04-05.5.jsonl"
    assert run.tasks["gsm8k_cot"].said("versions") is None  # of its own date's results
    assert run.tasks["arc"].said("versions") == 1.0
    assert len(run.notes) == 1
    assert "gsm8k_cot was run 2 times" in run.notes[0]
    assert run.model == f"models/{tmp_path.name}"


def test_results_under_a_name_of_the_users_are_found(tmp_path: Path) -> None:
    home = write_run(tmp_path, {"arc": [written(0)]}) / "models__tiny"
    (home / f"results_{DATE}.json").rename(home / f"my out_{DATE}.json")
    assert find_run(home).tasks["arc"].config["output_type"] == "generate_until"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lm_eval_version": "0.4.8"}, "is of lm-eval 0.4.8; only what 0.4.9 and later"),
        ({"lm_eval_version": None}, "is of lm-eval (no version said)"),
        ({"configs": {}}, "says nothing of the task arc"),
    ],
)
def test_results_that_cannot_be_used_are_a_sentence(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    write_run(tmp_path, {"arc": [written(0)]}, **changes)
    with pytest.raises(DataError, match=re.escape(told)):
        find_run(tmp_path)


@pytest.mark.parametrize("version", ["0.4.9", "0.4.9.1", "0.4.10.dev0", "0.5.0", "1.0"])
def test_every_later_version_is_read(tmp_path: Path, version: str) -> None:
    write_run(tmp_path, {"arc": [written(0)]}, lm_eval_version=version)
    assert list(find_run(tmp_path).tasks) == ["arc"]


def test_what_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        find_run(tmp_path / "none")
    with pytest.raises(DataError, match="run lm_eval with --log_samples"):
        find_run(tmp_path)
    home = write_run(tmp_path / "one", {"arc": [written(0)]}) / "models__tiny"
    (home / f"results_{DATE}.json").unlink()
    with pytest.raises(DataError, match=rf"there is no results_{re.escape(DATE)}\.json"):
        find_run(tmp_path / "one")


def test_runs_of_several_models_are_not_mixed(tmp_path: Path) -> None:
    write_run(tmp_path / "a", {"arc": [written(0)]})
    write_run(tmp_path / "b", {"arc": [written(0)]})
    with pytest.raises(UserError, match="holds runs in several folders"):
        find_run(tmp_path)
    write_run(tmp_path / "a", {"x": [written(0)]}, date="2026-12-01T00-00-00", model_name="other")
    with pytest.raises(UserError, match="holds runs of several models, models/a, other"):
        find_run(tmp_path / "a")


def test_lines_end_at_newlines_only_and_nan_is_read(tmp_path: Path) -> None:
    rows = [written(0, math.nan, "a\u2028b\u0085c é 东京 👩🏽‍🔬"), written(1, 0.0, "\r\n")]
    path = write_run(tmp_path, {"x": rows}) / "models__tiny" / f"samples_x_{DATE}.jsonl"
    read = [row for _, row in read_samples(path)]
    assert [row["resps"][0][0] for row in read] == ["a\u2028b\u0085c é 东京 👩🏽‍🔬", "\r\n"]
    assert math.isnan(read[0]["exact_match"])
    assert one_number(read[0]["exact_match"])
    assert score_of(read[0]["exact_match"]) is None
    assert score_of(math.inf) is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"doc": 1, "doc_h', "line 2: not JSON"),
        (b"[]", "line 2: no sample of lm-eval"),
        (
            b'{"doc": {}, "doc_hash": "x"}',
            "line 2: no sample of lm-eval 0.4.9 or later: target_hash",
        ),
        (b'{"doc": "\xff"}', "line 2: not JSON"),
        (b"[" * 100_000, "line 2: not JSON"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: bytes, told: str) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_bytes(json.dumps(written(0)).encode() + b"\n" + line + b"\n")
    with pytest.raises(DataError, match=re.escape(told)) as caught:
        list(read_samples(path))
    assert caught.value.line == 2


@pytest.mark.parametrize("value", [[-3.0, 8], "0.5", None, {"a": 1}])
def test_a_pair_or_a_text_is_no_score(value: object) -> None:
    assert not one_number(value)
    assert score_of(value) is None
