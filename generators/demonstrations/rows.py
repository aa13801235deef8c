"""What a teacher said, as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from limbeck.demos.prompting import Prompting
from limbeck.generators.demonstrations.pools import Shown
from limbeck.labels import Labelled
from limbeck.protocols import Reply, Request
from limbeck.record import Provenance, Record

GENERATOR = "demonstrations"


def label_record(
    row: Record,
    request: Request,
    shown: Shown,
    prompting: Prompting,
    labelled: Labelled,
    teacher: str,
) -> Record:
    """The record of a label: the likeliest one is the completion, which is whole, and the
    distribution is in `meta`, with the ledger keys of all replies where there are several."""
    found = labelled.distribution.to_json()
    keys = [reply.key for reply in labelled.replies if reply.key]
    if len(keys) > 1:
        found["detail"] = {**found.get("detail", {}), "requests": keys}
    made = _record(row, request, shown, prompting, labelled.replies, teacher)
    label = labelled.distribution.label
    return replace(made, completion=label, meta={**made.meta, "label_distribution": found})


def text_record(
    row: Record, request: Request, shown: Shown, prompting: Prompting, reply: Reply, teacher: str
) -> Record:
    """The record of a completion as the teacher wrote it."""
    made = _record(row, request, shown, prompting, [reply], teacher)
    meta = {**made.meta, "finish_reason": reply.finish_reason}
    return replace(made, completion=reply.text, meta=meta)


def _record(
    row: Record,
    request: Request,
    shown: Shown,
    prompting: Prompting,
    replies: Sequence[Reply],
    teacher: str,
) -> Record:
    """Without completion. `input` is the query as the prompt has it, `instruction` what stands
    above the demos: a row's own stands in its query."""
    meta: dict[str, Any] = {key: value for key, value in row.meta.items() if key != "instruction"}
    meta["input"] = row.prompt
    if prompting.instruction:
        meta["instruction"] = prompting.instruction
    meta["demos"] = [demo.id for demo in shown.draws[0]]
    meta["demo_scores"] = list(shown.scores)
    meta["finish_reason"] = "stop"
    prompt = sum(reply.usage.prompt_tokens for reply in replies)
    completion = sum(reply.usage.completion_tokens for reply in replies)
    if prompt or completion:  # else nobody counted
        meta["usage"] = {"prompt_tokens": prompt, "completion_tokens": completion}
    return Record(
        messages=request.messages,
        completion="",
        provenance=Provenance(
            generator=GENERATOR,
            teacher=teacher,
            prompt_version=prompting.version,
            request=replies[0].key if replies else "",
            parents=(row.id,),
            template=request.template,
        ),
        target=row.target,
        meta=meta,
        columns=row.columns,
    )
