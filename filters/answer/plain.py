"""One plain form of what people and models write: invisible marks, markdown and LaTeX gone.

Everything here is linear in the text and keeps the order of what it keeps. Letters keep their
case, digits of every script become ASCII digits, and a dollar sign that opens or closes LaTeX is
told from one that means money.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CALCULATOR = re.compile(r"<<[^<>\n]{0,200}>>")  # GSM8K: 5+7=<<5+7=12>>12
_SINGLE = str.maketrans(
    {
        "−": "-",
        "﹣": "-",
        "－": "-",
        "‐": "-",
        "‑": "-",
        "⁄": "/",
        "∕": "/",
        "／": "/",
        "٫": ".",
        "．": ".",
        "٬": ",",
        "٪": "%",
        "％": "%",
        "﹪": "%",
        "＄": "$",
        "﹩": "$",
        "￥": "¥",
        "￡": "£",
        "：": ":",
        "；": ";",
        "（": "(",
        "）": ")",
        "［": "[",
        "］": "]",
        "｛": "{",
        "｝": "}",
        "＝": "=",
        "＋": "+",
        "！": "!",
        "？": "?",
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "「": '"',
        "」": '"',
        "『": '"',
        "』": '"',
        "✖": "×",
        "✕": "×",
        "∙": "·",
        "⋅": "·",
    }
)
_SINGLE |= {wide: wide - 0xFEE0 for wide in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_WIDE_COMMA = re.compile("(?<=[０-９])，(?=[０-９])")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POWER = re.compile("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_VULGAR = re.compile("[¼-¾⅐-⅞↉]")

_WIDE = re.compile(r"(?<=\S) {2,}(?=\S)")
_BOLD = re.compile(r"(?<![\d)\]*])\*{1,3}(?=[^\s*])|(?<=[^\s*])\*{1,3}(?![\d(\w*])")
_UNDERLINE = re.compile(r"(?<!\w)_{1,3}(?=\w)|(?<=[^\W_])_{1,3}(?!\w)|(?<=[.!?])__(?!\w)")
_FENCE = re.compile(r"^[ ]{0,3}(?:```|~~~)[^\n`]{0,40}$", re.MULTILINE)
_MATH = re.compile(r"\$\$|(?<!\\)\$(?=[^\s$])([^$\n]{0,400}?[^\s$\\])\$(?![\d])")
_WRAPPER = re.compile(
    r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mathsf|mbox|operatorname|emph|bm)"
    r"\s?\{([^{}]{0,400})\}"
)
_FRACTION = re.compile(
    r"(?<=\d)?\\[dtc]?frac\s?(?:\{([^{}]{1,200})\}\s?\{([^{}]{1,200})\}|(\d)\s?(\d))"
)
_LATEX = [
    (re.compile(r"\\[()\[\]]"), " "),
    (re.compile(r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|quad|qquad)(?![a-zA-Z])"), " "),
    (re.compile(r"\{,\}|\\,(?=\d{3})"), ","),
    (re.compile(r"\\[,;:! ]|~"), " "),
    (re.compile(r"\\([%$#&_{}])"), r"\1"),
    (re.compile(r"\\times(?![a-zA-Z])"), "×"),
    (re.compile(r"\\(?:cdot|ast)(?![a-zA-Z])"), "·"),
    (re.compile(r"\\div(?![a-zA-Z])"), "÷"),
    (re.compile(r"\\approx(?![a-zA-Z])"), "≈"),
    (re.compile(r"\\(?:neq|ne)(?![a-zA-Z])"), "≠"),
    (re.compile(r"\\(?:leq|le)(?![a-zA-Z])"), "≤"),
    (re.compile(r"\\(?:geq|ge)(?![a-zA-Z])"), "≥"),
    (re.compile(r"\\(?:rightarrow|to|implies|Rightarrow)(?![a-zA-Z])"), "→"),
    (re.compile(r"\^\s?\{?\s?\\circ\s?\}?|\\degree(?![a-zA-Z])"), "°"),
    (re.compile(r"\\pm(?![a-zA-Z])"), "±"),
    (re.compile(r"\\\\"), " "),
]


def visible(text: str) -> str:
    """NFC without the marks that no reader sees; line ends are "\\n", odd spaces are spaces.

    A line separator ends a line. Combining forms that NFC cannot join stay as they are.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n\n")
    text = text.replace("\u2029", "\n\n").replace("\x85", "\n").replace("\t", " ")
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _SPACES.sub(" ", _INVISIBLE.sub("", text)))


def plain(text: str) -> str:
    """Digits and signs in ASCII, no emphasis, no LaTeX but for names that are not known."""
    text = _CALCULATOR.sub("", _FENCE.sub("", text))
    if not text.isascii():
        text = _ascii_signs(text)
    if "\\" in text or "{," in text:
        text = unlatex(text)
    if "$" in text:
        text = _MATH.sub(lambda found: f" {found[1] or ''} ", text)
    if "*" in text:
        text = _BOLD.sub("", text)
    if "_" in text:
        text = _UNDERLINE.sub("", text)
    if "  " in text:
        text = _WIDE.sub(" ", text)
    return text.replace("`", "")


def _ascii_signs(text: str) -> str:
    text = _WIDE_COMMA.sub(",", text).translate(_SINGLE)
    text = _POWER.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text)
    text = _VULGAR.sub(_vulgar, text)
    return text.translate(_DIGITS)


def _vulgar(found: re.Match[str]) -> str:
    """ "½" is "1/2"; after a digit it is the rest of a mixed number, "2 1/2"."""
    before = found.string[found.start() - 1 : found.start()]
    space = " " if before and (before.isdecimal() or before.isalpha()) else ""
    return space + unicodedata.normalize("NFKC", found[0]).replace("⁄", "/")


class _Digits(dict[int, int]):
    """Every decimal digit of every script to its ASCII digit; filled as met."""

    def __missing__(self, code: int) -> int:
        value = unicodedata.decimal(chr(code), None)
        self[code] = code if value is None else 48 + int(value)
        return self[code]


_DIGITS = _Digits()


def unlatex(text: str) -> str:
    """LaTeX around a plain answer taken off: `\\$1{,}200` is `$1,200`, `\\frac12` is `1/2`."""
    for _ in range(3):  # wrappers inside wrappers
        text, count = _WRAPPER.subn(r"\1", text)
        if not count:
            break
    # money inside LaTeX is \$: it must not be taken for the end of the formula
    text = re.sub(
        r"(?<!\\)\$(?=[^\s$])((?:[^$\n\\]|\\.){0,400})(?<!\s)(?<!\\)\$(?!\d)", r" \1 ", text
    )
    for pattern, instead in _LATEX:
        text = pattern.sub(instead, text)
    return _FRACTION.sub(_fraction, text)


def _fraction(found: re.Match[str]) -> str:
    top, bottom = (found[1] or found[3]).strip(), (found[2] or found[4]).strip()
    before = found.string[found.start() - 1 : found.start()]
    space = " " if before.isdigit() else ""
    if re.fullmatch(r"-?[\d.,]+", top) and re.fullmatch(r"[\d.,]+", bottom):
        return f"{space}{top}/{bottom}"
    return f"{space}({top})/({bottom})"


def cited(text: str, most: int = 80) -> str:
    """A text in quotes, for an error: nothing in it can steer a terminal, and it is not long."""
    return repr(text if len(text) <= most else text[:most] + "…")
