"""`limbeck probe`: what a teacher gives, with the evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limbeck.cli.options import LedgerFile
from limbeck.errors import UserError

if TYPE_CHECKING:
    from limbeck.recipe import TeacherSection
    from limbeck.teachers.capabilities import Capabilities


def probe(
    target: Annotated[
        str,
        typer.Argument(
            metavar="MODEL_OR_RECIPE",
            help="openai:MODEL, another model name, or a recipe file, whose teacher is meant.",
        ),
    ],
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Where openai:MODEL is. Default: OpenAI.")
    ] = None,
    api_key_env: Annotated[
        str | None,
        typer.Option(
            "--api-key-env",
            help="The environment variable that holds the key. Default: OPENAI_API_KEY.",
        ),
    ] = None,
    ledger: LedgerFile = None,
    again: Annotated[
        bool, typer.Option("--again", help="Ask the server even if the ledger knows.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find out what a teacher gives: log-probabilities, seeds, n, stop strings, and so on.

    A server is asked at most 16 tiny questions, once; the ledger keeps what they showed.
    """
    from limbeck import aio
    from limbeck.ledger import Ledger
    from limbeck.models import parse_model
    from limbeck.progress import shown_json, visible
    from limbeck.teachers.capabilities import capabilities, recalled

    section = section_of(target, base_url, api_key_env)
    with Ledger(ledger) as book:
        remote = parse_model(section.model).kind == "openai"
        known = recalled(section, book) if remote and not again else None
        found = known or aio.run(capabilities(section, book, again=again))
        path = book.path
    if as_json:
        typer.echo(shown_json(found.to_json() | {"from_ledger": known is not None}))
        return
    source = f"asked now, and kept in the ledger {path}" if remote else "it runs here, not asked"
    if known is not None:
        source = f"from the ledger {path}; --again asks the server"
    for line in [f"{found.teacher}  ({source})", "", *_table(found)]:
        typer.echo(visible(line))


def section_of(target: str, base_url: str | None, api_key_env: str | None) -> TeacherSection:
    from pydantic import ValidationError

    from limbeck.models import OPENAI_URL, parse_model
    from limbeck.recipe import Recipe, TeacherSection

    given = {"base_url": base_url, "api_key_env": api_key_env}
    options = {name: value for name, value in given.items() if value is not None}
    recipe = Path(target).suffix in (".yaml", ".yml")
    if options and (recipe or parse_model(target).kind != "openai"):
        raise UserError(
            f"--{min(options).replace('_', '-')} goes with openai:MODEL only, and the target is "
            f"{target}. Leave the option out"
        )
    if recipe:
        return Recipe.load(target).teacher
    name = parse_model(target)
    if name.kind == "openai":
        options.setdefault("base_url", OPENAI_URL)
    try:
        return TeacherSection.model_validate({"model": str(name), **options})
    except ValidationError as error:
        # The value is not quoted: a key may have been put there by mistake.
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UserError(f"{message}. Check --base-url and --api-key-env") from None


def _table(found: Capabilities) -> list[str]:
    from limbeck.teachers.capabilities import FINDINGS

    rows = [("capability", "finding", "evidence")]
    for name in FINDINGS:
        rows.append((name, found[name].verdict, found[name].evidence))
        if name == "chat_logprobs":
            rows.append(("top_logprobs", str(found.top_logprobs), "at each place, in chat"))
        if name == "completion_logprobs":
            shape = found.completion_shape
            about = "at each place" + (f", in the shape of {shape}" if shape else "")
            rows.append(("completion_top", str(found.completion_top_logprobs), about))
    return [f"{name:<20} {verdict:<8} {evidence}" for name, verdict, evidence in rows]
