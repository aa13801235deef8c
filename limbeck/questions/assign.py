"""Which templates are for training, which for validation, which for the test.

The assignment is fixed: it depends on the templates' names alone and never on a user's seed, or
training questions of one seed would meet test questions of another.
"""

from __future__ import annotations

from collections.abc import Sequence

from limbeck.questions.question import SPLITS, QuestionSet, Split, Template
from limbeck.record import content_hash

# Another version is another assignment: models trained under one may not be tested under another.
VERSION = "templates.v1"
# Sets with fewer families hold out no whole family, but only wordings.
FAMILIES_FOR_HELD_OUT = 6


def assigned(questions: QuestionSet) -> dict[str, Split]:
    """The split of every template, by id.

    One family in seven, where there are enough, is for the test as a whole: a way to reason that
    training never shows. Of the wordings of every other family a fifth are for the test and a
    sixth for validation, at least one each.
    """
    families: dict[str, list[Template]] = {}
    for template in questions.templates:
        families.setdefault(template.family, []).append(template)
    ranked = sorted(families, key=lambda name: _rank(questions.name, name))
    many = len(ranked) >= FAMILIES_FOR_HELD_OUT
    held_out = set(ranked[: max(1, len(ranked) // 7)]) if many else set()
    splits: dict[str, Split] = {}
    for family, templates in families.items():
        count = len(templates)
        parts: list[Split] = ["test"] * count if family in held_out else _shared_out(count)
        in_rank = sorted(templates, key=lambda template: _rank(template.id))
        splits |= {template.id: part for template, part in zip(in_rank, parts, strict=True)}
    return splits


def _rank(*name: str) -> str:
    return content_hash([VERSION, *name])


def _shared_out(count: int) -> list[Split]:
    test, valid = max(1, round(count / 5)), max(1, round(count / 6))
    parts: list[tuple[Split, int]] = [("test", test), ("valid", valid)]
    return [split for split, n in [*parts, ("train", count - test - valid)] for _ in range(n)]


def templates_in(questions: QuestionSet, split: str) -> Sequence[tuple[Template, Split]]:
    """The templates of a split, or of all splits ("all"), with their splits, in the set's order."""
    splits = assigned(questions)
    wanted = SPLITS if split == "all" else (split,)
    return [(t, splits[t.id]) for t in questions.templates if splits[t.id] in wanted]
