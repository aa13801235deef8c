"""Stage 2: is it a classification task? The teacher's yes or no."""

from __future__ import annotations

import re
import unicodedata

from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.replies import bare, field, json_lists, spoken
from limbeck.text import folded

AFTER = 50  # characters read after a question mark or a colon

_YES = re.compile(
    "yes|y|yeah|yep|true|はい|是|是的|对|對|예|네|oui|sí|si|sì|ja|да|sim|evet|نعم|हाँ|हां|כן|tak|"
    "ναι|ใช่|có|ya"
)
_NO = re.compile(
    "no|n|nope|nah|false|いいえ|否|不|不是|아니요|아니오|non|nein|nee|нет|não|hayır|لا|नहीं|לא|nie|"
    "όχι|ไม่ใช่|ไม่|không|tidak"
)
# "No idea" and "Yes or no" answer nothing; "No the labels are open" does.
_NO_ANSWER = re.compile("idea|answer|clue|and|or|nor|way|one|doubt|information|input|text")
_NAMES = ("classification", "is_classification", "classification_task", "is_classification_task")
_ANY_NAMES = (*_NAMES, "answer", "result", "response", "label", "output")
_STATEMENT = re.compile(
    r"\W*(?:(?:this|it|(?:the|this) (?:given )?task)(?: is|['’]s|(?= isn)) ?)?(not |isn['’]t )?"
    r"(?:a |an )?(?:\w+ )?classification(?: task)?+(?! if\b)(?=[ .,!]|$)"
)
_ASKED = re.compile(r"[:：?？]|\banswer is\b")
_NEITHER = re.compile(
    r"\W*+(?:(?:yes|no|y)(?:[^\w/|]*+[/|]|\W++(?:or|and)\b)\W*+(?:yes|no|n)|n/a)\b"
)


def parsed(text: str, preset: Preset) -> bool | None:
    """True for yes, False for no, None where the reply does not say.

    reference: True for exactly Yes, yes or YES (stripped), False for all else, silence included.

    fixed: the value in JSON, else the first word, in several languages ("No, because",
    "**Yes**.", "はい"), else what follows question marks, colons and "answer is", if that
    is the same everywhere, else a plain statement. Unknown is not no.
    """
    if preset == "reference":
        return text.strip() in ("Yes", "yes", "YES")
    text = spoken(text)
    verdict = _from_json(text)
    text = folded(text)
    if verdict is None and not _NEITHER.match(text):
        verdict = _first_word(text)
    if verdict is None:
        ends = [asked.end() for asked in _ASKED.finditer(text)]
        answers = {_first_word(text[end : end + AFTER]) for end in ends} - {None}
        verdict = answers.pop() if len(answers) == 1 else None
    if verdict is None and (statement := _STATEMENT.match(text)):
        verdict = statement[1] is None
    return verdict


def _from_json(text: str) -> bool | None:
    for found in json_lists(text, own_line=False):
        for item in found:
            value = field(item, _ANY_NAMES)
            if value is not None:
                verdict = _first_word(folded(value))
                named = any(bare(key) in map(bare, _NAMES) for key in item)
                if verdict is None and named and folded(value) in ("0", "1"):
                    verdict = folded(value) == "1"
                return verdict
    return None


def _first_word(text: str) -> bool | None:
    """What the first word of a folded text says, if the next one does not take it back."""
    word, rest = _word(text)
    follows = ""
    if rest.startswith(" ") and _in_word(rest[1:2]):
        follows, _ = _word(rest)
    if _NO_ANSWER.fullmatch(follows):
        return None
    return True if _YES.fullmatch(word) else False if _NO.fullmatch(word) else None


def _word(text: str) -> tuple[str, str]:
    """The first run of letters, marks and digits, and what follows it."""
    start = next((at for at, char in enumerate(text) if _in_word(char)), len(text))
    end = start
    while end < len(text) and (_in_word(text[end]) or text[end] in "'’"):
        end += 1
    return text[start:end].rstrip("'’"), text[end:]


def _in_word(char: str) -> bool:
    return char != "" and unicodedata.category(char)[0] in "LMN"
