"""The recipe as it may be shown, and the guard that nothing secret leaves with the texts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import yaml

from limbeck.errors import UserError
from limbeck.publish.rows import public_model
from limbeck.publish.terms import known_host
from limbeck.recipe import Recipe

HIDDEN_URL = "https://hidden.invalid/v1"
HEAD = """\
# The recipe of this dataset, complete. Files are named without their folders{hidden}.
"""
_SECRETS = re.compile(
    r"\b(?:sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16}"
    r"|xox[baprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{30,}|gsk_[A-Za-z0-9]{20,}"
    r"|Bearer\s+[A-Za-z0-9._-]{16,})"
)
_SECRET_NAMES = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)\Z")
SHORTEST = 8  # characters of an environment variable's value that is looked for


def public_recipe(recipe: Recipe) -> tuple[dict[str, Any], bool]:
    """The recipe's data without this machine's folders, and whether an endpoint was hidden: the
    address of a server that is not one of the known ones is nobody's business."""
    data = _without_folders(recipe.model_dump(mode="json"))
    hidden = False
    for section in (data["teacher"], (data.get("eval") or {}).get("judge") or {}):
        if isinstance(section, dict):
            if isinstance(section.get("model"), str):
                section["model"] = public_model(section["model"])
            url = section.get("base_url")
            if url is not None and not known_host(url):
                section["base_url"] = HIDDEN_URL
                hidden = True
    data["student"]["model"] = public_model(data["student"]["model"])
    return data, hidden


def _without_folders(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_folders(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(item) for item in value]
    if not isinstance(value, str):
        return value
    head, colon, tail = value.partition(":")
    if colon and head in ("gguf", "file") and tail.startswith("/"):
        return f"{head}:{PurePath(tail).name}"
    is_path = value.startswith(("/", "~/", "\\\\")) or bool(re.match(r"[A-Za-z]:[\\/]", value))
    return re.split(r"[\\/]", value.rstrip("\\/"))[-1] if is_path and "\n" not in value else value


def recipe_text(data: Mapping[str, Any], hidden: bool) -> str:
    """recipe.yaml of a published dataset."""
    said = ", and the teacher's private address is hidden" if hidden else ""
    body = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100)
    return HEAD.format(hidden=said) + body


def check_texts(texts: Mapping[str, str], api_key_env: str) -> None:
    """Raises UserError where a text that is to be published holds a key, the value of a secret
    environment variable, or the folder of the user. The secret itself is never named."""
    names = {api_key_env, *(name for name in os.environ if _SECRET_NAMES.search(name))}
    values = {
        os.environ[name]: f"the value of ${name}"
        for name in sorted(names)
        if len(os.environ.get(name, "")) >= SHORTEST
    }
    home = str(Path.home())
    if len(home) > 1:
        values[f"{home}/"] = "the path of your home folder"
    for file, text in texts.items():
        found = next((what for value, what in values.items() if value in text), "")
        if not found and _SECRETS.search(text):
            found = "something that looks like an API key"
        if found:
            raise UserError(
                f"not published: {file} would hold {found}. Take it out of the recipe or the "
                "rows; a key belongs into an environment variable that the recipe names"
            )
