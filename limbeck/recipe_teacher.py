"""The recipe's sections on who answers: a teacher or a judge, its price, and a budget."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from limbeck.models import OPENAI_URL, parse_model
from limbeck.recipe_errors import NO_KEYS, is_secret
from limbeck.recipe_student import Section


class Price(Section):
    """US dollars per million tokens. `cached` is for prompt tokens read from the server's cache
    (default: as `input`), `batch` the factor for answers of the batch API."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]
    cached: Annotated[float, Field(ge=0)] | None = None
    batch: Annotated[float, Field(gt=0, le=1)] = 0.5


class Budget(Section):
    """A hard stop for the whole run, restarts included: dollars, tokens (`2M` is fine), or both."""

    usd: Annotated[float, Field(gt=0)] | None = None
    tokens: Annotated[int, Field(ge=1)] | None = None

    @field_validator("tokens", mode="before")
    @classmethod
    def _with_suffix(cls, value: Any) -> Any:
        match = (
            re.fullmatch(r"\s*([\d_.]+)\s*([kKmMgGbB])\s*", value)
            if isinstance(value, str)
            else None
        )
        if match is None:
            return value
        factor = {"k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9}[match[2].lower()]
        try:
            return int(Decimal(match[1].replace("_", "")) * factor)
        except InvalidOperation:
            return value


class TeacherSection(Section):
    """The black box. `model` alone is enough for a local one; an API also wants `base_url`.

    `concurrency` is the most that is ever in flight: how much really is, limbeck finds out.
    `rpm` and `tpm` are requests and tokens a minute that are never exceeded. `timeout` is the
    deadline of one whole attempt in seconds; `give_up_after` is how long, in seconds, failures
    may go on before a request fails, or before the run stops when nothing succeeds any more.
    """

    model: str
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    concurrency: Annotated[int, Field(ge=1, le=4096)] = 16
    rpm: Annotated[int, Field(ge=1)] | None = None
    tpm: Annotated[int, Field(ge=1)] | None = None
    price: Price | None = None
    timeout: Annotated[float, Field(gt=0)] = 120.0
    attempts: Annotated[int, Field(ge=1)] = 6
    give_up_after: Annotated[float, Field(gt=0)] = 600.0
    send_seed: bool = True
    token_parameter: Literal["max_tokens", "max_completion_tokens"] | None = None
    extra: dict[str, Any] = Field(default_factory=dict)
    batch_size: Annotated[int, Field(ge=1)] = 48
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    engine: Literal["auto", "transformers", "vllm"] = "auto"

    @field_validator("base_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        # The value is quoted in no message, urlsplit's own included: it may hold a secret.
        try:
            parts = urlsplit(value)
            whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            whole = False
        if not whole:
            raise ValueError("base_url must look like http://HOST/v1")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError(
                "base_url must not hold a user, a password or a query; put the key into an "
                "environment variable and name it in api_key_env"
            )
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _a_variable(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise ValueError("this is the name of the environment variable, never the key itself")
        return value

    @field_validator("extra")
    @classmethod
    def _no_secret(cls, value: dict[str, Any]) -> dict[str, Any]:
        if any(is_secret(key) for key in value):
            raise ValueError(NO_KEYS)
        return value


class OtherModel(TeacherSection):
    """A model beside the teacher. A text alone is its `model`."""

    @model_validator(mode="before")
    @classmethod
    def _model_alone(cls, value: Any) -> Any:
        return {"model": str(value)} if isinstance(value, str | Path) else value

    def resolved(self, folder: Path) -> Self:
        """The same with its model's path taken from the recipe's folder, and the address of
        OpenAI's API where it is an API's model without one. Raises ModelError for a name that is
        none."""
        model = str(parse_model(self.model, folder=folder))
        return self.model_copy(update={"model": model}).with_url()

    def with_url(self) -> Self:
        """The same with the address of OpenAI's API where it is an API's model without one."""
        if not self.model.startswith("openai:") or self.base_url is not None:
            return self
        return self.model_copy(update={"base_url": OPENAI_URL})
