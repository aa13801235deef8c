"""The output head, on the positions that carry loss and in chunks: logits never fill the memory.

With a vocabulary of 50k and prompts as long as the completions the head is the larger half of the
work and nearly all of the memory. A chunk's gradient is taken as soon as its loss is known, while
its logits are there (as Liger's fused linear cross entropy does, arXiv:2410.10989): nothing is
computed twice, and no more than one chunk of logits exists at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from limbeck.trainers import attention
from limbeck.trainers.batch import Batch

CHUNK = 2**26
"""Logits of a chunk: 256 MB in float32, whatever the vocabulary."""

Nats = Callable[[torch.Tensor, slice], torch.Tensor]
"""The nats of a chunk from its logits (C, V), and which of the batch's predicted places they are.
The logits may be bfloat16: the function makes float32 of them."""


def summed(model: Any, batch: Batch, nats: Nats, *, chunk: int | None = None) -> torch.Tensor:
    """The sum of `nats` over the batch's predicted places, as a scalar with a gradient.

    `chunk` is the number of places whose logits exist at a time. `nats` may depend on the logits
    only: a gradient to anything else is lost.
    """
    head = head_of(model)
    if head is None or not batch.at.numel():
        logits, _ = loss_logits(model, batch)
        return nats(logits, slice(0, len(logits)))
    states = predicting(model, batch)
    size = chunk or max(1, CHUNK // _vocabulary(model))
    parts = _even(len(states), size)
    if not torch.is_grad_enabled():
        return torch.stack([nats(head(states[part]), part).float() for part in parts]).sum()
    total = _Chunked.apply(  # type: ignore[no-untyped-call]
        states, head, nats, parts, *_trained(head)
    )
    return cast(torch.Tensor, total)


def cross_entropy(model: Any, batch: Batch, *, chunk: int | None = None) -> torch.Tensor:
    """Nats of the batch's predicted tokens, summed."""
    targets = batch.targets

    def nats(logits: torch.Tensor, part: slice) -> torch.Tensor:
        total = _CrossEntropy.apply(logits, targets[part])  # type: ignore[no-untyped-call]
        return cast(torch.Tensor, total)

    return summed(model, batch, nats, chunk=chunk)


def row_means(model: Any, batch: Batch) -> torch.Tensor:
    """The mean nats of a predicted token in each row, summed over the rows that have any."""
    targets = batch.targets
    shares = torch.tensor([1 / count for count in batch.counts for _ in range(count)])
    shares = shares.to(targets.device)

    def nats(logits: torch.Tensor, part: slice) -> torch.Tensor:
        return -(_logprobs(logits, targets[part]) * shares[part]).sum()

    return summed(model, batch, nats)


