"""Local weights as the scorer: the sums are those of a forward pass of its own."""

from __future__ import annotations

import pytest
import torch

from limbeck.demos import Demo
from limbeck.hf import Loaded
from limbeck.progress import Quiet
from limbeck.trainers.retriever.book import Book
from limbeck.trainers.retriever.local_scorer import LocalScorer
from limbeck.trainers.retriever.scores import Pair, Scores


def by_hand(loaded: Loaded, context: str, text: str) -> tuple[float, int]:
    before = loaded.tokenizer(context)["input_ids"]
    ids = loaded.tokenizer(context + text)["input_ids"]
    with torch.no_grad():
        likelihoods = loaded.model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    wanted = range(len(before), len(ids))
    return sum(float(likelihoods[n - 1, ids[n]]) for n in wanted), len(wanted)


def test_likelihoods_are_those_of_the_weights(tiny: Loaded) -> None:
    demo = Demo("d", "t", "东京 👍", "日本")
    row = Demo("r", "t", "The capital of Italy", "Rome")
    scorer = LocalScorer(tiny)
    total, count = by_hand(tiny, "东京 👍\n日本\n\n\nThe capital of Italy\n", "Rome")
    with Quiet().stage("s", "p") as bar:
        [found] = Scores(scorer, Book()).of([Pair(demo, row)], bar)
    assert scorer.tokens("Rome") == count
    assert found.score == pytest.approx(total / count, abs=1e-4)
    assert scorer.window == 256
    assert scorer.identity == f"{tiny.fingerprint} float32"
