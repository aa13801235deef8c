"""Likelihoods by one plain forward pass a pair, and a model that notes its passes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from limbeck.hf import Loaded, chat_prompt
from limbeck.record import messages_json
from limbeck.teachers.scoring import Context

Pair = tuple[Context, str]


def written(loaded: Loaded, context: Context) -> str:
    if isinstance(context, str):
        return context
    return chat_prompt(loaded.tokenizer, messages_json(context))


@torch.inference_mode()
def reference(loaded: Loaded, context: Context, text: str) -> tuple[float, bool]:
    """One row, no cache, no padding, log-softmax in float64."""
    tokenizer = loaded.tokenizer
    before = written(loaded, context)
    ids = tokenizer(before + text, add_special_tokens=False)["input_ids"]
    prefix = tokenizer(before, add_special_tokens=False)["input_ids"]
    start = next(
        (i for i, (a, b) in enumerate(zip(prefix, ids, strict=False)) if a != b), len(prefix)
    )
    if start == 0:
        ids, start = [tokenizer.eos_token_id, *ids], 1
    logs = loaded.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    total = sum(float(logs[place - 1, ids[place]]) for place in range(start, len(ids)))
    greedy = all(int(logs[place - 1].argmax()) == ids[place] for place in range(start, len(ids)))
    return total, greedy


def assert_equal(found: list[tuple[float, bool]], expected: list[tuple[float, bool]]) -> None:
    assert [likelihood for likelihood, _ in found] == pytest.approx(
        [likelihood for likelihood, _ in expected], abs=1e-4
    )
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]


class Watched:
    """A model, and for each forward pass (rows, new columns, columns with those before)."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.device, self.config = model.device, model.config
        self.passes: list[tuple[int, int, int]] = []

    @property
    def computed(self) -> int:
        """Padded tokens in all passes."""
        return sum(rows * columns for rows, columns, _ in self.passes)

    def base_model(self, **inputs: Any) -> Any:
        self._note(inputs)
        return self._model.base_model(**inputs)

    def __call__(self, **inputs: Any) -> Any:
        self._note(inputs)
        return self._model(**inputs)

    def _note(self, inputs: dict[str, Any]) -> None:
        self.passes.append((*inputs["input_ids"].shape, inputs["attention_mask"].shape[1]))
