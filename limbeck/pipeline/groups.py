"""Which records belong together when they are split: by prompt, by template, or by source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from limbeck.record import Record
from limbeck.text import prompt_key

By = Literal["prompt", "template", "source"]


def group_keys(records: Iterable[Record], by: By) -> list[str]:
    """The group of each record, in order. Records of one prompt have one group under every `by`.

    A template is what the record's own says, else the masked text of its question's context. A
    source is the seed row that a record was made from (`provenance.parents`); seeds that one record
    was made from together are one source. No group depends on the order of the records.
    """
    if by == "prompt":
        return [prompt_key(record.messages) for record in records]
    from limbeck.questions.splitting import joined_templates

    if by == "template":
        same: dict[str, str] = {}  # a template is held once
        templates, prompts = [], []
        for record in records:
            template = _template(record)
            templates.append(same.setdefault(template, template))
            prompts.append(prompt_key(record.messages))
        return joined_templates(templates, prompts)
    names: list[str] = []
    links: list[str] = []
    first: list[int] = []
    for number, record in enumerate(records):
        prompt = prompt_key(record.messages)
        parents = record.provenance.parents or (f"prompt {prompt}",)
        first.append(len(names))
        names += [parents[0], *parents]
        links += [prompt, *(f"record {number}" for _ in parents)]
    joined = joined_templates(names, links)
    return [joined[place] for place in first]


def _template(record: Record) -> str:
    template = record.meta.get("template")
    if isinstance(template, str):
        return template
    from limbeck.questions.splitting import template_of

    return template_of(record.prompt, "context")
