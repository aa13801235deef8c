"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from limbeck.errors import MissingExtra

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


EXTRAS = {
    "local": ("torch", "transformers", "tokenizers", "gguf", "accelerate"),
    "train": ("torch", "transformers", "tokenizers", "safetensors", "accelerate", "peft"),
    "eval": ("lm_eval", "rouge_score", "scipy", "torch", "transformers"),
    "audit": ("HanTa",),
    "filters": ("py3langid",),
    "math": ("math_verify",),
    "fast": ("numba",),
    "retrieve": ("bm25s",),
    "publish": ("datasets", "huggingface_hub"),
    "reasoning-gym": ("reasoning_gym",),
    "scale": ("daft", "ray"),
    "dev": ("datasketch", "rensa", "trl"),
}
"""What each extra brings to import. `tokenizers` comes with transformers."""


def _is_here(package: str) -> bool:
    """./datasets is a folder without an `__init__.py`, and is not the package of that name."""
    found = importlib.util.find_spec(package)
    return found is not None and found.origin is not None


LACKING = {
    extra: [package for package in packages if not _is_here(package)]
    for extra, packages in EXTRAS.items()
}


def _needs(error: BaseException | None) -> str | None:
    """Why a test is skipped that ended with this error for want of an extra; None for any other."""
    while error is not None:
        if isinstance(error, MissingExtra) and LACKING.get(error.extra):
            return f"needs the extra {error.extra}"
        text = str(error)
        package = error.name if isinstance(error, ImportError) else None
        if isinstance(error, pytest.skip.Exception) and "could not import '" in text:
            package = text.split("'")[1]
        package = (package or "").partition(".")[0].replace("-", "_")
        for extra, lacking in LACKING.items():
            if package in lacking or (package == "tests" and lacking):  # one that needs it
                return f"needs the extra {extra}"
        error = error.__cause__
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for extra in mark.args:
            if LACKING[extra]:
                pytest.skip(f"needs the extra {extra}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is not None and (reason := _needs(call.excinfo.value)):
        skipped = pytest.skip.Exception(reason, _use_item_location=True)
        skipped.with_traceback(call.excinfo.tb)
        call.excinfo = pytest.ExceptionInfo.from_exception(skipped)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    call: pytest.CallInfo[object] | None = getattr(report, "call", None)
    if call is not None and call.excinfo is not None and (reason := _needs(call.excinfo.value)):
        report.outcome, report.longrepr = "skipped", (str(collector.path), 1, reason)
    return report
