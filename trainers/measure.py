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
from limbeck.trainers.packing import packed
from limbeck.trainers.step import Layout, Objective, precision_of
from limbeck.trainers.terms import Sums, counts


def mean_loss(
    model: Any, objective: Objective, rows: Sequence[Row], settings: Train, pad_id: int
) -> float:
    """The objective's loss over all rows; NaN for none."""
    device = next(model.parameters()).device
    with attention.own(core(model)):
        layout = layout_of(model, settings, pad_id, device)
        micro = settings.micro_tokens or settings.batch_tokens
        return mean_of(model, objective, batches_of(rows, micro, shares=layout.shares), layout)


def mean_of(
    model: Any, objective: Objective, batches: Sequence[Sequence[Row]], layout: Layout
) -> float:
    """The same over rows that are in batches already."""
    if not batches:
        return math.nan
    model.eval()
    device = next(model.parameters()).device
    sums = Sums(objective.weights)
    with torch.inference_mode(), layout.precision(device):
        for rows in batches:
            nats: list[float] = []
            for examples in zip(*rows, strict=True):
                nats += objective.loss(model, layout.batch(examples, device)).reshape(-1).tolist()
            for term, tokens in enumerate(counts(objective, rows)):
                sums.add(term, nats[term], tokens)
    return sums.loss


def batches_of(rows: Sequence[Row], budget: int, *, shares: bool = False) -> list[list[Row]]:
    """The rows by their length, at most `budget` tokens at once with padding. What an example's
    sequences share counts once where the layout `shares` it."""
    if shares:
        order = grouped(_sizes(rows), budget=budget, seed=0, epoch=0)
    else:
        order = _grouped(rows, budget=budget, seed=0, epoch=0)
    return [[rows[index] for index in indices] for indices in order]


def _sizes(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    return [tuple(len(example.ids) for example in row) for row in rows]


def _packed(rows: Sequence[Row], *, budget: int, seed: int, epoch: int) -> list[list[int]]:
    return packed(_sizes(rows), budget=budget, seed=seed, epoch=epoch)


def _grouped(rows: Sequence[Row], *, budget: int, seed: int, epoch: int) -> list[list[int]]:
    sizes = [tuple(max(example.lengths) for example in row) for row in rows]
    numbers = [tuple(len(example.lengths) for example in row) for row in rows]
    return grouped(sizes, budget=budget, seed=seed, epoch=epoch, counts=numbers)


def layout_of(model: Any, settings: Train, pad_id: int, device: torch.device) -> Layout:
    """Packs where they are asked for, or where they are faster and the model keeps them apart; in
    packs, trees where the model knows them."""
    packs, shares = settings.packing, False
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
        shares = packs and attention.shares_beginnings(model, vocabulary=vocabulary)
    precision = precision_of(settings.precision, device)
    return Layout(packs=packs, pad_id=pad_id, precision=precision, shares=shares)


def plan(train: Sequence[Row], settings: Train, seed: int, *, packs: bool) -> list[list[list[int]]]:
    """The rows of every step of every epoch.

    In packs, what the sequences of an example begin with counts once, whether or not the model can
    compute it once: that is no matter of which rows a step has, only of its micro-batches. Padded
    rows repeat it, and so it counts there, as padding does.
    """
    order = _packed if packs else _grouped
    return [
        order(train, budget=settings.batch_tokens, seed=seed, epoch=epoch)
        for epoch in range(settings.epochs)
    ]
