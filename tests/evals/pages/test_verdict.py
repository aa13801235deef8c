"""The whole verdict: transfer and in-context ability, together and alone."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.in_context import findings
from limbeck.evals.pages import findings as transfer_findings
from limbeck.evals.pages.verdict import groups, verdict
from tests.evals.in_context.made_up import part
from tests.evals.report_example import example


@pytest.mark.parametrize("report", [{}, {"tasks": []}, example(), example(in_context=None)])
def test_without_in_context_it_is_that_of_the_transfer(report: dict[str, Any]) -> None:
    assert verdict(report) == transfer_findings.verdict(report)


def test_in_context_alone_is_not_called_nothing() -> None:
    found = part()
    lines = verdict({"tasks": [], "in_context": found})
    assert lines == [findings.headline(found), *findings.findings(found)]
    assert not any("Nothing was measured" in line for line in lines)


def test_together_the_transfer_comes_first_and_the_caution_last() -> None:
    found, report = part(), example()
    first, *others = verdict(report | {"in_context": found})
    headline, *transfer = transfer_findings.verdict(report)
    assert first == f"{headline} {findings.headline(found)}"
    assert transfer[-1].startswith("Caution: ")
    assert others == [*transfer[:-1], *findings.findings(found), transfer[-1]]


def test_names_are_escaped_once() -> None:
    found = part(["mood"])
    lines = verdict({"tasks": [], "in_context": found}, escape=lambda name: f"<{name}>")
    assert "accuracy on <mood> <after 2 random demos>: " in lines[1]


def test_lines_of_one_kind_are_one_group_and_keep_their_order() -> None:
    lines = ["Ability: a: b.", "Ability: c.", "Style: d.", "Ability: e."]
    assert groups(lines) == [("Ability", ["a: b.", "c."]), ("Style", ["d."]), ("Ability", ["e."])]


@pytest.mark.parametrize("part_of", ["style", "judge"])
def test_style_or_a_judge_alone_is_not_called_nothing(part_of: str) -> None:
    lines = verdict({"tasks": [], part_of: example()[part_of]})
    assert not any("Nothing was measured" in line for line in lines)
    assert len(lines) > 1
