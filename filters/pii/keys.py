"""Secrets whose form says what they are: access keys, tokens, private keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from limbeck.filters.pii.found import Span

_FREE, _ENDS = r"(?<![0-9A-Za-z_-])", r"(?![0-9A-Za-z_])"
# (what must be in the text, the form): the prefixes that the services document.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (mark, re.compile(_FREE + form))
    for mark, form in (
        ("AKIA", rf"AKIA[A-Z2-7]{{16}}{_ENDS}"),
        ("ASIA", rf"ASIA[A-Z2-7]{{16}}{_ENDS}"),
        ("gh", rf"gh[pousr]_[0-9A-Za-z]{{36,255}}+{_ENDS}"),
        ("github_pat_", rf"github_pat_[0-9A-Za-z_]{{50,255}}+{_ENDS}"),
        ("glpat-", r"glpat-[0-9A-Za-z_-]{20,100}+"),
        ("xox", r"xox[abeoprs]-[0-9A-Za-z-]{16,250}+"),
        ("sk-", r"sk-[0-9A-Za-z_-]{20,250}+"),
        ("k_live_", rf"[sr]k_live_[0-9A-Za-z]{{20,250}}+{_ENDS}"),
        ("AIza", r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
        ("hf_", rf"hf_[0-9A-Za-z]{{34}}{_ENDS}"),
        ("npm_", rf"npm_[0-9A-Za-z]{{36}}{_ENDS}"),
        ("SG.", r"SG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}"),
        ("eyJ", r"eyJ[0-9A-Za-z_-]{10,4000}+\.eyJ[0-9A-Za-z_-]{10,8000}+\.[0-9A-Za-z_-]{20,2000}+"),
    )
)
_EXAMPLE = re.compile(r"(?i)x{4}|example|your|placeholder|0{6}|123456|abcdef|\.\.\.")
_VARIED = 8  # different characters that a drawn key has at least

_PRIVATE = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"([^-]*+(?:-[^-]++)*+)-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
)


def secrets(text: str) -> Iterator[Span]:
    """Keys of AWS, GitHub, GitLab, Slack, OpenAI, Anthropic, Stripe (live), Google, Hugging Face,
    npm and SendGrid, JSON web tokens, and whole PEM private keys; not those that say that they are
    examples."""
    for mark, form in _FORMS:
        if mark in text:
            for match in form.finditer(text):
                if _is_drawn(match[0][len(mark) :]):
                    yield Span("secret", *match.span())
    if "PRIVATE KEY" in text:
        for match in _PRIVATE.finditer(text):
            if len(match[1]) >= 64:
                yield Span("secret", *match.span())


def _is_drawn(key: str) -> bool:
    """Whether it looks drawn at random: letters and digits, and no words of an example. A key
    that stands for others, and a name in code (`sk-fading-circle-child`), does not."""
    head = key[:120]
    mixed = any(c.isdigit() for c in head) and any(c.isalpha() for c in head)
    return mixed and len(set(head)) >= _VARIED and _EXAMPLE.search(head) is None
