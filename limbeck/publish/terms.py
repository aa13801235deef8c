"""What the teacher's terms and the seeds' licence say about a dataset that is to be published.

terms.yaml sums up the terms of known families, each with its date and what to read. This is no
legal advice. What speaks against publishing becomes a notice, and a notice has to be acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from limbeck.errors import UserError
from limbeck.registry import did_you_mean

Training = Literal["allowed", "conditions", "forbidden", "unknown"]
TEACHER, SEEDS = "teacher-terms", "seeds-licence"
KEYS = (TEACHER, SEEDS)
UNKNOWN = "unknown"
_SEVERITY: tuple[Training, ...] = ("allowed", "conditions", "unknown", "forbidden")


@dataclass(frozen=True, slots=True)
class Terms:
    """One family's terms: whether its outputs may train other models, in our own words."""

    key: str
    name: str
    training: Training
    says: str
    read: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that whoever publishes has to have read. `key` is what `--acknowledge` takes."""

    key: str
    says: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


@cache
def _table() -> dict[str, Any]:
    text = (resources.files("limbeck.publish") / "terms.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table


def licences() -> Mapping[str, Mapping[str, bool]]:
    """The known ids of licences, and what is to be known of each."""
    known: Mapping[str, Mapping[str, bool]] = _table()["licences"]
    return known


def checked_licence(licence: str, option: str) -> str:
    """The licence's id in the hub's spelling. Raises UserError for one that is not known."""
    found = licence.strip().lower()
    if found not in licences():
        raise UserError(
            f"{option} is {licence!r}, no id of a licence that the hub knows"
            f"{did_you_mean(found, licences())}. For any other licence say: other"
        )
    return found


def terms_of(model: str, base_url: str | None = None) -> list[Terms]:
    """The terms of a teacher by the name of its model, and those of the host that serves it where
    they are others; one entry of training "unknown" where limbeck knows neither."""
    name = model.strip().lower()
    host = (urlsplit(base_url or "").hostname or "").lower()
    found: list[Terms] = []
    for by_name in (True, False):
        for family in _table()["families"]:
            hit = _named(family, name) if by_name else _served(family, host)
            if hit:
                made = _terms(family)
                found += [] if made in found else [made]
                break
    if found:
        return found
    says = "limbeck has no summary of this teacher's terms. Whoever publishes has to read them."
    return [Terms(UNKNOWN, "an unknown teacher", "unknown", says, "the terms of the teacher", "")]


def _named(family: Mapping[str, Any], name: str) -> bool:
    return any(re.search(pattern, name) for pattern in family.get("models", ()))


def _served(family: Mapping[str, Any], host: str) -> bool:
    ends = tuple(family.get("host_suffixes", ()))
    return bool(host) and (host in family.get("hosts", ()) or host.endswith(ends or ("\n",)))


def known_host(base_url: str | None) -> bool:
    """Whether a host is one that everybody knows, and no secret of whoever runs it."""
    host = (urlsplit(base_url or "").hostname or "").lower()
    table = _table()
    # By the whole name only: x.openai.azure.com says whose it is, a project stands in the path.
    return host in table["hosts"] or any(
        host in family.get("hosts", ()) for family in table["families"]
    )


def is_private(model: str, base_url: str | None) -> bool:
    """Whether no provider's terms can hold: a model that runs here, or a server that only this
    machine or its own network reaches."""
    if not model.strip().lower().startswith("openai:"):
        return True
    host = urlsplit(base_url or "").hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _terms(family: Mapping[str, Any]) -> Terms:
    keys = ("key", "name", "training", "says", "read", "as_of")
    texts = {key: " ".join(str(family[key]).split()) for key in keys}
    return Terms(**texts)  # type: ignore[arg-type]


def worst(terms: Collection[Terms]) -> Training:
    """The strictest of several terms."""
    return max((one.training for one in terms), key=_SEVERITY.index)


def notices(terms: Collection[Terms], seeds: str, licence: str) -> list[Notice]:
    """What has to be acknowledged before these rows are published under `licence`.

    `seeds` is the id of the seeds' licence, "unknown" for none that anybody said.
    """
    found = []
    if (strictest := worst(terms)) in ("forbidden", "unknown"):
        what = " ".join(
            f"{one.name}: {one.says} (to read: {one.read})"
            for one in terms
            if one.training == strictest
        )
        found.append(Notice(TEACHER, what))
    about = licences()[seeds]
    if about.get("unknown"):
        says = "Nobody said under which licence the seeds are, and the rows hold their text."
        found.append(Notice(SEEDS, says))
    elif about.get("terms"):
        says = f"The seeds are under {seeds}, whose terms limbeck cannot judge."
        found.append(Notice(SEEDS, says))
    elif about.get("nd"):
        says = f"The seeds are under {seeds}, which allows no derivatives to be passed on."
        found.append(Notice(SEEDS, says))
    elif about.get("nc"):
        says = f"The seeds are under {seeds}, which allows no commercial use"
        says += "." if licences()[licence].get("nc") else f"; the dataset says {licence}."
        found.append(Notice(SEEDS, says))
    elif about.get("sa") and licence != seeds:
        says = f"The seeds are under {seeds}, which asks for the same licence; the dataset says "
        found.append(Notice(SEEDS, f"{says}{licence}."))
    return found


def acknowledged(found: Collection[Notice], given: Collection[str]) -> list[dict[str, Any]]:
    """The notices as they are written down. Raises UserError where one was not acknowledged, and
    for a name that is none."""
    for name in given:
        if name not in KEYS:
            raise UserError(f"--acknowledge takes {' or '.join(KEYS)}, got {name!r}")
    missing = [notice for notice in found if notice.key not in given]
    if missing:
        options = " ".join(f"--acknowledge {notice.key}" for notice in missing)
        said = " ".join(f"{notice.key}: {notice.says}" for notice in missing)
        raise UserError(
            f"not published: {said} This is no legal advice. If you have read that and may "
            f"publish, say so: {options}"
        )
    return [notice.to_json() | {"acknowledged": True} for notice in found]
