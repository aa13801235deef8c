"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from limbeck.hf import Loaded

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers have the cores already; before torch comes
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random Llama. Read only: copy it to change it."""
    from tests.tiny import save_tiny

    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Loaded:
    """The tiny model in memory, float32. Read only: load the folder again to change it."""
    from tests.tiny import load_tiny

    return load_tiny(tiny_folder)
