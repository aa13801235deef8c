"""A model goes on from a past as it would from the tokens themselves."""

from __future__ import annotations

import torch

from limbeck.hf import Loaded
from limbeck.teachers.past import Past, padded

HEAD = (5, 9, 200, 31, 7)
TEXTS = [(8, 14), (77,), (40, 41, 42)]
ENDS = [(3, 4), (6,), (19, 20, 21), (22,)]


def test_texts_are_padded_on_either_side() -> None:
    ids, mask = padded([(1, 2), (3,)], "cpu", left=True)
    assert ids.tolist() == [[1, 2], [0, 3]]
    assert mask.tolist() == [[1, 1], [0, 1]]
    ids, mask = padded([(1, 2), (3,)], "cpu", left=False)
    assert ids.tolist() == [[1, 2], [3, 0]]
    assert mask.tolist() == [[1, 1], [1, 0]]


def test_positions_count_tokens_and_no_gaps(tiny: Loaded) -> None:
    past = Past.empty(tiny.model, 1, kept=True).copied(2)
    assert past.inputs([(1, 2), (3,)])["position_ids"].tolist() == [[0, 1], [0, 0]]
    past.repeat([1, 2])
    inputs = past.inputs([(4,), (5, 6), (7,)], left=False)
    assert inputs["attention_mask"].tolist() == [[1, 1, 1, 0], [0, 1, 1, 1], [0, 1, 1, 0]]
    assert inputs["position_ids"].tolist() == [[2, 2], [1, 2], [1, 1]]


@torch.inference_mode()
def test_logits_are_those_of_the_whole_text(tiny: Loaded) -> None:
    begun = Past.empty(tiny.model, 1, kept=True)
    tiny.model(**begun.inputs([HEAD]))
    for _ in range(2):  # the beginning is as it was after the first time
        past = begun.copied(3)
        tiny.model(**past.inputs(TEXTS))
        past.repeat([2, 1, 1])
        logits = tiny.model(**past.inputs(ENDS, left=False)).logits
        for row, (text, end) in enumerate(zip([TEXTS[0], *TEXTS], ENDS, strict=True)):
            whole = tiny.model(torch.tensor([HEAD + text + end])).logits[0, -len(end) :]
            assert torch.allclose(logits[row, : len(end)], whole, atol=1e-4)
    assert begun.mask.shape == (1, len(HEAD))


@torch.inference_mode()
def test_nothing_is_kept_where_no_pass_goes_on(tiny: Loaded) -> None:
    past = Past.empty(tiny.model, 3, kept=False)
    out = tiny.model(**past.inputs(TEXTS))
    assert out.past_key_values is None
    for row, text in enumerate(TEXTS):
        whole = tiny.model(torch.tensor([text])).logits[0, -1]
        assert torch.allclose(out.logits[row, -1], whole, atol=1e-4)
