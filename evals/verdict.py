"""The whole verdict of a report: transfer, then in-context ability, then what to beware of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals import wording
from limbeck.evals.in_context import findings
from limbeck.evals.wording import Escape, visible


def verdict(report: Mapping[str, Any], *, escape: Escape = visible) -> list[str]:
    """One headline, then what was found: each line after its kind and a colon."""
    found = report.get("in_context")
    if not found:
        return wording.verdict(report, escape=escape)
    lines = [findings.headline(found, escape), *findings.findings(found, escape)]
    if not report.get("tasks"):
        return lines
    first, *others = wording.verdict(report, escape=escape)
    cautions = [line for line in others if line.startswith("Caution: ")]
    transfer = [line for line in others if line not in cautions]
    return [f"{first} {lines[0]}", *transfer, *lines[1:], *cautions]
