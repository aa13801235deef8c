"""Record filter `complete`: truncated, empty and refused completions are no answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from limbeck.record import Record, Verdict
from limbeck.refusals import is_refusal as is_refusal

_TRUNCATED = ("length", "max_tokens")
_FILTERED = ("content_filter", "refusal")


def is_cut_open(completion: str) -> bool:
    """Whether a code fence or a think tag was opened and never closed."""
    fences = re.findall(r"^ {0,3}(?:```|~~~)", completion, re.MULTILINE)
    thinks = completion.count("<think>") > completion.count("</think>")
    return len(fences) % 2 == 1 or thinks


def was_refused(record: Record) -> bool:
    """Whether the teacher's own filter stepped in, or the completion opens as a refusal."""
    return record.meta.get("finish_reason") in _FILTERED or is_refusal(record.completion)


@dataclass
class Complete:
    """Keeps only whole answers. Reasons: "truncated", "empty", "refused".

    A completion is truncated when the teacher stopped at its token limit, or left a code fence or
    think tag open; refused when the teacher's filter stepped in or the text opens as a refusal.
    """

    stateless = True
    name: str = field(default="complete", init=False)

    def judge(self, records: Sequence[Record], /) -> list[Verdict]:
        verdicts = []
        for record in records:
            reason = self._reason(record)
            verdicts.append(Verdict(record.id, self.name, not reason, float(not reason), reason))
        return verdicts

    def _reason(self, record: Record) -> str:
        finish = record.meta.get("finish_reason")
        if finish in _FILTERED:
            return "refused"
        if finish in _TRUNCATED:
            return "truncated"
        said = any(char.isprintable() and not char.isspace() for char in record.completion)
        if not said and not record.meta.get("tool_calls"):
            return "empty"
        if was_refused(record):
            return "refused"
        return "truncated" if is_cut_open(record.completion) else ""
