"""The door to torch and transformers: load a model and its tokenizer, write a model folder.

Weights come from safetensors or GGUF only, never from pickle; remote code is never run. A GGUF
file is dequantised once and kept as safetensors in the cache, since reading one takes
transformers many times as long as reading safetensors.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.errors import MissingExtra, ModelError, UserError
from limbeck.models import ModelName, fingerprint, gguf_file, weight_files
from limbeck.said import template_turn
from limbeck.special_tokens import masked
from limbeck.store import fresh_folder

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory: the module in eval mode on its device, and its tokenizer."""

    name: ModelName
    model: Any
    tokenizer: Any
    fingerprint: str

    @property
    def about(self) -> str:
        """What to call it in a report."""
        if self.name.kind == "bundled":
            return "SmolLM2-135M-Instruct"
        return Path(self.name.value).name

    @property
    def parameters(self) -> int:
        """The number of weights, tied ones once."""
        return sum(weight.numel() for weight in self.model.parameters())

    @property
    def eos_ids(self) -> list[int]:
        """Every token that ends a completion."""
        found: list[int] = []
        config = getattr(self.model, "generation_config", None)
        for value in (self.tokenizer.eos_token_id, getattr(config, "eos_token_id", None)):
            for token in value if isinstance(value, list) else [value]:
                if token is not None and token not in found:
                    found.append(token)
        return found


def cache_folder() -> Path:
    """`$LIMBECK_CACHE`, else limbeck's folder in the user's cache."""
    override = os.environ.get("LIMBECK_CACHE")
    if override:
        return Path(override)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "limbeck"


