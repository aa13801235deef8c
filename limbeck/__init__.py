"""limbeck: distil a language model from the outside, and measure what came through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from limbeck.pipeline.run import Run, run
    from limbeck.recipe import Recipe
    from limbeck.record import Message, Provenance, Record, Verdict

__version__ = "0.1.0"
__all__ = [
    "Message",
    "Provenance",
    "Recipe",
    "Record",
    "Run",
    "Verdict",
    "__version__",
    "run",
]

_WHERE = {
    "Message": "limbeck.record",
    "Provenance": "limbeck.record",
    "Recipe": "limbeck.recipe",
    "Record": "limbeck.record",
    "Run": "limbeck.pipeline.run",
    "Verdict": "limbeck.record",
    "run": "limbeck.pipeline.run",
}


def __getattr__(name: str) -> Any:
    """Import on first use: `limbeck --help` must not pay for pydantic."""
    if name not in _WHERE:
        raise AttributeError(f"module 'limbeck' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_WHERE[name]), name)
