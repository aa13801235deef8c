"""What an item asks, in words: for contamination, for similarity to the training rows, and to show.

lm-eval's docs have any fields; a task's own templates say which of them is the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.planned import Planned
from limbeck.evals.tasks import MessagesTask


def asked_of(one: Planned, sample: Mapping[str, Any]) -> dict[str, Any]:
    """{"id", "doc", "question", "options", "target", "cluster"} of an lm-eval sample.

    The cluster is the doc's field that the task's options name, else its own `cluster`, else the
    part of the group that it is from.
    """
    doc = sample["doc"]
    fields = doc if isinstance(doc, Mapping) else {}
    options = _options(one.task, doc, fields)
    name = str(fields.get("id", sample["doc_id"]))
    cluster = fields.get(one.options.cluster or "cluster") or one.part
    return {
        "id": f"{one.part}/{name}" if one.part else name,
        "doc": sample["doc_hash"],
        "question": _question(one.task, doc, fields),
        "options": options,
        "target": _target(sample["target"], options),
        "cluster": str(cluster or ""),
    }


def _question(task: Any, doc: Any, fields: Mapping[str, Any]) -> str:
    own = fields.get("question")
    if isinstance(own, str) and isinstance(task, MessagesTask):
        return own
    text = task.doc_to_text(doc)
    return text if isinstance(text, str) else str(own or "")


def _options(task: Any, doc: Any, fields: Mapping[str, Any]) -> list[str]:
    if isinstance(task, MessagesTask):
        return [str(option) for option in fields.get("options") or ()]
    if task.config.doc_to_choice is None:
        return []
    return [str(option) for option in task.doc_to_choice(doc)]


def _target(target: Any, options: list[str]) -> str:
    if isinstance(target, list):
        return " | ".join(_target(one, options) for one in target)
    if isinstance(target, int) and not isinstance(target, bool) and 0 <= target < len(options):
        return options[target]
    return str(target)
