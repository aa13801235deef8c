"""The files of a dataset's folder, by name; one split where it has several."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from limbeck.errors import DataError, UserError
from limbeck.reading.formats import NEVER, READ, bare
from limbeck.reading.unreadable import Unreadable

# Parts of a file's path that name a split, as the hub reads them.
_SPLITS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip
_ABOUT = frozenset({
    "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "limbeck.json",
    "metadata.json",
})  # fmt: skip
_SKIPPED = ("provenance", "audit")  # of a published folder and of a run
_MOST_FILES = 100_000


@dataclass(slots=True)
class Shards:
    """The files to read, what the folder is for people, and what could not be taken."""

    files: list[Path] = field(default_factory=list)
    about: str = ""
    refused: list[tuple[Path, Unreadable]] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def shards_of(folder: Path, split: str | None) -> Shards:
    """Raises DataError for a folder without data, and UserError for a split that it has not."""
    found = Shards()
    files = sorted(_files(folder, folder.resolve(), found), key=lambda path: path.as_posix())
    named = {path: _split_of(path.relative_to(folder)) for path in files}
    names = sorted({name for name in named.values() if name})
    if split is not None:
        wanted = _SPLITS.get(split.casefold(), split)
        if wanted not in names:
            raise UserError(
                f"{folder} has no split {split!r}; "
                + (f"its splits are {', '.join(names)}" if names else "its files name no splits")
            )
        files = [path for path in files if named[path] == wanted]
        found.about = f"the split {wanted} of a folder"
    else:
        found.about = "a published folder" if (folder / "limbeck.json").is_file() else "a folder"
        if len(names) > 1:
            found.notes = (f"the splits {', '.join(names)} are read together; --split names one",)
    if not files:
        raise DataError(
            f"{folder} has no generate/records.jsonl; audit a file, or a run folder after limbeck "
            f"generate, or a folder with files of rows ({', '.join(READ)})",
            path=folder,
        )
    kinds = sorted({bare(path).removeprefix(".") for path in files})
    number = f"{len(files):,} {' and '.join(kinds)} file{'s' * (len(files) > 1)}"
    found.about += f" of {number}"
    found.files = files
    return found


def _files(folder: Path, root: Path, found: Shards) -> Iterator[Path]:
    """Regular files of rows below `folder`. A link that leads out of it is told, not followed."""
    number = 0
    for here, folders, names in os.walk(folder, followlinks=False):
        kept = []
        for name in sorted(folders):
            path = Path(here) / name
            if name.startswith(".") or (Path(here) == folder and name in _SKIPPED):
                continue
            if path.is_symlink():
                says = "a link to a folder, which is not followed"
                found.refused.append((path, Unreadable("not_read", says)))
                continue
            kept.append(name)
        folders[:] = kept
        for name in sorted(names):
            path = Path(here) / name
            if name.startswith(".") or name in _ABOUT or name.startswith("cache-"):
                continue
            if bare(path) not in READ:
                if bare(path) in NEVER:
                    says = "a file that could run code is never opened"
                    found.refused.append((path, Unreadable("not_read", says)))
                continue
            number += 1
            if number > _MOST_FILES:
                raise DataError(f"{folder} has more than {_MOST_FILES:,} files", path=folder)
            if path.is_symlink() and not _inside(path, root):
                says = "a link that leads out of the folder, which is not followed"
                found.refused.append((path, Unreadable("not_read", says)))
            elif not path.is_file():
                found.refused.append((path, Unreadable("not_read", "no regular file")))
            else:
                yield path


def _inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):  # a link to nothing, or to itself
        return False


def is_of_split(file: Path, split: str) -> bool:
    """Whether the name of a file says that it is this split."""
    return _split_of(Path(file.name)) == _SPLITS.get(split.casefold(), split)


def _split_of(path: Path) -> str:
    for part in reversed(path.parts):
        for word in re.split(r"[^a-z]+", part.casefold()):
            if word in _SPLITS:
                return _SPLITS[word]
    return ""
