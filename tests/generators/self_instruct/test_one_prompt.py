"""A reply that is one prompt."""

from __future__ import annotations

import pytest

from limbeck.generators.self_instruct.one_prompt import read_prompt
from limbeck.protocols import Reply


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("  Name three rivers.\n", "Name three rivers."),
        ('**New prompt:** "Name three rivers."', "Name three rivers."),
        ("New prompt：「介绍一条河流。」", "介绍一条河流。"),
        ("<think>Rivers, perhaps.</think>\nName three.\r\n\r\nNow.", "Name three.\n\nNow."),
        ("「春」と「秋」", "「春」と「秋」"),
        ("“Spring” and “autumn”", "“Spring” and “autumn”"),
        ('Explain "rivers" and "lakes"', 'Explain "rivers" and "lakes"'),
        ("I'm sorry, I can't.", None),
        ("New prompt:", None),
    ],
)
def test_the_prompt_alone_is_read(said: str, read: str | None) -> None:
    assert read_prompt(Reply(said)) == read


def test_what_was_cut_off_is_none() -> None:
    assert read_prompt(Reply("Name the rivers of", "length")) is None
