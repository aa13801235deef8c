"""SECURITY.md promises what tests hold, and the source has nothing that runs a text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").is_file(), reason="needs the source tree"
)
FOLDERS = ("limbeck", "generators", "filters", "trainers", "evals")


def test_every_promise_names_a_test_that_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    promises = text.split("## What we promise")[1].split("## What we do not promise")[0]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) > 40
    for path, name in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE), f"{path}::{name}"
    for promise in re.split(r"\n- ", promises)[1:]:
        assert "::test_" in promise, promise


def sources() -> Iterator[tuple[Path, ast.Module]]:
    seen = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path, ast.parse(path.read_text(encoding="utf-8"))


NEVER = {
    "eval", "exec", "compile", "os.system", "os.popen", "torch.load", "sympify", "mktemp",
    "tempfile.mktemp", "sympy.sympify", "yaml.unsafe_load", "yaml.full_load",
}  # fmt: skip
PICKLES = {"filter_pool.py", "worker.py"}  # between a process and the one that it started


def test_the_source_has_nothing_that_runs_a_text() -> None:
    found = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value == "0.0.0.0":
                found.append(f"{path}:{node.lineno} {node.value}")
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            given = {one.arg: ast.unparse(one.value) for one in node.keywords}
            bad = (
                name in NEVER
                or given.get("shell", "False") != "False"
                or given.get("trust_remote_code", "False") != "False"
                or given.get("allow_pickle", "False") != "False"
                or (name in ("pickle.load", "pickle.loads") and path.name not in PICKLES)
                or (name == "yaml.load" and given.get("Loader") not in ("_Names", *BOUNDED))
            )
            if bad:
                found.append(f"{path}:{node.lineno} {name}")
    assert found == []


BOUNDED = ("BoundedLoader", "_Loader")
SHOWN = ("visible(", "shown_json(", "json.dumps({", "f'limbeck {__version__}'")


def test_no_verb_prints_what_it_was_given_as_it_is() -> None:
    found = []
    for path, tree in sources():
        if path.parent.name != "cli":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.echo":
                given = ast.unparse(node.args[0]) if node.args else ""
                plain = isinstance(node.args[0], ast.Constant) if node.args else True
                if not plain and not given.startswith(SHOWN):
                    found.append(f"{path.name}:{node.lineno} {given[:70]}")
    assert found == []
