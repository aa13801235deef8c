"""The recipe's section on style: which open prompts base, student and teacher are sampled on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from limbeck.recipe_paths import absolute
from limbeck.recipe_student import Section


class Style(Section):
    """How the models write: `prompts` are seeds in any form, or rows with `turns`; the path alone
    may stand in place of the section.

    Of more than `limit` a sample is drawn. Every prompt is sampled once from base and student and
    twice from the teacher, at one `temperature`, which must be above 0: at 0 the second sample of
    the teacher would be the first one, and no ceiling. `system` goes before prompts without a
    system turn.
    """

    prompts: Path
    limit: Annotated[int, Field(ge=1)] | None = 100
    temperature: Annotated[float, Field(gt=0, le=2)] = 0.7
    max_tokens: Annotated[int, Field(ge=1)] = 256
    system: str = ""

    @model_validator(mode="before")
    @classmethod
    def _file_alone(cls, value: Any) -> Any:
        return {"prompts": value} if isinstance(value, str | Path) else value


def with_prompts(folder: Path, section: Style | None) -> Style | None:
    """The same with its file taken from the recipe's folder."""
    if section is None:
        return None
    return section.model_copy(update={"prompts": absolute(folder, section.prompts, "eval.style")})
