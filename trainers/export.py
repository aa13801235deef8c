"""The trained student as a folder that `from_pretrained` loads, with a model card."""

from __future__ import annotations

from pathlib import Path

import torch

from limbeck.hf import Loaded, save
from limbeck.trainers.card import Facts, card
from limbeck.trainers.lora import merge_lora

CARD = "README.md"


def export(loaded: Loaded, folder: Path, facts: Facts) -> None:
    """Write the student: weights in bfloat16 with adapters merged, tokenizer, chat template,
    generation settings under which it ends at every one of its end tokens, and README.md.

    The folder appears whole or not at all. The model in memory is changed: it is bfloat16 then.
    """
    merge_lora(loaded.model)
    generation = loaded.model.generation_config
    ends = loaded.eos_ids
    generation.eos_token_id = ends if len(ends) > 1 else ends[0]
    generation.pad_token_id = loaded.tokenizer.pad_token_id
    save(loaded.model.to(torch.bfloat16), loaded.tokenizer, folder, files={CARD: card(facts)})
