"""What can be known to be wrong with questions before a call is paid or a student is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from limbeck.errors import DataError, MissingExtra, UserError
from limbeck.evals.items import read_items
from limbeck.evals.questions import is_questions, read_questions
from limbeck.filters import answer
from limbeck.pipeline.texts import one_turn
from limbeck.protocols import Generator
from limbeck.recipe import Recipe
from limbeck.record import Record


def usable_seeds(
    recipe: Recipe,
    seeds: Sequence[Record],
    generator: Generator,
    on_bad: Callable[[DataError], None] | None = None,
) -> list[Record]:
    """The seeds whose targets can be compared with, where the generator's answers are (it has
    `kind_of`); all of them for other generators.

    Raises DataError for one whose target or kind cannot be read, unless `on_bad` takes it; and
    UserError for one of several turns where `format.text` has no place for them.
    """
    kind_of: Callable[[Record], str] | None = getattr(generator, "kind_of", None)
    if kind_of is None:
        return list(seeds)
    usable = []
    for seed in seeds:
        if recipe.format.text != "chat":
            one_turn(seed.messages, f"the question {_short(seed)} of {recipe.seeds.path}")
        try:
            _read(seed, kind_of(seed))
        except MissingExtra:
            raise
        except UserError as error:
            bad = _unreadable(recipe.seeds.path, seed, error)
            if on_bad is None:
                raise bad from error
            on_bad(bad)
        else:
            usable.append(seed)
    if not usable:
        raise DataError(f"{recipe.seeds.path} has no usable seed", path=recipe.seeds.path)
    return usable


def check_evaluation(recipe: Recipe, *, missing_ok: bool) -> None:
    """Read the recipe's files of questions and items as the evaluation will.

    Raises DataError for what cannot be read, UserError for questions that the student cannot be
    asked in its form. `missing_ok` leaves out files that are not there (yet).
    """
    for path in recipe.eval.files:
        if missing_ok and not path.is_file():
            continue
        if not is_questions(path):
            read_items(path)
            continue
        for question in read_questions(path)[: recipe.eval.limit]:
            if recipe.format.text != "chat":
                one_turn(question.messages, f"the question {_short(question)} of {path}")
            try:
                _read(question, str(question.meta.get("kind", "auto")))
            except MissingExtra:
                raise
            except UserError as error:
                raise _unreadable(path, question, error) from error


def _read(question: Record, kind: str) -> None:
    options = question.meta.get("options")
    if question.target is None:
        answer.canonical("", kind, options=options)  # type: ignore[arg-type]  # any text: it raises
    else:
        answer.check("", question.target, kind, options=options)  # type: ignore[arg-type]


def _unreadable(path: Path, question: Record, error: UserError) -> DataError:
    return DataError(f"{path}, the question {_short(question)}: {error}", path=path)


def _short(question: Record) -> str:
    text = " ".join(question.prompt.split())
    return repr(text if len(text) <= 60 else text[:59] + "…")
