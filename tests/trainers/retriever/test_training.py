"""Steps: what they make small, how they are told, and where they stop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from limbeck.errors import UserError
from limbeck.progress import Quiet
from limbeck.trainers.retriever.training import Losses, padded, trained


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.zeros(1))


def test_a_loss_is_made_small_and_told_by_epoch() -> None:
    line = Line()
    modes: list[bool] = []

    def losses(batch: list[float], epoch: int) -> Losses:
        modes.append(line.training)
        apart = (line.at - torch.tensor(batch)) ** 2
        return {"loss": apart.mean() * 2, "half": apart.mean()}

    with Quiet().stage("t", "steps") as bar:
        curve = trained(line, [[[3.0, 3.0], [3.0]]] * 60, losses, rate=0.2, bar=bar)
    assert line.at.item() == pytest.approx(3, abs=0.1)
    assert not line.training
    assert all(modes)
    assert len(curve) == 60
    # The first step is from 0 and small: three rows of (0 - 3)^2, nearly.
    assert curve[0]["half"] == pytest.approx(9, abs=0.5)
    assert curve[0]["loss"] == pytest.approx(2 * curve[0]["half"], abs=1e-5)
    assert curve[-1]["loss"] < 0.05


def test_a_loss_that_is_no_number_stops() -> None:
    line = Line()

    def losses(batch: list[float], epoch: int) -> Losses:
        return {"loss": line.at.sum() * float("nan")}

    with (
        Quiet().stage("t", "steps") as bar,
        pytest.raises(UserError, match="the loss is nan at step 1 of 2; lower the learning rate"),
    ):
        trained(line, [[[1.0], [2.0]]], losses, rate=0.1, bar=bar)


def test_rows_are_padded_at_their_ends() -> None:
    found, real = padded([np.array([5, 6, 7]), np.array([8])], 4)
    assert found.tolist() == [[5, 6, 7, 0], [8, 0, 0, 0]]
    assert real.tolist() == [[True, True, True, False], [True, False, False, False]]
    assert found.dtype == torch.int64
