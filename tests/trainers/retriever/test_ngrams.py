"""n-grams as a backbone: the module is the encoder that is written; what the judge may see."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from limbeck.demos import Demo
from limbeck.demos.learned import document
from limbeck.encoders import ABOUT, BagShape, encoder
from limbeck.trainers.retriever.ngrams import NgramBackbone
from tests.trainers.retriever.cues import rows

ROWS = rows(12)
SHAPE = BagShape(buckets=512, size=16)


def backbone() -> NgramBackbone:
    return NgramBackbone(ROWS, seed=3, shape=SHAPE)


def test_the_module_and_the_encoder_give_the_same_vectors(tmp_path: Path) -> None:
    made = backbone()
    module = made.vectors()
    with torch.no_grad():
        module.table.add_(torch.randn(module.table.shape, generator=torch.manual_seed(0)))
    module.eval()
    texts = [text for row in ROWS for text in (row.input, document(row))]
    direct = module(texts).detach().numpy()
    assert direct == pytest.approx(module.frozen().encode(texts), abs=1e-5)
    made.save(module.frozen(), tmp_path / "r", json.dumps({"format": 1, "backbone": made.about}))
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == [
        "rarity.npy",
        ABOUT,
        "vectors.npy",
    ]
    found = encoder(str(tmp_path / "r"))
    assert found is not None
    assert found.encode(texts).tobytes() == module.frozen().encode(texts).tobytes()


def test_only_n_grams_of_the_texts_are_learned() -> None:
    made = backbone()
    start = made.vectors().frozen().vectors
    module = made.vectors()
    with torch.no_grad():
        module.table.add_(1)
    frozen = module.frozen()
    moved = (frozen.vectors != start).any(1)
    texts = [text for row in ROWS for text in (row.input, row.output, document(row))]
    met = {bucket for t in texts for bucket in SHAPE.grams(t, frozen.rarity).buckets.tolist()}
    assert set(np.flatnonzero(moved).tolist()) == met
    assert 0 < len(met) < SHAPE.buckets


def test_the_judge_sees_the_target_only_where_it_may() -> None:
    asked = ROWS[:4]
    flipped = [replace(row, output="no" if row.output == "yes" else "yes") for row in asked]
    demos: list[Demo] = ROWS[4:8]
    for sees, same in ((True, False), (False, True)):
        torch.manual_seed(1)
        judge = backbone().judge(sees_target=sees).eval()
        one, other = judge(asked, demos), judge(flipped, demos)
        assert one.shape == (4,)
        assert torch.equal(one, other) == same
        assert not torch.equal(one, judge(asked, demos[::-1]))
