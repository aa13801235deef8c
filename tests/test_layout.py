"""The layout: what is packaged, what may not lie where, and how long a file may be."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
STAGES = ("generators", "filters", "trainers", "evals")
DATA = ("datasets", "recipes")
MAX_LINES = 400

pytestmark = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").is_file(), reason="needs the source tree"
)


def settings() -> dict[str, Any]:
    tree = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tool: dict[str, Any] = tree["tool"]["setuptools"]
    return tool


def python_files() -> list[Path]:
    folders = ("limbeck", *STAGES, "tests", "benchmarks")
    found = {path.resolve() for folder in folders for path in (ROOT / folder).rglob("*.py")}
    return sorted(found)


def test_every_package_is_packaged_and_nothing_else() -> None:
    found = set()
    for path in (ROOT / "limbeck").rglob("__init__.py"):
        folder = path.parent.relative_to(ROOT)
        if not any((ROOT / parent).is_symlink() for parent in (folder, *folder.parents)):
            found.add(".".join(folder.parts))
    for stage in STAGES:
        for path in (ROOT / stage).rglob("__init__.py"):
            found.add(".".join(("limbeck", *path.parent.relative_to(ROOT).parts)))
    listed = settings()["packages"]
    assert len(listed) == len(set(listed))
    assert set(listed) == found | {f"limbeck.{name}" for name in DATA}


def test_every_folder_with_code_is_a_package() -> None:
    for path in python_files():
        if path.is_relative_to(ROOT / "tests") or path.is_relative_to(ROOT / "benchmarks"):
            continue
        assert (path.parent / "__init__.py").is_file(), f"{path.parent} has no __init__.py"


def test_the_stage_folders_are_mapped_into_the_package() -> None:
    expected = {"limbeck": "limbeck"} | {f"limbeck.{name}": name for name in (*STAGES, *DATA)}
    assert settings()["package-dir"] == expected


def test_every_data_file_is_packaged() -> None:
    globs = settings()["package-data"]
    for name in ("generators", "evals", *DATA):
        folder = ROOT / name
        packaged = {path for glob in globs[f"limbeck.{name}"] for path in folder.glob(glob)}
        there = {
            path
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc")
        }
        assert packaged == there
    assert globs["limbeck"] == ["py.typed", "prices.yaml"]
    assert globs["limbeck.audit"] == ["templates/*.j2"]
    assert (ROOT / "limbeck" / "py.typed").is_file()


@pytest.mark.parametrize("stage", STAGES)
def test_the_links_for_editors_point_at_the_stages(stage: str) -> None:
    link = ROOT / "limbeck" / stage
    if not link.exists():
        pytest.skip("an unpacked sdist has no links")
    assert link.is_symlink()
    assert link.resolve() == ROOT / stage


@pytest.mark.parametrize("folder", DATA)
def test_a_data_folder_holds_no_python(folder: str) -> None:
    assert [path for path in (ROOT / folder).rglob("*.py*") if path.is_file()] == []


def test_every_file_is_under_the_line_limit() -> None:
    files = python_files()
    assert len(files) > 40
    for path in files:
        count = len(path.read_text(encoding="utf-8").splitlines())
        assert count < MAX_LINES, f"{path} has {count} lines"


def test_every_module_says_what_it_is() -> None:
    for path in python_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{path} has no docstring"


def test_stages_do_not_import_each_other() -> None:
    for stage in STAGES:
        others = {f"limbeck.{other}" for other in STAGES if other != stage}
        for path in (ROOT / stage).rglob("*.py"):
            for name in imported(path):
                assert not any(name == o or name.startswith(f"{o}.") for o in others), (path, name)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
