"""Attention in which every row sees itself alone, whether rows are padded or packed in one line.

Padding on the right needs no mask: a causal row never looks at what comes after it. Packed rows are
taken one by one (torch's variable-length kernel on a GPU), so that neither costs more than the
triangles below their own diagonals. A row may be a tree (`Batch.forks`): each branch sees the
beginning and itself, which torch's kernels are told by a mask. Where a model's attention is of
another kind, transformers draws the mask: positions that begin again at 0 part the rows
(masking_utils, and `cu_seq_lens` for flash attention).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch.nn import functional as F

from limbeck.trainers import products
from limbeck.trainers.batch import Batch, collate, lined_up
from limbeck.trainers.example import Example, together

NAME = "limbeck"


def inputs(model: Any, batch: Batch) -> dict[str, Any]:
    """What a model is told besides the ids: a mask over padding, or where packed rows begin.

    With a mask that hides nothing transformers would not look for rows in the positions; the
    attention below does not ask for masks. Raises ValueError for trees where it is not the one.
    """
    if batch.starts is None:
        return {"attention_mask": batch.mask}
    ours = model.config._attn_implementation == NAME
    if batch.forks is not None and not ours:
        raise ValueError("branches are kept apart by limbeck's own attention only")
    trees = {} if batch.forks is None else {"forks": batch.forks}
    return trees | {
        "attention_mask": batch.mask if ours else None,
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


def keeps_apart(model: Any, *, vocabulary: int) -> bool:
    """Whether packed rows get the states that they get alone: tried on two short rows, since many a
    model passes on neither positions nor where rows begin."""
    return _alike(model, [_row(9, 3, vocabulary), _row(14, 40, vocabulary)])


def shares_beginnings(model: Any, *, vocabulary: int) -> bool:
    """Whether sequences that begin alike can be one tree, and get the states that they get alone:
    where the attention below is the model's, tried on a short tree beside a row."""
    if model.config._attn_implementation != NAME:
        return False
    beginning = _row(6, 3, vocabulary).silent
    rests = [_row(size, 40 + size, vocabulary) for size in (2, 4, 1)]
    whole = [Example(beginning.ids + rest.ids, beginning.loss + rest.loss) for rest in rests]
    return _alike(model, [_row(9, 3, vocabulary), together(whole)])


def _row(size: int, start: int, vocabulary: int) -> Example:
    ids = tuple(1 + (start + 7 * k) % (vocabulary - 1) for k in range(size))
    return Example(ids, (True,) * size)


@torch.no_grad()
def _alike(model: Any, rows: Sequence[Example]) -> bool:
    """Whether rows, the shortest first, get the states in a line that they get alone."""
    from limbeck.trainers.head import predicting

    device = next(model.parameters()).device
    training = model.training
    model.eval()
    try:
        alone = [predicting(model, collate([row], 0).to(device)) for row in rows]
        lined = predicting(model, lined_up(rows).to(device))
    except (TypeError, ValueError, RuntimeError):  # it knows no positions, or no such mask
        return False
    finally:
        model.train(training)
    expected = torch.cat(alone)
    near = (lined - expected).abs().max() <= 0.02 * expected.abs().max()
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
    forks: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each row, as transformers calls it: query (B, H, T, d), key and value
    (B, G, T, d) with G groups of heads; the result is (B, T, H, d). In a row with `forks` the
    branches do not see each other."""
    device = query.device.type
    if torch.is_autocast_enabled(device):  # rotated queries and keys come in float32
        kind = torch.get_autocast_dtype(device)
        query, key, value = query.to(kind), key.to(kind), value.to(kind)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    if device == "cpu" and not dropout:
        runs = products.runs_of(cu_seq_lens_q, forks, query)
        if max(run.length for run in runs) <= products.LONG:
            with torch.autocast("cpu", enabled=False):  # else the softmax would come in float32
                made = products.Rows.apply(query, key, value, runs, scale)  # type: ignore[no-untyped-call]
            return made, None
    if cu_seq_lens_q is None:
        return _torchs(query, key, value, scale, dropout).transpose(1, 2), None
    half = query.dtype in (torch.bfloat16, torch.float16)
    rows_only = forks is None and not dropout
    if device == "cuda" and half and rows_only and (kernel := _variable_length()) is not None:
        out = kernel(
            *(part[0].transpose(0, 1) for part in (query, key, value)),  # (T, heads, d)
            *(cu_seq_lens_q, cu_seq_lens_q, max_length_q, max_length_q),
            scale=scale,
            window_size=(-1, 0),  # all before, none after
            enable_gqa=query.shape[1] != key.shape[1],
        )
        return out[None], None
    rows = []
    for run in products.runs_of(cu_seq_lens_q, forks, query):
        for start in range(run.start, run.end, run.length):
            q, k, v = (part[:, :, start : start + run.length] for part in (query, key, value))
            rows.append(_torchs(q, k, v, scale, dropout, run.forks))
    return torch.cat(rows, dim=2).transpose(1, 2), None


def _torchs(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    scale: float,
    dropout: float,
    forks: Sequence[int] = (),
) -> torch.Tensor:
    return F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=visible(query.shape[2], forks, query.device) if forks else None,
        dropout_p=dropout,
        is_causal=not forks,
        scale=scale,
        enable_gqa=query.shape[1] != key.shape[1],
    )


def visible(length: int, forks: Sequence[int], device: torch.device) -> torch.Tensor:
    """Which tokens of a row (columns) a token of it (rows) sees: (T, T), true where it does."""
    seen = torch.ones(length, length, dtype=torch.bool, device=device).tril_()
    for start, end in pairwise(forks):
        seen[end:, start:end] = False
    return seen


def _variable_length() -> Any:
    """torch's own kernel for packed rows; None before torch 2.10."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    return varlen_attn
