"""A transformers encoder as a backbone: a tiny BERT."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from limbeck.encoders import encoder
from limbeck.encoders.pooled import Pooled, load_pooled
from limbeck.models import ModelName
from limbeck.trainers.retriever.tuned import ModelBackbone
from tests.encoders.bert import save_bert
from tests.trainers.retriever.cues import rows

ROWS = [replace(row, input=f"the cat {row.input[0]}") for row in rows(8)]


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> ModelName:
    return ModelName("path", str(save_bert(tmp_path_factory.mktemp("m") / "bert")))


def test_the_module_is_the_encoder_with_gradients(name: ModelName, tmp_path: Path) -> None:
    made = ModelBackbone(name)
    module = made.vectors().eval()
    texts = ["the cat sat on a mat " * 3, "我喜欢猫", "a"]
    vectors = module(texts)
    assert vectors.detach().numpy() == pytest.approx(load_pooled(name).encode(texts), abs=1e-5)
    vectors.sum().backward()
    assert any(w.grad is not None and bool(w.grad.any()) for w in module.parameters())
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.01)
    frozen = module.frozen()
    about = json.dumps({"format": 1, "backbone": made.about})
    made.save(frozen, tmp_path / "r", about)
    found = encoder(str(tmp_path / "r"))
    assert isinstance(found, Pooled)
    assert found.max_length == made.about["max_length"] == 24
    assert found.encode(texts) == pytest.approx(frozen.encode(texts), abs=1e-6)
    assert found.encode(texts) != pytest.approx(load_pooled(name).encode(texts), abs=1e-3)


def test_the_judge_reads_both_texts_and_the_target_where_it_may(name: ModelName) -> None:
    asked, demos = ROWS[:3], ROWS[3:6]
    flipped = [replace(row, output="no" if row.output == "yes" else "yes") for row in asked]
    for sees, same in ((True, False), (False, True)):
        torch.manual_seed(1)
        judge = ModelBackbone(name).judge(sees_target=sees).eval()
        one = judge(asked, demos)
        assert one.shape == (3,)
        assert torch.equal(one, judge(flipped, demos)) == same
        assert not torch.equal(one, judge(asked, demos[::-1]))


def test_a_pair_that_is_too_long_keeps_both_sides(name: ModelName) -> None:
    """The window is 24: of 40 words on either side, the head sees some of both."""
    long = [replace(ROWS[0], input="cat " * 40)]
    other = [replace(ROWS[0], input="dog " * 40)]
    torch.manual_seed(1)
    judge = ModelBackbone(name).judge(sees_target=True).eval()
    first = judge(long, long)
    assert not torch.equal(first, judge(other, long))
    assert not torch.equal(first, judge(long, other))
