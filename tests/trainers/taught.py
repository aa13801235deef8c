"""Records as a teacher would have given them, and divergences by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from limbeck.hf import Loaded
from limbeck.record import Provenance, Record, user
from limbeck.trainers.batch import collate
from limbeck.trainers.divergence import LEAST_REST
from limbeck.trainers.example import Example, encode
from limbeck.trainers.objectives.sft import loss_logits
from limbeck.trainers.objectives.topk_kl import TopkKl
from limbeck.trainers.soft import stacked
from limbeck.vocabulary import vocabulary

VOCABULARY = 50

TEXTS = [
    ("Which sea lies between Italy and Croatia?", "The Adriatic Sea."),
    ("Où est 東京?", "東京は日本。 🦊 é"),
    ("Hi", "The answer is 12, and the question is a question of the capital of Italy."),
]
K = 4


@torch.inference_mode()
def likely(loaded: Loaded, ids: Any, k: int = K) -> list[tuple[str, float, list[Any]]]:
    """What an API would say at each token of `ids` but the first: its text, its log-probability,
    the k likeliest."""
    text = vocabulary(loaded.tokenizer).text_of
    logs = loaded.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    found = []
    for place, token in enumerate(ids[1:]):
        values, best = logs[place].topk(k)
        pairs = zip(best.tolist(), values.tolist(), strict=True)
        top = [[text(one), value] for one, value in pairs]
        found.append((text(token), float(logs[place, token]), top))
    return found


def taught(
    loaded: Loaded, prompt: str, completion: str, *, end: bool = True, template: str = "chat"
) -> Record:
    """A record with what the model itself would have said of each token of its completion."""
    row = Record((user(prompt),), completion, Provenance("t", template=template))
    example = encode(loaded.tokenizer, row, eos_ids=loaded.eos_ids)
    said = [
        one for one, loss in zip(likely(loaded, example.ids), example.loss[1:], strict=True) if loss
    ]
    said = said if end else said[:-1]
    tokens, logprobs, top = map(list, zip(*said, strict=True))
    return replace(row, meta={"logprobs": {"tokens": tokens, "logprobs": logprobs, "top": top}})


def with_soft(loaded: Loaded, row: Record) -> Example:
    (example,) = TopkKl().examples(loaded.tokenizer, row, loaded.eos_ids)
    return example


def nats(loaded: Loaded, examples: list[Example], objective: TopkKl) -> torch.Tensor:
    logits, targets = loss_logits(loaded.model, collate(examples, loaded.tokenizer.pad_token_id))
    return objective.nats(logits.float(), targets, *(stacked(examples) or ()))


def changed(row: Record, **columns: Any) -> Record:
    return replace(row, meta={"logprobs": {**row.to_json()["meta"]["logprobs"], **columns}})


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max())
    return e / e.sum()


def by_hand(
    teacher: list[tuple[int, float]], logits: Any, kind: str, temperature: float, beta: float
) -> float:
    """One place, probabilities, loops; nothing of torch."""
    named = [token for token, _ in teacher]
    p = [math.exp(value) for _, value in teacher]
    p.append(max(1 - sum(p), LEAST_REST))
    whole = softmax(np.asarray(logits, np.float64))
    q = [whole[token] for token in named]
    q.append(sum(whole[token] for token in range(VOCABULARY) if token not in named))
    p, q = ([x ** (1 / temperature) for x in side] for side in (p, q))
    p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]

    def kl(a: list[float], b: list[float]) -> float:
        return sum(x * (math.log(x) - math.log(y)) for x, y in zip(a, b, strict=True))

    if kind == "forward":
        return kl(p, q)
    if kind == "reverse":
        return kl(q, p)
    m = [beta * x + (1 - beta) * y for x, y in zip(p, q, strict=True)]
    return beta * kl(p, m) + (1 - beta) * kl(q, m)
