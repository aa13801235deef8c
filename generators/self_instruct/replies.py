"""What a chat teacher said, as data: lists in JSON, however wrapped, and lists in plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limbeck.generators.self_instruct.lenient_json import read
from limbeck.generators.self_instruct.markdown import without_fences

MAX_STARTS = 64  # places tried, so that a reply of brackets takes no time

_THOUGHT = re.compile(
    r"(?:\s*<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z))+", re.DOTALL | re.I
)
_THOUGHT_END = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.I)
_THOUGHT_START = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.I)
_REFUSAL = re.compile(
    r"\W*(?:(?:i(?:['’]m| am) )?(?:very |so )?sorry\b|i(?:['’]m| am) (?:unable|not able)\b"
    r"|i (?:cannot|can['’]t|can not|won['’]t)\b|as an ai\b|unfortunately\b)",
    re.I,
)

_OPENING = re.compile(
    r"(?:\s*+(?:sure|certainly|of course|absolutely|okay|ok|great|here|below)\b[^\n]*+\n)++", re.I
)
_CLOSING = re.compile(
    r"\W*(?:(?:i )?hope (?:this|these|that)|let me know|feel free|would you like|if you)\b", re.I
)

# What may number an item, at the start of a line: "10.", "10)", "(10)", "10:", "10、", "１０．",
# "Task 10:", "**10.**", "10 -". "3.5", "10:30" and "10 - 3" are no such thing.
_NUMBERED = re.compile(
    r"^(?P<indent>[ \t]*)(?:[*_]{2}|\#+[ \t]*|>[ \t]*)?"
    r"(?:(?:task|instruction)[ \t]*+(?:\#[ \t]*)?)?[(\[（【]?(?P<number>\d{1,3})[ \t]*"
    r"(?:[.:．：。、)\]）】](?:[.:])?(?!\d)|[-–—][ \t]+(?![ \t\d]))(?:[*_]{2})?[ \t]*",
    re.MULTILINE | re.I,
)
_BULLET = re.compile(r"^(?P<indent>[ \t]*)[-*+•‣◦·▪●][ \t]+", re.MULTILINE)

_OWN_LINE = re.compile(
    r"^[ \t>*_`]*+(?:json[ \t]*+)?(?:\d{1,3}[.)][ \t]*(?=\{)|[-*•][ \t]+(?=\{))?(?=[\[{])", re.M
)
_ANYWHERE = re.compile(r"(?<![\w\])])(?=[\[{])")
_BETWEEN = re.compile(r"(?:[\s,;]|\d{1,3}[.)]|[-*•][ \t]|```(?:json)?)*(?=\{)")
_NUMBER_KEY = re.compile(r"(?:task|instruction|example|instance|item)?[\s_-]*\d+", re.I)
_BOLD = re.compile(r"(?<![\w*])\*{2,3}+(?=\S)([^*]++(?:\*[^*]++)*+)(?<=\S)\*{2,3}+(?![\w*])")


def spoken(text: str) -> str:
    """The reply with `\\n` line ends and without what a reasoning model thought first.

    An unfinished thought leaves nothing; one whose opening tag was in the prompt is known by its
    closing tag.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if thought := _THOUGHT.match(text):
        text = text[thought.end() :]
    closing = _THOUGHT_END.search(text)
    if closing and not _THOUGHT_START.search(text, 0, closing.start()):
        text = text[closing.end() :]
    return text


def without_small_talk(text: str) -> str:
    """The text, stripped, without lines such as "Sure! Here are ..." before the answer, and a
    paragraph such as "Let me know if ..." after it. English alone."""
    if opening := _OPENING.match(text):
        text = text[opening.end() :]
    answer, _, last = text.strip().rpartition("\n\n")
    return answer.rstrip() if answer and _CLOSING.match(last) else text.strip()


def refusal(text: str) -> bool:
    """Whether the reply begins the way an English refusal does."""
    return _REFUSAL.match(text) is not None


def json_lists(text: str, *, own_line: bool) -> Iterator[list[Any]]:
    """What may be meant as the list, best first, from JSON at the start of a line or anywhere.

    A list; the list in an object (`{"tasks": [...]}`, `{"1": ..., "2": ...}`); an object, or
    several one after the other, as a list. Only whole items.
    """
    empty = False
    pattern = _OWN_LINE if own_line else _ANYWHERE
    at = starts = 0
    while starts < MAX_STARTS and (start := pattern.search(text, at)):
        starts += 1
        found = read(text, start.end())
        if found is None:
            at = start.end() + 1
            continue
        at = max(found.end, start.end() + 1)
        if isinstance(found.value, list):
            empty = empty or not found.value
            if found.value:
                yield found.value
            continue
        if found.whole:
            objects, at = _objects_after(text, at)
            yield [found.value, *objects]
        yield from _unwrapped(found.value)
    if empty:
        yield []


def _objects_after(text: str, at: int) -> tuple[list[Any], int]:
    objects = []
    while gap := _BETWEEN.match(text, at):
        found = read(text, gap.end())
        if found is None or not found.whole:
            break
        objects.append(found.value)
        at = found.end
    return objects, at


def _unwrapped(value: Mapping[str, Any]) -> Iterator[list[Any]]:
    for inner in value.values():
        if isinstance(inner, list):
            yield inner
        elif isinstance(inner, Mapping):
            yield from _unwrapped(inner)
    if value and all(_NUMBER_KEY.fullmatch(key) for key in value):
        yield list(value.values())


def json_start(text: str) -> int | None:
    """Where JSON begins at the start of a line; None where it does not."""
    found = _OWN_LINE.search(text)
    return None if found is None else found.start()


def numbers(text: str) -> list[re.Match[str]]:
    """The item numbers at line starts (groups `number` and `indent`), nested ones left out."""
    return _outer(_NUMBERED, text)


def bullets(text: str) -> list[re.Match[str]]:
    """The bullets at line starts, nested ones left out."""
    return _outer(_BULLET, text)


def _outer(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    marks = list(pattern.finditer(text))
    width = len(marks[0]["indent"]) + 1 if marks else 0
    return [mark for mark in marks if len(mark["indent"]) <= width]


def plain_list(text: str, finish_reason: str) -> list[str] | None:
    """The items of a numbered or else a bulleted list, one paragraph each; None without one.

    Where the reply was cut off at its length and ends inside the last item, that one is dropped.
    """
    text = without_fences(text)
    marks = numbers(text) or bullets(text)
    if not marks:
        return None
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    bodies = [text[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]
    if finish_reason == "length" and not re.search(r"\n[ \t]*\n", bodies[-1].lstrip()):
        bodies.pop()
    return [re.split(r"\n[ \t]*\n", body.strip())[0] for body in bodies]


def line(text: str) -> str:
    """An item on one line: white space squeezed, bold markers off (`2**10` is none)."""
    text = _BOLD.sub(r"\1", " ".join(text.split()))
    if text.endswith("**") and text.count("**") == 1:
        text = text[:-2].rstrip()
    return text


def field(item: Any, names: Sequence[str]) -> str | None:
    """The member of a JSON object under the first of `names` that it has, as text; else None.

    Names are compared without case, spaces, `_` and `-`. A string is itself, null is "",
    everything else its JSON.
    """
    if not isinstance(item, Mapping):
        return None
    members = {bare(key): value for key, value in item.items()}
    for name in names:
        if bare(name) in members:
            return as_text(members[bare(name)])
    return None


def bare(key: str) -> str:
    """A key as `field` compares it."""
    return re.sub(r"[\s_-]", "", key).casefold()


def as_text(value: Any) -> str:
    """A JSON value as the text that a student should learn, stripped."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
