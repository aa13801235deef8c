"""What an lm-eval task's files hold: all that could change what is asked, as one hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from limbeck.evals.lm_eval_files.task_folder import IGNORED, included, merged
from limbeck.record import content_hash
from limbeck.store import file_hash


def content_of(path: Path) -> str:
    """The hash of a YAML file, or of all in a folder, with the files that they include, the Python
    beside one that calls a function, and the data files that lie on this disk.

    Where a file lies is no part of it, but for names within the folder and what the YAML itself
    says. What a hub holds is not looked at. Raises DataError for a file that is no YAML, and for a
    missing or circular `include`.
    """
    home = path if path.is_dir() else path.parent
    starts = _inside(path, "*.y*ml") if path.is_dir() else [path]
    behind: dict[Path, None] = {}
    for start in starts:
        chain = [start.resolve(), *included(start)]
        behind |= dict.fromkeys(chain)
        for file in chain:
            if b"!function" in file.read_bytes():
                behind |= dict.fromkeys(_inside(file.parent, "*.py"))
        behind |= dict.fromkeys(_data(merged(start)))
    found = [(_name(file, home.resolve()), file_hash(file)) for file in behind]
    return content_hash(sorted(found))


def _inside(folder: Path, pattern: str) -> list[Path]:
    paths = (p for p in folder.rglob(pattern) if IGNORED.isdisjoint(p.parts) and p.is_file())
    return sorted(path.resolve() for path in paths)


def _name(file: Path, home: Path) -> str:
    return str(file.relative_to(home)) if file.is_relative_to(home) else file.name


def _data(config: Mapping[str, Any]) -> Iterator[Path]:
    """The files of a task's data set on this disk; paths are from the working directory, as
    `datasets` takes them."""
    given = config.get("dataset_kwargs")
    kwargs = given if isinstance(given, Mapping) else {}
    top = kwargs.get("data_dir")
    for text in _texts(kwargs.get("data_files")):
        yield from _files(Path(str(top), text) if top else Path(text))
    for folder in (top, config.get("dataset_path")):
        if isinstance(folder, str) and Path(folder).is_dir():
            yield from _inside(Path(folder), "*")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one)


def _files(path: Path) -> Iterator[Path]:
    """A file, or those that a pattern names."""
    if path.is_file():
        yield path.resolve()
    elif path.name and any(char in str(path) for char in "*?["):
        top = Path(path.anchor) if path.is_absolute() else Path()
        pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else str(path)
        yield from sorted(one.resolve() for one in top.glob(pattern) if one.is_file())
