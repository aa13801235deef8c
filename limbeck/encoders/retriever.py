"""The folder that `limbeck retriever` writes: `retriever.json`, which says what it is and how it
was made, and its weights beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.demos import Encoder
from limbeck.encoders.ngram_bag import RARITY, VECTORS, BagShape, NgramBag
from limbeck.errors import DataError, UserError
from limbeck.models import ModelName, fingerprint
from limbeck.record import content_hash
from limbeck.store import file_hash, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

ABOUT = "retriever.json"
FORMAT = 1


def is_retriever(folder: Path) -> bool:
    return (folder / ABOUT).is_file()


def read_about(folder: Path) -> dict[str, Any]:
    """What a retriever says of itself. Raises DataError for what limbeck did not write, and for a
    form that a later one did."""
    path = folder / ABOUT
    about = read_json(path)
    if not isinstance(about, dict) or not isinstance(about.get("backbone"), dict):
        raise DataError(f"{path} was not written by limbeck retriever", path=path)
    if about.get("format") != FORMAT:
        raise DataError(
            f"{path} has the format {about.get('format')!r}, and this limbeck reads {FORMAT}; "
            "make the retriever again, or take another limbeck",
            path=path,
        )
    return about


def load_retriever(folder: Path) -> Encoder:
    """The encoder of a folder. Raises DataError for one that is not whole, ModelError or
    MissingExtra for weights that transformers cannot load."""
    backbone = read_about(folder)["backbone"]
    if backbone.get("kind") == "ngrams":
        return NgramBag.load(folder, _shape(folder, backbone))
    from limbeck.encoders.pooled import load_pooled

    return load_pooled(ModelName("path", str(folder)), max_length=_length(folder, backbone))


def retriever_hash(folder: Path) -> str:
    """What its vectors hang on: the form and the weights."""
    backbone = read_about(folder)["backbone"]
    if backbone.get("kind") == "ngrams":
        try:
            weights = [file_hash(folder / name) for name in (VECTORS, RARITY)]
        except OSError as error:
            raise DataError(f"cannot read {error.filename}: {error.strerror}") from error
    else:
        weights = [fingerprint(ModelName("path", str(folder)))]
    return content_hash([backbone, weights])


def _shape(folder: Path, backbone: Mapping[str, Any]) -> BagShape:
    names = ("shortest", "longest", "buckets", "size")
    try:
        return BagShape(**{name: int(backbone[name]) for name in names})
    except (KeyError, TypeError, ValueError, UserError) as error:
        raise DataError(f"{folder / ABOUT} does not say what its n-grams are: {error}") from error


def _length(folder: Path, backbone: Mapping[str, Any]) -> int:
    length = backbone.get("max_length")
    if not isinstance(length, int) or length < 1:
        raise DataError(f"{folder / ABOUT} does not say how long a text may be: {length!r}")
    return length
