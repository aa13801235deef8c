"""How each stage's requests are sampled, by preset and by form."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Literal

from limbeck.generators.self_instruct.preset import Preset

Form = Literal["chat", "base"]
Stage = Literal["instructions", "classify", "instances", "tasks", "evolve", "gain", "answer"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters as the API has them. In a recipe, what is left out stays the preset's."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # a slip is told

    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        for name in ("temperature", "top_p", "presence_penalty"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} must be a number, got {value}")
        if self.temperature is not None and self.temperature < 0:
            raise ValueError(f"temperature must be at least 0, got {self.temperature}")
        if self.top_p is not None and not 0 <= self.top_p <= 1:
            raise ValueError(f"top_p must lie between 0 and 1, got {self.top_p}")
        if self.presence_penalty is not None and abs(self.presence_penalty) > 2:
            raise ValueError(
                f"presence_penalty must lie between -2 and 2, got {self.presence_penalty}"
            )
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, got {self.max_tokens}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Sampling with nothing left open, and the stop strings."""

    temperature: float
    max_tokens: int
    top_p: float = 1.0
    presence_penalty: float = 0.0
    stop: tuple[str, ...] = ()

    def changed(self, by: Sampling) -> Settings:
        """These settings with what `by` says."""
        said = {f.name: getattr(by, f.name) for f in fields(by)}
        return replace(self, **{name: value for name, value in said.items() if value is not None})


# The published parameters (Self-Instruct's code; Alpaca's for "tasks"). Its bare "16." also stops
# inside "2016.", which is what the fixed preset mends. Alpaca also bans the end-of-text token,
# which needs a token id of the teacher's own and is left out.
_REFERENCE: dict[Stage, Settings] = {
    "instructions": Settings(0.7, 1024, 0.5, 2.0, ("\n\n", "\n16", "16.", "16 .")),
    "classify": Settings(0.0, 3, 0.0, 0.0, ("\n", "Task")),
    "instances": Settings(0.0, 350, 0.0, 1.5, ("Example 6", "Task:")),
    "tasks": Settings(1.0, 3072, 1.0, 0.0, ("\n20", "20.")),
}
_BASE: dict[Stage, Settings] = {
    "instructions": Settings(0.7, 512, 0.5, 2.0, ("\n\n", "\n16.")),
    "classify": Settings(0.0, 5, 1.0, 0.0, ("\n",)),
    "instances": Settings(0.0, 512, 1.0, 1.5, ("\nExample 6", "\nTask:")),
    "tasks": Settings(1.0, 3072, 1.0, 0.0, ("\n###\n20.",)),
    "evolve": Settings(0.7, 512, 0.9, 0.0, ("\n\n",)),
    "gain": Settings(0.0, 5, 1.0, 0.0, ("\n",)),
    "answer": Settings(0.0, 512, 1.0, 0.0, ()),
}
_CHAT: dict[Stage, Settings] = {
    "instructions": Settings(1.0, 1024, 0.95),
    "classify": Settings(0.0, 8),
    "instances": Settings(0.0, 1024),
    "tasks": Settings(1.0, 4096),
    "evolve": Settings(1.0, 1024, 0.95),
    "gain": Settings(0.0, 8),
    "answer": Settings(0.0, 1024),
}


def settings(stage: Stage, preset: Preset, form: Form) -> Settings:
    """The parameters of a stage. The reference has them for base teachers only, and for its own
    stages; elsewhere it has those of `fixed`."""
    if preset == "reference" and form == "base" and stage in _REFERENCE:
        return _REFERENCE[stage]
    return (_CHAT if form == "chat" else _BASE)[stage]
