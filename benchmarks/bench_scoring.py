"""What sharing the beginnings of few-shot prompts gains in scoring, side by side in one process.

    python benchmarks/bench_scoring.py [--queries 60] [--demos 8]

The bundled model in float32 scores two options for each query after the same demos. Queries have
about 20 tokens, demos about 25; both are made here, from a seed. The same scorer runs with and
without shared beginnings; either way a context is computed once for its options. What it costs to
load the model is not counted.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Sequence
from unittest.mock import patch

from limbeck.hf import Loaded, load
from limbeck.models import parse_model
from limbeck.teachers import scoring
from limbeck.teachers.scoring import Scorer

WORDS = ["the", "old", "river", "stone", "house", "bread", "paper", "small", "bright", "market"]
WORDS += ["winter", "green", "road", "music", "garden", "window", "makes", "finds", "after", "and"]
OPTIONS = [" quite certain", " rather doubtful"]

Scores = list[tuple[float, bool]]


def workload(queries: int, demos: int) -> list[tuple[str, str]]:
    """(context, option) pairs; every query is another text."""
    choice = random.Random(7)

    def question(words: int) -> str:
        return f"Text: {' '.join(choice.choices(WORDS, k=words))}.\nLabel:"

    head = "".join(f"{question(18)}{choice.choice(OPTIONS)}\n\n" for _ in range(demos))
    contexts = [head + question(14) for _ in range(queries)]
    return [(context, option) for context in contexts for option in OPTIONS]


def timed(loaded: Loaded, pairs: Sequence[tuple[str, str]]) -> tuple[Scores, float, float]:
    """The scores, and the seconds they took: by the clock, and of the CPU."""
    scorer = Scorer(loaded)
    clock, cpu = time.perf_counter(), time.process_time()
    scores = scorer(pairs)
    return scores, time.perf_counter() - clock, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--demos", type=int, default=8)
    options = parser.parse_args()
    loaded = load(parse_model("bundled"), dtype="float32")
    pairs = workload(options.queries, options.demos)
    timed(loaded, pairs[:4])  # the first passes set up the kernels
    shared, fast, fast_cpu = timed(loaded, pairs)
    with patch.object(scoring, "COST", math.inf):  # no beginning saves so much
        plain, slow, slow_cpu = timed(loaded, pairs)
    apart = max(abs(one - other) for (one, _), (other, _) in zip(shared, plain, strict=True))
    print(
        f"scoring | float32, {loaded.model.device.type}, {options.queries} queries after "
        f"{options.demos} demos, {len(OPTIONS)} options | each whole {slow:.1f} s | "
        f"shared {fast:.1f} s | {slow / fast:.1f}x ({slow_cpu / fast_cpu:.1f}x in CPU seconds) | "
        f"at most {apart:.0e} nats apart"
    )


if __name__ == "__main__":
    main()
