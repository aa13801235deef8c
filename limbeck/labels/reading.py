"""Which label a reply is, and which labels a first token may begin. Strict: what might be another
thing is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from limbeck.errors import UserError
from limbeck.text import folded, squeezed
from limbeck.vocabulary import unpiece

CUES = ("label", "answer")  # what a prompt may end with and a reply repeat, before a colon
_AROUND = "\"'`*_:"  # with all brackets and quotation marks: what may stand around a label
_AFTER = _AROUND + ".,;!…。、，；：！．।۔،؛։።"  # what may end it as well
_SPACES = str.maketrans(dict.fromkeys("▁ĠĊ", " "))  # as SentencePiece and GPT-2 spell white space
_STYLES = str.maketrans(dict.fromkeys("\ufe0e\ufe0f", ""))  # emoji or text style of one symbol
_SYLLABLES = ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HANGUL SYLLABLE")
_PIECE = "bytes:\\x"
UNREADABLE = "\ufffd"


@dataclass(frozen=True, slots=True)
class FirstToken:
    """What an answer's first token may begin. `certain`: it is counted for the one label in
    `labels`. `whole`: it is that label, not only its beginning."""

    labels: tuple[str, ...] = ()
    certain: bool = False
    whole: bool = False


def checked_options(options: Sequence[str]) -> tuple[str, ...]:
    """The options, if they can be a label set. Raises UserError."""
    if isinstance(options, str):
        raise UserError(f"labels must be a list of texts, got the one text {options!r}")
    labels = tuple(options)
    if len(labels) < 2:
        raise UserError(f"a label distribution needs at least two labels, got {list(labels)}")
    seen: dict[str, str] = {}
    for label in labels:
        key = squeezed(label)
        if not key:
            raise UserError(f"a label is empty: {label!r}. Give every label a text")
        if key in seen:
            raise UserError(f"the labels {seen[key]!r} and {label!r} are the same text; keep one")
        seen[key] = label
    return labels


class LabelReader:
    """Reads texts as labels.

    Case, width and white space do not matter, unless `fold_case` is False or two labels differ in
    nothing else. `cues` are words that may stand before the label, with a colon between; give them
    in the prompt's language. Raises UserError for options that are no label set.
    """

    def __init__(
        self, options: Sequence[str], *, fold_case: bool = True, cues: Sequence[str] = CUES
    ) -> None:
        self.options = checked_options(options)
        self._fold = fold_case and len({_key(o, True) for o in self.options}) == len(self.options)
        self._keys = [(label, _key(label, self._fold)) for label in self.options]
        self._whole = {key: label for label, key in self._keys}
        self._bare: dict[str, str | None] = {}
        for label, key in self._keys:
            bare = _bare(key)
            self._bare[bare] = None if bare in self._bare else label
        self._cue = _cue_pattern([_key(cue, self._fold).rstrip(":： ") for cue in cues])

    def whole(self, text: str) -> str | None:
        """The label that a text is; None for none, for several, and for a label and more.

        Quotes, brackets, emphasis and a full stop around it do not matter, nor does a cue before
        it ("Label: yes"). Everything else does: "yes, but" is no label.
        """
        key = _key(text, self._fold)
        found = self._lookup(key)
        if found is None and self._cue is not None and (cue := self._cue.match(key)):
            found = self._lookup(cue[1])
        return found

    def first(self, token: str) -> FirstToken:
        """What a first token says, given its text as a server shows it.

        Counted for a label are the label itself, and a beginning of it that begins no other. A
        single letter or digit begins too much else ("I" may be "irrelevant" or "I think") and is
        not counted; a single Chinese character, kana or Korean syllable is. What says nothing yet,
        white space or an opening quote, may begin every label.
        """
        if token.startswith(_PIECE):
            return self._piece(unpiece(token))
        if UNREADABLE in token:
            return FirstToken(self.options)
        found = self._text(token)
        if not found.labels and (spaced := token.translate(_SPACES)) != token:
            found = self._text(spaced)
        return found

    def apart(self) -> bool:
        """False where no first token can tell all labels apart, whatever the tokenizer: one label
        begins another, or two begin with the same word. True promises nothing."""
        firsts = [key.split(" ")[0] for _, key in self._keys]
        if len(set(firsts)) < len(firsts):
            return False
        keys = [key for _, key in self._keys]
        return not any(a != b and b.startswith(a) for a in keys for b in keys)

    def _lookup(self, key: str) -> str | None:
        if key in self._whole:
            return self._whole[key]
        bare = _bare(key)
        return self._bare.get(bare) if bare else None

    def _text(self, text: str) -> FirstToken:
        key = _key(text, self._fold)
        begun = self._begun(key) if key else ()
        if not begun:
            key = _stripped(key, _AROUND, "")
            begun = self._begun(key)
        if not key:
            return FirstToken(self.options)
        whole = self._lookup(key)
        if whole is not None and whole not in begun:
            begun = (*begun, whole)
        certain = len(begun) == 1 and (whole is not None or not _says_little(key))
        return FirstToken(begun, certain, certain and whole is not None)

    def _begun(self, key: str) -> tuple[str, ...]:
        return tuple(label for label, own in self._keys if own.startswith(key))

    def _piece(self, data: bytes) -> FirstToken:
        """Bytes that are a part of a character."""
        data = data.lstrip()
        begun = []
        for label, key in self._keys:
            forms = (label, key, squeezed(label))
            if any(form.encode("utf-8", "surrogatepass").startswith(data) for form in forms):
                begun.append(label)
        more = bool(data.decode("utf-8", "ignore"))  # a whole character before the part of one
        return FirstToken(tuple(begun), len(begun) == 1 and more)


def reader(
    options: Sequence[str], *, fold_case: bool = True, cues: Sequence[str] = CUES
) -> LabelReader:
    """The LabelReader of a label set, made once: most rows of a task have the same. Raises
    UserError for options that are no label set."""
    return _made(checked_options(options), fold_case, tuple(cues))


@lru_cache(maxsize=1024)
def _made(options: tuple[str, ...], fold_case: bool, cues: tuple[str, ...]) -> LabelReader:
    return LabelReader(options, fold_case=fold_case, cues=cues)


def _key(text: str, fold: bool) -> str:
    return (folded(text) if fold else squeezed(text)).translate(_STYLES)


def _bare(key: str) -> str:
    return _stripped(key, _AROUND, _AFTER)


def _stripped(key: str, before: str, after: str) -> str:
    """Without the marks around it: those of `before` at its beginning, of `after` at its end."""
    start, end = 0, len(key)
    while start < end and _is_mark(key[start], before):
        start += 1
    while after and start < end and _is_mark(key[end - 1], after):
        end -= 1
    return key[start:end]


def _is_mark(char: str, marks: str) -> bool:
    return char in marks or char == " " or unicodedata.category(char) in ("Ps", "Pe", "Pi", "Pf")


def _says_little(key: str) -> bool:
    return len(key) == 1 and not unicodedata.name(key, "").startswith(_SYLLABLES)


def _cue_pattern(cues: Sequence[str]) -> re.Pattern[str] | None:
    words = [re.escape(cue) for cue in cues if cue]
    if not words:
        return None
    return re.compile(rf"[\s*_]*(?:{'|'.join(words)})[\s*_]*[:：](.+)", re.DOTALL)
