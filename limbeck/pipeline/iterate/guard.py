"""What the loop must never see: new instructions that are near a held-out item are refused."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from limbeck.contamination import Item
from limbeck.contamination.known import Known
from limbeck.contamination.texts import question_text, with_options
from limbeck.filters.contamination import read_asked
from limbeck.filters.rouge import RougePool
from limbeck.questions.affixes import Asked, asked
from limbeck.recipe import Recipe
from limbeck.record import Record, content_hash
from limbeck.seeds import read_seeds

NEAR = 0.7  # ROUGE-L, as for novelty


class Guard:
    """The held-out items: those of the recipe's evaluation, and the prompts of `iterate.held_out`.

    A text is refused that is one of them word for word, or but for numbers, dates and names, or
    whose ROUGE-L with one is above 0.7.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._questions: dict[Asked, str] = {}  # by what is asked: two files may name alike
        for path in recipe.eval.files:
            if path.is_file():
                self._add((f"{path.stem}/{name}", question) for name, question in read_asked(path))
        section = recipe.iterate
        if section is not None and section.held_out is not None:
            path = section.held_out
            prompts = read_seeds(path, limit=section.held_out_limit)
            self._add(
                (f"{Path(path).stem}/{place}", asked(question_text(prompt.messages)))
                for place, prompt in enumerate(prompts)
            )
        self._known: Known | None = None
        self._pool: RougePool | None = None

    def add_items(self, tasks: dict[str, list[Item]]) -> None:
        """The items that were really asked, lm-eval's among them."""
        self._add(
            (f"{task}/{item.id}", with_options(item.question, item.options))
            for task, items in tasks.items()
            for item in items
        )
        self._known = self._pool = None

    def _add(self, questions: Iterable[tuple[str, Asked]]) -> None:
        for name, question in questions:
            self._questions.setdefault(question, name)

    @property
    def hash(self) -> str:
        """What is refused follows from this."""
        return content_hash(
            sorted([question.question, list(question.options)] for question in self._questions)
        )

    def is_held_out(self, seed: Record) -> bool:
        """Whether it is a held-out item word for word."""
        return self._find().find(question_text(seed.messages), "same") is not None

    def refuse(self, text: str) -> str | None:
        """Why an instruction may not be taken: the name of what it is near; None where it may."""
        hit = self._find().find(text, "template")
        if hit is not None:
            return hit.nearest
        if self._pool is None:
            self._pool = RougePool("unicode", NEAR)
            for question in self._questions:
                self._pool.add(question.question)
        near = self._pool.novel(text)
        return None if near is None else list(self._questions.values())[near[0]]

    def _find(self) -> Known:
        if self._known is None:
            self._known = Known((name, question) for question, name in self._questions.items())
        return self._known
