"""Where the seeds are from, and under which licence: as the recipe or the publisher says, and for
the files that come with limbeck as their README says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from limbeck.publish.terms import UNKNOWN, checked_licence
from limbeck.recipe import Recipe
from limbeck.store import file_hash

_LINE = re.compile(
    r"^\| `(?P<name>[^`]+)` \|.*\| (?P<licence>[^|]+) \| `(?P<hash>[0-9a-f]{64})` \|$"
)


def seeds_of(recipe: Recipe, said: str | None) -> dict[str, Any]:
    """The files of seeds and demos, by name and SHA-256, and their licence with who says so.

    A file that is not there any more has no hash. Raises UserError for an unknown licence.
    """
    files, own = [], []
    for path in filter(None, (recipe.seeds.path, recipe.seeds.demos)):
        found = file_hash(path) if path.is_file() else None
        files.append({"file": path.name, "sha256": found})
        own.append(_bundled().get(found or ""))
    if said is not None:
        licence, by = checked_licence(said, "--seeds-licence"), "the publisher"
    elif recipe.seeds.licence is not None:
        licence, by = checked_licence(recipe.seeds.licence, "seeds.licence"), "the recipe"
    elif own and all(own) and len(set(own)) == 1:
        licence, by = (
            checked_licence(str(own[0]), "datasets/README.md"),
            "limbeck, whose file it is",
        )
    else:
        licence, by = UNKNOWN, ""
    return {"files": files, "licence": licence, "said_by": by}


def _bundled() -> dict[str, str]:
    """The licences of limbeck's own files by SHA-256."""
    here = Path(__file__)  # installed, datasets/ is in the package; in a checkout beside it
    for folder in (here.parents[1] / "datasets", here.parents[2] / "datasets"):
        readme = folder / "README.md"
        if readme.is_file():
            lines = readme.read_text(encoding="utf-8").splitlines()
            found = filter(None, map(_LINE.match, lines))
            return {line["hash"]: line["licence"].strip().lower() for line in found}
    return {}
