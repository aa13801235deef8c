"""The records of finished tasks."""

from __future__ import annotations

from typing import Any

from limbeck.generators.self_instruct.asking import Answer
from limbeck.prompts import fill
from limbeck.protocols import Reply
from limbeck.record import Provenance, Record, user
from limbeck.seeds import INSTRUCTION

GENERATOR = "self_instruct"
ROWS = "rows"
LOST = "instructions whose call failed"


def provenance(
    answer: Answer[Any],
    teacher: str,
    index: int,
    parents: tuple[str, ...] | None = None,
    *,
    generator: str = GENERATOR,
) -> Provenance:
    """Where the `index`-th item of an answer is from; its parents are what the prompt showed,
    unless others are given."""
    question = answer.question
    return Provenance(
        generator=generator,
        teacher=teacher,
        prompt_version=question.version,
        request=answer.reply.key,
        index=index,
        parents=question.parents if parents is None else parents,
    )


def task_record(
    instruction: str,
    given: str,
    output: str,
    made: Provenance,
    *,
    task: str = "",
    finish_reason: str = "stop",
) -> Record:
    """A row to train on. `task` is "classification", "generation" or not known."""
    meta = {"instruction": instruction, "input": given, "finish_reason": finish_reason}
    if task:
        meta["task"] = task
    prompt = fill(INSTRUCTION, {"instruction": instruction, "input": given})
    return Record((user(prompt),), output, made, meta=meta)


def answer_record(prompt: str, reply: Reply, made: Provenance) -> Record:
    """A row that is one whole reply; cut off or refused ones are for the filters to refuse."""
    meta = {
        "instruction": prompt,
        "input": "",
        "finish_reason": reply.finish_reason,
        "usage": {
            "prompt_tokens": reply.usage.prompt_tokens,
            "completion_tokens": reply.usage.completion_tokens,
        },
    }
    return Record((user(prompt),), reply.text, made, meta=meta)
