"""Which demos a query got, and why not others, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limbeck.demos.row import Demo
from limbeck.demos.select import Selection


def explain(
    query: str,
    pool: Sequence[Demo],
    selection: Selection,
    excluded: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What was chosen (id, score, label and input, the best first) and what was excluded (id,
    why, label and input; in the pool's order), as JSON.

    `excluded` gives the reason for each id; it can be the `exclude` of a selector as it stands.
    `NearTexts.found` has reasons (`why`). Raises KeyError for an id that is not in the pool.
    """
    by_id = {demo.id: demo for demo in pool}
    reasons = dict(excluded or {})
    for name in reasons:
        if name not in by_id:
            raise KeyError(name)
    chosen = zip(selection.ids, selection.scores, strict=True)
    return {
        "query": query,
        "chosen": [{"id": name, "score": score, **_shown(by_id[name])} for name, score in chosen],
        "excluded": [
            {"id": name, "why": reasons[name], **_shown(demo)}
            for name, demo in by_id.items()
            if name in reasons
        ],
    }


def _shown(demo: Demo) -> dict[str, str]:
    return {"label": demo.output, "input": demo.input}
