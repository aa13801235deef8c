"""Attention in which every row sees itself alone, whether rows are padded or packed in one line.

Padding on the right needs no mask: a causal row never looks at what comes after it. Packed rows are
taken one by one (torch's variable-length kernel on a GPU), so that neither costs more than the
triangles below their own diagonals. Where a model's attention is of another kind, transformers
draws the mask: positions that begin again at 0 part the rows (masking_utils, and `cu_seq_lens` for
flash attention).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch.nn import functional as F

from limbeck.trainers.batch import Batch, collate, lined_up
from limbeck.trainers.example import Example

NAME = "limbeck"
LONG = 1024
"""From here on a row's scores would fill the memory, and torch's kernel, which keeps none, is as
fast."""


def inputs(model: Any, batch: Batch) -> dict[str, Any]:
    """What a model is told besides the ids: a mask over padding, or where packed rows begin.

    With a mask that hides nothing transformers would not look for rows in the positions; the
    attention below does not ask for masks.
    """
    if batch.starts is None:
        return {"attention_mask": batch.mask}
    masked = model.config._attn_implementation == NAME
    return {
        "attention_mask": batch.mask if masked else None,
        "position_ids": batch.positions,
        "cu_seq_lens_q": batch.starts,
        "cu_seq_lens_k": batch.starts,
        "max_length_q": batch.longest,
        "max_length_k": batch.longest,
    }


def plain(model: Any) -> bool:
    """Whether the model's attention is causal and nothing more: no window, no cap, no bias."""
    config = model.config.get_text_config()
    return bool(
        getattr(model, "_supports_attention_backend", False)
        and config._attn_implementation in ("sdpa", NAME)
        and set(getattr(config, "layer_types", None) or ["full_attention"]) == {"full_attention"}
        and not any(
            getattr(config, name, None)
            for name in ("sliding_window", "attention_chunk_size", "attn_logit_softcapping")
        )
    )


@contextmanager
def own(model: Any) -> Iterator[None]:
    """Let a model of plain attention use the one below until the block ends."""
    config = model.config
    before = config._attn_implementation
    if before == NAME or not plain(model):
        yield
        return
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, rows_attention)
    config._attn_implementation = NAME  # no mask is registered for it, so the model draws none
    try:
        yield
    finally:
        config._attn_implementation = before


@torch.no_grad()
def keeps_apart(model: Any, *, vocabulary: int) -> bool:
    """Whether packed rows get the states that they get alone: tried on two short rows, since many a
    model passes on neither positions nor where rows begin."""
    from limbeck.trainers.head import predicting

    device = next(model.parameters()).device
    rows = [
        Example(tuple(1 + (start + 7 * k) % (vocabulary - 1) for k in range(size)), (True,) * size)
        for size, start in ((9, 3), (14, 40))
    ]
    training = model.training
    model.eval()
    try:
        alone = [predicting(model, collate([row], 0).to(device)) for row in rows]
        together = predicting(model, lined_up(rows).to(device))
    except (TypeError, ValueError, RuntimeError):  # it knows no positions, or no such mask
        return False
    finally:
        model.train(training)
    expected = torch.cat(alone)
    near = (together - expected).abs().max() <= 0.02 * expected.abs().max()
    return bool(near)


# Compiled, it would be another one for every set of lengths.
@torch.compiler.disable  # type: ignore[untyped-decorator]
def rows_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int = 0,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each row, as transformers calls it: query (B, H, T, d), key and value
    (B, G, T, d) with G groups of heads; the result is (B, T, H, d)."""
    device = query.device.type
    if torch.is_autocast_enabled(device):  # rotated queries and keys come in float32
        kind = torch.get_autocast_dtype(device)
        query, key, value = query.to(kind), key.to(kind), value.to(kind)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if device == "cpu" and not dropout:
        runs = _runs(cu_seq_lens_q, query)
        if max(length for _, _, length in runs) <= LONG:
            with torch.autocast("cpu", enabled=False):  # else the softmax would come in float32
                made = _Rows.apply(query, key, value, runs, scale)  # type: ignore[no-untyped-call]
            return made, None
    if cu_seq_lens_q is None:
        return _torchs(query, key, value, scale, dropout).transpose(1, 2), None
    half = query.dtype in (torch.bfloat16, torch.float16)
    if device == "cuda" and half and not dropout and (kernel := _variable_length()) is not None:
        out = kernel(
            *(part[0].transpose(0, 1) for part in (query, key, value)),  # (T, heads, d)
            *(cu_seq_lens_q, cu_seq_lens_q, max_length_q, max_length_q),
            scale=scale,
            window_size=(-1, 0),  # all before, none after
            enable_gqa=query.shape[1] != key.shape[1],
        )
        return out[None], None
    rows = [
        _torchs(
            query[:, :, start:end], key[:, :, start:end], value[:, :, start:end], scale, dropout
        )
        for start, end in pairwise(cu_seq_lens_q.tolist())
    ]
    return torch.cat(rows, dim=2).transpose(1, 2), None


def _torchs(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, dropout: float
) -> torch.Tensor:
    return F.scaled_dot_product_attention(
        query,
        key,
        value,
        dropout_p=dropout,
        is_causal=True,
        scale=scale,
        enable_gqa=query.shape[1] != key.shape[1],
    )


def _variable_length() -> Any:
    """torch's own kernel for packed rows; None before torch 2.10."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    return varlen_attn


Runs = tuple[tuple[int, int, int], ...]
"""Rows of equal length that stand together: (where the first begins, how many, their length)."""


def _runs(starts: torch.Tensor | None, query: torch.Tensor) -> Runs:
    if starts is None:
        return ((0, query.shape[0], query.shape[2]),)
    found: list[tuple[int, int, int]] = []
    ends = starts.tolist()
    for start, end in pairwise(ends):
        if found and found[-1][2] == end - start:
            first, count, length = found[-1]
            found[-1] = (first, count + 1, length)
        else:
            found.append((start, 1, end - start))
    return tuple(found)


class _Rows(torch.autograd.Function):
    """softmax(q k' scale) v below the diagonal of each row, by matrix products.

    On a CPU torch's own kernel takes many times as long for rows of some hundred tokens in
    bfloat16. The heads of a group share their keys, so they are laid one under the other, token by
    token: (G, T x H/G, d).
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        runs: Runs,
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
    lines: torch.Tensor, run: tuple[int, int, int], share: int, new: torch.Tensor | None = None
) -> torch.Tensor:
    """The rows of a run, (G x count, length x share, d); with `new`, set to that."""
    start, count, length = run
    groups, _, size = lines.shape
    part = lines[:, start * share : (start + count * length) * share]
    if new is not None:
        part.view(groups, count * length * share, size).copy_(
            new.view(groups, count * length * share, size)
        )
        return part
    return part.reshape(groups * count, length * share, size)


@lru_cache(maxsize=8)
def _above(share: int, kind: torch.dtype) -> torch.Tensor:
    """-inf where a token would look ahead: (LONG x share, LONG); any smaller one is its corner."""
    whole = torch.full((LONG, LONG), -torch.inf, dtype=kind).triu_(1)
    return whole.repeat_interleave(share, 0)
