"""`limbeck verify`: whether a folder is what limbeck published, down to each row.

The folder is anybody's. Names in limbeck.json lead nowhere outside of it, text from it is never
executed or printed raw, and a file that says what limbeck does not write is a mismatch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.errors import DataError, UserError
from limbeck.publish.card import card, metadata
from limbeck.publish.facts import SPLITS, Facts, wrong_groups
from limbeck.publish.files import extra_files, place_of
from limbeck.publish.options import CARD, MANIFEST, README, RECIPE, SCHEMA
from limbeck.publish.read import data_files, rows_of, schema_of, side_of
from limbeck.publish.rows import COLUMNS, REFUSED_ROW, REFUSED_VERDICT, schema
from limbeck.record import content_hash
from limbeck.store import file_hash, read_json

LARGEST = 2**26  # bytes of limbeck.json, README.md and recipe.yaml
_BAD = (
    ArithmeticError, AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError
)  # fmt: skip


@dataclass(slots=True)
class Verified:
    """What was checked, each with what it found, and every mismatch."""

    name: str
    sha256: str
    checked: list[dict[str, Any]] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.mismatches

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sha256": self.sha256,
            "ok": self.ok,
            "checked": self.checked,
            "mismatches": self.mismatches,
            "notes": self.notes,
        }


def verify(folder: Path) -> Verified:
    """Check a published folder. Raises UserError for one that is none."""
    manifest = _manifest(folder)
    found = Verified(str(manifest.get("name")), file_hash(folder / MANIFEST))
    names = _files(folder, manifest, found)
    if len(names) == len(manifest["files"]):  # else reading rows is no use
        for check in (_schemas, _rows, _groups, _refused, _funnel, _recipe, _card):
            _try(check, folder, manifest, names, found)
    return found


Check = Callable[[Path, Mapping[str, Any], list[str], Verified], list[str]]
"""Adds mismatches; returns what was checked, in words."""


def _try(
    check: Check, folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> None:
    before = len(found.mismatches)
    try:
        says = check(folder, manifest, names, found)
        found.checked += [{"ok": len(found.mismatches) == before, "says": one} for one in says]
    except DataError as error:
        found.mismatches.append(str(error))
    except _BAD as error:
        found.mismatches.append(
            f"{MANIFEST} lacks what limbeck writes, or has it in another form ({error!r})"
        )


def _manifest(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; limbeck verify takes one that was published")
    try:
        path = place_of(folder, MANIFEST)
    except ValueError as error:
        raise UserError(f"{folder} is no dataset that limbeck published: {error}") from error
    if path.stat().st_size > LARGEST:
        raise UserError(f"{path} is larger than any limbeck.json")
    found = read_json(path)
    said = found.get("schema") if isinstance(found, dict) else None
    if said != SCHEMA:
        raise UserError(
            f"{path} has the schema {said!r}, and this limbeck verifies {SCHEMA}; "
            "a newer limbeck may have written it"
        )
    if not isinstance(found.get("files"), dict):
        raise UserError(f"{path} lists no files: it is no limbeck.json of a published dataset")
    return dict(found)


def _files(folder: Path, manifest: Mapping[str, Any], found: Verified) -> list[str]:
    """The names of the files, once each is there and has its hash."""
    good, size = [], 0
    for name, about in manifest["files"].items():
        try:
            path = place_of(folder, name)
        except ValueError as error:
            found.mismatches.append(str(error))
            continue
        is_text = name in (README, RECIPE)
        if not isinstance(about, Mapping) or not isinstance(about.get("sha256"), str):
            found.mismatches.append(f"{MANIFEST} has no hash of {name}")
        elif is_text and path.stat().st_size > LARGEST:
            found.mismatches.append(f"{name} is larger than any that limbeck writes")
        elif path.stat().st_size != about.get("bytes"):
            found.mismatches.append(
                f"{name} has {path.stat().st_size} bytes, and {MANIFEST} says {about.get('bytes')}"
            )
        elif file_hash(path) != about["sha256"]:
            found.mismatches.append(f"{name} has another content than {MANIFEST} says (SHA-256)")
        else:
            good.append(name)
            size += path.stat().st_size
    for name in (README, RECIPE):
        if name not in manifest["files"]:
            found.mismatches.append(f"{MANIFEST} does not list {name}")
    for name in extra_files(folder, manifest["files"]):
        found.mismatches.append(f"{name} is there, and {MANIFEST} does not list it")
    says = f"files: {len(good)} of {len(manifest['files'])}, {size:,} bytes"
    found.checked.append({"ok": found.ok, "says": says})
    return good


def _schemas(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    refused = REFUSED_ROW if manifest["refused_rows"] else REFUSED_VERDICT
    for name in names:
        columns = COLUMNS if side_of(name) in SPLITS else None
        columns = refused if name.startswith("provenance/refused-") else columns
        if columns is None:
            if name not in (README, RECIPE):
                found.mismatches.append(f"{name} is no file that limbeck writes")
        elif not schema_of(folder / name).equals(schema(columns)):
            raise DataError(f"{name} has other columns than limbeck writes")
    return []


def _rows(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    facts = Facts()
    for side in SPLITS:
        for name in data_files(names, side):
            before = facts.rows.total()
            _count(folder, side, name, facts)
            said, read = manifest["files"][name].get("rows"), facts.rows.total() - before
            if said != read:
                found.mismatches.append(f"{name} has {read} rows, and {MANIFEST} says {said}")
    again = facts.to_json()
    for text in _differences(manifest["rows"], again, "rows"):
        found.mismatches.append(text)
    if facts.spread:
        found.mismatches.append(f"{facts.spread} rows are of a group that is on two sides")
    sides = ", ".join(f"{about['rows']:,} {side}" for side, about in again["splits"].items())
    return [
        f"rows: {sides}; every count is had again from them",
        f"provenance: {again['ids_that_follow']:,} of {again['total']:,} ids follow from their "
        f"rows; {again['ids']:,} are different",
    ]


def _count(folder: Path, side: str, name: str, facts: Facts) -> None:
    for number, row in enumerate(rows_of(folder / name)):
        try:
            facts.add(side, row)
        except _BAD as error:
            raise DataError(f"{name}, row {number}: not a row of limbeck ({error})") from error


def _groups(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    by = manifest["split"]["by"]
    if by not in ("prompt", "template", "source"):
        raise ValueError(f"split.by is {by!r}")
    rows = (
        row for side in SPLITS for name in data_files(names, side) for row in rows_of(folder / name)
    )
    if wrong := wrong_groups(rows, by):
        found.mismatches.append(f"{wrong} rows say another group than they have by their {by}")
    total = sum(about["groups"] for about in manifest["rows"]["splits"].values())
    return [f"splits: no {by} of {total:,} is on two sides"]


def _refused(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    """Who refused which row: as the funnel says."""
    counts: dict[tuple[str, str], int] = {}
    for name in sorted(name for name in names if name.startswith("provenance/refused-")):
        for row in rows_of(folder / name, ["id", "filter", "reason"]):
            key = (row["filter"], row["reason"])
            counts[key] = counts.get(key, 0) + 1
    said = {(one["filter"], one["reason"]): one["rows"] for one in manifest["funnel"]["refused"]}
    if counts != said:
        found.mismatches.append(
            f"provenance has {sum(counts.values())} refused rows by filter and reason, and the "
            f"funnel of {MANIFEST} says {sum(said.values())}, or other reasons"
        )
    return [f"refused: {sum(counts.values()):,} rows, by filter and reason"]


def _funnel(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    told = manifest["funnel"]
    refused = sum(one["rows"] for one in told["refused"])
    if told["records"] - refused != told["kept"] or told["kept"] != manifest["rows"]["total"]:
        found.mismatches.append(
            f"the funnel does not add up: {told['records']} records less {refused} refused are "
            f"{told['records'] - refused}, {told['kept']} kept, {manifest['rows']['total']} rows"
        )
    filters = {one["name"] for one in manifest["filters"]}
    for one in manifest["rows"]["verdicts"]:
        if one["filter"] not in filters:
            found.mismatches.append(
                f"rows have verdicts of the filter {one['filter']!r}, which the recipe has not"
            )
    return [f"funnel: {told['records']:,} records, {refused:,} refused, {told['kept']:,} kept"]


def _recipe(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    data = _yaml((folder / RECIPE).read_text(encoding="utf-8"), RECIPE)
    if content_hash(data) != manifest["recipe"]["hash"]:
        found.mismatches.append(f"{RECIPE} is another recipe than {MANIFEST} says (hash)")
    return ["recipe: its hash"]


def _yaml(text: str, name: str) -> Any:
    """YAML that limbeck may have written: without aliases, by which a short text can grow without
    end. Raises DataError."""
    import yaml

    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise DataError(f"{name} has YAML aliases, which limbeck does not write")
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise DataError(f"{name} cannot be read as YAML ({type(error).__name__})") from error


def _card(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    """The card is a function of limbeck.json: written again, it has to be the same."""
    from jinja2 import TemplateError

    text = (folder / README).read_text(encoding="utf-8")
    if manifest["card"] == CARD:
        try:
            again = card(manifest)
        except TemplateError as error:
            raise ValueError(str(error)) from error
        if text != again:
            found.mismatches.append(f"{README} {_first_difference(text, again)}")
        return [f"card: every line of it follows from {MANIFEST}"]
    found.notes.append(
        f"{README} was written by another version of the card; only its metadata is compared"
    )
    said = _yaml(text.split("\n---\n", 1)[0].removeprefix("---\n"), README)
    keys = ("license", "configs", "size_categories", "dataset_info")
    expected = metadata(manifest)
    for key in keys:
        if said.get(key) != expected[key]:
            found.mismatches.append(f"{README} has another {key} than {MANIFEST}")
    return ["card: its metadata"]


def _first_difference(text: str, again: str) -> str:
    lines, expected = text.split("\n"), again.split("\n")
    for number, (line, other) in enumerate(zip(lines, expected, strict=False), start=1):
        if line != other:
            return f"line {number} is {line[:100]!r}, and {MANIFEST} says {other[:100]!r}"
    return f"has {len(lines)} lines, and {MANIFEST} says {len(expected)}"


def _differences(said: Any, again: Any, where: str) -> Iterator[str]:
    """How what limbeck.json says differs from what is counted again."""
    if isinstance(again, Mapping) and isinstance(said, Mapping):
        for key in sorted({*map(str, said), *map(str, again)}):
            yield from _differences(said.get(key), again.get(key), f"{where}.{key}")
    elif said != again or type(said) is not type(again):
        yield f"{where} is {str(again)[:100]} by the rows, and {MANIFEST} says {str(said)[:100]}"
