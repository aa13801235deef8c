"""A quick look before `is_boilerplate`, whose patterns take half a millisecond for a kilobyte."""

from __future__ import annotations

import re

from limbeck.refusals import is_boilerplate

# Every pattern of limbeck.refusals.BOILERPLATE needs one of these, in small letters: a word of its
# own where spaces part words ("as an AI"), or a part of the text.
_WORD = re.compile(r"\b(?:ai|ki|ia|ии|(?:quanto|come|sono|solo|una?)ia)\b")
_PARTS = (
    "intelligen", "artifici", " model", "assistant", "assistent", "asistente", "sprachmodell",
    "modèle de langage", "modelo de ", "modello ", "искусственн", "языковая модель",
    "نموذج", "ذكاء", "مساعد", "نظام", "के रूप में", "होने के नाते",
    "人工智", "言模型", "大模型", "助手", "作为ai", "作為ai", "身为ai", "身為ai", "是ai", "的ai",
    "个ai", "個ai", "名ai", "款ai", "位ai", "种ai", "種ai", "型ai",
    "として", "私は", "わたしは", "로서", "저는", "나는",
)  # fmt: skip


def says_it_is_an_ai(text: str) -> bool:
    """`is_boilerplate`, decided at once for most texts that say nothing of the kind."""
    small = text.lower()
    possible = any(part in small for part in _PARTS) or _WORD.search(small) is not None
    return possible and is_boilerplate(text)
