"""The protocol: what is asked of base, student and teacher alike. Its hash is stored with every
result, and results of different hashes are never put into one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from limbeck.recipe import Eval
from limbeck.record import Record, content_hash
from limbeck.store import file_hash

Form = Literal["loglikelihood", "generate"]
VERSION = 3  # raise it when prompts, extraction or scoring change


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way of asking. `form` is how multiple choice is put: by the likelihood of each option,
    or written out, which is all that a black box can answer. `asked` is how each role is asked
    questions with exact targets, where the recipe has such a task."""

    form: Form
    prompt: str
    max_tokens: int
    limit: int | None
    tasks: tuple[str, ...]
    data: tuple[str, ...]
    asked: Mapping[str, str]
    version: int
    lm_eval: str

    @property
    def hash(self) -> str:
        return content_hash(asdict(self), size=8)

    def to_json(self) -> dict[str, Any]:
        return {"hash": self.hash, **asdict(self)}


def make_protocol(
    section: Eval, test: Sequence[Record], *, black_box: bool, asked: Mapping[str, str]
) -> Protocol:
    """The protocol of a recipe: a black-box teacher forces the written form for all three."""
    form: Form
    if section.form == "auto":
        form = "generate" if black_box else "loglikelihood"
    else:
        form = section.form
    data = []
    for task in section.tasks:
        if task == "imitation":
            data.append(content_hash([record.to_json() for record in test]))
        else:
            data.append(file_hash(Path(task)) if Path(task).is_file() else task)
    return Protocol(
        form=form,
        prompt=section.prompt,
        max_tokens=section.max_tokens,
        limit=section.limit,
        # A path is where the file lay, not what was asked: only its name is part of the protocol.
        tasks=tuple(Path(task).name for task in section.tasks),
        data=tuple(data),
        asked=dict(asked),
        version=VERSION,
        lm_eval=metadata.version("lm-eval"),
    )
