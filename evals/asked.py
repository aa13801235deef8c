"""What an item asks, in words: for contamination, for similarity to the training rows, and to show.

lm-eval's docs have any fields; a task's own templates say which of them is the question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.errors import UserError
from limbeck.evals.planned import Planned
from limbeck.evals.tasks import MessagesTask


def asked_of(one: Planned, sample: Mapping[str, Any]) -> dict[str, Any]:
    """{"id", "doc", "question", "options", "target", "cluster"} of an lm-eval sample.

    The cluster is `cluster_of` the doc. Where contexts are compared and not answers, they are the
    question.
    """
    doc = sample["doc"]
    fields = doc if isinstance(doc, Mapping) else {}
    options = _options(one.task, doc, fields)
    name = str(fields.get("id", sample["doc_id"]))
    cluster = cluster_of(one, doc)
    return {
        "id": f"{one.part}/{name}" if one.part else name,
        "doc": sample["doc_hash"],
        "question": _question(one.task, doc, fields) or "\n".join(options),
        "options": options,
        "target": _target(sample["target"], options),
        "cluster": cluster,
    }


def cluster_of(one: Planned, doc: Any) -> str:
    """The cluster of a doc; "" for none. Raises UserError where the task's options name a field
    that the doc has not: intervals over single items would be too narrow."""
    made_from = getattr(one.task, "fields_of", None)
    fields = doc if made_from is None else made_from(doc)
    name = one.options.cluster
    known = isinstance(fields, Mapping)
    if name is not None and not (known and name in fields):
        told = ", ".join(map(str, fields)) if known else "none"
        raise UserError(
            f"the items of {one.name} have no field {name!r} to be clusters; their fields are "
            f"{told}. Change cluster in eval.task_options"
        )
    value = fields.get(name or "cluster") if known else None
    return one.part if value is None or value == "" else str(value)


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
