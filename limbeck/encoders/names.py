"""How an encoder is named, everywhere the same way. No torch before one is loaded that needs it.

ngrams              the built-in n-grams of the pool, not trained
FOLDER              what `limbeck retriever` wrote
hf:ORG/NAME, ...    a model as everywhere (limbeck.models): its hidden states, averaged
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from limbeck.demos import Encoder, Remembered
from limbeck.encoders.retriever import is_retriever, load_retriever, retriever_hash
from limbeck.errors import ModelError
from limbeck.models import ModelName, fingerprint, parse_model

NGRAMS = "ngrams"


def encoder_name(name: str, folder: Path | None = None) -> str:
    """The same name with its path taken from `folder` (a recipe's), else from here.

    Raises ModelError for what is no encoder: nothing is loaded, so that weights may still fail.
    """
    parsed = _parsed(name, folder)
    return NGRAMS if parsed is None else str(parsed)


def encoder(name: str) -> Encoder | None:
    """The encoder of that name; None for "ngrams", which every pool makes of its own texts.

    Raises ModelError for an unknown name and for weights that cannot be loaded, DataError for a
    retriever's folder that is not whole, MissingExtra.
    """
    parsed = _parsed(name)
    if parsed is None:
        return None
    if _is_trained(parsed):
        return load_retriever(Path(parsed.value))
    from limbeck.encoders.pooled import load_pooled

    return load_pooled(parsed)


def identity(name: str) -> str:
    """What the vectors of an encoder hang on, as a short hash; "" for "ngrams", which has nothing
    of its own. Raises what `encoder` raises, as far as it is seen without loading weights."""
    parsed = _parsed(name)
    if parsed is None:
        return ""
    return retriever_hash(Path(parsed.value)) if _is_trained(parsed) else fingerprint(parsed)


def resolved(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a selector with the encoder in the place of its name; all else as it is.

    The same weights are loaded once, and remember every text that they have encoded. Raises what
    `encoder` raises.
    """
    name = options.get("encoder")
    if not isinstance(name, str):
        return dict(options)
    return {**options, "encoder": _kept(name, identity(name))}


@lru_cache(maxsize=4)
def _kept(name: str, _identity: str) -> Encoder | None:
    found = encoder(name)
    return None if found is None else Remembered(found)


def _is_trained(name: ModelName) -> bool:
    return name.kind == "path" and is_retriever(Path(name.value))


def _parsed(name: str, folder: Path | None = None) -> ModelName | None:
    """The model that is meant; None for n-grams. Raises ModelError."""
    if name.strip() == NGRAMS:
        return None
    try:
        parsed = parse_model(name, folder=folder)
    except ModelError as error:
        raise ModelError(
            f"unknown encoder {name!r}. An encoder is named {NGRAMS}, or is a folder that limbeck "
            f"retriever wrote, or a model with weights here ({error})"
        ) from error
    if not parsed.is_local:
        raise ModelError(
            f"{parsed} has no weights here that could encode texts; name {NGRAMS}, a folder that "
            "limbeck retriever wrote, a folder of weights, or hf:ORG/NAME"
        )
    return parsed
