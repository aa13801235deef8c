"""Recipes: YAML in, checked pydantic models out. An unknown key is named with its line.

Paths in a recipe are relative to the recipe's own folder. Keys never stand in a recipe: it names
the environment variable that holds one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import ConfigDict, Field, ValidationError, model_validator

from limbeck.errors import ModelError, RecipeError
from limbeck.models import OPENAI_URL, parse_model
from limbeck.money import price_of
from limbeck.recipe_conflicts import check_forgetting, check_tasks, conflicts
from limbeck.recipe_encoders import with_encoder, with_files
from limbeck.recipe_errors import explained
from limbeck.recipe_eval import TASK_FILES
from limbeck.recipe_eval import Eval as Eval
from limbeck.recipe_eval import InContext as InContext
from limbeck.recipe_filters import FilterStep as FilterStep
from limbeck.recipe_filters import checked
from limbeck.recipe_iterate import Iterate as Iterate
from limbeck.recipe_iterate import with_iterate
from limbeck.recipe_judge import Judge as Judge
from limbeck.recipe_paths import absolute
from limbeck.recipe_seeds import Seeds as Seeds
from limbeck.recipe_seeds import with_seed_files
from limbeck.recipe_student import Lora as Lora
from limbeck.recipe_student import Section
from limbeck.recipe_student import Student as Student
from limbeck.recipe_style import with_prompts
from limbeck.recipe_teacher import Budget as Budget
from limbeck.recipe_teacher import Price as Price
from limbeck.recipe_teacher import TeacherSection as TeacherSection
from limbeck.recipe_train import Format as Format
from limbeck.recipe_train import Train as Train
from limbeck.registry import OptionError, build, find
from limbeck.yaml_lines import Places, read_yaml

Name = Annotated[str, Field(pattern=r"^[^\W_][\w.-]{0,99}$")]


class Generate(Section):
    """The generator by name; its own options stand beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)
    generator: str = "answers"

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


SHORT_FORMS = {"seeds": "path", "generate": "generator", "teacher": "model", "student": "model"}
"""Sections that may be a text alone, and the key that it stands for."""


