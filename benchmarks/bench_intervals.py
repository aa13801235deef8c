"""How often the report's 95% intervals hold the truth, on scores whose truth is known.

    python benchmarks/bench_intervals.py [--repeats 500]

Scores are 0/1: a model is right where a latent normal falls under its bar. The latents of the
models share the item's difficulty; with clusters, each model also has its own luck with each
cluster; with training seeds, each seed moves the student as a whole. Their sum stays standard
normal, so that the truth is exact. `width` is the median of the bounded intervals; an unbounded
interval covers.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable, Sequence
from statistics import NormalDist, median
from typing import Any
from unittest.mock import patch

import numpy as np

from limbeck.evals.statistics.pooled import pooled
from limbeck.evals.statistics.robust import Floats, mean_covariance
from limbeck.evals.statistics.share import share
from limbeck.evals.statistics.slope import log_slope
from limbeck.evals.statistics.support import support
from limbeck.evals.statistics.training_seeds import training_seeds
from limbeck.evals.transfer import gap_closed, t_quantile
from limbeck.wilson import wilson

Found = tuple[float | None, float | None, float]  # low, high (None: unbounded), the truth
ITEM = 0.5  # the share of the latent variance that all models share
HALF_IN_ONE = [1, 1, 2, 2, 3, 4, 6, 8, 12, 20, 40, 100]
SINGLES = [1] * 100 + [50]


def bars(shares: Sequence[float]) -> Floats:
    return np.array([NormalDist().inv_cdf(share) for share in shares])


def scores(
    random: np.random.Generator, shares: Sequence[float], sizes: Sequence[int], luck: float
) -> Floats:
    """0/1 scores (models, items) in clusters of these sizes; `luck` is the clusters' share."""
    index = np.repeat(np.arange(len(sizes)), sizes)
    models, n = len(shares), len(index)
    latent = np.sqrt(ITEM) * random.normal(size=n)
    latent = latent + np.sqrt(luck) * random.normal(size=(models, len(sizes)))[:, index]
    latent = latent + np.sqrt(1 - ITEM - luck) * random.normal(size=(models, n))
    return np.asarray(latent < bars(shares)[:, None], dtype=float)


def one_task(
    random: np.random.Generator, n: int, shares: Sequence[float], sizes: Sequence[int], luck: float
) -> Found:
    b, s, t = shares
    groups = np.repeat(np.arange(len(sizes)), sizes).tolist() if sizes else None
    made = scores(random, shares, sizes or [1] * n, luck)
    with patch("limbeck.evals.transfer.paired_p_value", return_value=1.0):  # slow, and not asked
        found = gap_closed(*made, clusters=groups)
    ends = (found.low, found.high) if found.bounded else (None, None)
    return (*ends, (s - b) / (t - b))


def one_share(
    random: np.random.Generator, right: float, sizes: Sequence[int], luck: float, how: str
) -> Found:
    """A model's own share right: by `share`; by its mean and t; by Wilson, as if items varied on
    their own."""
    [hits] = scores(random, [right], sizes, luck)
    groups = np.repeat(np.arange(len(sizes)), sizes).tolist()
    if how == "share":
        found = share(hits, groups)
        return found["low"], found["high"], right
    if how == "(Wilson)":
        return (*wilson(float(hits.sum()), len(hits)), right)
    covariance, degrees = mean_covariance(hits[:, None], groups)
    half = t_quantile(0.975, degrees) * float(covariance[0, 0]) ** 0.5
    return float(hits.mean()) - half, float(hits.mean()) + half, right


def several_tasks(
    random: np.random.Generator, tasks: Sequence[tuple[Sequence[float], Sequence[int]]]
) -> Found:
    made = {
        f"{place}": tuple(scores(random, shares, sizes, 0.2 if max(sizes) > 1 else 0.0))
        for place, (shares, sizes) in enumerate(tasks)
    }
    groups = {
        f"{place}": np.repeat(np.arange(len(sizes)), sizes).tolist()
        for place, (_, sizes) in enumerate(tasks)
    }
    found = pooled(made, clusters=groups)["gap_closed"]
    gain, gap = (sum(shares[k] - shares[0] for shares, _ in tasks) for k in (1, 2))
    return found["low"], found["high"], gain / gap


