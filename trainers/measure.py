"""The loss over a whole set, and how its rows become batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from limbeck.errors import UserError
from limbeck.recipe import Train
from limbeck.trainers import attention
from limbeck.trainers.batch import grouped
from limbeck.trainers.example import Row
from limbeck.trainers.head import core
from limbeck.trainers.step import Layout, Objective, Sums


def mean_loss(
    model: Any, objective: Objective, rows: Sequence[Row], settings: Train, pad_id: int
) -> float:
    """The objective's loss over all rows; NaN for none."""
    device = next(model.parameters()).device
    with attention.own(core(model)):
        layout = layout_of(model, settings, pad_id, device)
        return mean_of(model, objective, rows, settings, layout)


def mean_of(
    model: Any, objective: Objective, rows: Sequence[Row], settings: Train, layout: Layout
) -> float:
    if not rows:
        return math.nan
    model.eval()
    device = next(model.parameters()).device
    sums = Sums(objective.weights)
    micro = settings.micro_tokens or settings.batch_tokens
    with torch.inference_mode(), layout.precision(device):
        for indices in grouped(sizes(rows), budget=micro, seed=0, epoch=0):
            for task, examples in enumerate(zip(*(rows[i] for i in indices), strict=True)):
                batch = layout.batch(examples, device)
                sums.add(task, float(objective.loss(model, batch)), batch.loss_tokens)
    return sums.loss


def sizes(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """The lengths of each row's examples."""
    return [tuple(len(example.ids) for example in row) for row in rows]


def layout_of(model: Any, settings: Train, pad_id: int, device: torch.device) -> Layout:
    """Packs where they are asked for, or where they are faster and the model keeps them apart."""
    packs = settings.packing
    if packs == "auto":
        packs = attention.plain(core(model)) or device.type == "cuda"
    if packs:
        vocabulary = model.config.get_text_config().vocab_size
        packs = attention.keeps_apart(model, vocabulary=vocabulary)
        if not packs and settings.packing is True:
            raise UserError(
                f"a {type(core(model)).__name__} does not keep packed rows apart; set "
                "train.packing to false"
            )
    return Layout(packs=packs, pad_id=pad_id, precision=settings.precision)
