"""Killed with kill -9 at any step, also while it writes a checkpoint, training ends as if it had
not been: the same weights to the last bit, and the same curve."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "options",
    [
        # dropout draws at every step; and the best weights are kept, early ones
        {"family": "gpt2", "packing": False, "patience": 20, "schedule": "constant"},
        {"family": "llama", "packing": True, "micro_tokens": 48},
    ],
    ids=["padded", "packed"],
)
@pytest.mark.needs("train")
def test_a_killed_run_ends_with_the_same_weights_to_the_last_bit(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    path = os.pathsep.join([*sys.path, str(ROOT)])
    found = subprocess.run(
        [sys.executable, "-P", "-m", "tests.trainers.kills", str(tmp_path), json.dumps(options)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    whole, torn = (
        json.loads((tmp_path / side / "end.json").read_text()) for side in ("whole", "torn")
    )
    assert (whole["resumed"], torn["resumed"]) == (0, 1)
    assert len(whole["curve"]) < whole["curve"][-1]["step"]  # so points stand for several steps
    if "patience" in options:
        losses = [point["valid_loss"] for point in whole["curve"] if point["valid_loss"]]
        assert min(losses) < losses[-1]
    assert torn["curve"] == whole["curve"]
    assert torn["weights"] == whole["weights"]
