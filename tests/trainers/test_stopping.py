"""Ctrl-C while it trains: the step is ended, a checkpoint written, and nothing of it is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from limbeck.recipe import Train
from limbeck.trainers.checkpoint import Checkpoints, State, trained
from limbeck.trainers.loop import Point, Step, Watch, fit
from limbeck.trainers.objectives.sft import Sft
from tests.trainers.families import make
from tests.trainers.kills import ROWS

SETTINGS = Train(epochs=2, batch_tokens=40, learning_rate=1e-2)


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """A shell's background jobs hand down an ignored SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ctrl_c(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def life(
    checkpoints: Checkpoints | None,
    at: int = 0,
    times: int = 1,
    said: list[str] | None = None,
    number: int = signal.SIGINT,
) -> tuple[dict[str, torch.Tensor], list[Point], list[str]]:
    loaded = make("llama")
    said = [] if said is None else said

    def on_step(now: Step) -> None:
        if now.step == at:
            for _ in range(times):
                ctrl_c(number)

    curve = fit(
        loaded.model, Sft(), ROWS, ROWS[:3], settings=SETTINGS, seed=3, pad_id=2,
        checkpoints=checkpoints, watch=Watch(step=on_step, say=said.append),
    )  # fmt: skip
    return trained(loaded.model), curve, said


def test_ctrl_c_writes_a_checkpoint_from_which_it_ends_as_if_nothing_had_been(
    tmp_path: Path,
) -> None:
    whole, expected, _ = life(None)
    checkpoints = Checkpoints(tmp_path, inputs="i")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        life(checkpoints, at=7)
    assert [path.name for path in checkpoints.found()] == ["step-00000007"]
    assert signal.getsignal(signal.SIGINT) is before
    torn, curve, _ = life(checkpoints)
    assert curve == expected
    assert all(torch.equal(torn[name], weight) for name, weight in whole.items())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_scheduler_and_a_closed_terminal_keep_the_step_too(tmp_path: Path, number: int) -> None:
    before = signal.getsignal(number)
    checkpoints = Checkpoints(tmp_path, inputs="i")
    with pytest.raises(KeyboardInterrupt):
        life(checkpoints, at=7, number=number)
    assert [path.name for path in checkpoints.found()] == ["step-00000007"]
    assert signal.getsignal(number) is before


def test_it_is_said_what_the_first_one_does_and_what_is_kept(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        life(Checkpoints(tmp_path, inputs="i"), at=7, said=said)
    assert said == [
        "stopping after this step; Ctrl-C again stops at once",
        "train: stopped after step 7 of 20, and its checkpoint is written",
    ]


def test_where_ctrl_c_is_ignored_it_stays_so(tmp_path: Path) -> None:
    """As for what a shell starts in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _, curve, said = life(Checkpoints(tmp_path, inputs="i"), at=7)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert (curve[-1].epoch, said) == (2.0, [])


def test_the_second_ctrl_c_does_not_wait_for_the_step(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, inputs="i")
    with pytest.raises(KeyboardInterrupt):
        life(checkpoints, at=7, times=2)
    assert checkpoints.found() == []


def test_without_checkpoints_ctrl_c_is_what_it_always_was() -> None:
    with pytest.raises(KeyboardInterrupt):
        life(None, at=2)


def test_ctrl_c_after_a_checkpoint_of_this_step_writes_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    save = Checkpoints.save

    def counted(
        self: Checkpoints, model: object, optimizer: torch.optim.Optimizer, state: State
    ) -> Path:
        saved.append(state.step)
        return save(self, model, optimizer, state)

    monkeypatch.setattr(Checkpoints, "save", counted)
    monkeypatch.setitem(globals(), "SETTINGS", SETTINGS.model_copy(update={"checkpoint_steps": 3}))
    with pytest.raises(KeyboardInterrupt):
        life(Checkpoints(tmp_path, inputs="i"), at=6)
    assert saved == [3, 6]
