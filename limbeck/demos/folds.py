"""Folds of a pool, for labels from demos that a row has no part in.

A teacher that labels a row from a context with this very row in it copies its target: the label
says nothing. So a row gets its demos from the other folds (`fold_mates` are excluded).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from limbeck.demos.exclude import THRESHOLD, NearTexts
from limbeck.demos.row import Demo
from limbeck.errors import UserError
from limbeck.record import content_hash


def folds(
    pool: Sequence[Demo], n: int, seed: int = 0, threshold: float = THRESHOLD
) -> dict[str, int]:
    """The fold of each id, 0 to n - 1, in the pool's order.

    Demos with equal or near texts (`NearTexts`), and chains of them, are a group that stays in one
    fold. Groups are dealt the largest first, between equals in seeded order, each to the smallest
    fold: sizes differ by no more than the largest group. The pool's order makes no difference.
    Raises UserError for n below 2 and for fewer groups than folds.
    """
    if n < 2:
        raise UserError(f"demos from other folds need 2 folds at least, got {n}")
    groups = near_groups(pool, threshold)
    if len(groups) < n:
        raise UserError(
            f"{n} folds need as many groups of different texts, but the pool's {len(pool)} demos "
            f"are {len(groups)}; ask for fewer folds, or raise the threshold of near texts"
        )
    key = {id(group): min(content_hash([seed, name]) for name in group) for group in groups}
    sizes = [0] * n
    fold_of: dict[str, int] = {}
    for group in sorted(groups, key=lambda group: (-len(group), key[id(group)])):
        smallest = sizes.index(min(sizes))
        sizes[smallest] += len(group)
        fold_of.update(dict.fromkeys(group, smallest))
    return {demo.id: fold_of[demo.id] for demo in pool}


def fold_mates(fold_of: Mapping[str, int]) -> dict[str, frozenset[str]]:
    """For each id all ids of its fold, its own too: what to exclude for it."""
    members: dict[int, list[str]] = {}
    for name, fold in fold_of.items():
        members.setdefault(fold, []).append(name)
    every = {fold: frozenset(names) for fold, names in members.items()}
    return {name: every[fold] for name, fold in fold_of.items()}


def near_groups(pool: Sequence[Demo], threshold: float = THRESHOLD) -> list[list[str]]:
    """The ids of demos that are near each other, directly or by others between them, in the pool's
    order. Raises UserError for an id that is there twice."""
    texts = NearTexts(pool, threshold)
    leader = {demo.id: demo.id for demo in pool}
    if len(leader) < len(pool):
        raise UserError("an id is in the pool twice; give each demo its own")

    def led_by(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for demo in pool:
        for near in texts.found(demo.input):
            leader[led_by(near.id)] = led_by(demo.id)
    groups: dict[str, list[str]] = {}
    for demo in pool:
        groups.setdefault(led_by(demo.id), []).append(demo.id)
    return list(groups.values())
