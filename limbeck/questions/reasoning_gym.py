"""The tasks of the package reasoning-gym as question sets: `reasoning_gym:TASK`.

They have no templates that we know of. Their split is that of the masked question: all questions
with one masked text are on one side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from limbeck.errors import MissingExtra, UserError
from limbeck.questions.masking import masked
from limbeck.questions.question import Kind, Question, Split
from limbeck.record import content_hash
from limbeck.text import folded

PREFIX = "reasoning_gym:"
# How many items are looked at for one question: more of them are repeated, or of another split.
LOOKS = 50


def gym_questions(task: str, n: int, *, seed: int, split: str) -> Iterator[Question]:
    """Up to `n` different questions of a task, in the package's order for the seed.

    Items without a text answer are passed over. Raises UserError for an unknown task, MissingExtra
    without the package.
    """
    items = _dataset(task, n * LOOKS, seed)
    seen: set[str] = set()
    for index in range(n * LOOKS):
        item = items[index]
        prompt, answer = item["question"], item["answer"]
        if not isinstance(answer, str) or not answer.strip() or folded(prompt) in seen:
            continue
        template = content_hash(masked(prompt), size=6)
        own = _split(template)
        if split not in (own, "all"):
            continue
        seen.add(folded(prompt))
        yield Question(
            prompt=prompt,
            target=answer,
            solution="",
            kind=_kind(answer),
            task=f"{PREFIX}{task}",
            family=task,
            template=f"reasoning_gym/{task}/{template}",
            split=own,
        )


def _dataset(task: str, size: int, seed: int) -> Any:
    try:
        import reasoning_gym
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise MissingExtra(f"reasoning-gym ({error.name})", "reasoning-gym") from error
    if task not in DATASETS:
        raise UserError(
            f"reasoning-gym has no task {task!r}. It has: {', '.join(sorted(DATASETS))}"
        )
    return reasoning_gym.create_dataset(task, size=size, seed=seed)


def _split(template: str) -> Split:
    """70% of the masked texts are for training, 15% for validation, 15% for the test."""
    share = int(content_hash(["reasoning_gym.v1", template], size=4), 16) / 2**32
    return "train" if share < 0.7 else "valid" if share < 0.85 else "test"


def _kind(answer: str) -> Kind:
    if re.fullmatch(r"-?\d+(\.\d+)?(/\d+)?", answer.strip()):
        return "number"
    return "yesno" if answer.strip().lower() in ("yes", "no", "true", "false") else "text"
