"""The prompts of `adversarial`."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import jinja2
import pytest

from limbeck.generators.self_instruct.evolve_rules import leaked
from limbeck.prompts import fill

HARD = 'Fülle {{ die }} {% Lücke %} {# hier #}: "<b>" & \\frac{1}{2}, 中文, عربي, ไทย, 🎈, e\u0301'
VALUES: dict[str, dict[str, Any]] = {
    "adversarial_hard.v1": {"prompt": HARD, "chat": True},
    "adversarial_easy.v1": {"prompt": HARD, "chat": True},
    "adversarial_hard_base.v1": {"prompt": HARD},
    "adversarial_easy_base.v1": {"prompt": HARD},
}


def test_every_prompt_is_tested_here() -> None:
    folder = resources.files("limbeck.generators") / "prompts"
    names = {file.name.removesuffix(".txt") for file in folder.iterdir()}
    assert {name for name in names if name.startswith("adversarial_")} == set(VALUES)


@pytest.mark.parametrize("version", VALUES)
def test_a_prompt_ends_where_the_answer_begins_with_every_character(version: str) -> None:
    text = fill(version, VALUES[version])
    assert text.endswith(f"\nPrompt:\n{HARD}\n\nNew prompt:")
    assert not text[0].isspace()
    assert not re.search(r"[ \t]\n|\n\n\n", text)


@pytest.mark.parametrize("version", VALUES)
def test_no_field_may_be_missing(version: str) -> None:
    for name in VALUES[version]:
        left = {key: value for key, value in VALUES[version].items() if key != name}
        with pytest.raises(jinja2.UndefinedError, match=f"'{name}' is undefined"):
            fill(version, left)


@pytest.mark.parametrize("kind", ["hard", "easy"])
def test_only_a_conversation_is_called_one(kind: str) -> None:
    version = f"adversarial_{kind}.v1"
    assert "is a conversation" in fill(version, {"prompt": "A b?", "chat": True})
    assert "conversation" not in fill(version, {"prompt": "A b?", "chat": False})


@pytest.mark.parametrize("kind", ["hard", "easy"])
def test_what_a_lazy_teacher_would_copy_is_found_as_leaked(kind: str) -> None:
    text = fill(f"adversarial_{kind}.v1", {"prompt": "A b?", "chat": False})
    parts = text.split("\n\n")
    assert all(leaked(part) for part in parts[:2])


def test_a_pair_of_the_base_prompts_is_in_one_language() -> None:
    """Each demo in the script of its source, three of them and the open one."""
    for kind in ("hard", "easy"):
        pairs = fill(f"adversarial_{kind}_base.v1", {"prompt": "A b?"}).split("\n=====\n")[1:]
        assert len(pairs) == 4
        for pair in pairs[:3]:
            first, second = pair.removeprefix("Prompt:\n").split("\n\nNew prompt:\n")
            assert bool(re.search("[一-龥]", first)) is bool(re.search("[一-龥]", second))
