"""A quick look before `is_boilerplate`, whose patterns take half a millisecond for a kilobyte."""

from __future__ import annotations

from limbeck.refusals import is_boilerplate

# Every pattern of limbeck.refusals.BOILERPLATE needs one of these, in small letters.
_NEEDED = (
    " ai", "intelligen", "artificiel", " model", "assistant", "assistent",
    " ki", "sprachmodell", "modèle de langage", " ia", "'ia", "’ia", "modelo de", "asistente",
    "modello ", "искусственн", "языковая", "ии",
    "نموذج", "ذكاء", "مساعد", "نظام", "के रूप में", "होने के नाते",
    "人工智", "言模型", "大模型", "助手", "作为ai", "作為ai", "身为ai", "身為ai", "是ai", "的ai",
    "として", "私は", "わたしは", "로서", "저는", "나는",
)  # fmt: skip
_COUNTED = ("个ai", "個ai", "名ai", "款ai", "位ai", "种ai", "種ai", "型ai")


def says_it_is_an_ai(text: str) -> bool:
    """`is_boilerplate`, decided at once for most texts that say nothing of the kind."""
    small = text.lower()
    return any(word in small for word in _NEEDED + _COUNTED) and is_boilerplate(text)
