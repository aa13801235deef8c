"""Lists as answers: unordered and complete; a target written [a, b, c] is ordered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from limbeck.errors import UserError
from limbeck.filters.answer.cues import takes_back
from limbeck.filters.answer.list_clause import unnamed, without_clause
from limbeck.filters.answer.plain import cited, plain, visible
from limbeck.filters.answer.quantities import quantities
from limbeck.filters.answer.quantity import Quantity, same, shown
from limbeck.filters.answer.said import Said
from limbeck.filters.answer.text import normal

Item = Quantity | str

_DEEP = 200  # items; longer lists are compared by their canonical texts
_MANY = 5000  # items of a list that are compared as texts only
_LONG = 400  # characters of an item that is a text only


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a list in their order. `bracket` is how it opened: "[", "(", "{" or ""."""

    items: tuple[Item, ...]
    bracket: str = ""

    @property
    def ordered(self) -> bool:
        return self.bracket in ("[", "(")


_PAIRS = {"[": "]", "{": "}", "(": ")"}
_BULLET = re.compile(r"^\s{0,8}(?:[-*•·–]|\(?\d{1,3}[.):]|\(?[a-z][.)])\s{1,4}(?=\S)", re.MULTILINE)
_CJK_JOINT = r"[A-Za-z0-9)\u30a0-\u30ff\u4e00-\u9fff]"  # と is in words as well
_AND = re.compile(
    r"(?:,|;|、)?\s(?:and|&|und|et|y|och|og|и|ve|oraz|và)\s(?!=)|(?<=\w)\s(?:e|en)\s|\s?[和与跟及]\s?|"
    r"(?:,|;)?\sas well as\s|"
    rf"(?<={_CJK_JOINT})\s?と\s?(?={_CJK_JOINT})|(?<=[A-Za-z0-9])[와과]\s|\s및\s",
    re.IGNORECASE,
)
_OR = re.compile(r"\s(?:or|oder|ou)\s|或", re.IGNORECASE)
_TIGHT = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_THOUSANDS = re.compile(r"(?<![\d,])\d{1,3},0\d\d(?![\d,])")  # no item begins with 0
_TOKENS = re.compile(r"[\[\](){}]|[,;、،，；\n]")
_STOP = re.compile(r"[.!?。](?=\s|$)")
_SEVERAL = re.compile(
    r"[\]}]\s?,?\s(?:or|and also|oder|o|ou|или)\s[^.\n]{0,30}?[\[{]|[\]}]\s?或者?\s?[\[{]"
)
_CLOSES = re.compile(
    r",?\s(?:but|and)\snot\s[^,;]*$|\s\((?:in (?:any|no particular) order|unordered|"
    r"order does(?:n't| not) "
    r"matter)\)$",
    re.IGNORECASE,
)
_LEAD_WORDS = re.compile(
    r"^(?:so|thus|therefore|hence|then|namely|just|the list|the set)[,:]?\s", re.I
)


def read_target(text: str) -> Items:
    """Raises UserError for an empty list."""
    items = read(plain(keep_braces(visible(text))).strip())
    if items is None or not items.items:
        raise UserError(
            f"the target {cited(text)} is a list of nothing: write its items, as in 'a, b, c'"
        )
    return items


def read(text: str, count: int | None = None) -> Items | None:
    """The items of a text that is a list and nothing else, but for a full stop.

    "1,000 and 2,500" may have two items or four: `count` says how many are wanted.
    """
    text = text.strip().rstrip(".。").strip().strip("\"'")
    bracket = ""
    if text[:1] in _PAIRS and _closes(text) == len(text) - 1:
        bracket, text = text[0], text[1:-1].strip()
        if not text:
            return Items((), bracket)
    parts = _split(text)
    if parts is None:
        return None
    if _TIGHT.search(text) and (_THOUSANDS.search(text) or len(parts) != count):
        grouped = _split(text, thousands=True)
        if grouped and (len(grouped) == count or _THOUSANDS.search(text)):
            parts = grouped
    parts = [part for part in parts if part.strip()]
    read_item = _item if len(parts) < _MANY else normal
    return Items(tuple(map(read_item, parts)), bracket)


def keep_braces(text: str) -> str:
    r"""LaTeX's \{ and \} as braces; it would take plain ones for its own."""
    return text.replace("\\{", "{").replace("\\}", "}").replace("\\left", "").replace("\\right", "")


