"""What a loop is: a folder of runs, round-1, round-2, ..., each with the phases that lead to the
next, and control-ARM-2, ... for what it is measured against."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.iterate.cost import Spent
from limbeck.pipeline.iterate.guard import Guard
from limbeck.pipeline.iterate.pools import Pools
from limbeck.recipe import Iterate, Recipe
from limbeck.rundir import RunDir
from limbeck.store import write_text

LOOP = "loop"
SEEDS = "seeds.jsonl"


@dataclass(frozen=True, slots=True)
class Loop:
    """A recipe's loop in its folder. The folder has an id and a log as a run has."""

    context: Context
    folder: Path
    section: Iterate

    @property
    def recipe(self) -> Recipe:
        return self.context.recipe

    @property
    def home(self) -> RunDir:
        return RunDir(self.folder, self.recipe)

    def at(self, name: str, recipe: Recipe) -> Context:
        """A run of the loop: paid from the loop's budget, with its replies written down."""
        run = RunDir(self.folder / name, recipe)
        text = self.home.id
        if not (run.path / "id").is_file() or run.id != text:
            write_text(run.path / "id", text)
        return Context(
            run,
            self.context.reporter,
            self.context.ledger,
            workers=self.context.workers,
            accounts=True,
            beside=(self.section.referee,) if self.section.referee else (),
            fresh=True,  # a round follows from those before it
        )


@dataclass(slots=True)
class Round:
    """What a round of an arm left: its run, its pools, and what they cost by phase."""

    arm: str
    number: int
    context: Context
    pools: Pools
    cost: dict[str, Spent] = field(default_factory=dict)


def loop_of(context: Context, folder: Path) -> Loop:
    """The loop of a recipe. Raises UserError for a recipe without `iterate`."""
    section = context.recipe.iterate
    if section is None:
        raise UserError(
            f"the recipe {context.recipe.name} has no section iterate, which says how many rounds "
            "and from what; add it (docs/adversarial.md), or use limbeck run"
        )
    return Loop(context, folder, section)


@dataclass(slots=True)
class Work:
    """A loop at work."""

    loop: Loop
    guard: Guard
    rounds: list[Round] = field(default_factory=list)
    controls: list[Round] = field(default_factory=list)
    stopped: str = ""
