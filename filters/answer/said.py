"""What a completion says in the end: thinking and invented questions away, the last marker found.

Nothing here knows about kinds of answers. `said` gives the text that counts and, where a marker
asserts an answer ("-->", "####", a box, "the answer is", "Answer:", a tag, JSON), what follows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from limbeck.filters.answer.hypothetical import without_remarks
from limbeck.filters.answer.markers import Marker, last_marker
from limbeck.filters.answer.plain import visible

Style = Literal["arrow", "hashes", "box", "tag", "json", "label", "phrase", "none"]

_THINK = r"(?:think|thinking|thought|reasoning|reflection|scratchpad)"
_OPEN = re.compile(rf"<{_THINK}>|<\|begin_of_thought\|>|◁think▷", re.IGNORECASE)
_CLOSE = re.compile(rf"</{_THINK}>|<\|end_of_thought\|>|◁/think▷", re.IGNORECASE)
_END = re.compile(
    r"<\|(?:endoftext|im_end|eot_id|end|end_of_text|eom_id|user|im_start|start_header_id)\|>"
    r"|</s>|<eos>|<end_of_turn>|<｜end▁of▁sentence｜>|\[/?INST\]"
)
_NEXT = re.compile(
    r"\n[ ]{0,8}(?:\*\*|#{1,4} ?)?"
    r"(?:Q ?\d{0,3} ?[:.：)]|(?:New |Next |Another )?Question ?\d{0,3} ?[:：]|"
    r"Human ?[:：]|User ?[:：]|"
    r"###? ?(?:Instruction|Question|Input|Human|User|Problem)\b ?[:：]?|"
    r"(?:Next |New )?Problem ?\d{0,3} ?[:：]|"
    r"(?:问题|問題|问|問|题目|Pregunta|Frage|Вопрос|سؤال|السؤال) ?[:：]|Question ?[:：])"
)
_BESIDE = re.compile(
    r"(?:[\s$,;/|&.]|\b[a-z]\s?=|\\(?:text|mathrm|quad|qquad|,|;)|[{}]|\b(?:or|and|either|maybe|"
    r"perhaps|"
    r"possibly|also|und|oder|et|ou|y|o)\b|或|和){0,40}",
    re.IGNORECASE,
)
_OPENS_DISPLAY = re.compile(r"(?:[\s:*_]|(?:\\\[|\$\$|```\w{0,12})(?=\n))*")
_QUOTED = re.compile(r"^[ ]{0,3}>(?:[ ]?>)*[ ](?=\S)", re.MULTILINE)
_STOP_WORD = re.compile(r"\s{0,20}\bEND\s{0,20}$")


@dataclass(frozen=True, slots=True)
class Said:
    """What counts of a completion.

    `text` is all of it. With a marker `answer` is what it asserts (the line after it, or what a
    box, tag or JSON key holds), `before` what stands before the marker and `rest` what follows
    the answer. Without one, `style` is "none" and `answer` the whole text. `problem` is
    "truncated" where an opening has no end or a marker no answer, else "". `several` has the
    values of boxes that one sentence puts side by side.
    """

    text: str
    answer: str
    style: Style = "none"
    rest: str = ""
    before: str = ""
    problem: str = ""
    several: tuple[str, ...] = ()

    @property
    def marked(self) -> bool:
        return self.style != "none"

    @property
    def closed(self) -> bool:
        return self.style in ("box", "tag", "json")


def said(completion: str, *, letters: bool = False) -> Said:
    """The last assertion of a completion. `letters`: "A:" may be an option, so it is no marker."""
    text = _QUOTED.sub("", visible(completion))
    opened = max((found.end() for found in _OPEN.finditer(text)), default=-1)
    closed = max((found.end() for found in _CLOSE.finditer(text)), default=-1)
    if opened > closed:
        return Said("", "", problem="truncated")
    if closed >= 0:
        text = text[closed:]
        if not text.strip():
            return Said("", "", problem="truncated")
    text = _without_next_question(text).rstrip()
    ends = _STOP_WORD.search(text, max(0, len(text) - 30))
    text = without_remarks(text[: ends.start()] if ends else text)
    return last_said(text, letters=letters)


def last_said(text: str, *, letters: bool = False) -> Said:
    """The last assertion of a text that is all the teacher's own."""
    marker = last_marker(text, letters=letters)
    if marker is None:
        return Said(text, text)
    before = text[: marker.start]
    if marker.problem:
        return Said(text, "", marker.style, "", before, marker.problem)
    if marker.held:
        several = _boxes_beside(text, marker) if marker.style == "box" else ()
        return Said(
            text, marker.held.value, marker.style, text[marker.held.after :], before, "", several
        )
    start = marker.end
    opens = _OPENS_DISPLAY.match(text, start)
    start = opens.end() if opens else start
    stop = text.find("\n", start)
    stop = len(text) if stop < 0 else stop
    return Said(text, text[start:stop], marker.style, text[stop:], before)


def _boxes_beside(text: str, last: Marker) -> tuple[str, ...]:
    """The values of boxes that stand in a row with the last one: "or", a comma, nothing between."""
    assert last.held is not None
    row = [last.held.value]
    start = last.start
    for _ in range(8):
        box = last_marker(text[max(0, start - 300) : start])
        if box is None or box.held is None or box.style != "box":
            break
        base = max(0, start - 300)
        if not _BESIDE.fullmatch(text[base + box.held.after : start]):
            break
        row.insert(0, box.held.value)
        start = base + box.start
    return tuple(row) if len(row) > 1 else ()


def _without_next_question(text: str) -> str:
    end = _END.search(text)
    start = len(text) - len(text.lstrip())
    while end and not text[start : end.start()].strip():  # a template's opening
        start = end.end()
        end = _END.search(text, start)
    text = text[start : end.start()] if end else text[start:]
    asked = _NEXT.search(text)
    return text[: asked.start()] if asked else text