def _closes(text: str) -> int:
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[({":
            depth += 1
        elif token[0] in "])}":
            depth -= 1
            if not depth:
                return token.start()
    return -1


def _split(text: str, *, thousands: bool = False) -> list[str] | None:
    """At commas, semicolons, line ends and "and" outside of brackets; None for open brackets."""
    spaced = thousands or re.search(r",\s", text) is not None or ";" in text
    tight = {m.start() for m in _TIGHT.finditer(text)} if spaced else set()
    semicolons = ";" in text
    parts, depth, start = [], 0, 0
    for token in _TOKENS.finditer(text):
        mark = token[0]
        if mark in "[({":
            depth += 1
        elif mark in "])}":
            depth -= 1
        elif not depth and token.start() not in tight and not (semicolons and mark == ","):
            parts.append(text[start : token.start()])
            start = token.end()
    if depth:
        return None
    parts.append(text[start:])
    return [piece for part in parts for piece in _AND.split(re.sub(r"^\s*(?:and|&)\s", "", part))]


def _item(text: str) -> Item:
    text = text.strip()
    found = quantities(text, items=False) if len(text) < _LONG else []
    whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(text.rstrip(".")))
    return found[0].value if whole and not found[0].weak else normal(text)


def find(said: Said, target: Items | None) -> tuple[Items | None, str]:
    """The list that a completion gives, or why there is none."""
    if said.several:
        return read(", ".join(said.several)), ""
    if said.closed:
        items = read(said.answer)
        return (items, "") if items else (None, "none")
    text = said.answer if said.marked else _last_block(said.text)
    back = takes_back(text if not said.marked else said.answer + said.rest)
    if back is not None:
        if not back.strip():
            return None, "retracted"
        text = back
    elif said.marked and (
        not text.strip(" :*") or _BULLET.match(text) or text.rstrip().endswith(":")
    ):
        text = _bullets((text if _BULLET.match(text) else "") + said.rest) or text
    if _SEVERAL.search(text):
        return None, "hedge"
    items = _loose(text, target)
    if items is None:
        return None, "none"
    if any(isinstance(item, str) and _OR.search(f" {item} ") for item in items.items):
        wanted = target.items if target else ()
        if not any(isinstance(item, str) and _OR.search(f" {item} ") for item in wanted):
            return None, "hedge"
    return items, ""


def _loose(text: str, target: Items | None) -> Items | None:
    """The best reading of a line: brackets, a list after "are" or a colon, the line itself."""
    text = _LEAD_WORDS.sub("", text.strip().strip("*"))
    stop = next((m for m in _STOP.finditer(text)), None)
    sentence = text[: stop.start()] if stop else text
    opening = re.search(r"[\[{(]", text)
    if opening and text[opening.start()] in "[{":
        end = _closes(text[opening.start() :])
        if end < 0:
            return None
        inner = text[opening.start() : opening.start() + end + 1]
        after = text[opening.start() + end + 1 :].strip(" .\"'$*`")
        return read(inner) if not after or not re.match(r"(?:,|and\b|or\b)", after) else None
    sentence = _CLOSES.sub("", without_clause(unnamed(sentence), target.items if target else ()))
    return read(sentence, len(target.items) if target else None)


def _last_block(text: str) -> str:
    lines = text.rstrip().split("\n")
    if _BULLET.match(lines[-1]):
        block: list[str] = []
        while lines and (_BULLET.match(lines[-1]) or not lines[-1].strip()):
            block.insert(0, lines.pop())
        return _bullets("\n".join(block))
    last = lines[-1]
    stops = [m.end() for m in _STOP.finditer(last[:-1])]
    return last[stops[-1] :] if stops else last


def _bullets(text: str) -> str:
    """The items of the first run of bulleted lines, one a line."""
    block: list[str] = []
    for line in text.split("\n"):
        bullet = _BULLET.match(line)
        if bullet:
            block.append(line[bullet.end() :].strip())
        elif line.strip() and block:
            break
        elif line.strip():
            return line.strip()
    return "; ".join(block) if any("," in item for item in block) else "\n".join(block)


def equal(target: Items, found: Items) -> bool:
    """Complete and nothing more; in order where the target is."""
    ours, theirs = list(target.items), list(found.items)
    if len(theirs) == 1 and isinstance(theirs[0], str) and len(ours) > 1:
        theirs = [_item(word) for word in theirs[0].split(maxsplit=len(ours))]
    if len(ours) == 1 and isinstance(ours[0], str) and len(theirs) > 1:
        ours, ordered = [_item(word) for word in ours[0].split(maxsplit=len(theirs))], True
    else:
        ordered = target.ordered
    if not ordered:
        ours, theirs = _distinct(ours), _distinct(theirs)
    if len(ours) != len(theirs):
        return False
    if ordered:
        return all(_same(one, other) for one, other in zip(ours, theirs, strict=True))
    if len(ours) > _DEEP:
        return Counter(map(_show, ours)) == Counter(map(_show, theirs))
    for one in ours:
        place = next((place for place, other in enumerate(theirs) if _same(one, other)), None)
        if place is None:
            return False
        del theirs[place]
    return True


def _distinct(items: list[Item]) -> list[Item]:
    """Sets: a repeat adds nothing."""
    return list({_show(item): item for item in items}.values())


def _same(one: Item, other: Item) -> bool:
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        return same(one, other)
    return one == other


def _show(item: Item) -> str:
    return shown(item) if isinstance(item, Quantity) else item


def canonical(items: Items) -> str:
    """ "a, b, c", sorted unless the order means something."""
    texts: Sequence[str] = [_show(item) for item in items.items]
    if items.ordered:
        return f"[{', '.join(texts)}]"
    return ", ".join(sorted(texts))
