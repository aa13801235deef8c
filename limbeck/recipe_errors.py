"""What is wrong with a recipe, in words; and keys that must not stand in one."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from limbeck.registry import did_you_mean
from limbeck.yaml_lines import Places

NO_KEYS = "a recipe holds no keys: put it into an environment variable and name that in api_key_env"


def is_secret(key: Any) -> bool:
    """Whether a key's name says that its value is a secret: api_key, apiKey, authorization."""
    name = re.sub(r"[^a-z]", "", str(key).lower())
    return name in ("key", "token", "bearer") or any(
        part in name for part in ("apikey", "secret", "password", "authorization", "accesstoken")
    )


def explained(error: ValidationError, place: Places, recipe: type[BaseModel]) -> str:
    """The first of the errors, as a sentence with its place."""
    first = error.errors()[0]
    where = first["loc"]
    key = ".".join(str(part) for part in where)
    if first["type"] == "extra_forbidden":
        known = list(_model_at(recipe, where[:-1]).model_fields)
        hint = f"; {NO_KEYS}" if is_secret(where[-1]) else did_you_mean(str(where[-1]), known)
        return f"{place.at(where)}: unknown key {key!r}{hint}"
    if first["type"] == "missing":
        return f"{place.at(where[:-1])}: the key {key!r} is missing"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "string_pattern_mismatch":
        message = "a name starts with a letter or digit and has only letters, digits, . - and _"
    # A section's whole content, and where a key may have been put by mistake, is not shown.
    quiet = {"base_url", "api_key_env", "extra"} & set(where)
    plain = isinstance(first["input"], str | int | float | None)
    shown = f", got {first['input']!r}" if plain and not quiet else ""
    return f"{place.at(where)}: {key or 'recipe'}: {message}{shown}"


def _model_at(model: type[BaseModel], where: tuple[str | int, ...]) -> type[BaseModel]:
    for part in where:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
    return model
