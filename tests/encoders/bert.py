"""A tiny random BERT with a WordPiece tokenizer, made in code: it loads by path like others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import models, normalizers, pre_tokenizers, processors

from limbeck.hf import save

torch.set_num_threads(1)

WORDS = [
    "the", "cat", "sat", "on", "mat", "dog", "film", "good", "bad", "我", "喜", "欢", "猫", "好",
    "é", "👍", "##s", "##ing", "yes", "no",
]  # fmt: skip
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def make_tokenizer(window: int = 24) -> Any:
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS, *"abcdefghij"])}
    pieces = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    pieces.post_processor = processors.BertProcessing(ends[1], ends[0])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=window,
    )


def make_model(tokenizer: Any, *, window: int = 24, pooler: bool = True) -> Any:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=window,
        initializer_range=0.5,
    )
    return transformers.BertModel(config, add_pooling_layer=pooler).eval()


def save_bert(folder: Path, *, window: int = 24, pooler: bool = True) -> Path:
    """The folder of a tiny BERT, as safetensors."""
    tokenizer = make_tokenizer(window)
    save(make_model(tokenizer, window=window, pooler=pooler), tokenizer, folder)
    return folder
