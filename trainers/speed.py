"""How fast training is: work done a second, and the share of what a known GPU could do.

Nothing here has any influence on the weights.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from limbeck.errors import UserError
from limbeck.trainers.example import Example, Row

# Dense bfloat16 FLOP/s, from the vendor's data sheets; the first name that the device's holds.
PEAK = {
    "B200": 2250e12,
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "A10G": 70e12,
    "A10": 125e12,
    "RTX 4090": 165e12,
    "RTX 3090": 71e12,
}


@dataclass(frozen=True, slots=True)
class Work:
    """What a step had to do: its tokens without padding or repetition, those with loss, and the
    sum of the squares of its rows' lengths, which attention goes with.

    What the sequences of an example share counts once, also for a model that has to be given it
    with each of them: like padding, that is no work. A branch pays for itself and for what it sees.
    """

    tokens: int = 0
    loss_tokens: int = 0
    squares: int = 0

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Work:
        examples = [example for row in rows for example in row]
        return cls(
            sum(len(example.ids) for example in examples),
            sum(example.loss_tokens for example in examples),
            sum(map(_squares, examples)),
        )


def _squares(example: Example) -> int:
    alike = example.shared**2
    return alike + sum(length**2 - alike for length in example.lengths)


@dataclass(frozen=True, slots=True)
class Cost:
    """FLOPs of training a model: a token through the body, a token through the head, and a square
    of attention. Recomputation is no work: it is what is to be avoided."""

    body: float
    head: float
    square: float

    @classmethod
    def of(cls, model: Any) -> Cost:
        """Two for each weight forward, two for the gradient of what went in, two for that of the
        weight where it is trained (Kaplan et al. 2020, appendix B)."""
        config = model.config.get_text_config()
        head = model.get_output_embeddings()
        outer = {id(weight) for weight in model.get_input_embeddings().parameters()}
        ends = [] if head is None else list(head.parameters())
        outer |= {id(weight) for weight in ends}
        inner = [weight for weight in model.parameters() if id(weight) not in outer]
        size = getattr(config, "hidden_size", 0)
        # scores and mixing, 2 x 2 x T x D for each token, half of it above the diagonal; thrice
        square = 3 * 2 * size * getattr(config, "num_hidden_layers", 0)
        return cls(sum(map(_flops, inner)), sum(map(_flops, ends)), square)

    def __call__(self, work: Work) -> float:
        return self.body * work.tokens + self.head * work.loss_tokens + self.square * work.squares


def _flops(weight: torch.nn.Parameter) -> float:
    return (6.0 if weight.requires_grad else 4.0) * weight.numel()


def peak(device: torch.device) -> float | None:
    """Dense bfloat16 FLOP/s of the device; None where it is not known."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((value for known, value in PEAK.items() if known in name), None)


class Meter:
    """Speed over the last steps, and over all of them. Times are this machine's, and no result."""

    def __init__(self, model: Any, device: torch.device, *, window: int = 50) -> None:
        self._cost = Cost.of(model)
        self._peak = peak(device)
        self.device = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
        self._recent = deque([(time.monotonic(), 0.0)], maxlen=window)
        self._started = time.monotonic()
        self.tokens = 0
        self._flops = 0.0

    def add(self, work: Work) -> None:
        """A step is done."""
        self.tokens += work.tokens
        self._flops += self._cost(work)
        self._recent.append((time.monotonic(), self._flops))

    @property
    def mfu(self) -> float | None:
        """Model FLOPs utilisation over the last steps; None on a device that is not known."""
        (then, before), (now, after) = self._recent[0], self._recent[-1]
        if self._peak is None or now <= then:
            return None
        return (after - before) / (now - then) / self._peak

    def summary(self) -> dict[str, Any]:
        """All of it, for speed.json: the first steps and validation too."""
        seconds = time.monotonic() - self._started
        rate = self._flops / max(seconds, 1e-9)
        return {
            "device": self.device,
            "seconds": round(seconds, 3),
            "tokens": self.tokens,
            "tokens_per_second": round(self.tokens / max(seconds, 1e-9), 1),
            "flops_per_second": round(rate),
            "mfu": None if self._peak is None else round(rate / self._peak, 4),
        }


@contextmanager
def compiled(model: Any, wanted: bool) -> Iterator[None]:
    """Until the block ends, the model's repeated layers run compiled: one of them is, with shapes
    left open, and all share it. Raises UserError for a model that does not say which they are, or
    without a compiler."""
    if not wanted:
        yield
        return
    names = set(getattr(model, "_no_split_modules", None) or ())
    layers = [module for module in model.modules() if type(module).__name__ in names]
    if not layers:
        raise UserError(
            f"train.compile knows no layers of a {type(model).__name__}; set it to false"
        )
    on_cpu = next(model.parameters()).device.type == "cpu"
    if on_cpu and not any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++"))):
        raise UserError("train.compile needs a C++ compiler (g++ or clang++); set it to false")
    for layer in layers:
        layer.compile(dynamic=True)
    try:
        yield
    finally:
        for layer in layers:
            layer._compiled_call_impl = None


def recompute(model: Any) -> None:
    """Keep a layer's input only, and compute the rest again on the way back. Raises UserError."""
    if not getattr(model, "supports_gradient_checkpointing", False):
        raise UserError(
            f"a {type(model).__name__} has no gradient checkpointing; set "
            "train.gradient_checkpointing to false, and train.micro_tokens lower"
        )
    older = "gradient_checkpointing_enable"  # transformers before 5.20
    enable = getattr(model, "activation_checkpointing_enable", None) or getattr(model, older)
    enable({"use_reentrant": False})


@contextmanager
def kept_memory(device: torch.device) -> Iterator[None]:
    """Until the block ends, what one step frees on the CPU is kept for the next one.

    glibc gives every large block back to the system, which clears it page by page before it is
    used again: in a virtual machine a quarter of the time. Elsewhere this does nothing.
    """
    if device.type != "cpu" or platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    trim_threshold, mmap_max = -1, -4  # malloc.h
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, 2**31 - 1)
    try:
        yield
    finally:
        libc.mallopt(mmap_max, 65536)
        libc.mallopt(trim_threshold, 128 * 1024)
        libc.malloc_trim(0)
