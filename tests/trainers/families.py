"""Tiny random models of the families that students are of, each with a tokenizer of its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from limbeck.hf import Loaded
from limbeck.models import ModelName
from limbeck.trainers.example import ensure_template
from tests.tiny import CORPUS, PAD, make_tokenizer

WINDOW = 192

LLAMA_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{{ ' ' + message['content'] + ' ' + eos_token }}"
    "{% else %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% endif %}"
    "{% endfor %}"
)


def gpt2_tokenizer() -> Any:
    """Byte-level, one special token for everything, no chat template of its own."""
    tokenizer = make_tokenizer(None)
    tokenizer.pad_token = tokenizer.bos_token = tokenizer.eos_token
    ensure_template(tokenizer)
    return tokenizer


def llama_tokenizer() -> Any:
    """Spaces belong to the word after them, texts begin with <s>, and </s> is the padding too."""
    bpe = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.Metaspace()
    bpe.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,:?!#[]/+-="
    bpe.train_from_iterator([*CORPUS[:3], letters], trainer)
    bpe.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", bpe.token_to_id("<s>"))]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe, unk_token="<unk>", bos_token="<s>", eos_token="</s>",
        pad_token="</s>", chat_template=LLAMA_TEMPLATE,
    )  # fmt: skip


def qwen_tokenizer() -> Any:
    """ChatML, and a padding that may end a text as well."""
    return make_tokenizer()


def _rotary(config: type[Any], model: type[Any]) -> Callable[..., Any]:
    def make(vocab_size: int, **more: Any) -> Any:
        return model(
            config(
                vocab_size=vocab_size, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, head_dim=8, initializer_range=0.3,
                max_position_embeddings=WINDOW, **more,
            )
        )  # fmt: skip

    return make


def _gpt2(vocab_size: int, **more: Any) -> Any:
    config = transformers.GPT2Config(
        vocab_size=vocab_size, n_embd=32, n_layer=2, n_head=4, n_positions=WINDOW,
        initializer_range=0.3, **more,
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config)


_MAKERS: dict[str, tuple[Callable[[], Any], Callable[..., Any]]] = {
    "gpt2": (gpt2_tokenizer, _gpt2),
    "llama": (
        llama_tokenizer,
        _rotary(transformers.LlamaConfig, transformers.LlamaForCausalLM),
    ),
    "qwen2": (
        qwen_tokenizer,
        _rotary(transformers.Qwen2Config, transformers.Qwen2ForCausalLM),
    ),
    "qwen3": (
        qwen_tokenizer,
        _rotary(transformers.Qwen3Config, transformers.Qwen3ForCausalLM),
    ),
}

FAMILIES = sorted(_MAKERS)


def make(family: str, *, seed: int = 0) -> Loaded:
    """A model of the family, in float32 and eval mode, its weights drawn by `seed`."""
    tokenizer_of, model_of = _MAKERS[family]
    tokenizer = tokenizer_of()
    torch.manual_seed(seed)
    model = model_of(
        len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    ).eval()
    if family.startswith("qwen"):
        ends = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(PAD)]
        model.generation_config.eos_token_id = ends
    return Loaded(ModelName("path", family), model, tokenizer, "")
