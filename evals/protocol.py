"""The protocol: what is asked of base, student and teacher alike. Its hash is stored with every
result, and results of different hashes are never put into one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from limbeck.recipe import Eval
from limbeck.recipe_eval import TASK_FILES
from limbeck.record import Record, content_hash
from limbeck.store import file_hash

Form = Literal["loglikelihood", "generate"]
VERSION = 5  # raise it when prompts, extraction or scoring change


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way of asking. `form` is how multiple choice is put: by the likelihood of each option,
    or written out, which is all that a black box can answer. `asked` is how each role is asked
    questions with exact targets, where the recipe has such a task, and `prompts` a hash of what
    they are asked, word by word. `options` are those of each task, `data` the content behind each.
    """

    form: Form
    prompt: str
    tasks: tuple[str, ...]
    forgetting: tuple[str, ...]
    options: Mapping[str, Mapping[str, Any]]
    data: tuple[str, ...]
    asked: Mapping[str, str]
    max_tokens: int
    limit: int | None
    second_view: bool
    version: int
    lm_eval: str
    prompts: str = ""

    @property
    def hash(self) -> str:
        return content_hash(asdict(self), size=8)

    def to_json(self) -> dict[str, Any]:
        return {"hash": self.hash, **asdict(self)}


def make_protocol(
    section: Eval,
    test: Sequence[Record],
    *,
    black_box: bool,
    asked: Mapping[str, str],
    prompts: str = "",
) -> Protocol:
    """The protocol of a recipe: a black-box teacher forces the written form for all three. Raises
    DataError for lm-eval's files that cannot be read."""
    form: Form
    if section.form == "auto":
        form = "generate" if black_box else "loglikelihood"
    else:
        form = section.form
    data = []
    for task in section.every_task:
        if task == "imitation":
            data.append(content_hash([record.to_json() for record in test]))
        else:
            data.append(_content(Path(task)) or task)
    return Protocol(
        form=form,
        prompt=section.prompt,
        # A path is where the file lay, not what was asked: only its name is part of the protocol.
        tasks=tuple(Path(task).name for task in section.tasks),
        forgetting=tuple(Path(task).name for task in section.forgetting),
        options={
            name: options.model_dump(exclude_none=True)
            for name, options in sorted(section.task_options.items())
        },
        data=tuple(data),
        asked=dict(asked),
        max_tokens=section.max_tokens,
        limit=section.limit,
        second_view=section.second_view and form == "generate",
        version=VERSION,
        lm_eval=metadata.version("lm-eval"),
        prompts=prompts,
    )


def _content(path: Path) -> str:
    """The hash of a file of questions or items, or of all that is behind lm-eval's YAML; "" where
    there is neither."""
    from limbeck.evals.lm_eval_files.content import content_of

    if path.suffix == ".jsonl" and path.is_file():
        return file_hash(path)
    is_yaml = path.suffix in TASK_FILES and path.is_file()
    return content_of(path) if is_yaml or (path.is_absolute() and path.is_dir()) else ""
