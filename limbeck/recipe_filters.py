"""A record filter in a recipe: its options, the files that they name, and what follows from both.

`against` (files to compare with) and `scores` (a file of scores) are taken from the recipe's
folder, and so is an encoder's folder under `vectors`. Where `against` is left out, a filter that
has it is given the evaluation's files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from limbeck.errors import DataError, RecipeError
from limbeck.recipe_eval import Eval
from limbeck.recipe_paths import absolute
from limbeck.recipe_student import Section
from limbeck.registry import build, option_names
from limbeck.store import file_hash


class FilterStep(Section):
    """One record filter with its options."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


def checked(folder: Path, step: FilterStep, section: Eval) -> FilterStep:
    """The step with its options checked and its paths taken from `folder`.

    Raises RecipeError, and ModelError for an encoder that there is not.
    """
    build("filters", step.name, step.options)
    compares = "against" in option_names("filters", step.name)
    if compares and not step.options.get("against") and not section.files:
        raise RecipeError(
            f"the filter {step.name} has nothing to compare with: eval.tasks names no JSONL file "
            "of questions or items. Add one there, or list files under the filter's option against"
        )
    changes: dict[str, Any] = {}
    if step.options.get("against"):
        changes["against"] = [
            str(absolute(folder, file, "against")) for file in step.options["against"]
        ]
    if step.options.get("scores"):
        changes["scores"] = str(absolute(folder, step.options["scores"], "scores"))
    if isinstance(step.options.get("vectors"), str):
        from limbeck.encoders import encoder_name  # with numpy: only where it must

        changes["vectors"] = encoder_name(step.options["vectors"], folder)
    return step.model_copy(update={"options": step.options | changes}) if changes else step


def options_of(step: FilterStep, section: Eval) -> dict[str, Any]:
    """A filter's options as it is built: `against` is filled in."""
    if "against" not in option_names("filters", step.name) or step.options.get("against"):
        return step.options
    return step.options | {"against": section.files}


def hashed(step: FilterStep, section: Eval) -> dict[str, Any]:
    """What a filter's verdicts follow from: its options, with the names and contents of files in
    the place of paths, and what an encoder's vectors hang on. Raises DataError for a file that
    cannot be read, ModelError for an encoder that is gone."""
    row = step.model_dump(mode="json")
    options = options_of(step, section)
    if options.get("against"):
        row["options"]["against"] = [_content(Path(path)) for path in options["against"]]
    if options.get("scores"):
        row["options"]["scores"] = _content(Path(options["scores"]))
    if isinstance(options.get("vectors"), str):
        from limbeck.encoders import identity

        row["options"]["vectors"] = identity(options["vectors"])
    return row


def _content(path: Path) -> list[str]:
    try:
        return [path.name, file_hash(path)]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", path=path) from error
