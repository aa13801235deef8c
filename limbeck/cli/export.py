"""`limbeck export`: rows in the forms that trainers read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.publish.export import Exported, Written

_Name = TypeVar("_Name", bound=str)


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A run folder, a published folder, a file or folder of rows, or hf:ORG/NAME.",
        ),
    ],
    form: Annotated[
        str,
        typer.Option("--format", help="messages, alpaca, sharegpt, or prompt_completion."),
    ],
    to: Annotated[
        Path,
        typer.Option(
            metavar="FILE_OR_DIR",
            help="A file that ends with .jsonl, .json, .parquet or .csv, or a folder for all "
            "splits.",
        ),
    ],
    split: Annotated[
        str | None,
        typer.Option(
            help="train, validation, or test. Default: all into a folder, train into a file."
        ),
    ] = None,
    file_type: Annotated[
        str | None,
        typer.Option("--file-type", help="jsonl (default), json, parquet, or csv."),
    ] = None,
    with_provenance: Annotated[
        bool,
        typer.Option(
            "--with-provenance",
            help="Also columns for id, model, origin, request, licence and target.",
        ),
    ] = False,
    text: Annotated[
        bool,
        typer.Option(
            "--text", help="Prompt and completion as plain texts, without a chat template."
        ),
    ] = False,
    formulas: Annotated[
        bool,
        typer.Option(
            "--formulas",
            help="Leave a CSV's cells as they are, even where a spreadsheet would run them.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write rows for TRL, LLaMA-Factory or axolotl.

    Rows that the form cannot hold are counted and said. dataset_info.json for LLaMA-Factory is
    written beside the file; axolotl's YAML is printed.
    """
    from limbeck.progress import shown_json, visible
    from limbeck.publish.export import Options
    from limbeck.publish.export import export as write
    from limbeck.publish.export_files import FILE_TYPES
    from limbeck.publish.exports import FORMS

    options = Options(
        _one_of("--format", form.replace("-", "_"), FORMS),
        split=split,
        file_type=None if file_type is None else _one_of("--file-type", file_type, FILE_TYPES),
        text=text,
        provenance=with_provenance,
        protect=not formulas,
        force=force,
    )
    done = write(source, to, options)
    if as_json:
        typer.echo(shown_json(_json(done)))
        return
    for line in _told(done):
        typer.echo(visible(line))


def _one_of(option: str, given: str, known: tuple[_Name, ...]) -> _Name:
    for name in known:
        if given == name:
            return name
    raise UserError(f"{option} is one of {', '.join(known)}, got {given!r}")


def _json(done: Exported) -> dict[str, Any]:
    return {
        "about": done.about,
        "files": [
            {
                "split": file.split,
                "path": str(file.path) if file.rows else None,
                "rows": file.rows,
                "left_out": dict(sorted(file.left_out.items())),
                "replaced": file.replaced,
                "hidden": file.hidden,
            }
            for file in done.files
        ],
        "columns": list(done.shape.columns),
        "unreadable": dict(sorted(done.unreadable.items())),
        "notes": [*done.notes, *warnings(done)],
        "dataset_info": None if done.info is None else str(done.info),
        "entries": done.entries,
        "axolotl": done.axolotl,
    }


def _told(done: Exported) -> Iterator[str]:
    yield done.about
    yield from done.notes
    for file in done.files:
        yield from _told_file(file)
    for reason, number in sorted(done.unreadable.items()):
        yield f"not read: {number:,} ({reason})"
    for place in done.reasons:
        yield f"  {place}"
    yield from warnings(done)
    if done.info is not None:
        yield f"LLaMA-Factory: dataset {', '.join(done.entries)} in {done.info}"
    if done.axolotl:
        yield "axolotl:"
        yield from (f"  {line}" for line in done.axolotl.splitlines())


def _told_file(file: Written) -> Iterator[str]:
    if file.rows:
        yield f"{file.rows:,} rows: {file.path}"
    else:
        yield f"no row of {file.split or 'the source'} can be written, so there is no {file.path}"
    for reason, number in sorted(file.left_out.items()):
        yield f"  left out: {number:,} rows {reason}"
    if file.replaced:
        yield f"  {file.replaced:,} rows had half characters, which are U+FFFD now"
    if file.hidden:
        yield (
            f"  {file.hidden:,} cells have an apostrophe before what a spreadsheet would run; "
            "--formulas leaves them as they are"
        )


def warnings(done: Exported) -> Iterator[str]:
    """What a trainer would make of the files, where it is not what stands there."""
    shape, raw = done.shape, done.raw
    missing = sum(file.missing for file in done.files)
    if missing:
        yield (
            f"{missing:,} rows have a text such as NA or null, which pandas, and datasets with it, "
            "takes for none in a CSV; JSON lines and Parquet keep it"
        )
    if shape.form in ("alpaca", "prompt_completion") and any(
        file.times and file.rows and file.path.suffix.startswith(".json") for file in done.files
    ):
        yield (
            "every answer of a file looks like a date, and datasets would make times of them; "
            "--file-type parquet keeps them text"
        )
    if thoughtless := sum(file.thoughtless for file in done.files):
        yield (
            f"{thoughtless:,} rows have reasoning, which {shape.form} has no place for: it is not "
            "in the file. --format messages has it"
        )
    unordered = sum(file.unordered for file in done.files)
    if unordered:
        yield (
            f"{unordered:,} rows have turns that are not system, then user and assistant in turn: "
            "LLaMA-Factory leaves them out"
        )
    if raw and not shape.text:
        yield (
            f"{raw:,} rows are plain texts, which the run's student learns without a chat "
            "template; --format prompt_completion writes them so"
        )
    if shape.history:
        yield "axolotl's type alpaca does not read history: take --format messages for it"
    if shape.form == "prompt_completion" and not shape.text:
        yield "LLaMA-Factory and axolotl read no prompts of turns: take --format messages for them"
