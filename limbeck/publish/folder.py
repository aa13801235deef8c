"""A run as a folder that is ready for the hub: data, provenance, recipe, card and limbeck.json.

It appears whole or not at all, and nothing is written over that limbeck did not write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.kept import kept_lines
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import VERDICTS, filters_of, kept_records
from limbeck.pipeline.groups import group_keys
from limbeck.pipeline.output import RECORDS
from limbeck.publish.card import card
from limbeck.publish.clean import Guard, public_recipe, recipe_text
from limbeck.publish.document import agreed, document
from limbeck.publish.facts import SPLITS, Facts
from limbeck.publish.funnel import checked_stages, funnel, same_stages
from limbeck.publish.measured import measured
from limbeck.publish.options import MANIFEST, README, RECIPE, SCHEMA, Options, Published
from limbeck.publish.read import data_files, rows_of
from limbeck.publish.rows import (
    COLUMNS,
    REFUSED_ROW,
    REFUSED_VERDICT,
    Kind,
    group_id,
    is_raw,
    public,
    to_published,
)
from limbeck.publish.shards import SHARD, Shards
from limbeck.publish.sides import formatted, sides_of
from limbeck.publish.verdicts import Verdicts
from limbeck.record import Record
from limbeck.store import file_hash, fresh_folder, json_text, read_json, read_records, write_text

OWN = "published"  # in the run folder: what goes to the hub


def publish(
    context: Context,
    to: Path,
    options: Options,
    *,
    replace: bool = False,
    shard: int = SHARD,
) -> Published:
    """Write the run's dataset into the folder `to`; `shard` is about how many bytes a file has.

    What is there already is left alone where it is the same dataset. Raises UserError for notices
    that are not acknowledged, for a folder that limbeck did not write, for one of another dataset
    without `replace`, for a run that is not filtered, and for secrets in what would be published.
    """
    said = agreed(context, options)
    try:
        _check_place(to, context.run.path)
    except OSError as error:  # a name that is too long, a folder that may not be read
        raise UserError(f"cannot write {to}: {error.strerror or error}") from error
    done, unchecked = checked_stages(context)
    guard = Guard(context.recipe.teacher.api_key_env)
    with fresh_folder(to) as draft:
        verdicts = Verdicts(context.run.folder("filter") / VERDICTS)
        records = read_records(context.run.folder("generate") / RECORDS)
        kind = Kind.of(records if options.with_refused else kept_records(context))
        files = _write_rows(context, verdicts, draft, shard, guard, kind)
        refused = REFUSED_ROW if options.with_refused else REFUSED_VERDICT
        files |= _write_refused(context, verdicts, draft, shard, guard, refused, kind)
        facts = counted(draft, list(files))
        told = document(
            context,
            done,
            options,
            agreed=said,
            facts=facts.to_json(),
            funnel=funnel(context, done, verdicts, facts.rows.total()),
            measured=measured(
                context,
                done,
                draft,
                list(files),
                total=facts.rows.total(),
                audit=options.audit,
            ),
            unchecked=sorted(unchecked),
            folder=draft,
            names=list(files),
        )
        sizes = {name: (draft / name).stat().st_size for name in files}
        told |= {"columns": kind.further} if kind.further else {}
        told["files"] = {
            name: {"bytes": sizes[name], "rows": files[name], "sha256": file_hash(draft / name)}
            for name in sorted(files)
        }
        data, hidden = public_recipe(context.recipe)
        texts = {RECIPE: recipe_text(data, hidden), README: card(told)}
        for name, text in texts.items():
            write_text(draft / name, text)
            path = draft / name
            told["files"][name] = {"bytes": path.stat().st_size, "sha256": file_hash(path)}
        text = json_text(told)
        guard.check_texts(texts | {MANIFEST: text})
        write_text(draft / MANIFEST, text)
        if not same_stages(context.run, done):
            raise UserError(
                f"another limbeck worked in {context.run.path} meanwhile; nothing was published. "
                "Publish again when it has ended"
            )
        made = Published(told, file_hash(draft / MANIFEST))
        _check_old(to, made, replace)
    return made


def counted(folder: Path, names: list[str]) -> Facts:
    """Everything that can be counted from the data files. Raises DataError for a row that limbeck
    did not write."""
    facts = Facts()
    for side in SPLITS:
        for name in data_files(names, side):
            for number, row in enumerate(rows_of(folder / name)):
                try:
                    facts.add(side, row)
                except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                    raise DataError(
                        f"{name}, row {number}: not a row of limbeck ({error})", path=folder / name
                    ) from error
    return facts


def _write_rows(
    context: Context, verdicts: Verdicts, draft: Path, shard: int, guard: Guard, kind: Kind
) -> dict[str, int]:
    """data/*.parquet; returns the files with how many rows each has."""
    by = context.recipe.format.by
    ids: list[str] = []

    def noted() -> Iterator[Record]:
        for record in kept_records(context):
            ids.append(record.id)
            yield record

    groups = [group_id(by, key) for key in group_keys(noted(), by)]
    sides = sides_of(ids, groups, formatted(context.run.folder("format")))
    with ExitStack() as stack:
        folder = draft / "data"
        shards = {
            side: stack.enter_context(Shards(folder, side, kind.columns(COLUMNS), size=shard))
            for side in SPLITS
        }
        with context.reporter.stage("publish", "rows", len(ids)) as bar:
            for record, group, side in zip(kept_records(context), groups, sides, strict=True):
                row = _row(record, group, verdicts, kind)
                guard.check_row(row)
                shards[side].write(row)
                bar.advance(1)
    return {f"data/{name}": n for part in shards.values() for name, n in part.files.items()}


def _write_refused(
    context: Context,
    verdicts: Verdicts,
    draft: Path,
    shard: int,
    guard: Guard,
    columns: Mapping[str, Any],
    kind: Kind,
) -> dict[str, int]:
    """provenance/refused-*.parquet: who refused which record and why, and with the columns of a
    whole row the record itself, masked as a kept one would be."""
    whole = columns is REFUSED_ROW
    with Shards(draft / "provenance", "refused", kind.columns(columns), size=shard) as out:
        for row in _refused_rows(context, verdicts, kind) if whole else verdicts.refusals():
            guard.check_row(row)
            out.write(row)
    return {f"provenance/{name}": rows for name, rows in out.files.items()}


def _row(record: Record, group: str, verdicts: Verdicts, kind: Kind) -> dict[str, Any]:
    if is_raw(record) != kind.raw:
        raise UserError(
            f"the run has both chats and plain texts of a base model (the row {record.id}), and a "
            "trainer reads a data set as one of them. Keep one kind by a filter, or publish each "
            "from a run of its own"
        )
    return to_published(public(record), group, verdicts.of(record.id), kind)


def _refused_rows(context: Context, verdicts: Verdicts, kind: Kind) -> Iterator[Mapping[str, Any]]:
    kept = {number for number, _ in kept_lines(context.run.path)}
    masks = [judge.changed for judge in filters_of(context.recipe) if hasattr(judge, "changed")]
    records = read_records(context.run.folder("generate") / RECORDS)
    for number, record in enumerate(records, start=1):
        if number in kept or (refusal := verdicts.refusal(record.id)) is None:
            continue
        for mask in masks:
            record = mask(record)
        row = _row(record, "", verdicts, kind)
        del row["group"]
        yield row | {"filter": refusal["filter"], "reason": refusal["reason"]}


def _check_place(to: Path, run: Path) -> None:
    """Raises UserError for a place where something is that limbeck did not write."""
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise UserError(f"{to} is not a folder; name another place with --to")
    if to.resolve() == run.resolve() or to.resolve() in run.resolve().parents:
        raise UserError(f"{to} holds the run itself; name another place with --to")
    if to.resolve() != run.resolve() / OWN and run.resolve() in to.resolve().parents:
        raise UserError(f"{to} is in the run folder, which has its own files; name another place")
    if to.is_dir() and any(to.iterdir()) and not _is_published(to):
        raise UserError(
            f"{to} is not empty, and limbeck did not publish it; name another place with --to"
        )
    if to.is_dir():
        own = published_files(_old_manifest(to)) if any(to.iterdir()) else []
        found = (path.relative_to(to).as_posix() for path in to.rglob("*") if not path.is_dir())
        other = sorted(set(found) - set(own))
        if other:
            raise UserError(
                f"{to} holds {other[0]}, which limbeck did not write and would take away; move it "
                "elsewhere, or name another place with --to"
            )


def _is_published(folder: Path) -> bool:
    return bool(_old_manifest(folder))


def _old_manifest(folder: Path) -> dict[str, Any]:
    try:
        found = read_json(folder / MANIFEST)
    except DataError:
        return {}
    said = str(found.get("schema")) if isinstance(found, dict) else ""
    is_ours = said.startswith(SCHEMA.rpartition("/")[0] + "/")  # an older one is replaced, too
    return found if is_ours and isinstance(found.get("files"), dict) else {}


def _check_old(to: Path, made: Published, replace: bool) -> None:
    old = to / MANIFEST
    if replace or not old.is_file() or file_hash(old) == made.sha256:
        return
    raise UserError(
        f"{to} holds another dataset, or an older state of this one; publish with --replace to "
        "put the new one in its place"
    )


def published_files(manifest: Mapping[str, Any]) -> list[str]:
    """The names of all files of a published folder, limbeck.json too."""
    return sorted([*manifest["files"], MANIFEST])