def token_logprobs(model: Any, batch: Batch, *, chunk: int | None = None) -> torch.Tensor:
    """Log-probabilities (N,) of the batch's predicted tokens in their order, in float32, for a loss
    that is no sum over tokens.

    Whose gradient is known only when all of them are: where there is more than one chunk, each is
    computed a second time on the way back, so that no more than one of logits exists at a time.
    """
    head, targets = head_of(model), batch.targets
    if head is None or not batch.at.numel():
        logits, _ = loss_logits(model, batch)
        return _logprobs(logits, targets)
    states = predicting(model, batch)
    parts = _even(len(states), chunk or max(1, CHUNK // _vocabulary(model)))

    def found(states: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return _logprobs(head(states), targets)

    if len(parts) == 1 or not torch.is_grad_enabled():
        return torch.cat([found(states[part], targets[part]) for part in parts])
    return torch.cat(
        [checkpoint(found, states[part], targets[part], use_reentrant=False) for part in parts]
    )


def _logprobs(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return logits.float().log_softmax(-1).gather(-1, targets[:, None]).squeeze(-1)


def _vocabulary(model: Any) -> int:
    return int(model.config.get_text_config().vocab_size)


def loss_logits(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, V) and targets (N,) at the N predicted places, all at once."""
    head = head_of(model)
    if head is not None:
        return head(predicting(model, batch)), batch.targets
    out = model(input_ids=batch.ids, use_cache=False, **attention.inputs(model, batch))
    return out.logits.flatten(0, 1).index_select(0, batch.before), batch.targets


def predicting(model: Any, batch: Batch) -> torch.Tensor:
    """The states (N, D) that the predicted tokens are predicted from."""
    body = core(model).base_model
    out = body(input_ids=batch.ids, use_cache=False, **attention.inputs(model, batch))
    states: torch.Tensor = out.last_hidden_state.flatten(0, 1)  # (B x T, D)
    return states.index_select(0, batch.before)


def core(model: Any) -> Any:
    """The transformers model inside one that peft has wrapped."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def head_of(model: Any) -> nn.Module | None:
    """The output head where logits are just head(state): Gemma caps them, Cohere and Granite scale
    them, and then the model itself has to be asked."""
    config = model.config.get_text_config()
    bent = ("final_logit_softcapping", "logit_scale", "logits_scaling")
    if any(getattr(config, name, None) not in (None, 1, 1.0) for name in bent):
        return None
    head: nn.Module | None = core(model).get_output_embeddings()
    return head


def _even(count: int, size: int) -> list[slice]:
    """As few slices of at most `size` as there can be, of nearly equal length."""
    parts = -(-count // size)
    ends = [count * part // parts for part in range(parts + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


class _Chunked(torch.autograd.Function):
    """sum of nats(head(states)) over chunks; gradients are made with the loss, and kept."""

    @staticmethod
    def forward(
        ctx: Any,
        states: torch.Tensor,
        head: nn.Module,
        nats: Nats,
        parts: Sequence[slice],
        *weights: torch.Tensor,
    ) -> torch.Tensor:
        wanted = any(ctx.needs_input_grad)
        total = torch.zeros((), device=states.device)
        into = torch.empty_like(states) if wanted else None
        sums: list[torch.Tensor | None] = [None] * len(weights)
        project, leaves, kept = _projection(head, weights, states)
        for part in parts:
            chunk = kept[part].detach().requires_grad_(wanted)
            with torch.set_grad_enabled(wanted):
                loss = nats(project(chunk), part).float()
            total += loss.detach()
            if into is None:
                continue
            into[part], *found = torch.autograd.grad(loss, [chunk, *leaves], allow_unused=True)
            for place, grad in enumerate(found):  # float32 sums, whatever the chunks' type is
                old = sums[place]
                sums[place] = grad.to(weights[place].dtype) if old is None else old.add_(grad)
        ctx.grads = into, *sums
        return total

    @staticmethod
    def backward(ctx: Any, *up: torch.Tensor) -> Any:
        grads = [None if grad is None else grad.mul_(up[0]) for grad in ctx.grads]
        ctx.grads = ()  # scaled in place: good once
        return grads[0], None, None, None, *grads[1:]


def _projection(
    head: nn.Module, weights: Sequence[torch.Tensor], states: torch.Tensor
) -> tuple[Callable[[torch.Tensor], torch.Tensor], list[torch.Tensor], torch.Tensor]:
    """How a chunk of states becomes logits, what its gradient is taken for (one for each weight),
    and the states in the type that is used.

    A plain Linear under autocast has its weight cast once, not once a chunk.
    """
    device = states.device.type
    if type(head) is nn.Linear and torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
        cast = {
            id(p): p.detach().to(kind).requires_grad_(p.requires_grad) for p in head.parameters()
        }
        matrix, bias = cast[id(head.weight)], cast.get(id(head.bias))
        leaves = [cast[id(weight)] for weight in _trained(head)]
        return (lambda chunk: F.linear(chunk, matrix, bias)), leaves, states.to(kind)
    return head, list(weights), states


def _trained(head: nn.Module) -> list[torch.Tensor]:
    return [weight for weight in head.parameters() if weight.requires_grad]


class _CrossEntropy(torch.autograd.Function):
    """Summed cross entropy of logits (C, V) in float32; the gradient comes in the logits' type."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        logs = logits.float().log_softmax(-1)
        ctx.save_for_backward(logs, targets)
        ctx.kind = logits.dtype
        return -logs.gather(-1, targets[:, None]).sum()

    @staticmethod
    def backward(ctx: Any, *up: torch.Tensor) -> Any:
        logs, targets = ctx.saved_tensors
        grad = logs.exp_()  # nobody needs the logs again
        grad[torch.arange(len(targets), device=targets.device), targets] -= 1
        grad = grad.to(ctx.kind)
        if up[0].device.type == "cpu" and up[0] == 1:  # as in a chunk: spare a pass over it
            return grad, None
        return grad.mul_(up[0]), None
