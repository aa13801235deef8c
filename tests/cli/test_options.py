"""What the verbs share: the way to go on after Ctrl-C."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from limbeck.cli.options import columns_of, resumable
from limbeck.pipeline.context import Context
from limbeck.progress import reporter
from limbeck.rundir import RunDir
from tests.test_recipe import recipe


@pytest.mark.parametrize("trained", [False, True])
def test_what_is_kept_after_ctrl_c_is_told(tmp_path: Path, trained: bool) -> None:
    said = io.StringIO()
    run = RunDir(tmp_path / "r", recipe())
    folder = run.folder("train") / "checkpoints"
    if trained:
        (folder / "step-00000003").mkdir(parents=True)
    context = Context(run, reporter("plain", said), tmp_path / "ledger.sqlite")
    with pytest.raises(KeyboardInterrupt), resumable(context, "train r"):
        raise KeyboardInterrupt
    more = f", and how far training came in {folder}" if trained else ""
    assert said.getvalue() == (
        f"stopped; what was answered is in the ledger{more}. To go on: limbeck train r\n"
    )


def test_columns_may_hold_an_equals_sign() -> None:
    assert columns_of(["instruction=a=b", " output = ", "input=输入🐈"]) == {
        "instruction": "a=b", "output": " ", "input": "输入🐈",
    }  # fmt: skip
    assert columns_of(None) == {}
