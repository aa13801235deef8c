"""The lm-eval tasks that a folder of YAML files holds, told by name. No code of theirs is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from limbeck.errors import DataError, UserError
from limbeck.yaml_lines import BoundedLoader

IGNORED = {"__pycache__", ".ipynb_checkpoints"}  # as lm-eval's own index does


def tasks_in(folder: Path) -> list[str]:
    """The names under which lm-eval runs everything in a folder once, in the order of its files.

    A group stands for its members, which are not listed again; a tag is only another name for
    tasks that are. A file without a name, such as one that others `include`, is no task. Files in
    sub-folders count, and only those that end in .yaml: lm-eval looks for no others. Raises
    UserError for a folder without a task, and DataError for a file that is no YAML, a missing or
    circular `include`, and a name that two files have.
    """
    groups: dict[str, list[str]] = {}
    found: dict[str, Path] = {}
    for path in _files(folder):
        config = merged(path)
        name, members = _named(config)
        if name is None:
            continue
        if name in found:
            raise DataError(
                f"two files have the task {name!r}, {found[name]} and {path}, and lm-eval would "
                "take one of them; rename the other",
                path=path,
            )
        found[name] = path
        if members is not None:
            groups[name] = members
    if not found:
        raise UserError(f"{folder} has no lm-eval task: no .yaml file in it names one with task:")
    inside = {member for members in groups.values() for member in members}
    tagged = _tags(found)
    inside |= {task for member in list(inside) for task in tagged.get(member, ())}
    return [name for name in found if name not in inside]


def configs_in(folder: Path, *, skip_broken: bool = False) -> dict[str, dict[str, Any]]:
    """The keys of every task and group of a folder, by its name. Raises DataError as `tasks_in`
    does, but for files that cannot be read where they are to be skipped, as lm-eval does."""
    found: dict[str, dict[str, Any]] = {}
    for path in _files(folder):
        try:
            config = merged(path)
        except DataError:
            if skip_broken:
                continue
            raise
        name, _ = _named(config)
        if name is not None:
            found.setdefault(name, config)
    return found


def members(config: Mapping[str, Any]) -> list[str]:
    """The names in a group's list; none for a task."""
    return _named(config)[1] or []


def group_in(path: Path) -> str | None:
    """The name of a file's group; None for a task. Raises DataError, as `merged` does."""
    name, listed = _named(merged(path))
    return None if listed is None else name


def check_file(path: Path) -> None:
    """Raises DataError for a file that is not there or no YAML, a missing or circular `include`,
    and one that names no task."""
    if _named(merged(path))[0] is None:
        raise DataError(f"{path} is no lm-eval task: it names none with task:", path=path)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}", path=folder)
    paths = (p for p in folder.glob("**/*.yaml") if IGNORED.isdisjoint(p.parts))
    return sorted(paths, key=lambda path: path.as_posix())


def _named(config: Mapping[str, Any]) -> tuple[str | None, list[str] | None]:
    """A file's name, and the members where it is a group; None for neither."""
    task, group = config.get("task"), config.get("group")
    if isinstance(group, str) and "class" not in config:
        return group, list(_members(task))
    return (task, None) if isinstance(task, str) else (None, None)


def _members(listed: Any) -> Iterator[str]:
    """All names in a group's `task` list; groups written within it have lists of their own."""
    for one in listed if isinstance(listed, list) else [listed]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping) and isinstance(one.get("group"), str):
            yield one["group"]
            yield from _members(one.get("task"))
        elif isinstance(one, Mapping) and isinstance(one.get("task"), str):
            yield one["task"]


def _tags(found: Mapping[str, Path]) -> dict[str, list[str]]:
    """The tasks of every tag."""
    tags: dict[str, list[str]] = {}
    for name, path in found.items():
        given = merged(path).get("tag") or []
        for tag in given if isinstance(given, list) else [given]:
            tags.setdefault(str(tag), []).append(name)
    return tags


def merged(path: Path) -> dict[str, Any]:
    """A file's keys over those of the files that it includes; what code gives is None. Raises
    DataError for a file that is no YAML, and for a missing or circular `include`."""
    found: dict[str, Any] = {}
    for _, own in reversed(_chain(path, ())):
        found |= own
    return found


def included(path: Path) -> list[Path]:
    """The files that a file includes, theirs too. Raises DataError, as `merged` does."""
    return [file for file, _ in _chain(path, ())[1:]]


def _chain(path: Path, within: tuple[Path, ...]) -> list[tuple[Path, dict[str, Any]]]:
    """A file and those that it includes, each after all whose keys it gives way to."""
    if path in within:
        raise DataError(f"{path} includes itself", path=path)
    own = _read(path)
    given = own.pop("include", None) or []
    found = [(path, own)]
    for name in reversed(given if isinstance(given, list) else [given]):
        found += _chain((path.parent / str(name)).resolve(), (*within, path))
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            config = yaml.load(file, Loader=_Names)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise DataError(f"{path} is not the YAML of an lm-eval task: {told}", path=path) from error
    return config if isinstance(config, dict) else {}


class _Names(BoundedLoader):
    """`!function utils.f` is code of the folder; here it is only a tag, and never looked up."""


def _untouched(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> None:
    return None


_Names.add_multi_constructor("!", _untouched)
