"""From a recipe's teacher section to a teacher that retries and remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from limbeck.ledger import Ledger
from limbeck.models import fingerprint, parse_model
from limbeck.protocols import Teacher
from limbeck.recipe import TeacherSection
from limbeck.registry import find
from limbeck.teachers.wrap import Recorded, Retrying


def connect(
    section: TeacherSection, ledger: Ledger, *, on_call: Callable[[bool], None] | None = None
) -> Teacher:
    """The teacher that the section names: Recorded(Retrying(it)).

    Raises UserError: an unknown or unloadable model, a missing key.
    """
    name = parse_model(section.model)
    bare = cast(Teacher, find("teachers", name.kind).load()(name, section))
    if not name.is_local:
        bare = Retrying(bare, attempts=section.attempts, give_up_after=section.give_up_after)
    return Recorded(bare, ledger, on_call=on_call)


def identity(section: TeacherSection) -> Mapping[str, Any]:
    """What will answer, without connecting or loading anything: part of every ledger key."""
    name = parse_model(section.model)
    if name.kind == "openai":
        extra = {"extra": section.extra} if section.extra else {}
        return {"endpoint": section.base_url, "model": name.value, **extra}
    if name.kind == "fake":
        return {"endpoint": "fake", "model": name.value}
    return {"endpoint": "local", "model": fingerprint(name), "dtype": section.dtype}
