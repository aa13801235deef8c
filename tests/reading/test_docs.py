"""docs/reading.md says every reason, every role and every option."""

from __future__ import annotations

import re
from pathlib import Path

from limbeck.reading.aliases import ROLES
from limbeck.reading.unreadable import REASONS

DOCS = (Path(__file__).parents[2] / "docs" / "reading.md").read_text(encoding="utf-8")


def test_every_reason_is_told_as_the_code_has_it() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", DOCS, re.MULTILINE))
    assert table == REASONS


def test_every_role_is_told() -> None:
    assert [role for role in ROLES if f"`{role}`" not in DOCS] == []


def test_every_reason_in_the_code_is_known() -> None:
    folder = Path(__file__).parents[2] / "limbeck" / "reading"
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    used = set(re.findall(r'Unreadable\(\s*"(\w+)"', code))
    assert used == REASONS.keys()