class Recipe(Section):
    """A whole run, from seeds to report. `Recipe.load` reads one from YAML.

    Without a `student` it only makes data: `run` ends with the filtered rows.
    """

    name: Name
    seed: int = 0
    seeds: Seeds
    teacher: TeacherSection
    budget: Budget = Field(default_factory=Budget)
    generate: Generate = Field(default_factory=Generate)
    filters: tuple[FilterStep, ...] = (FilterStep(name="complete"), FilterStep(name="exact"))
    format: Format = Field(default_factory=Format)
    student: Student | None = None
    train: Train = Field(default_factory=Train)
    eval: Eval = Field(default_factory=Eval)
    iterate: Iterate | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        data = dict(data)
        for section, key in SHORT_FORMS.items():
            if isinstance(data.get(section), str | Path):
                data[section] = {key: data[section]}
        if isinstance(data.get("filters"), list | tuple):
            data["filters"] = tuple(_filter_step(step) for step in data["filters"])
        return data

    @model_validator(mode="after")
    def _default_url(self) -> Self:
        teacher = self.teacher
        if teacher.model.startswith("openai:") and teacher.base_url is None:
            object.__setattr__(teacher, "base_url", OPENAI_URL)
        return self

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Read a recipe file. Raises RecipeError with file, line and what to do."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise RecipeError(f"cannot read the recipe {path}: {reason}") from error
        return cls.parse(text, folder=path.parent.resolve(), source=str(path))

    @classmethod
    def parse(cls, text: str, *, folder: Path | None = None, source: str = "recipe") -> Recipe:
        """A recipe from YAML text; paths are taken from `folder`."""
        data, place = read_yaml(text, source)
        if not isinstance(data, dict):
            raise RecipeError(
                f"{source} is empty or no mapping; it needs at least name, seeds and teacher"
            )
        return cls.of(data, folder or Path.cwd(), place)

    @classmethod
    def of(cls, data: Mapping[str, Any], folder: Path, place: Places) -> Recipe:
        """A recipe from its data; paths are taken from `folder`. Raises RecipeError, which says
        `place`."""
        try:
            recipe = cls.model_validate(data)
        except ValidationError as error:
            raise RecipeError(explained(error, place, cls)) from error
        return recipe.resolved(folder, place)

    def resolved(self, folder: Path, place: Places | None = None) -> Recipe:
        """The same recipe with absolute paths and with every name and option checked.

        Raises RecipeError.
        """
        place, student = place or Places(None, "recipe"), self.student
        checks: list[tuple[tuple[str | int, ...], Any]] = [
            (
                ("generate",),
                lambda: build("generators", self.generate.generator, self.generate.options),
            ),
            (("seeds", "path"), lambda: with_seed_files(folder, self.seeds)),
            (("generate", "select_options"), lambda: with_encoder(folder, self.generate)),
            (("eval", "in_context", "rows"), lambda: with_files(folder, self.eval.in_context)),
            (("eval", "style", "prompts"), lambda: with_prompts(folder, self.eval.style)),
            (
                ("eval", "judge", "model"),
                lambda: self.eval.judge and self.eval.judge.resolved(folder),
            ),
            (("iterate",), lambda: with_iterate(folder, self.iterate)),
            (("teacher", "model"), lambda: parse_model(self.teacher.model, folder=folder)),
            (("student", "model"), lambda: student and parse_model(student.model, folder=folder)),
            (
                ("student", "start"),
                lambda: (
                    student and student.start and absolute(folder, student.start, "student.start")
                ),
            ),
            (("train", "objective"), lambda: find("objectives", self.train.objective)),
            (("train", "options"), lambda: _check_objective(self.train)),
            (("budget", "usd"), lambda: _check_price(self)),
            (("eval", "tasks"), lambda: check_tasks(_tasks(folder, self.eval.every_task))),
            (("eval", "forgetting"), lambda: check_forgetting(self.eval.forgetting)),
            *conflicts(self),
        ]
        for number, step in enumerate(self.filters):
            checks.append((("filters", number), lambda step=step: checked(folder, step, self.eval)))
        done: dict[tuple[str | int, ...], Any] = {}
        for where, check in checks:
            try:
                done[where] = check()
            except OptionError as error:
                raise RecipeError(f"{place.at((*where, error.option))}: {error}") from error
            except (RecipeError, ModelError) as error:
                raise RecipeError(f"{place.at(where)}: {error}") from error
        filters = tuple(done["filters", number] for number in range(len(self.filters)))
        teacher = done["teacher", "model"]
        tasks, lost = (_tasks(folder, names) for names in (self.eval.tasks, self.eval.forgetting))
        return self.model_copy(
            update={
                "seeds": done["seeds", "path"],
                "generate": done["generate", "select_options"],
                "iterate": done["iterate",],
                "filters": filters,
                "teacher": self.teacher.model_copy(update={"model": str(teacher)}),
                "student": student
                and student.model_copy(
                    update={
                        "model": str(done["student", "model"]),
                        "start": done["student", "start"],
                    }
                ),
                "eval": self.eval.model_copy(
                    update={
                        "tasks": tasks,
                        "forgetting": lost,
                        "in_context": done["eval", "in_context", "rows"],
                        "style": done["eval", "style", "prompts"],
                        "judge": done["eval", "judge", "model"],
                    }
                ),
            }
        )

    def need_student(self) -> Student:
        """The student. Raises RecipeError for a recipe that only makes data."""
        if self.student is None:
            raise RecipeError(
                f"the recipe {self.name} has no student: it makes and filters data, and there is "
                "nothing to train or to measure. Add student: MODEL to it, or give "
                "--set student=MODEL (bundled, hf:ORG/NAME or a folder)"
            )
        return self.student

    @property
    def training_seed(self) -> int:
        """The seed of the student's training: the recipe's, where `train` has none of its own."""
        return self.seed if self.train.seed is None else self.train.seed

    def shown(self) -> dict[str, Any]:
        """The recipe as data, with every default of the sections that it uses."""
        data = self.model_dump(mode="json")
        if self.student is None:
            unused = {"student", "train"} | ({"eval"} if self.eval == Eval() else set())
            data = {key: value for key, value in data.items() if key not in unused}
        return data

    def to_yaml(self) -> str:
        """The recipe as it runs: every default spelt out, paths absolute, no secret."""
        return yaml.safe_dump(self.shown(), sort_keys=False, allow_unicode=True, width=100)


def _filter_step(step: Any) -> Any:
    if isinstance(step, str):
        return {"name": step}
    if isinstance(step, Mapping) and len(step) == 1 and "name" not in step:
        ((name, options),) = step.items()
        return {"name": name, "options": options or {}}
    return step


def _check_objective(train: Train) -> None:
    if train.options:  # an objective of another package may import torch: only where it must
        build("objectives", train.objective, train.options)


def _check_price(recipe: Recipe) -> None:
    teacher = recipe.teacher
    if recipe.budget.usd is not None and price_of(teacher) is None:
        raise RecipeError(
            f"budget.usd needs a price, and no price is known for {teacher.model} at "
            f"{teacher.base_url}. Add teacher.price.input and teacher.price.output (dollars per "
            "million tokens), or limit budget.tokens"
        )


def _tasks(folder: Path, tasks: Iterable[str]) -> tuple[str, ...]:
    """Files and folders of tasks with absolute paths; a name stays."""
    return tuple(
        str(absolute(folder, task, "eval.tasks"))
        if task.endswith(TASK_FILES) or (task != "imitation" and (folder / task).is_dir())
        else task
        for task in tasks
    )
