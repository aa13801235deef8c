"""The recipes of runs that are to be merged: what of them must agree, and the one that they make.

Hashes decide whether rows belong together, not texts: the seeds of each machine lie in another
folder. The inputs that each run's stage generate has hashed must be those of the merged recipe with
the run's own part.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from limbeck.commands import command
from limbeck.errors import UserError
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import inputs
from limbeck.pipeline.merge_parts import Part
from limbeck.pipeline.recipe_differences import HOW_IT_ASKS, differences
from limbeck.progress import Quiet
from limbeck.recipe import Recipe
from limbeck.rundir import RunDir
from limbeck.yaml_lines import Places

# What a machine may have of its own; files are compared by their content.
FREE = frozenset(
    (
        *("name", "budget", "seeds.part", "seeds.path", "seeds.demos", "seeds.split"),
        *(f"teacher.{key}" for key in HOW_IT_ASKS),
    )
)
ROWS = ("seed", "seeds", "teacher", "generate", "filters")


def merged_recipe(parts: Sequence[Part], name: str) -> Recipe:
    """The recipe of all parts: that of the first whose seeds are on this machine. Raises
    UserError where none are, RecipeError for a name that no run can have."""
    base = next((part for part in parts if part.run.recipe.seeds.path.is_file()), None)
    if base is None:
        path = parts[0].run.recipe.seeds.path
        raise UserError(
            f"the order of the rows is that of the seeds, and there is no {path} on this machine; "
            "say where the seed file is: --set seeds.path=FILE"
        )
    data = base.run.recipe.model_dump(mode="json")
    data["name"], data["seeds"]["part"] = name, None
    return Recipe.of(data, Path.cwd(), Places(None, f"the merged recipe of {base.path}"))


def check_agreement(parts: Sequence[Part], recipe: Recipe, *, chained: bool) -> list[str]:
    """Sentences on what differs and does not matter to the rows yet.

    Raises UserError for a key that does, and for a run that was made of other files than those of
    the recipe, or of another recipe than its own. Runs of a chained generator may differ in
    `seed`: that is how several make different rows of the same seeds.
    """
    notes: dict[str, None] = {}
    free = FREE | {"seed"} if chained else FREE
    known: dict[tuple[str | None, int], str] = {}
    for part in parts:
        for key, ours, theirs in differences(recipe, part.run.recipe):
            if key in free or key.startswith("budget."):
                continue
            if key.partition(".")[0] in ROWS:
                raise UserError(
                    f"{part.path} has {key} {theirs!r} and another run {ours!r}: their rows are "
                    f"not those of one recipe. Where it is all the same, say --set {key}=VALUE "
                    "for all of them"
                )
            notes[f"{key} differs: {ours!r} is taken, and not {theirs!r} of {part.path}"] = None
        own = part.run.recipe
        seed = own.seed if chained else recipe.seed
        if (own.seeds.part, seed) not in known:
            known[own.seeds.part, seed] = inputs(
                Context(RunDir(part.path, _part_of(recipe, own.seeds.part, seed)), Quiet())
            )
        if known[own.seeds.part, seed] != part.done.inputs:
            raise UserError(
                f"the rows of {part.path} were made of other seeds, demos, weights of the teacher "
                f"or settings than {recipe.seeds.path} and the recipe with its --set say, or its "
                "recipe was changed since. Name the files with --set seeds.path=FILE, or run: "
                f"{command('generate', part.path)}"
            )
    return list(notes)


def _part_of(recipe: Recipe, part: str | None, seed: int) -> Recipe:
    seeds = recipe.seeds.model_copy(update={"part": part})
    return recipe.model_copy(update={"seeds": seeds, "seed": seed})
