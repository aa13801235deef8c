"""Records with labels, and their losses in float64, one sequence at a time, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from limbeck.record import Message, Provenance, Record, user
from limbeck.trainers.example import Example, answered, encode
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from tests.tiny import make_tokenizer

TOKENIZER = make_tokenizer()
EOS = [TOKENIZER.eos_token_id]
PAD = TOKENIZER.pad_token_id
DEMOS = (user("Rome?"), Message("assistant", "Italy"))


def record(
    query: str,
    options: Sequence[str],
    target: str | None = None,
    probs: Sequence[float] | None = None,
    completion: str = "",
    **more: Any,
) -> Record:
    meta: dict[str, Any] = {"options": list(options), "demos": ["Rome?"], **more}
    if probs is not None:
        named = dict(zip(options, probs, strict=True))
        meta["label_distribution"] = {"method": "counts", "probabilities": named}
    return Record((*DEMOS, user(query)), completion, Provenance("t"), target, meta)


RECORDS = [
    record("Paris?", ["France", "Italy"], "France", [0.9, 0.1], "France"),
    record(
        "东京?", ["日本", "中国", "a long name of 東京 🗾"], "日本", [0.5, 0.2, 0.3], "日本の首都"
    ),
    record("Wien?", ["Österreich", "Italy"], None, [0.6, 0.4], "The answer is Österreich."),
    record("Zagreb?", ["Croatia", "Italy", "France", "the sea"], "Croatia", None, "Italy"),
    record("Oslo?", ["Norge", "Italy"], "Norge", [0.0, 1.0]),
    record("Москва?", ["Россия", "France"], None, [0.75, 0.25], "Россия"),
]


def rows(objective: IclDistillation, records: Sequence[Record] = RECORDS) -> list[tuple[Example]]:
    made = [objective.examples(TOKENIZER, one, EOS) for one in records]
    return [(example,) for (example,) in made]


def nats_of(model: Any, record: Record, text: str) -> list[torch.Tensor]:
    """Of each token of a text after the record's prompt, the end included; with a gradient."""
    example = encode(TOKENIZER, answered(record, text), eos_ids=EOS)
    logs = model(torch.tensor([example.ids])).logits[0].double().log_softmax(-1)
    wanted = [place for place, yes in enumerate(example.loss) if yes]
    return [-logs[place - 1, example.ids[place]] for place in wanted]


def lengths_of(nats: Sequence[Sequence[Any]], options: Sequence[str], score: str) -> list[int]:
    if score == "mean":
        return [len(one) for one in nats]
    if score == "byte":
        return [len(one.encode()) for one in options]
    return [1] * len(options)


def terms_of(
    model: Any,
    records: Sequence[Record],
    *,
    beta: float,
    score: str = "sum",
    temperature: float = 1.0,
    divergence: str = "ce",
) -> list[Any]:
    """The means of hard_icl, soft_icl, hard_lm and soft_lm over the records."""
    hard: list[Any] = []
    soft: list[Any] = []
    hard_tokens: list[Any] = []
    soft_tokens: list[Any] = []
    for one in records:
        options = [str(option) for option in one.meta["options"]]
        nats = [nats_of(model, one, option) for option in options]
        sizes = lengths_of(nats, options, score)
        scores = [-sum(n) / size for n, size in zip(nats, sizes, strict=True)]
        if one.target is not None:
            place = options.index(one.target)
            hard.append(-logs(scores)[place])
            hard_tokens += nats[place]
        if "label_distribution" in one.meta:
            p = [one.meta["label_distribution"]["probabilities"][option] for option in options]
            p = [value ** (1 / temperature) for value in p]
            p = [value / sum(p) for value in p]
            q = logs([value / temperature for value in scores])
            far = -sum(a * b for a, b in zip(p, q, strict=True))
            if divergence == "kl":
                far = far + sum(a * math.log(a) for a in p if a)
            soft.append(temperature**2 * far)
        if beta and one.completion:
            soft_tokens += nats_of(model, one, one.completion)
    parts = (hard, soft, hard_tokens, soft_tokens)
    return [sum(part) / len(part) if part else torch.zeros(()) for part in parts]


def logs(scores: Sequence[Any]) -> list[Any]:
    """Log-softmax of a list."""
    total = sum(score.exp() for score in scores).log()
    return [score - total for score in scores]
