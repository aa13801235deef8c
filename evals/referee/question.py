"""What a referee is asked about two answers, and how its scores are read. A doubtful reply is none.

In Lion's code (Jiang et al. 2023) a review that cannot be read becomes -1 for both answers, and is
averaged in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from limbeck.evals.fence import fenced
from limbeck.prompts import fill
from limbeck.protocols import Reply, Request
from limbeck.record import content_hash, user

PROMPT = "referee_scores.v1"
LOWEST, HIGHEST = 1.0, 10.0
AGAIN = 0.7  # the temperature of the second attempt, at the least: else it may say the same again

# Full-width forms become ASCII. Format marks that Arabic and Hebrew texts are full of vanish; those
# that reorder what is read stay, and no score is read there.
_PLAIN = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys((*range(0x200B, 0x2010), 0x061C, 0x2060, 0xFEFF))
    | dict.fromkeys(map(ord, "*_`[]()"), " ")
    | dict.fromkeys(map(ord, "﹕︰꞉∶"), ":")
)
_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_THOUGHT_BEGINS = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_QUOTES = """>"'“”„‟‘’‚«»‹›「」『』《》"""
# Marks and a list's number; what quotes a line is no mere mark.
_BEFORE = re.compile(rf"[^\w{_QUOTES}]*(?:\d\.\s+)?")
_LABEL = r"score(?:\s+(?:of|for))?(?:\s+answer)?\s+([ab])\s*[:=]"
_BETWEEN = r"[\s,;|，、،؛]"
# From a run's beginning only: tried from each of its marks, a long run takes its length squared.
_NEXT = re.compile(rf"(?<!{_BETWEEN}){_BETWEEN}+(?={_LABEL})", re.IGNORECASE)
_SCORE = re.compile(_LABEL + r"(.*)", re.IGNORECASE)
# No comma: "7,8" may be one score or two.
_NUMBER = re.compile(
    r"\s*(\d{1,2}(?:[.٫]\d{1,2})?)(?:\s*/\s*10|\s+out\s+of\s+10)?"
    r"\s*(?:points?|分|点|點|점)?\s*[.。]?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a referee is asked; temperature and tokens are Lion's."""

    max_tokens: int = 512
    temperature: float = 0.2
    seed: int = 0


class _Said(NamedTuple):
    """A score line: whose it is ("a", "b"), and the score, None where that cannot be read."""

    whose: str
    score: float | None


def question(
    request: str,
    first: str,
    second: str,
    settings: Settings,
    *,
    key: Sequence[str | int],
    attempt: int,
) -> Request:
    """The request to the referee, the answer `first` standing as A.

    Each part stands in a fence that it cannot close (`limbeck.evals.fence`). The sampling seed
    comes from `settings.seed`, `key` and `attempt`; an attempt after the first is another sample,
    at a temperature of 0.7 or more.
    """
    code, texts = fenced((request, first, second))
    values = dict(zip(("request", "first", "second"), texts, strict=True))
    temperature = max(settings.temperature, AGAIN) if attempt else settings.temperature
    drawn = int(content_hash([settings.seed, *key, attempt], size=4), 16) & 0x7FFFFFFF
    return Request(
        messages=(user(fill(PROMPT, {"code": code, **values})),),
        max_tokens=settings.max_tokens,
        temperature=temperature,
        seed=drawn if temperature > 0 else None,
        index=attempt,
    )


def read(reply: Reply) -> tuple[float, float] | None:
    """The scores of A and B; None for a reply that was refused, cut short, or leaves any doubt.

    The reply's last lines with text must be "Score A: 8" and "Score B: 6.5" (either may be first,
    or both on one line), in any case, digits of any script, "8/10", "8 out of 10", Markdown around
    it. Every other line that begins as a score line must agree with them: one that differs, or
    cannot be read, is doubt. A line in quotes and a score within a sentence are no score lines, and
    nothing is read where a quote ends after them, so that what an answer says of its score does not
    count where the referee quotes it. What was only thought does not count, and a number outside
    1 to 10 is no score.
    """
    if reply.reason:
        return None
    said = _THOUGHT_ENDS.split(reply.text)[-1]
    if _THOUGHT_BEGINS.search(said):
        return None
    plain = (_plain(line) for line in said.splitlines())
    lines = [_scores(line) for line in plain if any(map(_says, line))]
    last = lines[-1:] if lines and len(lines[-1]) > 1 else lines[-2:]
    if sorted(one.whose for line in last for one in line) != ["a", "b"] or not all(last):
        return None
    found: dict[str, set[float | None]] = {"a": set(), "b": set()}
    for line in lines:
        for whose, score in line:
            found[whose].add(score)
    if any(len(scores) > 1 for scores in found.values()):
        return None
    one, other = found["a"].pop(), found["b"].pop()
    return None if one is None or other is None else (one, other)


def _plain(line: str) -> str:
    """The line without Markdown and full-width forms. White space is one space, else the patterns
    would go back and forth in a long run of it."""
    return " ".join(line.translate(_PLAIN).split())


def _says(character: str) -> bool:
    """Whether a line with it is more than a rule or an emoji: a quote's end is."""
    return character.isalnum() or character in _QUOTES


def _scores(plain: str) -> list[_Said]:
    """The scores of a line that is made of nothing else; none of any other line."""
    plain = plain[_BEFORE.match(plain).end() :]  # type: ignore[union-attr]  # it matches nothing too
    if not _SCORE.match(plain):
        return []
    starts = [0, *(match.end() for match in _NEXT.finditer(plain))]
    parts = [plain[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    matches = (_SCORE.fullmatch(part.rstrip(" \t,;|，、،؛")) for part in parts)
    return [_Said(match[1].casefold(), _number(match[2])) for match in matches if match]


def _number(text: str) -> float | None:
    """The score that a text is; None for one that is none. Nothing is clipped."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    value = float(match[1].replace("٫", "."))
    return value if LOWEST <= value <= HIGHEST else None
