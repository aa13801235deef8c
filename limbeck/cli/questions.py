"""`limbeck questions`: question sets with exact targets, and splits that share no template."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from limbeck.commands import install
from limbeck.errors import DataError, UserError

if TYPE_CHECKING:
    from limbeck.questions import Overlap, Question

PARTS = ("train", "valid", "test")


# What each way to call it takes, as its parameters are named.
_TAKES: dict[str, tuple[str, ...]] = {
    "--list": (),
    "--split-file": ("shares", "by", "seed", "into"),
    "--overlap": ("as_json",),
    "--demos": ("seed", "into", "solutions"),
    "a set's NAME": ("n", "seed", "split", "into", "solutions"),
}
_WAYS = ("name", "as_list", "split_file", "overlap", "demos")


def questions(
    call: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A set (see --list), or reasoning_gym:TASK."),
    ] = None,
    n: Annotated[int, typer.Option("--n", "-n", help="How many questions.")] = 500,
    seed: Annotated[int, typer.Option(help="Decides which questions are drawn.")] = 0,
    split: Annotated[
        str, typer.Option(help="train, valid, test (templates apart), or all.")
    ] = "train",
    into: Annotated[
        Path | None,
        typer.Option(help="The file to write; with --split-file, the folder. Default: print."),
    ] = None,
    solutions: Annotated[
        bool, typer.Option("--solutions", help="Also write a worked solution with every row.")
    ] = False,
    demos: Annotated[
        int | None,
        typer.Option(
            metavar="K", help="Write K worked examples instead, for seeds.demos in a recipe."
        ),
    ] = None,
    as_list: Annotated[
        bool, typer.Option("--list", help="List the sets, with an example each.")
    ] = False,
    split_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Split the questions of a JSONL file by template."),
    ] = None,
    shares: Annotated[
        str, typer.Option(help="With --split-file: the shares of train, valid, test.")
    ] = "80,10,10",
    overlap: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="TRAIN TEST", help="How many templates of TEST are in TRAIN."),
    ] = None,
    by: Annotated[
        str, typer.Option(help="With --split-file: a template is a context, or a question.")
    ] = "context",
    as_json: Annotated[bool, typer.Option("--json", help="With --overlap: print JSON.")] = False,
) -> None:
    """Write questions with exact targets, as seeds; or look at a question file by its templates.

    No template of one split is in another. Runs with the same seed give the same questions, and
    fewer questions are the first of more.
    """
    given = [name is not None, as_list, split_file is not None, overlap is not None]
    if sum(given) != 1:
        raise UserError(
            "give one of: a set's NAME, --list, --split-file FILE, --overlap TRAIN TEST"
        )
    if demos is not None and name is None:
        raise UserError("--demos goes with a set's NAME")
    ways = (as_list, split_file is not None, overlap is not None, demos is not None, True)
    _nothing_idle(call, next(way for way, taken in zip(_TAKES, ways, strict=True) if taken))
    if as_list:
        _say(_listing())
    elif split_file is not None:
        _split(split_file, _shares(shares), seed, by, into)
    elif overlap is not None:
        _overlap(*overlap, as_json=as_json)
    elif name is not None:
        if demos is not None:
            _write(_demos(name, demos, seed), into, solutions=True)
        else:
            from limbeck.questions import make_questions

            _write(make_questions(name, n, seed=seed, split=split), into, solutions=solutions)


def _nothing_idle(call: typer.Context, way: str) -> None:
    """Raises UserError for an option that is given and does nothing in this way to call it."""
    for option in call.command.params:
        key = option.name or ""
        source = call.get_parameter_source(key)
        if source is None or source.name != "COMMANDLINE" or key in (*_WAYS, *_TAKES[way]):
            continue
        others = " or ".join(other for other, takes in _TAKES.items() if key in takes)
        raise UserError(f"{option.opts[0]} does nothing with {way}; it goes with {others}")


def _say(lines: Iterable[str]) -> None:
    from limbeck.progress import visible

    for line in lines:
        typer.echo(visible(line))


def _demos(name: str, k: int, seed: int) -> list[Question]:
    from limbeck.questions import demos

    if k < 1:
        raise UserError(f"--demos is at least 1, got {k}")
    return demos(name, k, seed=seed)


def _write(made: Sequence[Question], into: Path | None, *, solutions: bool) -> None:
    from limbeck.progress import shown_json
    from limbeck.store import write_jsonl

    rows = [question.row(solution=solutions) for question in made]
    if into is None:
        for row in rows:
            typer.echo(shown_json(row))
        return
    write_jsonl(into, rows)
    templates = len({question.template for question in made})
    _say([f"{len(rows)} questions from {templates} templates: {into}"])


def _listing() -> Iterator[str]:
    from limbeck.questions import SETS, make_questions
    from limbeck.questions.assign import assigned

    for name, questions in SETS.items():
        splits = list(assigned(questions).values())
        counts = ", ".join(f"{splits.count(part)} {part}" for part in PARTS)  # type: ignore[arg-type]
        example = make_questions(name, 1)[0]
        yield f"{name}: {questions.about} ({questions.kind})"
        yield f"  {len(splits)} templates: {counts}"
        for line in example.prompt.split("\n"):
            yield from textwrap.wrap(line, 96, initial_indent="  | ", subsequent_indent="  | ")
        yield f"  = {example.target}"
    yield "reasoning_gym:TASK: the tasks of the package reasoning-gym"
    yield f"  {install('reasoning-gym')}"


def _shares(text: str) -> dict[str, float]:
    """ "80,10,10" by part. Raises UserError."""
    parts = text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not 2 <= len(numbers) <= 3 or not all(0 < number < float("inf") for number in numbers):
        raise UserError(
            f"--shares are two or three numbers above 0, for train, test or train, valid, test "
            f"(80,20 or 80,10,10), got {text!r}"
        )
    names = PARTS if len(numbers) == 3 else ("train", "test")
    return dict(zip(names, numbers, strict=True))


def _split(path: Path, shares: dict[str, float], seed: int, by: str, into: Path | None) -> None:
    from limbeck.questions import split_by_template
    from limbeck.questions.splitting import BY
    from limbeck.store import write_jsonl

    if by not in BY:
        raise UserError(f"--by is one of {', '.join(BY)}, got {by!r}")
    rows, _ = _read(path)
    parts = split_by_template(rows, shares, seed, by=by)
    folder = into or path.with_name(f"{path.name}.split")
    for name, part in parts.items():
        write_jsonl(folder / f"{name}.jsonl", part)
    _say(
        f"{folder / f'{name}.jsonl'}: {len(part)} rows ({100 * len(part) / len(rows):.1f}%)"
        for name, part in parts.items()
    )


def _read(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of a file and their questions. Raises DataError with the line of a bad row."""
    from limbeck.questions.splitting import question_of
    from limbeck.store import read_jsonl

    rows, texts = [], []
    for number, row in read_jsonl(path):
        try:
            texts.append(question_of(row))
        except (KeyError, TypeError, ValueError) as error:
            reason = f"the key {error} is missing" if isinstance(error, KeyError) else error
            raise DataError(f"{path}, line {number}: {reason}", path=path, line=number) from error
        rows.append(row)
    if not rows:
        raise DataError(f"{path} has no question", path=path)
    return rows, texts


def _overlap(train: Path, test: Path, *, as_json: bool) -> None:
    from limbeck.progress import shown_json
    from limbeck.questions import masked_overlap

    (_, train_texts), (_, texts) = _read(train), _read(test)
    found = masked_overlap(train_texts, texts)
    if as_json:
        typer.echo(shown_json(found.to_json()))
        return
    _say(_told(found, texts))


def _told(found: Overlap, texts: Sequence[str]) -> Iterator[str]:
    def line(what: str, count: int) -> str:
        return f"{what:<46}{count:>6} ({100 * count / found.test:.1f}%)"

    yield f"{found.test} test questions ({found.test_templates} different ones, masked)"
    yield f"{found.train} training questions ({found.train_templates} different ones, masked)"
    yield line("Masked question in train", len(found.shared))
    yield line("Masked context (all but the last sentence)", len(found.context))
    yield line("In train word for word", len(found.same))
    yield line("Shares 8 words in a row with train", found.ngram)
    if found.short:
        yield line("Under 8 words: the line above says nothing", found.short)
    for index in (*found.shared, *found.context)[:1]:
        yield f"For example: {texts[index]}"
