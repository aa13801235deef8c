"""Attention by matrix products, row by row: on a CPU torch's own kernel takes many times as long
for rows of some hundred tokens in bfloat16."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch

LONG = 1024
"""From here on a row's scores would fill the memory, and torch's kernel, which keeps none, is as
fast."""


@dataclass(frozen=True, slots=True)
class Run:
    """Rows of equal length, and equal branches, that stand together: where the first begins, how
    many they are, their length, and where within each a branch begins."""

    start: int
    count: int
    length: int
    forks: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        return self.start + self.count * self.length


def runs_of(
    starts: torch.Tensor | None, forks: torch.Tensor | None, query: torch.Tensor
) -> tuple[Run, ...]:
    """The rows that `starts` and `forks` of a line say (see Batch), or those of a padded batch,
    from a query (B, H, T, d)."""
    if starts is None:
        return (Run(0, query.shape[0], query.shape[2]),)
    found: list[Run] = []
    places = [] if forks is None else forks.tolist()
    for start, end in pairwise(starts.tolist()):
        first, last = bisect_left(places, start), bisect_left(places, end)
        row = Run(start, 1, end - start, tuple(place - start for place in places[first:last]))
        before = found[-1] if found else None
        if before and (before.length, before.forks) == (row.length, row.forks):
            found[-1] = replace(before, count=before.count + 1)
        else:
            found.append(row)
    return tuple(found)


class Rows(torch.autograd.Function):
    """softmax(q k' scale) v below the diagonal of each row, and between its branches not at all, by
    matrix products.

    The heads of a group share their keys, so they are laid one under the other, token by token:
    (G, T x H/G, d). A tree is multiplied as a whole: branches are short as a rule (labels), and
    what they must not see of each other is little beside the beginning.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        runs: tuple[Run, ...],
        scale: float,
    ) -> torch.Tensor:
        share = query.shape[1] // key.shape[1]
        q = _lines(query, share) * scale
        k, v = _lines(key, 1), _lines(value, 1)
        out = q.new_empty(*q.shape[:2], v.shape[-1])
        below = _above(share, q.dtype)
        kept = []
        for run in runs:
            rows, columns = _part(q, run, share), _part(k, run, 1)
            height, width = rows.shape[1], columns.shape[1]
            scores = torch.baddbmm(below[:height, :width], rows, columns.transpose(1, 2))
            for first, after in pairwise(run.forks):  # no branch sees an earlier one
                scores[:, after * share :, first:after] = -torch.inf
            shares = scores.softmax(-1)
            _part(out, run, share, torch.bmm(shares, _part(v, run, 1)))
            kept.append(shares)
        ctx.save_for_backward(q, k, v, *kept)
        ctx.made_of = runs, scale, share, query.shape
        return _unlined(out, query.shape[0], share).transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, *up: torch.Tensor) -> Any:
        q, k, v, *kept = ctx.saved_tensors
        runs, scale, share, shape = ctx.made_of
        grad = _lines(up[0].transpose(1, 2), share)
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        for run, shares in zip(runs, kept, strict=True):
            below = _part(grad, run, share)
            _part(dv, run, 1, torch.bmm(shares.transpose(1, 2), below))
            wanted = torch.bmm(below, _part(v, run, 1).transpose(1, 2))
            scores = torch._softmax_backward_data(wanted, shares, -1, shares.dtype)
            _part(dq, run, share, torch.bmm(scores, _part(k, run, 1)))
            _part(dk, run, 1, torch.bmm(scores.transpose(1, 2), _part(q, run, share)))
        rows = shape[0]
        return (
            _unlined(dq.mul_(scale), rows, share),
            _unlined(dk, rows, 1),
            _unlined(dv, rows, 1),
            None,
            None,
        )


def _lines(heads: torch.Tensor, share: int) -> torch.Tensor:
    """(B, G x share, T, d) as (G, B x T x share, d), contiguous."""
    rows, count, length, size = heads.shape
    parts = heads.view(rows, count // share, share, length, size)
    return parts.permute(1, 0, 3, 2, 4).reshape(count // share, rows * length * share, size)


def _unlined(lines: torch.Tensor, rows: int, share: int) -> torch.Tensor:
    """The way back: (B, G x share, T, d), laid out in memory as (B, T, heads, d)."""
    groups, length, size = lines.shape
    parts = lines.view(groups, rows, length // rows // share, share, size)
    whole = parts.permute(1, 2, 0, 3, 4).reshape(rows, length // rows // share, -1, size)
    return whole.transpose(1, 2)


def _part(
    lines: torch.Tensor, run: Run, share: int, new: torch.Tensor | None = None
) -> torch.Tensor:
    """The rows of a run, (G x count, length x share, d); with `new`, set to that."""
    groups, _, size = lines.shape
    part = lines[:, run.start * share : run.end * share]
    if new is not None:
        return part.copy_(new.view(part.shape))
    return part.reshape(groups * run.count, run.length * share, size)


@lru_cache(maxsize=8)
def _above(share: int, kind: torch.dtype) -> torch.Tensor:
    """-inf where a token would look ahead: (LONG x share, LONG); any smaller one is its corner."""
    whole = torch.full((LONG, LONG), -torch.inf, dtype=kind).triu_(1)
    return whole.repeat_interleave(share, 0)
