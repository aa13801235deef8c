"""The whole verdict of a report: transfer, then in-context ability, then what to beware of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limbeck.evals.in_context import findings
from limbeck.evals.pages import findings as transfer
from limbeck.evals.pages import pools
from limbeck.evals.pages.wording import Escape, visible


def verdict(report: Mapping[str, Any], *, escape: Escape = visible) -> list[str]:
    """One headline, then what was found: each line after its kind and a colon."""
    found = report.get("in_context")
    if not found:
        return transfer.verdict(report, escape=escape)
    lines = [findings.headline(found, escape), *findings.findings(found, escape)]
    if not _has_transfer(report):
        return lines
    first, *others = transfer.verdict(report, escape=escape)
    cautions = [line for line in others if line.startswith("Caution: ")]
    moved = [line for line in others if line not in cautions]
    return [f"{first} {lines[0]}", *moved, *lines[1:], *cautions]


def groups(lines: list[str]) -> list[tuple[str, list[str]]]:
    """The findings under their kinds, in order: a kind that goes on is one group."""
    made: list[tuple[str, list[str]]] = []
    for line in lines:
        kind, _, finding = line.partition(": ")
        if made and made[-1][0] == kind:
            made[-1][1].append(finding)
        else:
            made.append((kind, [finding]))
    return made


def _has_transfer(report: Mapping[str, Any]) -> bool:
    return bool(pools.main_view(report) or report.get("style") or report.get("judge"))
