"""E-mail addresses, user names with passwords in URLs, and IP addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from limbeck.filters.pii.around import Cue
from limbeck.filters.pii.found import Span

_LOCAL = re.compile(r"[A-Za-z0-9\u00c0-\u024f._%+-]{1,64}\Z")
_LOCAL_WIDE = re.compile(r"[\w.%+-]{1,64}\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9\u00c0-\u024f.-]{1,253}+")
_DOMAIN_WIDE = re.compile(r"[\w.-]{1,253}+")
_LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_IN_URL = re.compile(r"://[^\s/]{0,200}\Z")
_FILES = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "css",
        "json",
        "txt",
        "html",
        "pdf",
        "tgz",
        "yml",
        "yaml",
        "xml",
        "csv",
        "exe",
    ]
)
# Names kept for examples (RFC 2606, RFC 6761), and what writers take for them.
_EXAMPLE_ENDS = frozenset(("example", "test", "invalid", "localhost", "local", "internal"))
_EXAMPLES = frozenset(
    [
        "example.com",
        "example.org",
        "example.net",
        "example.edu",
        "test.com",
        "domain.com",
        "yourdomain.com",
        "mydomain.com",
        "mysite.com",
        "yoursite.com",
        "yourcompany.com",
        "somedomain.com",
    ]
)
_LOGIN = re.compile(r"://([^\s/?#@:]{1,100}+):([^\s/?#@]{1,200}+)@")
_NO_PASSWORD = re.compile(
    r"(?i)(?:your|my|some)?[_-]?(?:pass(?:word|wd)?|pwd|pw|secret|token|changeme)[0-9]{0,3}"
    r"|x{1,99}|\*{1,99}|\.{1,99}|[<${%[].{0,200}"
)

_IP4 = re.compile(r"(?<![0-9A-Za-z_.-])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_-]|\.[0-9])")
_NO_IP4_CUE = Cue(
    r"v|versions?|ver|rel(?:ease)?|build|firmware|section|chapter|clause|§|figure|table|oid"
    r"|paragraph|версия",
    r"版本|バージョン",
)
_IP6 = re.compile(
    r"(?<![0-9A-Za-z_:.])[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7}+(?![0-9A-Za-z_:])"
)


def emails(text: str) -> Iterator[Span]:
    """Addresses at a domain with a dot. Every @ is looked at once, with no more than 64
    characters before it and 253 behind it, which are the limits of RFC 5321."""
    at = text.find("@")
    while at >= 0:
        span = _email(text, at)
        if span is not None:
            yield span
        at = text.find("@", at + 1)


def _email(text: str, at: int) -> Span | None:
    ahead = text[at + 1 : at + 2]
    if not ahead.isalnum():
        return None
    before = text[max(0, at - 64) : at]
    local = _LOCAL.search(before) or _LOCAL_WIDE.search(before)
    domain = (_DOMAIN if ahead < "\u0250" else _DOMAIN_WIDE).match(text, at + 1)
    if local is None or domain is None:
        return None
    name, host = local[0].lstrip("._%+-"), domain[0].rstrip(".-")
    labels = host.split(".")
    if labels[-1].istitle() and labels[:-1] == [label.lower() for label in labels[:-1]]:
        labels.pop()  # the next sentence, without a space: `Write to a@b.org.Thanks`
    host = ".".join(labels)
    if not name or name[-1] == "." or ".." in name or len(labels) < 2:
        return None
    if not all(_LABEL.fullmatch(label) for label in labels) or not _is_top(labels[-1]):
        return None
    if name.lower() == "git" or _is_example(host.lower()):
        return None
    start, end = at - len(name), at + 1 + len(host)
    if text.startswith("(", end):  # Python's matrix product, `a@b.sum()`
        return None
    if _IN_URL.search(text[max(0, start - 200) : at]):
        return None
    return Span("email", start, end)


def _is_top(label: str) -> bool:
    """Whether it can be a top-level domain, and is no file's suffix (`icon@2x.png`)."""
    lower = label.lower()
    letters = lower.startswith("xn--") or label.isalpha()
    return letters and 2 <= len(label) <= 24 and lower not in _FILES


def _is_example(host: str) -> bool:
    labels = host.split(".")
    named = "example" in labels or labels[-1] in _EXAMPLE_ENDS
    return named or ".".join(labels[-2:]) in _EXAMPLES


def logins(text: str) -> Iterator[Span]:
    """`user:password` of a URL, where the password is none of the words that stand for one."""
    for match in _LOGIN.finditer(text):
        if not _NO_PASSWORD.fullmatch(match[2]):
            yield Span("login", match.start(1), match.end(2))


def ip4s(text: str) -> Iterator[Span]:
    """Addresses that lead to a host on the internet: no private, reserved or documentation
    ranges, no versions (28.0.0.137 is one by its form), and nothing of fewer than seven digits,
    as section numbers have."""
    from ipaddress import IPv4Address

    for match in _IP4.finditer(text):
        if len(match[0]) < 10 or ".0.0." in match[0] or _NO_IP4_CUE.before(text, match.start()):
            continue
        try:
            address = IPv4Address(match[0])
        except ValueError:
            continue
        if address.is_global and not address.is_multicast:
            yield Span("ip", *match.span())


def ip6s(text: str) -> Iterator[Span]:
    """Global unicast addresses (2000::/3) but for those of documentation."""
    from ipaddress import IPv6Address

    for match in _IP6.finditer(text):
        try:
            address = IPv6Address(match[0])
        except ValueError:
            continue
        if address.is_global:
            yield Span("ip", *match.span())
