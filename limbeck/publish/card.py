"""README.md: the card, made from limbeck.json and nothing else, so that anybody can make it again.

Text of models, files and people is escaped or stands in a fence; the metadata is written by a YAML
writer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from limbeck.evals.pages.markdown import escape
from limbeck.money import dollars
from limbeck.progress import visible
from limbeck.publish.facts import SPLITS
from limbeck.publish.measured import common
from limbeck.publish.read import side_of
from limbeck.publish.rows import COLUMNS, REFUSED_ROW, REFUSED_VERDICT, Kind, features
from limbeck.publish.student import table
from limbeck.wilson import wilson

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
TAGS = {"chain_of_thought": "chain-of-thought", "self_instruct": "self-instruct"}
OWN = ("licence", "cost")  # the card has a section on each, which knows more than the rows do
LONGEST = 100  # characters of a name in the metadata


def card(manifest: Mapping[str, Any]) -> str:
    """The card of a published folder. Raises KeyError, TypeError or ValueError for a manifest that
    lacks what the card says, and jinja2's UndefinedError."""
    head = yaml.safe_dump(metadata(manifest), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{head}---\n\n{_template().render(_values(manifest))}"


def metadata(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The card's metadata as the hub reads it."""
    rows = manifest["rows"]
    languages = common(manifest["measured"]["languages"])
    about: dict[str, Any] = {
        "pretty_name": _line(manifest["pretty_name"]),
        "license": manifest["licence"]["id"],
    }
    if languages:
        about["language"] = languages
    about |= {
        "task_categories": _tasks(rows),
        "size_categories": [size_of(rows["total"])],
        "tags": ["limbeck", *_tags(manifest)],
        "configs": _configs(manifest),
        "dataset_info": _infos(manifest),
    }
    return about


def _tags(manifest: Mapping[str, Any]) -> list[str]:
    """What a model wrote is synthetic; who wrote rows that were given, nobody knows."""
    generator = str(manifest["generator"]["name"])
    if not manifest["teacher"]["model"]:
        return []
    return ["synthetic", "distillation", *filter(None, [TAGS.get(generator)])]


def size_of(rows: int) -> str:
    """The hub's size category of so many rows."""
    return next((name for most, name in SIZES if rows < most), "n>1T")


def _tasks(rows: Mapping[str, Any]) -> list[str]:
    found = ["text-generation"]
    found += ["question-answering"] if rows["with_target"] and not rows["with_options"] else []
    found += ["text-classification"] if rows["with_options"] else []
    return found


def _has_refused(manifest: Mapping[str, Any]) -> bool:
    return any(name.startswith("provenance/refused-") for name in manifest["files"])


def _splits(manifest: Mapping[str, Any]) -> list[str]:
    return [side for side in SPLITS if side in manifest["rows"]["splits"]]


def _configs(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    files = [{"split": side, "path": f"data/{side}-*.parquet"} for side in _splits(manifest)]
    found: list[dict[str, Any]] = [{"config_name": "default", "default": True, "data_files": files}]
    if _has_refused(manifest):
        refused = {"split": "refused", "path": "provenance/refused-*.parquet"}
        found.append({"config_name": "refused", "data_files": [refused]})
    return found


def _infos(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    sides = {side: lambda name, side=side: side_of(name) == side for side in _splits(manifest)}
    found = [_info(manifest, "default", COLUMNS, sides)]
    if _has_refused(manifest):
        columns = REFUSED_ROW if manifest["refused_rows"] else REFUSED_VERDICT
        refused = {"refused": lambda name: name.startswith("provenance/refused-")}
        found.append(_info(manifest, "refused", columns, refused))
    return found


def _info(
    manifest: Mapping[str, Any], config: str, columns: Mapping[str, Any], sides: Mapping[str, Any]
) -> dict[str, Any]:
    splits, size = [], 0
    for side, belongs in sides.items():
        files = [about for name, about in manifest["files"].items() if belongs(name)]
        own = sum(about["bytes"] for about in files)
        size += own
        # Of the files: datasets warns of a split without bytes, and compares the rows only.
        count = sum(about["rows"] for about in files)
        splits.append({"name": side, "num_bytes": own, "num_examples": count})
    return {
        "config_name": config,
        "features": features(Kind.told(manifest).columns(columns)),
        "splits": splits,
        "download_size": size,
    }


def _line(text: object) -> str:
    """One line of what can be printed, not longer than a name is."""
    return visible(" ".join(str(text).split()))[:LONGEST]


def _values(manifest: Mapping[str, Any]) -> dict[str, Any]:
    rows = manifest["rows"]
    checked = rows["checked"]
    measured = manifest["measured"]
    audit, student = measured["audit"], measured["student"]
    return {
        "m": manifest,
        "rows": rows,
        "funnel": manifest["funnel"],
        "cost": manifest["cost"],
        "measured": measured,
        "findings": _worth_telling(audit["findings"]) if audit else [],
        "quiet": [one for one in audit["findings"] if one["level"] == "good"] if audit else [],
        "splits": _splits(manifest),
        "languages": list(measured["languages"].items())[:12],
        "sampled": _sampled(manifest["sampling"]),
        "transfer": table(student) if student else [],
        "before": _rate(manifest["verifier"]),
        "after": _rate(checked),
        "load": json.dumps(_line(manifest["load_as"]), ensure_ascii=False),
        "citations": _citations(manifest),
        "has_refused": _has_refused(manifest),
        "masked": sum(row["rows"] for row in rows["verdicts"] if row["reason"] == "masked"),
    }


def _worth_telling(findings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Everything but what is good, the worst first."""
    order = ("problem", "warning", "note", "unknown")
    told = [one for one in findings if one["level"] in order and one["key"] not in OWN]
    return sorted(told, key=lambda one: order.index(one["level"]))


def _rate(checked: Mapping[str, int]) -> dict[str, Any] | None:
    """The share that the verifier found right, with its 95% interval."""
    total = sum(checked.values())
    if not total:
        return None
    correct = checked.get("correct", 0)
    low, high = wilson(correct, total)
    return {"correct": correct, "of": total, "share": correct / total, "low": low, "high": high}


def _sampled(sampling: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(parameter, values) of the requests that made the rows; a parameter that had several values
    names them all."""
    values: dict[str, dict[str, None]] = {}
    for one in sampling["settings"]:
        for name, value in one["sent"].items():
            values.setdefault(name, {})[json.dumps(value, ensure_ascii=False)] = None
    return [(name, ", ".join(values[name])) for name in sorted(values)]


def _citations(manifest: Mapping[str, Any]) -> list[str]:
    text = (resources.files("limbeck.publish") / "citations.yaml").read_text(encoding="utf-8")
    known: dict[str, str] = yaml.safe_load(text)
    options = manifest["generator"]["options"]
    used = [manifest["generator"]["name"], str(options.get("preset", ""))]
    used += [step["name"] for step in manifest["filters"]]
    return [known[name].strip() for name in dict.fromkeys(used) if name in known]


def fence(text: str) -> str:
    """Text as it is, between fences longer than any run of backticks in it."""
    clean = visible(text)
    longest = max((len(run) for run in re.findall("`+", clean)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}text\n{clean}\n{ticks}"


def _share(value: float | None) -> str:
    """A share in percent, never rounded to all or nothing."""
    if value is None:
        return "not known"
    if 0 < value < 0.001:
        return "under 0.1%"
    return "over 99.9%" if 0.999 < value < 1 else f"{value:.1%}"


def _money(amount: int | None) -> str:
    return "not known" if amount is None else dollars(amount)


def _template() -> Any:
    # Not HTML: what is not ours goes through `md` or `fence`, which a test checks.
    env = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    env.filters |= {
        "md": escape,
        "fence": fence,
        "n": lambda number: f"{number:,}",
        "share": _share,
        "money": _money,
        "code": lambda value: escape(json.dumps(value, ensure_ascii=False, sort_keys=True)),
        "words": lambda name: escape(str(name).replace("_", " ")),
    }
    text = (resources.files("limbeck.publish") / "templates" / "card.md.j2").read_text("utf-8")
    return env.from_string(text)
