"""The train stage on labels: from records in Parquet to a student and its metrics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.store import read_jsonl
from tests.pipeline.test_train import Job
from tests.trainers.objectives.labelled import RECORDS, record


def test_labels_are_learned_and_their_terms_are_written(tmp_path: Path, tiny_folder: Path) -> None:
    long = record("Roma?", ["Italia", "a very long name of it " * 20], "Italia", [0.5, 0.5])
    options = {"beta": 0.25, "alpha_end": 0.5}
    train = {"objective": "icl_distillation", "options": options, "epochs": 4, "max_length": 96}
    records = [replace(one, id=str(number)) for number, one in enumerate([*RECORDS, long])]
    job = Job(
        tmp_path,
        tiny_folder,
        records,
        train=train | {"learning_rate": 1e-2},
        generate="demonstrations",
    )
    summary = job.train()
    assert (summary["examples"], summary["too_long"]) == (len(RECORDS), 1)
    assert (summary["hard_rows"], summary["soft_rows"]) == (4, 5)
    first, *points = [row for _, row in read_jsonl(job.run.folder("train") / "metrics.jsonl")]
    assert "terms" not in first
    assert set(points[-1]["terms"]) == {"hard_icl", "soft_icl", "hard_lm", "soft_lm"}
    weights = [point["weights"]["hard_icl"] for point in points]
    assert weights[0] == 1
    assert weights == sorted(weights, reverse=True)
    assert 0.5 < weights[-1] < 0.7
    assert points[-1]["train_loss"] < first["train_loss"]


def test_records_without_a_distribution_are_told_before_anything_is_trained(
    tmp_path: Path, tiny_folder: Path
) -> None:
    train = {"objective": "icl_distillation", "epochs": 1}
    job = Job(tmp_path, tiny_folder, [RECORDS[3]], train=train, generate="demonstrations")
    with pytest.raises(UserError, match=r"no row has one.*set train\.objective to icl_tuning"):
        job.train()
    assert not (job.run.folder("train") / "base").exists()
