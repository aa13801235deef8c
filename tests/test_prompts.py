"""Prompts are versioned text files; a field that is missing is an error, never an empty place."""

from __future__ import annotations

from importlib import resources

import jinja2
import pytest
from jinja2.exceptions import SecurityError

from limbeck.prompts import Prompt, fill, load_prompt


def test_the_instruction_prompt_is_this_text() -> None:
    values = {"instruction": "Add.", "input": "1 + 1"}
    assert fill("instruction.v1", values) == "Add.\n\n1 + 1"
    assert fill("instruction.v1", {"instruction": "Add.", "input": ""}) == "Add."


def test_values_are_filled_in_as_they_are() -> None:
    text = "<b> & {{ input }} {% raw %} é 中文 \u2028"
    assert fill("instruction.v1", {"instruction": text, "input": ""}) == text


def test_a_missing_field_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'instruction' is undefined"):
        fill("instruction.v1", {"input": ""})


def test_a_missing_prompt_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        load_prompt("instruction.v999")


def test_a_prompt_carries_its_version() -> None:
    prompt = load_prompt("instruction.v1")
    assert prompt.version == "instruction.v1"
    assert load_prompt("instruction.v1") is prompt


def test_a_template_reaches_no_python_internals() -> None:
    with pytest.raises(SecurityError):
        Prompt("x", "{{ a.__class__.__mro__ }}").render(a="")


def test_every_prompt_file_is_named_with_a_version_and_parses() -> None:
    folder = resources.files("limbeck.generators") / "prompts"
    names = sorted(file.name for file in folder.iterdir())
    assert names
    for name in names:
        stem, version, ending = name.rsplit(".", 2)
        assert stem
        assert version[0] == "v"
        assert version[1:].isdigit()
        assert ending == "txt"
        jinja2.Environment(autoescape=True).parse(load_prompt(f"{stem}.{version}").text)
