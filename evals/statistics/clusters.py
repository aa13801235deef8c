"""Which items of a task vary together: questions of one template, completions of one prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

IMITATION = "imitation_"


def clusters_of(items: Sequence[Mapping[str, Any]], task: str) -> list[str] | None:
    """The cluster of every item, in their order; None where the items vary on their own.

    An item's cluster is its template (`cluster`), or its prompt where completions are imitated. An
    item without a template is a cluster of its own. One template alone says nothing of others:
    then the interval is over its questions.
    """
    if task.startswith(IMITATION):
        found = [f"prompt {item['prompt']}" for item in items]
        return found if len(set(found)) < len(found) else None
    templates = [item.get("cluster") for item in items]
    found = [f"template {t}" if t else f"item {place}" for place, t in enumerate(templates)]
    return found if 2 <= len(set(found)) < len(found) else None
