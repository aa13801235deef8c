"""What a model's output to an item was: the answer that was read, and how the item ended.

A score of 0 has five reasons, and only one of them is a wrong answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from limbeck.evals.tasks import FAILED, Cut
from limbeck.refusals import is_refusal

Status = Literal["right", "wrong", "unparseable", "truncated", "refused", "failed", "scored"]
STATUSES: tuple[Status, ...] = (
    "right", "wrong", "unparseable", "truncated", "refused", "failed",
)  # fmt: skip
NOTHING = "[invalid]"  # what lm-eval's regex filters give where they match nothing


def output_of(sample: Mapping[str, Any]) -> str | None:
    """What the model wrote, or None for a task of likelihoods."""
    text = next(_texts(sample["resps"]), None)
    return None if text is None else str(text)


def answer_of(task: Any, sample: Mapping[str, Any]) -> str | None:
    """What was read as the answer of an lm-eval sample; None where nothing was, and for tasks that
    have no answer (a likelihood of one text)."""
    if task.OUTPUT_TYPE == "generate_until":
        read = getattr(task, "reading", None)
        if read is not None:
            found = read(sample["doc"], [_first(one) for one in sample["resps"]])
            return None if found is None else str(found)
        first = _first(sample["filtered_resps"][0])
        text = "" if not isinstance(first, str) else first.strip()
        return None if text in ("", NOTHING, FAILED) else text
    if task.OUTPUT_TYPE == "multiple_choice":
        options = [str(option) for option in task.doc_to_choice(sample["doc"])]
        likelihoods = [_first(one) for one in sample["filtered_resps"]][: len(options)]
        values = [float(v[0] if isinstance(v, tuple | list) else v) for v in likelihoods]
        if len(values) < len(options) or any(math.isnan(value) for value in values):
            return None
        return options[values.index(max(values))].strip()
    return None


def status_of(
    task: Any, sample: Mapping[str, Any], score: float | None, answer: str | None
) -> Status:
    """How an item with a score of 0 or 1 ended."""
    if score is None:
        return "failed"
    if score == 1:
        return "right"
    if task.OUTPUT_TYPE != "generate_until":
        return "wrong"
    output = next(_texts(sample["resps"]), "")
    if is_refusal(output):
        return "refused"
    # What limbeck's own tasks read stands as an answer, however the text goes on; what lm-eval's
    # filters find in a text without its end is any number on the way.
    if isinstance(output, Cut) and (answer is None or getattr(task, "reading", None) is None):
        return "truncated"
    return "unparseable" if answer is None else "wrong"


def failed(sample: Mapping[str, Any]) -> bool:
    """Whether the call got no answer: its text says so, or a likelihood is no number."""
    return any(FAILED in text for text in _texts(sample["resps"])) or any(
        math.isnan(number) for number in _numbers(sample["resps"])
    )


def _first(value: Any) -> Any:
    """lm-eval holds responses in lists, one for every repeat."""
    return value[0] if isinstance(value, list) and value else value


def _texts(responses: Any) -> Iterator[str]:
    for response in responses if isinstance(responses, Sequence) else ():
        if isinstance(response, str):
            yield response
        elif isinstance(response, list | tuple):
            yield from _texts(response)


def _numbers(responses: Any) -> Iterator[float]:
    for response in responses:
        if isinstance(response, float):
            yield response
        elif isinstance(response, list | tuple):
            yield from _numbers(response)
