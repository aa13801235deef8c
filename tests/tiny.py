"""A tiny random Llama with a real tokenizer, made in code: it loads by path like any model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from limbeck.hf import Loaded, load, save
from limbeck.models import ModelName

torch.set_num_threads(1)  # so small a model gains nothing by two, and busy cores wait on each other

END, START, PAD = "<|im_end|>", "<|im_start|>", "<|pad|>"

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

CORPUS = [
    "The capital of France is Paris, and the capital of Italy is Rome.",
    "Which sea lies between Italy and Croatia? The answer is the Adriatic Sea.",
    "user system assistant question answer the of and is in to a",
    "Der kleine Fuchs springt über den großen Hund.",
    "东京是日本的首都。 Москва столица России.",
]


def make_tokenizer(template: str | None = CHATML) -> Any:
    """Byte-level BPE with an end and a pad token, and no token at the beginning."""
    bpe = tokenizers.Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.post_processor = processors.ByteLevel(trim_offsets=True)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[END, START, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(CORPUS, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token=END, pad_token=PAD, chat_template=template
    )


def make_model(tokenizer: Any, *, layers: int = 2, seed: int = 0, window: int = 256) -> Any:
    """Weights wide enough apart that greedy choices are never a tie."""
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=window,
        initializer_range=0.3,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        pad_token_id=tokenizer.pad_token_id,
    )
    return transformers.LlamaForCausalLM(config).eval()


def save_tiny(folder: Path, *, layers: int = 2, seed: int = 0, window: int = 256) -> Path:
    """The folder of a tiny model, as safetensors."""
    tokenizer = make_tokenizer()
    save(make_model(tokenizer, layers=layers, seed=seed, window=window), tokenizer, folder)
    return folder


def load_tiny(folder: Path) -> Loaded:
    return load(ModelName("path", str(folder)), dtype="float32")