def device() -> torch.device:
    """The GPU when there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load(name: ModelName, *, dtype: str = "bfloat16") -> Loaded:
    """A model and its tokenizer, in eval mode. Raises ModelError or MissingExtra.

    Guarantees: no pickle is opened, no remote code runs; the tokenizer has a pad token.
    """
    return _load(name, "AutoModelForCausalLM", dtype)


def load_encoder(name: ModelName) -> Loaded:
    """A model without its head, in float32, and its tokenizer: BERT and its like have no other.
    Guarantees and errors are those of `load`.

    Weights of a pooler may be missing: nobody here reads what it gives.
    """
    return _load(name, "AutoModel", "float32", may_lack="pooler.")


def _load(name: ModelName, kind: str, dtype: str, *, may_lack: str | None = None) -> Loaded:
    if not name.is_local:
        raise ModelError(f"{name} has no weights here: a student or base must be a local model")
    with quiet():
        torch, transformers = _imports()
        source = _source(name)
        tokenizer = _tokenizer(name, source)
        try:
            model, info = getattr(transformers, kind).from_pretrained(
                source,
                dtype=getattr(torch, dtype),
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
        except MemoryError:
            raise
        except Exception as error:  # transformers raises every kind of it
            raise ModelError(f"cannot load the model {name}: {_first_line(error)}") from error
    missing = [key for key in info["missing_keys"] if not (may_lack and key.startswith(may_lack))]
    if missing:  # transformers would fill them with random numbers
        raise ModelError(
            f"the weights of {name} are not whole: {len(missing)} tensors are missing, the first "
            f"is {min(missing)}"
        )
    model = model.to(device()).eval()
    return Loaded(name, model, tokenizer, fingerprint(name))


def load_shape(name: ModelName) -> tuple[Any, Any, Any]:
    """(config, generation config, tokenizer) of a model, and no weights. Raises ModelError or
    MissingExtra; the tokenizer has a pad token."""
    with quiet():
        _, transformers = _imports()
        source = _source(name)
        tokenizer = _tokenizer(name, source)
        try:
            config = transformers.AutoConfig.from_pretrained(source, trust_remote_code=False)
        except Exception as error:  # transformers raises every kind of it
            raise ModelError(f"cannot load the model {name}: {_first_line(error)}") from error
        try:
            generation = transformers.GenerationConfig.from_pretrained(source)
        except OSError:  # it has none
            generation = transformers.GenerationConfig.from_model_config(config)
    return config, generation, tokenizer


def _tokenizer(name: ModelName, source: str) -> Any:
    _, transformers = _imports()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, trust_remote_code=False)
    except Exception as error:  # transformers raises every kind of it
        raise ModelError(f"cannot load the model {name}: {_first_line(error)}") from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
        if tokenizer.pad_token_id is None:
            raise ModelError(f"the tokenizer of {name} has no pad, end or unknown token")
    return tokenizer


def _source(name: ModelName) -> str:
    """What from_pretrained takes."""
    if name.kind == "path":
        weight_files(Path(name.value))
        return name.value
    if name.kind in ("bundled", "gguf"):
        return str(_converted(name))
    return name.value


def _converted(name: ModelName) -> Path:
    """A GGUF model as a safetensors folder in the cache, made on first use."""
    path = gguf_file(name)
    folder = cache_folder() / "models" / fingerprint(name)
    if (folder / "config.json").is_file():
        return folder
    torch, transformers = _imports()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            str(path.parent), gguf_file=path.name
        )
        model = transformers.AutoModelForCausalLM.from_pretrained(
            str(path.parent),
            gguf_file=path.name,
            dtype=torch.bfloat16,
            quantization_config=transformers.GgufConfig(dequantize=True),
        )
    except MemoryError:
        raise
    except ImportError as error:
        raise MissingExtra("what reads GGUF files (the package gguf)", "local") from error
    except Exception as error:
        raise ModelError(f"cannot read the GGUF file {path}: {_first_line(error)}") from error
    save(model, tokenizer, folder)
    return folder


def save(
    model: Any, tokenizer: Any, folder: Path, *, files: Mapping[str, str] | None = None
) -> None:
    """Write a folder that from_pretrained loads; it appears whole or not at all. `files` are texts
    that go in beside the weights, by name."""
    with quiet(), fresh_folder(folder) as draft:
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config  # the weights are no longer packed
        _settle_generation(model)
        model.save_pretrained(draft, safe_serialization=True)
        tokenizer.save_pretrained(draft)
        for file, text in (files or {}).items():
            (draft / file).write_text(text, encoding="utf-8")


def _settle_generation(model: Any) -> None:
    """Published models may have a temperature and not say that they sample: they load, but
    transformers refuses to write them. They mean to sample."""
    generation = getattr(model, "generation_config", None)
    if generation is None:
        return
    try:
        generation.validate(strict=True)
    except ValueError:
        generation.do_sample = True


def chat_prompt(
    tokenizer: Any, turns: Sequence[Mapping[str, Any]], *, tools: Sequence[Any] | None = None
) -> str:
    """The conversation as the model's chat template writes it, up to where its answer begins.

    Raises UserError where the template refuses it: many know no system turn, or want user and
    assistant to alternate.
    """
    return rendered(tokenizer, turns, tools=tools, add_generation_prompt=True)


def rendered(
    tokenizer: Any,
    turns: Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Any] | None = None,
    **options: Any,
) -> str:
    """The conversation as the chat template writes it, to be read by `tokenized`: special tokens
    in it are the template's alone. Raises UserError where the template refuses it, or leaves out
    its tools, a call of one, or what a tool or a developer says."""
    from jinja2 import TemplateError

    try:
        said = masked(tokenizer, [*map(template_turn, turns)])
    except ValueError as error:
        raise UserError(str(error)) from error
    options |= {"tokenize": False} | ({"tools": masked(tokenizer, list(tools))} if tools else {})
    try:
        text = str(tokenizer.apply_chat_template(said, **options))
        if tools and text == str(tokenizer.apply_chat_template(said, **options | {"tools": None})):
            raise UserError("the chat template has no place for tools, and the row has some")
    except (TemplateError, TypeError) as error:
        raise UserError(f"the chat template refuses the conversation: {error}") from error
    for turn in said:
        named = [call["function"]["name"] for call in turn.get("tool_calls", ())]
        named += [turn["content"].strip()] if turn["role"] in ("tool", "developer") else []
        if lost := [one for one in named if one not in text and json.dumps(one)[1:-1] not in text]:
            raise UserError(
                f"the chat template leaves out a turn of {turn['role']!r} ({lost[0][:60]!r}); take "
                "a model whose template knows tools"
            )
    return text


def user_prompt(tokenizer: Any, turns: Sequence[Mapping[str, str]]) -> str:
    """The conversation as the template writes it, up to where the user's next words would begin:
    what an aligned model continues with is a user's query (Magpie, Xu et al. 2024).

    Raises UserError where the template refuses it, or does not show the user's words as they are.
    """
    words = "\ue000words\ue001"  # private use: no template holds them
    text = rendered(tokenizer, [*turns, {"role": "user", "content": words}])
    before, found, _ = text.partition(words)
    if not found:
        raise UserError("the chat template does not show where a user's words begin")
    return before


def _imports() -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtra("torch or transformers", "local") from error
    return torch, transformers


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' bars and advice off the user's screen while it loads and saves."""
    _imports()
    from transformers.utils import logging as hf_logging

    level = hf_logging.get_verbosity()
    bars = hf_logging.is_progress_bar_enabled()
    hf_logging.set_verbosity_error()
    hf_logging.disable_progress_bar()
    hub = logging.getLogger("huggingface_hub")
    hub_level = hub.level
    hub.setLevel(logging.ERROR)
    try:
        # Some of its bars ask nobody whether they may show; our reporter holds the real stderr.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        hf_logging.set_verbosity(level)
        hub.setLevel(hub_level)
        if bars:
            hf_logging.enable_progress_bar()
