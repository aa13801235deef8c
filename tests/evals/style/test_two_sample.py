"""Told apart where there is a difference, and 0.5 where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from limbeck.evals.style import two_sample as module
from limbeck.evals.style.two_sample import fitted, hashed, two_sample

TOPICS = ["海", "whale", "رمل", "tractor", "Käse", "🙂", "quartz", "violin", "東京", "pepper"]


def answers(random: np.random.Generator, prompts: int, share: float) -> list[str]:
    """Texts on their prompts' topics, the same for every model, and in a way of writing."""
    made = []
    for prompt in range(prompts):
        topic = TOPICS[prompt % len(TOPICS)] + chr(97 + prompt // len(TOPICS))
        made.append(
            " ".join(
                topic if random.random() < 0.6 else "the" if random.random() < share else "of"
                for _ in range(20)
            )
        )
    return made


def auc(seed: int, prompts: int, share: float) -> dict[str, float]:
    random = np.random.default_rng(seed)
    texts = {name: answers(random, prompts, s) for name, s in (("teacher", 0.5), ("other", share))}
    found = two_sample(texts, seed=seed)["other"]
    assert found is not None
    return found


def test_two_samples_of_one_model_are_not_told_apart() -> None:
    found = [auc(seed, 30, 0.5) for seed in range(60)]
    values = np.array([one["value"] for one in found])
    error = values.std(ddof=1) / len(values) ** 0.5
    assert error < 0.02
    # Folds that part a prompt's two answers give a mean of 0.04 here.
    assert abs(values.mean() - 0.5) < 3 * error
    assert sum(one["low"] <= 0.5 <= one["high"] for one in found) >= 54


def test_another_way_of_writing_is_told_apart() -> None:
    found = auc(1, 60, 0.9)
    assert found["low"] > 0.8
    assert found["low"] < found["value"] < found["high"] <= 1


def test_the_same_text_is_exactly_half() -> None:
    texts = answers(np.random.default_rng(0), 40, 0.5)
    found = two_sample({"teacher": texts, "other": list(texts)})["other"]
    assert found is not None
    assert found["value"] == 0.5


def test_all_told_apart_is_no_point() -> None:
    found = two_sample({"teacher": ["aaa bbb"] * 50, "other": ["ccc ddd"] * 50})["other"]
    assert found is not None
    assert found["value"] == found["high"] == 1
    assert found["low"] == pytest.approx(50 / (50 + 1.959963984540054**2))  # Wilson's, of 50 of 50


def test_too_few_prompts_say_nothing() -> None:
    assert two_sample({"teacher": ["a"] * 9, "base": ["b"] * 9}) == {"base": None}


def test_the_same_seed_gives_the_same_numbers_and_roles_do_not_touch() -> None:
    random = np.random.default_rng(5)
    texts = {name: answers(random, 25, 0.5) for name in ("teacher", "base", "student")}
    both = two_sample(texts, seed=3)
    assert both == two_sample(texts, seed=3)
    del texts["base"]
    assert two_sample(texts, seed=3)["student"] == both["student"]


def test_only_so_many_prompts_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 12)
    seen: list[int] = []

    def counted(texts: list[str]) -> Any:
        seen.append(len(texts))
        return hashed(texts)

    monkeypatch.setattr(module, "hashed", counted)
    two_sample({"teacher": ["a"] * 30, "base": ["b"] * 30})
    assert seen == [12, 12]


def test_hashes_are_the_same_on_every_machine() -> None:
    line = hashed(["aba"])[0]
    assert np.linalg.norm(line) == pytest.approx(1, rel=1e-6)
    # a twice; b, ab, ba, aba once: 2^64 arithmetic by hand in whole numbers
    prime, odd, mask = 0x100000001B3, 0x9E3779B97F4A7C15, (1 << 64) - 1

    def place(gram: str) -> int:
        code = ord(gram[0])
        for char in gram[1:]:
            code = (code * prime + ord(char)) & mask
        return ((code + len(gram)) * odd & mask) >> (64 - module.BITS)

    grams = {"a": 2, "b": 1, "ab": 1, "ba": 1, "aba": 1}
    expected = np.zeros(1 << module.BITS)
    for gram, count in grams.items():
        expected[place(gram)] += np.log1p(count)
    assert line == pytest.approx(expected / np.linalg.norm(expected), rel=1e-5)


@pytest.mark.parametrize("text", ["", "a", "\ud800", "🙂", "ab"])
def test_short_and_odd_texts_have_a_line(text: str) -> None:
    line = hashed([text])[0]
    assert np.isfinite(line).all()
    assert np.linalg.norm(line) == pytest.approx(float(text != ""), rel=1e-6)


def test_the_fit_is_where_its_gradient_is_nought() -> None:
    random = np.random.default_rng(2)
    rows = random.normal(size=(30, 4))
    label = (rows[:, 0] + random.normal(size=30) > 0).astype(float)
    weights = fitted(rows @ rows.T, label)
    slope = rows.T @ weights  # the primal weights
    share = 1 / (1 + np.exp(-rows @ slope))
    gradient = rows.T @ (share - label) + module.PENALTY * slope
    assert np.abs(gradient).max() < 1e-3
