"""The split by template, where records have none of their own."""

from __future__ import annotations

from limbeck.pipeline.format import split
from limbeck.record import Provenance, Record, user


def test_what_is_asked_about_one_story_is_on_one_side() -> None:
    """Its template is the context: by the masked question, the two would be two templates."""
    stories = ("Ada paints 3 doors.", "Bo sells 5 kites.", "Cem finds 7 keys.", "Dan has 2 cats.")
    asked = ("How many are left?", "How many were there?", "Is that enough?")
    rows = [
        Record((user(f"{story} {question}"),), "x", Provenance("t"))
        for story in stories
        for question in asked
    ]
    for seed in range(5):
        sides = split(rows, valid=1, test=1, seed=seed, by="template")
        assert {name: len(part) for name, part in sides.items()} == {
            "train": 6, "valid": 3, "test": 3,
        }  # fmt: skip
        for name in ("valid", "test"):
            assert len({row.prompt.split(".")[0] for row in sides[name]}) == 1
