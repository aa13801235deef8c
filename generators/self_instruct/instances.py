"""Stages 3 and 4: the instances (input and output) in a teacher's reply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from limbeck.generators.self_instruct.markdown import masked, unwrapped, without_rules
from limbeck.generators.self_instruct.no_input import without_placeholder
from limbeck.generators.self_instruct.preset import Preset
from limbeck.generators.self_instruct.replies import (
    as_text,
    bare,
    field,
    json_lists,
    spoken,
    without_small_talk,
)

INPUTS = ("input", "输入", "輸入", "入力")
OUTPUTS = ("output", "answer", "response", "expected_output", "result", "输出", "輸出", "出力")
LABELS = ("class_label", "label", *OUTPUTS, "class", "category")
ANSWERS = (*OUTPUTS, "label")
_NO_INPUT_FIELDS = frozenset(
    ("id", "example", "number", "index", "explanation", "reasoning", "rationale", "instruction")
)

# What may stand before a label at the start of a line: "1. ", "- ", "### ", "**".
_LEAD = r"^[ \t]*(?:(?P<lead>[>*+\#-])\#*[ \t]+|\d{1,3}[.)][ \t]*)?(?:\*{1,2})?"
_COLON = r"[ \t]*+\d*+(?:\*{1,2})?[ \t]*+[:：](?:\*{1,2})?"
_EXAMPLE = re.compile(
    r"^[ \t]*(?:\#+[ \t]*)?(?:\*{1,2})?Example(?:"
    # "Example 1 List: a" is a heading and a field; "Example 3 shows: a" is prose.
    r"[ \t]*+\d++(?=[ \t]*+(?:$|[.:)*]|(?![a-z])\w++[ \t]*+\d*+[:：]))[ \t]*+[.:)]?"
    r"|[ \t]*+[.:]?(?=(?:\*{1,2})?[ \t]*+$))(?:\*{1,2})?",
    re.MULTILINE,
)
_FIELD = re.compile(rf"{_LEAD}(?P<name>Input|Output){_COLON}", re.MULTILINE)
_LABEL = re.compile(rf"{_LEAD}Class label{_COLON}", re.MULTILINE)
_ANY = re.compile(rf"{_EXAMPLE.pattern}|{_LEAD}(?:Input|Output|Class label){_COLON}", re.MULTILINE)
_NEXT_TASK = re.compile(r"^[ \t]*(?:\*{1,2})?Task(?:\*{1,2})?[ \t]*[:：]", re.MULTILINE)
_ASKED_TASK = re.compile(rf"\A\s*+{_NEXT_TASK.pattern[1:]}[^\n]*")


@dataclass(frozen=True, slots=True)
class Instance:
    """One example of a task. `input` is "" where the instruction says everything."""

    input: str
    output: str


def continued(
    text: str, is_classification: bool, finish_reason: str, preset: Preset
) -> list[Instance]:
    """The instances in a base teacher's continuation, before any rule.

    A classification task has "Class label:" lines, each before its input; another task has
    "Example n" headings, an input, and "Output:". What was cut off at its length is dropped.

    reference: bug for bug. "Example" parts anywhere, in prose too; a part without "Output:" is
    an output without input; a second "Output:" ends the first. fixed: headings and labels count
    at line starts only, other field names ("Paragraph:") stay in the input, a part without
    "Output:" is no instance, pairs without headings are parted, several outputs without an input
    are several instances, "Input: None" is no input, and the next "Task:" ends the reply. In
    fenced code, and in a bulleted list of an answer, labels are text.
    """
    if preset == "reference":
        found = _reference_labelled(text) if is_classification else _reference_examples(text)
        return found[:-1] if finish_reason == "length" else found
    text = unwrapped(text.replace("\r\n", "\n").replace("\r", "\n"), _ANY, _FIELD)
    cut = finish_reason == "length"
    plain = masked(text, cut)
    if end := _NEXT_TASK.search(plain):
        text, plain, cut = text[: end.start()], plain[: end.start()], False
    if is_classification and _LABEL.search(plain):
        return list(_labelled(text, plain, cut))
    parts = _between(_EXAMPLE, text, plain)
    last = len(parts) - 1
    return [one for n, part in enumerate(parts) for one in _pairs(*part, cut and n == last)]


def _between(marks: re.Pattern[str], text: str, plain: str) -> list[tuple[str, str]]:
    """What stands before, between and after the marks in `plain`, in `text` and in `plain`."""
    found = list(marks.finditer(plain))
    starts = [0, *(mark.end() for mark in found)]
    ends = [*(mark.start() for mark in found), len(text)]
    return [(text[a:b], plain[a:b]) for a, b in zip(starts, ends, strict=True)]


def listed(text: str, is_classification: bool, finish_reason: str) -> list[Instance] | None:
    """The instances of a chat teacher's reply that was asked for JSON `[{"input", "output"}]`.

    Labelled text as a base teacher writes it will do. Without an input, the other members are
    the input ("name: value" lines where there are several). None where there is neither: a
    refusal, or prose; [] for an empty list. What was cut off is dropped.
    """
    text = spoken(text)
    found = _first_json(text, is_classification, own_line=True)
    if found is not None:
        return found
    text = _ASKED_TASK.sub("", without_small_talk(text))
    labelled = continued(text, is_classification, finish_reason, "fixed")
    if any(one.input for one in labelled):
        return labelled
    found = _first_json(text, is_classification, own_line=False)
    return labelled or None if found is None else found


def _first_json(text: str, is_classification: bool, *, own_line: bool) -> list[Instance] | None:
    for found in json_lists(text, own_line=own_line):
        instances = [one for item in found if (one := _from_json(item, is_classification))]
        if instances or not found:
            return instances
    return None


def _from_json(item: Any, is_classification: bool) -> Instance | None:
    names = LABELS if is_classification else ANSWERS
    output = field(item, names)
    if output is None:
        return None
    source = field(item, INPUTS)
    if source is None:
        source = _other_fields(item, names)
    return Instance(without_placeholder(source), output)


def _other_fields(item: Mapping[str, Any], outputs: tuple[str, ...]) -> str:
    taken = next(bare(name) for name in outputs if bare(name) in map(bare, item))
    others = {
        key: as_text(value)
        for key, value in item.items()
        if bare(key) != taken and bare(key) not in _NO_INPUT_FIELDS
    }
    if len(others) == 1:
        return next(iter(others.values()))
    return "\n".join(f"{key}: {value}" for key, value in others.items())


def _labelled(text: str, plain: str, cut: bool) -> Iterator[Instance]:
    _, *parts = _between(_LABEL, text, plain)
    for part, _ in parts[:-1] if cut else parts:
        label, _, source = without_rules(part).partition("\n")
        yield Instance(_input(source), label.strip())


def _pairs(text: str, plain: str, cut: bool) -> Iterator[Instance]:
    """The pairs of one part. An output that the length cut off is dropped."""
    fields = list(_FIELD.finditer(plain))
    if not fields:
        return
    # An answer may have its own list, "- Input: a number", where labels are no such items.
    fields = [found for found in fields if found["lead"] == fields[0]["lead"]]
    begun, ended = 0, fields[0].start()  # the input
    asked: str | None = None
    fresh = True
    for n, found in enumerate(fields):
        end = fields[n + 1].start() if n + 1 < len(fields) else len(text)
        if found["name"] == "Input":
            if n and fields[n - 1]["name"] == "Output":
                begun, fresh = found.start(), True
            ended, asked = end, None
        elif not (cut and end == len(text)):
            asked = _input(text[begun:ended]) if asked is None else asked
            output = without_rules(text[found.end() : end])
            if (fresh or not asked) and (asked or output):  # "Output:" alone says nothing
                yield Instance(asked, output)
            fresh = False


def _input(block: str) -> str:
    """The input without its label, where that is "Input:" and the only one of them."""
    block = block.strip()
    labels = [found for found in _FIELD.finditer(block) if found["name"] == "Input"]
    if len(labels) == 1 and labels[0].start() == 0:
        block = block[labels[0].end() :]
    return without_placeholder(block)


_OUTPUT_ANYWHERE = re.compile(r"Output\s*+\d*+\s*+:")
_INPUT_ANYWHERE = re.compile(r"Input\s*+\d*+\s*+:")
_EXAMPLE_ANYWHERE = re.compile(r"Example\s?\d*\.?")


def _reference_examples(text: str) -> list[Instance]:
    parts = [part.strip() for part in _EXAMPLE_ANYWHERE.split(text.strip())]
    if len(parts) > 1:
        return [_reference_pair(part) for part in parts if part]
    return [_reference_pair(parts[0])] if _OUTPUT_ANYWHERE.search(text) else []


def _reference_pair(text: str) -> Instance:
    source, *outputs = _OUTPUT_ANYWHERE.split(text)
    if outputs:
        source, output = source.strip(), outputs[0].strip()
    else:
        source, output = "", text.strip()
    label = _INPUT_ANYWHERE.match(source)
    source = source[label.end() :] if label else source
    return Instance(source.strip(), _INPUT_ANYWHERE.split(output)[0].strip())


def _reference_labelled(text: str) -> list[Instance]:
    instances = []
    for part in text.split("Class label:")[1:]:
        label, _, source = part.strip().partition("\n")
        instances.append(Instance(source.strip(), label.strip()))
    return instances
