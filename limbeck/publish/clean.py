"""The recipe as it may be shown, and the guard that nothing secret leaves with texts or rows."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import yaml

from limbeck.errors import UserError
from limbeck.filters.pii.keys import secrets
from limbeck.publish.options import RECIPE
from limbeck.publish.rows import public_model
from limbeck.publish.terms import known_host
from limbeck.recipe import Recipe

HIDDEN_URL = "https://hidden.invalid/v1"
HEAD = """\
# The recipe of this dataset, complete. Files are named without their folders{hidden}.
"""
_BEARER = re.compile(r"\bBearer\s+(?=[A-Za-z._-]*[0-9])[A-Za-z0-9._-]{16,}|\bgsk_[A-Za-z0-9]{20,}")
# A text such as "/no_think Say it in one line" is no path: folders are named before a blank.
_PATH = re.compile(r"/[^\s/]+/|/[^\s/]+\.\w+\Z|~/|\\\\|[A-Za-z]:[\\/]")
_SECRET_NAMES = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)\Z")
_LOOKS = "something that looks like an API key"
SHORTEST = 8  # characters of an environment variable's value that is looked for


def public_recipe(recipe: Recipe) -> tuple[dict[str, Any], bool]:
    """The recipe's data without this machine's folders, and whether an endpoint was hidden: the
    address of a server that is not one of the known ones is nobody's business."""
    data = _without_folders(recipe.shown())
    hidden = False
    for section in (data["teacher"], (data.get("eval") or {}).get("judge") or {}):
        if isinstance(section, dict):
            if isinstance(section.get("model"), str):
                section["model"] = public_model(section["model"])
            url = section.get("base_url")
            if url is not None and not known_host(url):
                section["base_url"] = HIDDEN_URL
                hidden = True
    if recipe.student is not None:
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
    is_path = "\n" not in value and _PATH.match(value)
    return re.split(r"[\\/]", value.rstrip("\\/"))[-1] if is_path else value


def recipe_text(data: Mapping[str, Any], hidden: bool) -> str:
    """recipe.yaml of a published dataset."""
    said = ", and the teacher's private address is hidden" if hidden else ""
    body = yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100)
    return HEAD.format(hidden=said) + body


class Guard:
    """Finds a key, the value of a secret environment variable, or the folder of the user in what
    is to be published. The secret itself is never named.

    `api_key_env` is the variable of the teacher's key, beside all whose names say what they are.
    """

    def __init__(self, api_key_env: str) -> None:
        names = {api_key_env, *(name for name in os.environ if _SECRET_NAMES.search(name))}
        self._values = {
            os.environ[name]: f"the value of ${name}"
            for name in sorted(names)
            if len(os.environ.get(name, "")) >= SHORTEST
        }
        self._home = f"{Path.home()}/"
        # Every text on Linux names /root/; a folder below /home says who somebody is.
        if len(Path.home().parts) > 2:
            self._values[self._home] = "the path of your home folder"

    def check_texts(self, texts: Mapping[str, str]) -> None:
        """Raises UserError for the first file, by name, that holds one."""
        for file, text in texts.items():
            own = "the path of your home folder" if len(self._home) > 2 else ""
            found = self._found(text) or (own if self._home in text else "")
            if not found and file == RECIPE and _BEARER.search(text):
                found = _LOOKS
            if found:
                raise UserError(
                    f"not published: {file} would hold {found}. Take it out of the recipe or the "
                    "rows; a key belongs into an environment variable that the recipe names"
                )

    def check_row(self, row: Mapping[str, Any]) -> None:
        """Raises UserError for a row that holds one in any of its texts."""
        if found := self._found("\n".join(_texts(row))):
            raise UserError(
                f"not published: the row {row['id']} would hold {found}. Take it out of the rows: "
                "a key that looks drawn is masked by the filter pii: {mask: true, kinds: [secret]}"
            )

    def _found(self, text: str) -> str:
        """What a text holds; "" for nothing."""
        for value, what in self._values.items():
            if value in text:
                return what
        return _LOOKS if any(secrets(text)) else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):  # JSON, as of a turn, or of a call's arguments: unescaped, too
            with contextlib.suppress(ValueError, RecursionError):
                yield from _texts(json.loads(value))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
