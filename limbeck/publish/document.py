"""limbeck.json: all that the card says, and the hash of every file. `docs/publish.md` names the
keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck import __version__
from limbeck.errors import UserError
from limbeck.money import cost, price_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.merge_parts import payers
from limbeck.pipeline.output import RECORDS
from limbeck.pipeline.report import versions
from limbeck.protocols import Usage
from limbeck.publish.asked import paid, sampling
from limbeck.publish.clean import public_recipe
from limbeck.publish.facts import SPLITS, each
from limbeck.publish.options import CARD, SCHEMA, Options
from limbeck.publish.read import data_files, rows_of
from limbeck.publish.rows import public_model
from limbeck.publish.seeds import seeds_of
from limbeck.publish.terms import (
    TEACHER,
    UNKNOWN,
    Terms,
    acknowledged,
    checked_licence,
    is_private,
    notices,
    terms_of,
    worst,
)
from limbeck.record import canonical_json, content_hash
from limbeck.rundir import Done
from limbeck.store import read_jsonl
from limbeck.teachers.connect import identity

PACKAGES = ("pyarrow", "numpy", "openai", "torch", "transformers")


def agreed(context: Context, options: Options) -> dict[str, Any]:
    """Teacher, seeds, licence and what was acknowledged: checked first, since nothing may be
    written before. Raises UserError."""
    recipe = context.recipe
    given = recipe.generate.generator == "given"
    model = "" if given else public_model(recipe.teacher.model)
    terms = _own_words() if given else terms_of(model, recipe.teacher.base_url)
    seeds = seeds_of(recipe, options.seeds_licence)
    if options.licence is not None:
        licence, by = checked_licence(options.licence, "--licence"), "the publisher"
    else:
        licence, by = seeds["licence"], "" if seeds["licence"] == UNKNOWN else "the seeds' licence"
    found = notices(terms, seeds["licence"], licence)
    if not options.hub:  # a folder of one's own passes no seeds on, and asks no provider
        own = given or is_private(recipe.teacher.model, recipe.teacher.base_url)
        kept = worst(terms) == "forbidden" or not own
        found = [notice for notice in found if notice.key == TEACHER and kept]
    public, _ = public_recipe(recipe)
    return {
        "licence": {"id": licence, "said_by": by},
        "teacher": {
            "model": model,
            "weights": None if given else _weights(context),
            "endpoint": None if given else public["teacher"]["base_url"],
            "extra": public["teacher"]["extra"],
            "terms": [
                {name: getattr(one, name) for name in Terms.__slots__ if name != "key"}
                for one in terms
            ],
        },
        "seeds": seeds,
        "notices": acknowledged(found, options.acknowledge),
    }


def _weights(context: Context) -> str | None:
    """The fingerprint of a local teacher's weights, as the ledger's keys have it; None where they
    are not there."""
    if context.recipe.teacher.model.startswith(("openai:", "fake:")):
        return None
    try:
        return str(identity(context.recipe.teacher)["model"])
    except UserError:
        return None


def _own_words() -> list[Terms]:
    says = "The rows were given with their answers: who wrote them, the run does not know."
    return [Terms(UNKNOWN, "whoever wrote the answers", "unknown", says, "their terms", "")]


def document(
    context: Context,
    done: Mapping[str, Done],
    options: Options,
    *,
    agreed: Mapping[str, Any],
    facts: Mapping[str, Any],
    funnel: Mapping[str, Any],
    measured: Mapping[str, Any],
    unchecked: Sequence[str],
    folder: Path,
    names: Sequence[str],
) -> dict[str, Any]:
    """Everything but the files' hashes."""
    recipe = context.recipe
    data, _ = public_recipe(recipe)
    keys = (
        row["request"]
        for side in SPLITS
        for name in data_files(names, side)
        for row in rows_of(folder / name, ["request"])
    )
    formatted = done["format"].counts
    return {
        "schema": SCHEMA,
        "limbeck_version": __version__,
        "card": CARD,
        "name": recipe.name,
        "pretty_name": options.pretty_name or recipe.name,
        "authors": list(options.authors),
        "load_as": options.load_as or recipe.name,
        **agreed,
        "generator": {"name": recipe.generate.generator, "options": data["generate"]},
        "filters": [{"name": step["name"], "options": step["options"]} for step in data["filters"]],
        "sampling": sampling(context.ledger, keys),
        "split": {
            "by": recipe.format.by,
            "seed": recipe.seed,
            "trained_on": formatted.get("train"),
            "left_out_of_training": formatted.get("left_out") or {},
        },
        "rows": dict(facts),
        "funnel": dict(funnel),
        "verifier": _verifier(context),
        "measured": dict(measured),
        "cost": _cost(context, done, facts),
        "recipe": {
            "hash": content_hash(data),
            "not_compared": list(unchecked),
            "seed": recipe.seed,
        },
        "stages": {
            name: {"inputs": stage.inputs, "outputs": stage.outputs} for name, stage in done.items()
        },
        "versions": versions(PACKAGES),
        "refused_rows": options.with_refused,
    }


def _verifier(context: Context) -> dict[str, int]:
    """What the verifier said of all records, before the filters; nothing where none was run."""
    found: Counter[str] = Counter()
    for _, row in read_jsonl(context.run.folder("generate") / RECORDS):
        check = (row.get("meta") or {}).get("check")
        if isinstance(check, Mapping) and isinstance(check.get("status"), str):
            found[check["status"]] += 1
    return {name: found[name] for name in sorted(found)}


def _cost(context: Context, done: Mapping[str, Done], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens and pico-dollars: of all replies that the records were made of, at the live price,
    whoever paid them; and what this run paid its teacher in all stages, by the ledger."""
    section, counts = context.recipe.teacher, done["generate"].counts
    rates = price_of(section)
    used = Usage(int(counts["prompt_tokens"]), int(counts["completion_tokens"]))
    money = None if rates is None else cost(used, rates)
    try:
        teacher = canonical_json(dict(identity(section)))
    except UserError:  # a local model that is not there any more
        teacher = ""
    correct = int(facts["checked"].get("correct", 0))
    return {
        "replies": int(counts.get("replies", counts["calls"])),
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "price": "" if rates is None else rates.source,
        "local": not section.model.startswith("openai:"),
        "picodollars": money,
        "per_row": each(money, int(facts["total"])),
        "correct_rows": correct if facts["checked"] else None,
        "per_correct_row": each(money, correct) if facts["checked"] else None,
        "paid": paid(context.ledger, payers(context.run.path), teacher, rates),
    }
