"""What every stage is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from limbeck.progress import Reporter
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir


@dataclass(frozen=True, slots=True)
class Context:
    """The run folder, where to report, and which ledger file (None is the user's own)."""

    run: RunDir
    reporter: Reporter
    ledger: Path | None = None

    @property
    def recipe(self) -> Recipe:
        return self.run.recipe
