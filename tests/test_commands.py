"""Commands in messages can be pasted where the user is."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from limbeck.commands import install
from limbeck.errors import MissingExtra
from limbeck.testing import BatchServer
from tests.engine import limbeck, write_recipe

METADATA = """Metadata-Version: 2.4
Name: limbeck
Version: 0.1.0
Requires-Dist: numpy>=2.0
Requires-Dist: peft>=0.18; extra == "train"
Requires-Dist: hanta>=1.2; extra == "audit"
Requires-Dist: limbeck[filters]; extra == "audit"
Requires-Dist: py3langid>=0.4; extra == "filters"
"""


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        (None, ["limbeck[train]"]),
        ({"url": "file://{here}", "dir_info": {"editable": True}}, ["-e", ".[train]"]),
        ({"url": "file://{here}", "dir_info": {}}, [".[train]"]),
        ({"url": "file://{there}/a%20clone", "dir_info": {}}, ["{there}/a clone[train]"]),
        ({"url": "file://{there}/l.whl", "archive_info": {}}, ["{there}/l.whl[train]"]),
        ({"url": "file:///gone/l.whl", "archive_info": {}}, ["peft>=0.18"]),
        ({"url": "https://h/l.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
         ["limbeck[train] @ git+https://h/l.git@c0ffee"]),
    ],
)  # fmt: skip
def test_an_extra_is_installed_from_where_limbeck_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None, told: list[str]
) -> None:
    here, there, info = (tmp_path / name for name in ("here", "there", "limbeck-0.1.0.dist-info"))
    for folder in (here, there / "a clone", info):
        folder.mkdir(parents=True)
    (there / "l.whl").touch()
    (info / "METADATA").write_text(METADATA, encoding="utf-8")
    names = {"{here}": str(here), "{there}": str(there)}
    if origin is not None:
        text = json.dumps(origin)
        for name, value in names.items():
            text = text.replace(name, value)
        (info / "direct_url.json").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(here)
    monkeypatch.setattr("limbeck.commands.ROOT", there)
    words = [one.replace("{there}", str(there)) for one in told]
    said = str(MissingExtra("peft", "train")).partition("Run: ")[2]
    assert shlex.split(said)[-len(words) - 1 :] == ["install", *words]
    if origin and "gone" in origin["url"]:  # an extra that is made of others
        assert shlex.split(install("audit"))[-2:] == ["hanta>=1.2", "py3langid>=0.4"]


def test_a_path_with_spaces_and_a_ledger_of_its_own_are_in_the_command(tmp_path: Path) -> None:
    into, ledger = ("--into", "my runs"), ("--ledger", "my ledger.sqlite")
    with BatchServer() as server:
        write_recipe(tmp_path, server.base_url, 2)
        said = limbeck(tmp_path, "filter", "r.yaml", *into, code=2)
        assert shlex.split(said.partition("Run: ")[2]) == ["limbeck", "generate", "my runs/r"]
        said = limbeck(tmp_path, "batch", "status", "r.yaml", *into, *ledger)
    words = shlex.split(said.partition("To make some: ")[2])
    assert words == ["limbeck", "batch", "submit", "my runs/r", *ledger]