def moved(random: np.random.Generator, latents: Floats, share: float, spread: float) -> Floats:
    """Scores (items,) of one training seed: `spread` is the deviation of its bar, in latent units,
    and the share right over all seeds is `share`."""
    bar = bars([share])[0] * np.sqrt(1 + spread**2) + spread * random.normal()
    return np.asarray(latents < bar, dtype=float)


def latents(random: np.random.Generator, items: Floats) -> Floats:
    return np.asarray(
        np.sqrt(ITEM) * items + np.sqrt(1 - ITEM) * random.normal(size=len(items)), dtype=float
    )


def several_seeds(random: np.random.Generator, seeds: int, n: int, spread: float) -> Found:
    items = random.normal(size=n)
    b, t = (moved(random, latents(random, items), share, 0) for share in (0.2, 0.6))
    runs = [(b, moved(random, latents(random, items), 0.3, spread), t) for _ in range(seeds)]
    found = training_seeds(runs)["gap_closed"]
    return found["low"], found["high"], 0.25


def pigeonhole(random: np.random.Generator, seeds: int, n: int, spread: float) -> Found:
    """The bootstrap over seeds and items at once (Owen 2007), beside it: of the gain."""
    items = random.normal(size=n)
    base = moved(random, latents(random, items), 0.2, 0)
    students = [moved(random, latents(random, items), 0.3, spread) for _ in range(seeds)]
    gains = np.stack(students) - base
    of_items = random.multinomial(n, np.full(n, 1 / n), size=500) / n
    of_seeds = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=500) / seeds
    means = ((of_items @ gains.T) * of_seeds).sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high), 0.1


def gain_of_seeds(random: np.random.Generator, seeds: int, n: int, spread: float) -> Found:
    items = random.normal(size=n)
    base = moved(random, latents(random, items), 0.2, 0)
    runs = [(base, moved(random, latents(random, items), 0.3, spread), None) for _ in range(seeds)]
    found = training_seeds(runs)["student_minus_base"]
    return found["low"], found["high"], 0.1


def curve(random: np.random.Generator, seeds: int, n: int, spread: float) -> Found:
    """Four sizes, four points a size: what a seed is good for holds at every size."""
    items = random.normal(size=n)
    sizes, made = [1000, 2000, 4000, 8000], np.zeros((4, seeds, n))
    for seed in range(seeds):
        own = latents(random, items)
        lift = random.normal()
        for place in range(4):
            share = 0.20 + 0.04 * place
            noise = (lift + random.normal()) / np.sqrt(2)
            bar = bars([share])[0] * np.sqrt(1 + spread**2) + spread * noise
            made[place, seed] = own < bar
    found = log_slope(sizes, made)
    return found["low"], found["high"], 0.04


def near_data(random: np.random.Generator, sizes: Sequence[int]) -> Found:
    """Gains that rise with similarity, and spread more where it is high; templates have a
    similarity each, and an item's own around it."""
    index = np.repeat(np.arange(len(sizes)), sizes)
    similarity = 0.7 * random.uniform(size=len(sizes))[index] + 0.3 * random.uniform(
        size=len(index)
    )
    noise = 0.5 * random.normal(size=len(sizes))[index] + random.normal(size=len(index))
    gain = 0.3 * similarity / 0.1 + (0.3 + similarity) * noise
    zero = np.zeros(len(index))
    found = support(similarity, zero, gain, None, clusters=index.tolist())
    slope = (found or {})["slope"]
    return slope["low"], slope["high"], 0.3


CLOSE = [([0.2, 0.3, 0.6], [1] * 200), ([0.4, 0.45, 0.8], [1] * 100), ([0.3, 0.3, 0.5], [5] * 20)]
UNEVEN = [([0.2, 0.3, 0.6], [1] * 300), ([0.4, 0.45, 0.5], [20] * 6), ([0.3, 0.4, 0.5], [15] * 8)]

