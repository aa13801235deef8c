"""`balanced`: demos drawn anew for every query, every label as often as the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from limbeck.demos.draw import shuffled
from limbeck.demos.pool import Pool
from limbeck.demos.row import Demo
from limbeck.demos.select import Selection


def labels_of(demos: Sequence[Demo]) -> list[int]:
    """The number of each demo's label.

    Where all demos have the same options, in whatever order, it is the output's place among those
    of the first. Where options differ from demo to demo, it is the place among the demo's own:
    the letter of a multiple choice. Without options labels are outputs, numbered as they are met.
    """
    if all(demo.options for demo in demos):
        first = demos[0].options if demos else ()
        same = all(sorted(demo.options) == sorted(first) for demo in demos)
        return [(first if same else demo.options).index(demo.output) for demo in demos]
    met = {output: n for n, output in enumerate(dict.fromkeys(demo.output for demo in demos))}
    return [met[demo.output] for demo in demos]


class Balanced:
    """Rounds through the labels, a demo of each a round, drawn from `seed` and query.

    Labels have a fixed order (`labels_of`). One that has no demo left is passed over. Which
    labels come in a last round that is too short for all is drawn as well, so that over many
    queries none is left out. Every score is 0.
    """

    def __init__(self, pool: Sequence[Demo], seed: int = 0) -> None:
        self._pool = Pool(pool)
        self._labels = np.array(labels_of(self._pool.demos), np.int64)
        self._seed = seed

    def select(self, query: str, k: int, exclude: Collection[str] = ()) -> Selection:
        usable = self._pool.usable(k, exclude)
        order = shuffled(len(self._pool), "balanced", self._seed, query)
        left: dict[int, list[int]] = {}
        for place in order[np.isin(order, usable)].tolist():
            left.setdefault(int(self._labels[place]), []).append(place)
        chosen: list[int] = []
        labels = shuffled(self._labels.max(initial=0) + 1, "labels", self._seed, query).tolist()
        while left and len(chosen) < k:
            drawn = [label for label in labels if label in left][: k - len(chosen)]
            chosen += [left[label].pop(0) for label in sorted(drawn)]
            left = {label: places for label, places in left.items() if places}
        return self._pool.selection(np.array(chosen, np.int64), np.zeros(len(chosen)))
