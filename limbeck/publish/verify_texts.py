"""Whether recipe.yaml and README.md are what limbeck.json says: both are functions of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import DataError
from limbeck.publish.card import card, metadata
from limbeck.publish.options import MANIFEST, README, RECIPE
from limbeck.record import content_hash

COMPARED = ("license", "configs", "size_categories", "dataset_info")


def recipe_mismatches(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Raises DataError for what is no YAML of limbeck's."""
    data = _yaml((folder / RECIPE).read_text(encoding="utf-8"), RECIPE)
    if content_hash(data) == manifest["recipe"]["hash"]:
        return []
    return [f"{RECIPE} is another recipe than {MANIFEST} says (hash)"]


def card_mismatches(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The card is written again: it has to be the same. Raises what `card` raises."""
    from jinja2 import TemplateError

    text = (folder / README).read_text(encoding="utf-8")
    try:
        again = card(manifest)
    except TemplateError as error:
        raise ValueError(str(error)) from error
    return [] if text == again else [f"{README} {_first_difference(text, again)}"]


def metadata_mismatches(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Of a card of another version only the metadata is known. Raises DataError for none."""
    text = (folder / README).read_text(encoding="utf-8")
    said = _yaml(text.split("\n---\n", 1)[0].removeprefix("---\n"), README)
    expected = metadata(manifest)
    return [
        f"{README} has another {key} than {MANIFEST}"
        for key in COMPARED
        if said.get(key) != expected[key]
    ]


def _yaml(text: str, name: str) -> Any:
    """YAML that limbeck may have written: without aliases, by which a short text can grow without
    end. Raises DataError."""
    import yaml

    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise DataError(f"{name} has YAML aliases, which limbeck does not write")
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError(f"{name} cannot be read as YAML ({type(error).__name__})") from error


def _first_difference(text: str, again: str) -> str:
    lines, expected = text.split("\n"), again.split("\n")
    for number, (line, other) in enumerate(zip(lines, expected, strict=False), start=1):
        if line != other:
            return f"line {number} is {line[:100]!r}, and {MANIFEST} says {other[:100]!r}"
    return f"has {len(lines)} lines, and {MANIFEST} says {len(expected)}"
