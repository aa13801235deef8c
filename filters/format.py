"""Record filter `format`: completions that are not in the form that a completion should have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from limbeck.filters.characters import character_errors
from limbeck.filters.fences import blocks, without_code
from limbeck.filters.leaks import leak_errors
from limbeck.filters.sides import prompt_of
from limbeck.filters.structure import json_errors, structure_errors, xml_errors
from limbeck.record import Record, Verdict

Expected = Literal["auto", "json", "xml", "code", "none"]
Reason = Literal[
    "control_characters", "broken_unicode", "mojibake", "escaped_twice", "leaked_tokens",
    "role_prefix", "next_turn", "echoed_prompt", "unclosed_fence", "unclosed_think",
    "stray_think", "unclosed_latex", "broken_json", "broken_xml", "no_code", "no_answer_tag",
    "markdown", "no_match",
]  # fmt: skip

_MARKDOWN = re.compile(
    r"^ {0,3}(?:#{1,6} |[-*+] |>|```|~~~|\|.*\|[ \t]*$)|\*\*[^*\n]+\*\*|__[^_\n]+__|`[^`\n]+`|"
    r"\[[^\]\n]{1,200}\]\([^)\n]{1,500}\)",
    re.MULTILINE,
)


def format_errors(text: str, expected: Expected = "auto", *, prompt: str = "") -> list[str]:
    """What is wrong with the form of a completion, as reasons; [] for nothing.

    `expected` "json" and "xml" want the whole text to be it, in one fence or in none; "code" wants
    a fenced block; "auto" looks at JSON where the text says that it is; "none" at no data. Code is
    left out where text is searched for tokens and marks, and so is what the prompt has itself.
    """
    parts = list(blocks(text))
    prose = without_code(parts)
    found = character_errors(text, prose)
    found += leak_errors(prose, text, prompt)
    found += structure_errors(prose, parts)
    if expected in ("auto", "json"):
        found += json_errors(text, parts, expected=expected == "json")
    elif expected == "xml":
        found += xml_errors(parts)
    elif expected == "code" and not any(part.mark and part.body.strip() for part in parts):
        found.append("no_code")
    return found


@dataclass
class Format:
    """Refuses completions whose form is broken; the reason is the first that is found.

    "control_characters", "broken_unicode" (U+FFFD, half a character), "mojibake" (UTF-8 read as
    Latin-1), "escaped_twice" (&amp;lt;); "leaked_tokens" of a chat template, "role_prefix"
    ("Assistant:" first), "next_turn" (the user's next words made up), "echoed_prompt";
    "unclosed_fence", "unclosed_think", "stray_think", "unclosed_latex"; "broken_json",
    "broken_xml", "no_code", as `expected` wants it. `ignore` names reasons that are none.

    `answer_tag` "answer" wants one <answer>...</answer> that is not empty: "no_answer_tag".
    `no_markdown` refuses marked-up text: "markdown". `matches` is a regular expression that has to
    be found in the completion: "no_match". It is one of RE2 (no look-around, no back-references),
    whose time is linear, so that no text makes it hang. `score` is the number of reasons.
    """

    expected: Expected = "auto"
    answer_tag: str | None = None
    matches: str | None = None
    no_markdown: bool = False
    ignore: tuple[Reason, ...] = ()
    name: str = field(default="format", init=False)
    stateless = True

    def __post_init__(self) -> None:
        if self.answer_tag is not None and not re.fullmatch(r"[\w-]+", self.answer_tag):
            raise ValueError(
                f"answer_tag is the name of a tag, such as answer, got {self.answer_tag!r}"
            )
        if self.matches is not None:
            _search(self.matches, [""])

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        texts = [record.completion for record in records]
        if self.matches is None:
            matched = [True] * len(texts)
        else:
            matched = _search(self.matches, texts)
        return [self._judge(*pair) for pair in zip(records, matched, strict=True)]

    def _judge(self, record: Record, matched: bool) -> Verdict:
        text = record.completion
        found = format_errors(text, self.expected, prompt=prompt_of(record))
        if self.answer_tag is not None and not _tagged(text, self.answer_tag):
            found.append("no_answer_tag")
        if self.no_markdown and _MARKDOWN.search(text):
            found.append("markdown")
        if not matched:
            found.append("no_match")
        found = [reason for reason in found if reason not in self.ignore]
        return Verdict(record.id, self.name, not found, float(len(found)), "".join(found[:1]))


def _tagged(text: str, tag: str) -> bool:
    before, opened, rest = text.partition(f"<{tag}>")
    inside, closed, after = rest.partition(f"</{tag}>")
    more = f"<{tag}>" in inside + after or f"</{tag}>" in before + after
    return bool(opened and closed and inside.strip()) and not more


def _search(pattern: str, texts: Sequence[str]) -> list[bool]:
    import pyarrow as pa
    import pyarrow.compute as pc

    # Half a character cannot be said in UTF-8.
    whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    try:
        found = pc.match_substring_regex(pa.array(whole, pa.large_string()), pattern)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"matches is no regular expression of RE2, got {pattern!r}: {error}"
        ) from error
    return [bool(value) for value in found.to_pylist()]
