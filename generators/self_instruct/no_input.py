"""The ways in which models say that a task needs no input."""

from __future__ import annotations

import re

from limbeck.text import folded

_EDGES = re.compile(r"^[<\[({*_\s]+|[>\])}*_\s.。-]+$")
_GAPS = re.compile(r"[\s_/.\-]+")
_SPELLINGS = re.compile(
    "noinput|noinputrequired|noinputneeded|noinputnecessary|noinputprovided|noinputgiven|"
    "none|null|nil|empty|na|notapplicable|notrequired|notneeded|noneneeded|nonerequired|"
    "noadditionalinput|noadditionalinputneeded|noadditionalinputrequired|无|无输入|無|無輸入|なし|"
    "入力なし|없음|입력없음|нет|нетввода|ninguno|ninguna|sinentrada|aucun|aucune|aucuneentrée|"
    "keine|keineeingabe|nenhuma|nenhum|sementrada|لايوجد|لايوجدإدخال"
)


def without_placeholder(text: str) -> str:
    """The input, stripped; "" where it only says that there is none (`<noinput>`, "N/A", "无").

    A placeholder is the whole text, up to case, width, brackets and a full stop. `"None"` in
    quotes is an input.
    """
    stripped = text.strip()
    if len(stripped) > 60 or stripped == "Na":  # sodium
        return stripped
    bare = _GAPS.sub("", _EDGES.sub("", folded(stripped)))
    return "" if _SPELLINGS.fullmatch(bare) else stripped
