"""What whoever publishes says beside the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SCHEMA = "limbeck.dataset/2"
CARD = 2
"""The version of the card's template. It grows with every change of what the card says, so that
`limbeck verify` knows whether it can write the card again."""

MANIFEST, README, RECIPE = "limbeck.json", "README.md", "recipe.yaml"


@dataclass(frozen=True, slots=True)
class Options:
    """How to publish. Licences are ids as the hub writes them; `load_as` is what
    `datasets.load_dataset` is given on the card. `audit` says whether to measure the rows, `hub`
    whether they leave this machine."""

    licence: str | None = None
    seeds_licence: str | None = None
    pretty_name: str | None = None
    authors: tuple[str, ...] = ()
    acknowledge: tuple[str, ...] = ()
    with_refused: bool = False
    audit: bool = True
    load_as: str = ""
    hub: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What was written: the content of limbeck.json, and its SHA-256, which stands for all of
    it."""

    manifest: dict[str, Any]
    sha256: str
