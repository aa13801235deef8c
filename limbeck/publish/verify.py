"""`limbeck verify`: whether a folder is what limbeck published, down to each row.

The folder is anybody's. Names in limbeck.json lead nowhere outside of it, text from it is never
executed or printed raw, and a file that says what limbeck does not write is a mismatch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from limbeck.columns import schema
from limbeck.errors import DataError, UserError
from limbeck.publish.facts import SPLITS, Facts, each, wrong_groups
from limbeck.publish.files import extra_files, place_of
from limbeck.publish.options import CARD, MANIFEST, README, RECIPE, SCHEMA
from limbeck.publish.read import data_files, rows_of, schema_of, side_of
from limbeck.publish.rows import (
    COLUMNS,
    REFUSED_ROW,
    REFUSED_VERDICT,
    Kind,
    from_published,
)
from limbeck.publish.verify_texts import (
    card_mismatches,
    metadata_mismatches,
    recipe_mismatches,
)
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
        for check in (_schemas, _rows, _groups, _refused, _funnel, _derived, _recipe, _card):
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
            "another version of limbeck may have written it"
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
        elif schema_of(folder / name) != schema(Kind.told(manifest).columns(columns)):
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
        _check_row(lambda one: facts.add(side, one), row, name, number)


def _check_row(read: Callable[[Any], object], row: object, name: str, number: int) -> None:
    try:
        read(row)
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
        before = sum(counts.values())
        for number, row in enumerate(rows_of(folder / name)):
            key = (row["filter"], row["reason"])
            counts[key] = counts.get(key, 0) + 1
            if manifest["refused_rows"]:
                _check_row(from_published, row, name, number)
        listed, read = manifest["files"][name].get("rows"), sum(counts.values()) - before
        if listed != read:
            found.mismatches.append(f"{name} has {read} rows, and {MANIFEST} says {listed}")
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


def _derived(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    """Numbers of the card that follow from others."""
    rows, cost, sent = manifest["rows"], manifest["cost"], manifest["sampling"]
    correct = rows["checked"].get("correct", 0) if rows["checked"] else None
    money = cost["picodollars"]
    expected = {
        "cost.per_row": (cost["per_row"], each(money, rows["total"])),
        "cost.correct_rows": (cost["correct_rows"], correct),
        "cost.per_correct_row": (
            cost["per_correct_row"], None if correct is None else each(money, correct)
        ),
        "sampling.requests": (sent["requests"], rows["total"]),
        "sampling.found": (sent["found"], sent["requests"] - sent["unknown"]),
    }  # fmt: skip
    for name, (said, again) in expected.items():
        found.mismatches += _differences(said, again, name)
    return []


def _recipe(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    found.mismatches += recipe_mismatches(folder, manifest)
    return ["recipe: its hash"]


def _card(
    folder: Path, manifest: Mapping[str, Any], names: list[str], found: Verified
) -> list[str]:
    if manifest["card"] == CARD:
        found.mismatches += card_mismatches(folder, manifest)
        return [f"card: every line of it follows from {MANIFEST}"]
    found.notes.append(
        f"{README} was written by another version of the card; only its metadata is compared"
    )
    found.mismatches += metadata_mismatches(folder, manifest)
    return ["card: its metadata"]


def _differences(said: Any, again: Any, where: str) -> Iterator[str]:
    """How what limbeck.json says differs from what is counted again."""
    if isinstance(again, Mapping) and isinstance(said, Mapping):
        for key in sorted({*map(str, said), *map(str, again)}):
            yield from _differences(said.get(key), again.get(key), f"{where}.{key}")
    elif said != again or type(said) is not type(again):
        yield f"{where} is {str(again)[:100]} by the rows, and {MANIFEST} says {str(said)[:100]}"
