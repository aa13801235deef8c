"""Seeded draws: uniform, and the same for the same key."""

from __future__ import annotations

from collections import Counter

import numpy as np

from limbeck.demos.draw import shuffled, uniforms
from limbeck.record import content_hash


def test_every_order_is_equally_likely() -> None:
    counts = Counter(tuple(shuffled(3, "test", turn).tolist()) for turn in range(1200))
    assert len(counts) == 6
    assert all(150 < count < 250 for count in counts.values())  # 200 each, 4 standard deviations


def test_draws_follow_from_the_key_alone() -> None:
    assert shuffled(20, 1, "查询").tolist() == shuffled(20, 1, "查询").tolist()
    assert shuffled(20, 1, "查询").tolist() != shuffled(20, 2, "查询").tolist()
    assert shuffled(20, 1, "查询").tolist() != shuffled(20, 1, "问题").tolist()
    assert uniforms(3, "a").tolist() == uniforms(5, "a").tolist()[:3]


def test_uniforms_are_53_bits_of_the_generator() -> None:
    bits = np.random.PCG64(int(content_hash(["a", 1]), 16)).random_raw(4).tolist()
    assert uniforms(4, "a", 1).tolist() == [(number // 2048) / 2**53 for number in bits]


def test_nothing_can_be_drawn() -> None:
    assert shuffled(0, "a").tolist() == uniforms(0, "a").tolist() == []
