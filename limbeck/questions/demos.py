"""Worked demos for few-shot prompts, from training templates only."""

from __future__ import annotations

from collections import Counter

from limbeck.errors import UserError
from limbeck.questions.assign import templates_in
from limbeck.questions.draw import SETS, make_questions, set_named
from limbeck.questions.question import Question
from limbeck.questions.reasoning_gym import PREFIX
from limbeck.record import content_hash


def demos(name: str, k: int, *, seed: int = 0) -> list[Question]:
    """`k` questions with solutions, from templates of the train split; fewer are the first of more.

    One of every family comes before a second one of any. Their seed is their own, so that they are
    hardly ever questions of the train set. Raises UserError for a set without solutions.
    """
    if name.startswith(PREFIX):
        raise UserError(
            f"{name} has no worked solutions to show. Worked examples are there for: "
            f"{', '.join(SETS)}"
        )
    own = int(content_hash(["demos", seed], size=4), 16)
    every = len(templates_in(set_named(name), "train"))
    earlier: Counter[str] = Counter()
    ranked = []
    for question in make_questions(name, max(k, every), seed=own, split="train"):
        ranked.append((earlier[question.family], question))
        earlier[question.family] += 1
    return [question for _, question in sorted(ranked, key=lambda pair: pair[0])][:k]
