"""Which language a text is in: by its script where that says it, else by py3langid.

Code, mathematics, tags and links are no language and are taken out first. A script that one
language is written in (Hangul, Thai, kana) decides at once; for Latin, Cyrillic, Arabic and
Devanagari letters a naive Bayes model (Lui and Baldwin 2012, langid.py, as py3langid trained it
anew) chooses among the languages that are written in it. Nothing is downloaded.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from limbeck.errors import MissingExtra

UNKNOWN = "und"
# Rare languages and dialects are left out: the model finds them in short texts of their kin.
CHOICES = {
    "LATIN": "af az bs ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt lv ms mt nl no nn "
    "pl pt ro sk sl sq sr sv sw tl tr uz vi zxx",
    "CYRILLIC": "be bg kk ky mk mn ru sr tg uk",
    "ARABIC": "ar fa ps ug ur",
    "DEVANAGARI": "hi mr ne",
}
BY_SCRIPT = {
    "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "THAI": "th", "LAO": "lo",
    "KHMER": "km", "MYANMAR": "my", "GREEK": "el", "HEBREW": "he", "ARMENIAN": "hy",
    "GEORGIAN": "ka", "ETHIOPIC": "am", "BENGALI": "bn", "GUJARATI": "gu", "GURMUKHI": "pa",
    "KANNADA": "kn", "MALAYALAM": "ml", "ORIYA": "or", "SINHALA": "si", "TAMIL": "ta",
    "TELUGU": "te",
}  # fmt: skip
_NAMED = {"nn": "no", "zxx": UNKNOWN}
LANGUAGES = tuple(sorted({*" ".join(CHOICES.values()).split(), *BY_SCRIPT.values()} - set(_NAMED)))
"""ISO 639-1 codes of all that can be found."""

_WHOLE = 480  # characters that are looked at: of more, as many at the start, middle and end
_BEFORE = 6_000  # the same, before what is no language is taken out
_WEIGHT = {"CJK": 3, "HIRAGANA": 3, "KATAKANA": 3, "HANGUL": 2}  # letters of a Latin word in one
_MARKED = re.compile(r"[`$<\\{}=;|_#/(@\[\]]")
# What is no language, by a text that stands in each.
_TAKEN_OUT = (
    ("```", re.compile(r"^ {0,3}```.*?(?:^ {0,3}```|\Z)", re.MULTILINE | re.DOTALL)),
    ("~~~", re.compile(r"^ {0,3}~~~.*?(?:^ {0,3}~~~|\Z)", re.MULTILINE | re.DOTALL)),
    ("`", re.compile(r"`[^`\n]*`")),
    ("<", re.compile(r"<<[^<>\n]{0,200}>>|</?[a-zA-Z][^<>\n]{0,200}>")),
    ("$", re.compile(r"\$\$[^$]{1,2000}\$\$|\$[^$\n]{1,200}\$(?!\d)")),
    ("\\", re.compile(r"\\[a-zA-Z]+")),
    ("://", re.compile(r"\w{1,12}://\S+")),
    ("@", re.compile(r"[\w.+-]{1,64}@\S+")),
)
# Letters of phonetic spelling; the schwa alone is Azerbaijani.
_PHONETIC = re.compile("[\u0250-\u0258\u025a-\u02af\u02c8\u02cc]")
_CODE = re.compile(
    r"^\s*(?:def |class \w+[:(]|import \w+|from \w[\w.]* import |return\b|elif |else:|try:|"
    r"(?:if|for|while|with)\b.*:$|(?:if|for|while|switch) ?\(|#include|using \w+|public |private |"
    r"(?:const|let|var) \w+ ?=|function ?\w*\(|SELECT .* FROM |INSERT INTO |//|@\w+$|[{}()\[\];]+$)"
    r"|[;{]\s*$|\w\([^)]*\)\s*$|^\s*[\w.\[\]]+ ?[-+*/]?= ?\S"
)
_SIGNS = re.compile(r"[{}\[\]()<>=;_+*/\\|&^~#@%]")


def language_of(text: str) -> tuple[str, float]:
    """The language as an ISO 639-1 code, and how probable it is from 0 to 1.

    ("und", 0.0) for what has no letters, or nothing but code. Chinese is "zh" in either
    script, Norwegian "no". Raises MissingExtra where py3langid is needed and not installed.
    """
    text = _sampled(_language(_sampled(text, _BEFORE)), _WHOLE)
    if text.isascii():
        return _chosen("LATIN", text, 1.0) if any(map(str.isalpha, text)) else (UNKNOWN, 0.0)
    letters = Counter(map(_script, text))
    del letters[""]
    if not letters:
        return UNKNOWN, 0.0
    weighed = {script: _WEIGHT.get(script, 1) * n for script, n in letters.items()}
    kana = weighed.pop("HIRAGANA", 0) + weighed.pop("KATAKANA", 0)
    # Japanese is kana among Chinese characters; a Chinese text may quote a word of them.
    if kana * 8 > weighed.get("CJK", 0):
        kana += weighed.pop("CJK", 0)
    if kana:
        weighed["HIRAGANA"] = kana
    script = min(weighed, key=lambda name: (-weighed[name], name))
    share = weighed[script] / sum(weighed.values())
    if script in CHOICES:
        return _chosen(script, text, share)
    return BY_SCRIPT.get(script, UNKNOWN), share if script in BY_SCRIPT else 0.0


def languages_of(texts: Sequence[str]) -> list[tuple[str, float]]:
    """`language_of` each; texts that come again are looked at once."""
    found: dict[str, tuple[str, float]] = {}
    for text in texts:
        if text not in found:
            found[text] = language_of(text)
    return [found[text] for text in texts]


def _chosen(script: str, text: str, share: float) -> tuple[str, float]:
    code, probability = _model(script).classify(text)
    code = _NAMED.get(code, code)
    return code, 0.0 if code == UNKNOWN else round(float(probability) * share, 4)


@cache
def _model(script: str) -> Any:
    if script != "LATIN":
        model = copy.copy(_model("LATIN"))
    else:
        try:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier
        except ModuleNotFoundError as error:
            raise MissingExtra("py3langid, which tells languages apart,", "filters") from error
        model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(CHOICES[script].split())
    return model


def _language(text: str) -> str:
    """The text without what is no language: code, mathematics, tags, links."""
    if not text.isascii() and _PHONETIC.search(text):
        text = " ".join(word for word in text.split() if not _PHONETIC.search(word))
    if not _MARKED.search(text):
        return text
    for mark, pattern in _TAKEN_OUT:
        if mark in text:
            text = pattern.sub(" ", text)
    return "\n".join(line for line in text.split("\n") if not _is_code(line))


def _is_code(line: str) -> bool:
    if not _MARKED.search(line):
        return False
    return bool(_CODE.search(line)) or 2 * len(_SIGNS.findall(line)) > sum(map(str.isalpha, line))


def _sampled(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    third, middle = most // 3, len(text) // 2
    parts = text[:third], text[middle - third // 2 : middle + third // 2], text[-third:]
    return "\n".join(parts)


class _Scripts(dict[str, str]):
    """The script of a letter by the first word of its Unicode name; "" for what is no letter."""

    def __missing__(self, char: str) -> str:
        script = unicodedata.name(char, "").split(" ")[0].split("-")[0] if char.isalpha() else ""
        self[char] = script
        return script


_script = _Scripts().__getitem__
