"""The recipe's section on the student, and what all sections are: checked, frozen, no other key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Lora(Section):
    """Low-rank adapters (Hu et al. 2021) in place of all weights: W + alpha / rank * B A.

    `targets` auto is every linear layer but the output head; else names of layers, as `q_proj`.
    """

    rank: Annotated[int, Field(ge=1)] = 8
    alpha: Annotated[float, Field(gt=0)] = 16.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    targets: Literal["auto"] | Annotated[tuple[str, ...], Field(min_length=1)] = "auto"

    @field_validator("targets", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        if isinstance(value, str) and value != "auto":
            return (value,)
        if not value or not isinstance(value, str | list | tuple):
            raise ValueError("it is auto, or a list of layers' names")
        return value


class Student(Section):
    """The model that is trained; `layers` keeps that many, evenly spaced, of the ones it has.

    With `config` its weights are not taken: it starts from seeded random ones, in the model's own
    shape but for these keys of its configuration (num_hidden_layers, hidden_size, ...), and keeps
    its tokenizer. With `lora` only adapters are trained, and merged in the end. `start` is a folder
    with weights that training begins from in place of these: those of a student of the same model,
    `layers` and `config` that was trained before. What the student is compared with stays the same.
    """

    model: str
    layers: Annotated[int, Field(ge=1)] | None = None
    config: dict[str, Any] | None = None
    lora: Lora | None = None
    start: Path | None = None

    @model_validator(mode="after")
    def _weights_from_one_place(self) -> Self:
        if self.config is None:
            return self
        if self.layers is not None:
            raise ValueError("layers keeps layers of a trained model; with config, set "
                             "config.num_hidden_layers")  # fmt: skip
        if self.lora is not None:
            raise ValueError("lora adapts trained weights, and config starts from random ones")
        return self
