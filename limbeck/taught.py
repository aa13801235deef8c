"""The answer that a student is taught from a record, in the words that it is to write."""

from __future__ import annotations

import re
from collections.abc import Mapping

from limbeck.record import Record

_ABBREVIATED = re.compile(r"(?:^|[\s(])(?:[^\W\d]\.){2,}$")  # "3 p.m." keeps its period


def taught_answer(record: Record) -> str:
    """The target, but the teacher's own answer where the target was not given or was not what the
    teacher found; "" for none.

    The teacher's words stand in `meta["answer_text"]`. `meta["answer"]` is what answers are
    compared by (a list is sorted there, a date rewritten), and only stands in where no words are.
    """
    check = record.meta.get("check")
    missed = isinstance(check, Mapping) and check.get("status") != "correct"
    if record.target is not None and not missed:
        return record.target.strip()
    for key in ("answer_text", "answer"):
        said = record.meta.get(key)
        if isinstance(said, str) and (text := _plain(said)):
            return text
    return ""


def _plain(text: str) -> str:
    text = text.strip()
    if text.endswith((".", "。")) and not text.endswith("..") and not _ABBREVIATED.search(text):
        text = text[:-1].rstrip()
    return text
