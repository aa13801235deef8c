"""The public names: exactly these, each importable, and none that drags torch in."""

from __future__ import annotations

import subprocess
import sys

import pytest

import limbeck


def test_the_public_names_are_exactly_these() -> None:
    assert limbeck.__all__ == [
        "Message",
        "Provenance",
        "Recipe",
        "Record",
        "Run",
        "Verdict",
        "__version__",
        "run",
    ]


@pytest.mark.parametrize("name", limbeck.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(limbeck, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'limbeck' has no attribute 'rum'"):
        limbeck.rum  # noqa: B018


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import limbeck", ["pydantic", "yaml", "asyncio", "openai", "torch"]),
        ("import limbeck.record, limbeck.protocols", ["asyncio", "aiohttp", "openai", "torch"]),
        (
            "import limbeck.filters.complete, limbeck.filters.exact",
            ["asyncio", "aiohttp", "openai", "torch"],
        ),
        (
            "from limbeck import Recipe, Record; import limbeck.rundir, limbeck.ledger",
            ["torch", "transformers", "lm_eval", "openai", "pyarrow"],
        ),
        ("import limbeck.generators.answers", ["torch", "transformers", "openai", "aiohttp"]),
    ],
)
def test_an_import_loads_nothing_heavy(statement: str, absent: list[str]) -> None:
    code = f"{statement}\nimport sys\nprint(*(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