ROWS: list[tuple[str, str, Callable[[np.random.Generator], Found]]] = [
    ("gap_closed", "1319; .20 .30 .60", lambda r: one_task(r, 1319, (0.2, 0.3, 0.6), (), 0)),
    ("gap_closed", "200; .20 .30 .60", lambda r: one_task(r, 200, (0.2, 0.3, 0.6), (), 0)),
    ("gap_closed", "200; .20 .30 .35", lambda r: one_task(r, 200, (0.2, 0.3, 0.35), (), 0)),
    ("gap_closed", "200; .25 .26 .30", lambda r: one_task(r, 200, (0.25, 0.26, 0.3), (), 0)),
    ("gap_closed", "1000; .25 .25 .27", lambda r: one_task(r, 1000, (0.25, 0.25, 0.27), (), 0)),
]
GROUPS = {
    "40 clusters of 5": [5] * 40,
    "10 clusters of 20": [20] * 10,
    "12 clusters, half in one": HALF_IN_ONE,
    "100 items, a cluster of 50": SINGLES,
}
TASK = functools.partial(one_task, n=0, shares=(0.2, 0.3, 0.6))
ROWS += [
    ("gap_closed", f"{label}, luck {luck}", functools.partial(TASK, sizes=sizes, luck=luck))
    for label, sizes in GROUPS.items()
    for luck in (0.0, 0.2)
]
ROWS += [
    (
        how,
        f"{label} of {right:.2f}, luck {luck}",
        functools.partial(one_share, right=right, sizes=sizes, luck=luck, how=how),
    )
    for label, sizes in {"20 clusters of 10": [10] * 20, "6 clusters of 20": [20] * 6}.items()
    for right in (0.03, 0.3)
    for luck in (0.0, 0.4)
    for how in ("share", "(mean and t)", "(Wilson)")
]
ROWS += [
    ("pooled", "3 tasks alike", functools.partial(several_tasks, tasks=CLOSE)),
    ("pooled", "6 and 8 clusters in two of 3", functools.partial(several_tasks, tasks=UNEVEN)),
    ("pooled", "only those two", functools.partial(several_tasks, tasks=UNEVEN[1:])),
]
for seeds in (3, 5):
    for spread in (0.0, 0.1, 0.3):
        told = f"{seeds} seeds, spread {spread}"
        crossed: list[tuple[str, Callable[..., Found]]] = [
            ("training_seeds, gap", several_seeds),
            ("training_seeds, gain", gain_of_seeds),
            ("log_slope", curve),
        ]
        if spread == 0.3:
            crossed.append(("(pigeonhole, gain)", pigeonhole))
        ROWS += [
            (name, told, functools.partial(make, seeds=seeds, n=300, spread=spread))
            for name, make in crossed
        ]
ROWS += [
    ("support's slope", "200 items", functools.partial(near_data, sizes=[1] * 200)),
    ("support's slope", "40 clusters of 5", functools.partial(near_data, sizes=[5] * 40)),
    (
        "support's slope",
        "12 clusters, half in one",
        functools.partial(near_data, sizes=HALF_IN_ONE),
    ),
]


def measured(
    make: Callable[[np.random.Generator], Found], row: int, repeats: int
) -> tuple[float, Any, float]:
    """The share covered, the median width of bounded intervals, the share without bound."""
    covered, widths = 0, []
    for seed in range(repeats):
        low, high, truth = make(np.random.default_rng([row, seed]))
        if low is None or high is None:
            covered += 1
            continue
        covered += low <= truth <= high
        widths.append(high - low)
    return covered / repeats, median(widths) if widths else None, 1 - len(widths) / repeats


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=500)
    repeats = parser.parse_args().repeats
    started = time.perf_counter()
    for row, (name, told, make) in enumerate(ROWS):
        cover, width, unbounded = measured(make, row, repeats)
        shown = "none" if width is None else f"{width:.3f}"
        print(
            f"{name} | {told} | cover {cover:.3f} | width {shown} | unbounded {unbounded:.0%}",
            flush=True,
        )
    print(f"{repeats} repeats each; {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
