"""In what two recipes differ, and what of it says only how a machine asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from limbeck.models import without_folders
from limbeck.recipe import Recipe

HOW_IT_ASKS = (
    *("api_key_env", "concurrency", "rpm", "tpm", "timeout", "attempts", "give_up_after"),
    "batch_size",
)
"""Keys of a teacher that say how a machine asks, not what comes of it."""


def differences(ours: Recipe, theirs: Recipe) -> Iterator[tuple[str, Any, Any]]:
    """(key by its dots, our value, theirs) of all that differ, but for the folders of files."""
    for key, mine, other in both(ours, theirs):
        if _filename(mine) != _filename(other):
            yield key, mine, other


def other_folders(ours: Recipe, theirs: Recipe) -> Iterator[tuple[str, str, str]]:
    """(key by its dots, our value, theirs) of files and models of one name in two folders."""
    for key, mine, other in both(ours, theirs):
        if mine != other and _filename(mine) == _filename(other):
            yield key, str(mine), str(other)


def both(ours: Recipe, theirs: Recipe) -> Iterator[tuple[str, Any, Any]]:
    """(key by its dots, our value, theirs) of everything."""
    mine, other = (dict(_flat(one.model_dump(mode="json"))) for one in (ours, theirs))
    for key in sorted(mine.keys() | other.keys()):
        yield key, mine.get(key), other.get(key)


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and (value or not key):
        for name, item in value.items():
            yield from _flat(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple) and value:
        for place, item in enumerate(value):
            yield from _flat(item, f"{key}.{place}")
    else:
        yield key, value


def _filename(value: Any) -> Any:
    """A path without its folder: machines keep the same file in different places."""
    return without_folders(value) if isinstance(value, str) else value
