"""Commands in messages, as they can be pasted where the user is."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]


def command(*words: object, ledger: Path | None = None) -> str:
    """`limbeck` with these words, quoted for a shell, and the ledger where it is not the usual."""
    more = () if ledger is None else ("--ledger", ledger)
    return shlex.join(["limbeck", *map(str, (*words, *more))])


def pip(*words: str) -> str:
    """`pip install` with these words, into the environment that runs: its own pip may not be the
    one that a shell finds."""
    found = shutil.which("pip")
    ours = found is not None and Path(found).parent == Path(sys.executable).parent
    return " ".join(["pip" if ours else f"{shlex.quote(sys.executable)} -m pip", "install", *words])


def install(extra: str) -> str:
    """The command that installs an extra of limbeck from where limbeck itself came: a clone, a file
    or a repository; from an index by name; where the file is gone, what the extra holds."""
    try:
        text = metadata.distribution("limbeck").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        text = None
    if text is None and (ROOT / "pyproject.toml").is_file():  # in a clone, which pip does not know
        text = json.dumps({"url": ROOT.as_uri(), "dir_info": {"editable": True}})
    if text is None:
        return pip(f'"limbeck[{extra}]"')
    origin = json.loads(text)
    if version := origin.get("vcs_info"):
        where = f"{version['vcs']}+{origin['url']}@{version['commit_id']}"
        return pip(f'"limbeck[{extra}] @ {where}"')
    path = Path(unquote(urlsplit(origin["url"]).path))
    if not path.exists():
        return pip(*(f'"{needed}"' for needed in _in_extra(extra)))
    where = "." if path == Path.cwd() else str(path)
    editable = ["-e"] if origin.get("dir_info", {}).get("editable") else []
    return pip(*editable, f'"{where}[{extra}]"')


def _in_extra(extra: str) -> Iterator[str]:
    for line in metadata.requires("limbeck") or ():
        needed, _, marker = line.partition(";")
        if f"extra == '{extra}'" in marker.replace('"', "'"):
            _, bracket, others = needed.partition("limbeck[")
            for other in others.strip(" ]").split(",") if bracket else ():
                yield from _in_extra(other)
            if not bracket:
                yield needed.strip()
