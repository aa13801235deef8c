"""A run whose selector has a trained encoder: it is used, and another one makes the stage anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from limbeck.encoders import ABOUT, BagShape, NgramBag
from limbeck.pipeline import generate as module
from limbeck.pipeline.generate import generate, inputs
from limbeck.pipeline.retriever import scores_file
from limbeck.store import write_json
from limbeck.testing import FakeLikelihoods
from tests.generators.demonstrations.tasks import known
from tests.pipeline.test_demonstrations import context, made_by

SHAPE = BagShape(buckets=256, size=32)


def written(folder: Path, key: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    NgramBag(SHAPE, SHAPE.drawn(key), SHAPE.rarity([])).save(folder)
    backbone = {"kind": "ngrams", "shortest": 2, "longest": 4, "buckets": 256, "size": 32}
    write_json(folder / ABOUT, {"format": 1, "backbone": backbone})
    return folder


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = FakeLikelihoods(known, name="t")
    monkeypatch.setattr("limbeck.testing.fake_teacher", lambda *_: teacher)
    monkeypatch.setattr(module, "gives_likelihoods", lambda section: True)


def options(encoder: str, select: str = "learned", **more: Any) -> dict[str, Any]:
    return {"generate": {"select": select, "select_options": {"encoder": encoder, **more}}}


def test_another_retriever_in_the_same_place_makes_other_records(tmp_path: Path) -> None:
    written(tmp_path / "retriever", "one")
    ctx = context(tmp_path, **options("retriever"))
    generate(ctx)
    first, hashed = [one.meta["demos"] for one in made_by(ctx)], inputs(ctx)
    assert inputs(ctx) == hashed
    written(tmp_path / "retriever", "two")
    assert inputs(ctx) != hashed
    generate(ctx)
    assert [one.meta["demos"] for one in made_by(ctx)] != first
    written(tmp_path / "retriever", "one")
    assert inputs(ctx) == hashed
    generate(ctx)
    assert [one.meta["demos"] for one in made_by(ctx)] == first


def test_a_run_without_an_encoder_keeps_the_hash_that_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes in is what went in before encoders had names."""
    seen: list[Any] = []

    def hashed(value: Any) -> str:
        seen.append(value)
        return "x"

    monkeypatch.setattr(module, "content_hash", hashed)
    inputs(context(tmp_path))
    inputs(context(tmp_path, **options("ngrams")))
    assert set(seen[1]) - set(seen[0]) == {"encoder"}
    assert set(seen[0]) == {
        "seeds", "demos", "limit", "on_bad_line", "teacher", "generate", "seed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("select", "more"),
    [
        ("learned", {}),
        ("dense", {}),
        ("hybrid", {}),
        ("mmr", {"relevance": 0.4}),
        ("dpp", {}),
        ("vote_k", {"neighbours": 3}),
        ("kmeans", {}),
    ],
)
def test_every_selector_with_vectors_takes_a_name(
    tmp_path: Path, select: str, more: dict[str, Any]
) -> None:
    written(tmp_path / "r", "one")
    chosen = []
    for name in ("r", "ngrams"):
        ctx = context(tmp_path, **options(name, select, **more))
        generate(ctx)
        chosen.append([one.meta["demos"] for one in made_by(ctx)])
        assert {len(demos) for demos in chosen[-1]} == {3}
    assert chosen[0] != chosen[1]


def test_scores_stand_beside_the_folder() -> None:
    assert scores_file(Path("a/b.c")) == Path("a/b.c.scores.jsonl")
