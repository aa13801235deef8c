"""Questions of a set: as many as asked for, all different, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from random import Random

from limbeck.errors import UserError
from limbeck.questions.arithmetic import ARITHMETIC
from limbeck.questions.assign import templates_in
from limbeck.questions.coin_flip import COIN_FLIP
from limbeck.questions.dates import DATES
from limbeck.questions.last_letters import LAST_LETTERS
from limbeck.questions.question import SPLITS, Question, QuestionSet, Split, Template
from limbeck.questions.reasoning_gym import PREFIX, gym_questions
from limbeck.questions.shuffled_objects import SHUFFLED_OBJECTS
from limbeck.questions.simple_dates import SIMPLE_DATES
from limbeck.record import content_hash
from limbeck.text import folded

SETS = {
    questions.name: questions
    for questions in (DATES, SIMPLE_DATES, ARITHMETIC, LAST_LETTERS, COIN_FLIP, SHUFFLED_OBJECTS)
}
# A template that brings nothing new this many times in a row has no more to bring.
PATIENCE = 200


def make_questions(name: str, n: int, *, seed: int = 0, split: str = "train") -> list[Question]:
    """`n` different questions; fewer asked for with the same seed are the first of them.

    `name` is a set or "reasoning_gym:TASK"; `split` is train, valid, test, or all. Raises
    UserError for an unknown name or split, and where there are not `n` questions.
    """
    if split not in (*SPLITS, "all"):
        raise UserError(f"a split is {', '.join(SPLITS)} or all, got {split!r}")
    if n < 1:
        raise UserError(f"the number of questions is at least 1, got {n}")
    if name.startswith(PREFIX):
        drawn = gym_questions(name.removeprefix(PREFIX), n, seed=seed, split=split)
    else:
        drawn = _questions(set_named(name), seed, split)
    found = list(islice(drawn, n))
    if not found:
        raise UserError(
            f"{name} has no question with a written answer in the split {split!r}. "
            "Another split, or all, may have some"
        )
    if len(found) < n:
        raise UserError(
            f"{n} questions were asked for, but {name} has only {len(found)} different ones "
            f"in the split {split!r}. Ask for at most {len(found)}"
        )
    return found


def set_named(name: str) -> QuestionSet:
    """The set of that name. Raises UserError, with the names there are."""
    if name not in SETS:
        there = ", ".join([*SETS, f"{PREFIX}TASK"])
        raise UserError(f"there is no question set {name!r}. There are: {there}")
    return SETS[name]


def _questions(questions: QuestionSet, seed: int, split: str) -> Iterator[Question]:
    """Round after round through all templates, each round in an order of its own."""
    left = {template.id: (template, own) for template, own in templates_in(questions, split)}
    seen: set[str] = set()
    for turn in count():
        if not left:
            return
        key = [questions.name, seed, turn]
        for name in sorted(left, key=lambda name: content_hash([*key, name])):
            template, own = left[name]
            question = _new(questions, template, own, seed, turn, seen)
            if question is None:
                del left[name]
            else:
                yield question


def _new(
    questions: QuestionSet, template: Template, split: Split, seed: int, turn: int, seen: set[str]
) -> Question | None:
    """A question from the template that was not seen, or None where there seems to be no other."""
    for attempt in range(PATIENCE):
        rng = Random(content_hash([template.id, seed, turn, attempt]))
        made = template.make(rng, split)
        key = folded(made.prompt)
        if key in seen:
            continue
        seen.add(key)
        return Question(
            prompt=made.prompt,
            target=made.target,
            solution=made.solution,
            kind=questions.kind,
            task=questions.name,
            family=template.family,
            template=template.id,
            split=split,
            options=made.options,
        )
    return None
