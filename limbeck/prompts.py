"""Prompts are versioned text files: `generators/prompts/NAME.vN.txt`, Jinja2 in its sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt text; `version` ("instruction.v1") is stored with every record it made."""

    version: str
    text: str

    def render(self, **values: Any) -> str:
        """The text with its fields filled in. Raises jinja2.UndefinedError for a missing one."""
        return _compiled(self.text).render(**values)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # Not HTML: a prompt is plain text, and escaping would change what the teacher is asked.
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False
    )


@lru_cache(maxsize=256)
def _compiled(text: str) -> Template:
    return _environment().from_string(text)


@cache
def load_prompt(version: str) -> Prompt:
    """The prompt file of that name and version. Raises FileNotFoundError."""
    file = resources.files("limbeck.generators") / "prompts" / f"{version}.txt"
    return Prompt(version, file.read_text(encoding="utf-8"))


def fill(version: str, values: Mapping[str, Any]) -> str:
    """Render a prompt by name."""
    return load_prompt(version).render(**values)
