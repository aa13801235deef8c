"""The licence of a dataset, where a file beside it says one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_MOST = 1 << 20


def licence_beside(folder: Path) -> str:
    """By the front matter of README.md, dataset_info.json or dataset_infos.json; "" for none."""
    found = licence_of_card(_text(folder / "README.md"))
    for name in ("dataset_info.json", "dataset_infos.json"):
        found = found or _of_info(_text(folder / name))
    return found


def licence_of_card(text: str) -> str:
    """The licence in a card's YAML front matter; several are joined by commas."""
    if not text.startswith("---"):
        return ""
    front = text[3:].split("\n---", 1)[0]
    import yaml

    from limbeck.yaml_lines import BoundedLoader

    try:
        found = yaml.load(front, Loader=BoundedLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return ""
    if not isinstance(found, Mapping):
        return ""
    return _written(found.get("license", found.get("licence")))


def _of_info(text: str) -> str:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, Mapping):
        return ""
    if "license" not in found:  # a description for each configuration
        found = next((one for one in found.values() if isinstance(one, Mapping)), {})
    return _written(found.get("license"))


def _written(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(one.strip()[:100] for one in values if isinstance(one, str) and one.strip())


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_MOST).decode("utf-8-sig", "replace")
    except OSError:
        return ""
