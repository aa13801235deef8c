"""Names of files in a folder that anybody may have made: none of them leads outside of it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

from limbeck.publish.options import MANIFEST

# What the hub and its clients put beside a dataset.
HUB_FILES = (".gitattributes",)
HUB_FOLDERS = (".cache", ".git", ".huggingface")


def place_of(folder: Path, name: object) -> Path:
    """The regular file of that name in the folder.

    Raises ValueError for a name that leads outside, a link that does (but for those that the hub's
    own cache makes, from a snapshot to the blobs beside it), and for what is no file.
    """
    if not isinstance(name, str) or not name or "\\" in name or "\0" in name or len(name) > 255:
        raise ValueError(f"{str(name)[:100]!r} is no name of a file")
    parts = PurePosixPath(name)
    if parts.is_absolute() or any(part in ("..", ".") for part in name.split("/")):
        raise ValueError(f"the name {name!r} leads outside of the folder")
    path = folder.joinpath(*parts.parts)
    try:
        real = path.resolve(strict=True)
        home = folder.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise ValueError(f"{name} is missing") from None
    if not (real.is_relative_to(home) and not path.is_symlink()) and not _in_cache(home, real):
        raise ValueError(f"{name} is a link, or lies behind one; limbeck writes files")
    if not real.is_file():
        raise ValueError(f"{name} is no file")
    return path


def _in_cache(home: Path, real: Path) -> bool:
    """Whether it is a blob of the same dataset in the hub's cache: NAME/snapshots/REVISION is the
    folder, NAME/blobs has the files."""
    return home.parent.name == "snapshots" and real.parent == home.parents[1] / "blobs"


def extra_files(folder: Path, listed: Collection[str]) -> list[str]:
    """Files that are there and not listed, but for those that the hub puts there."""
    known = {*listed, MANIFEST, *HUB_FILES}
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] in HUB_FOLDERS or (path.is_dir() and not path.is_symlink()):
            continue
        if name.as_posix() not in known:
            found.append(name.as_posix())
    return found
