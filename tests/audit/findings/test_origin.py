"""Licences and provenance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from limbeck.audit.findings.origin import is_restricted
from tests.audit.small import Listed, finding, source


def listed(*own: dict[str, Any], licence: str = "") -> Listed:
    opened = source([{"instruction": f"Q{n}", "output": "A"} for n in range(len(own))])
    opened.listed = [replace(row, **more) for row, more in zip(opened.listed, own, strict=True)]
    opened.licence = licence
    return opened


@pytest.mark.parametrize(
    "licence",
    ["cc-by-nc-4.0", "CC BY-NC-SA 3.0", "cc-by-nd-4.0", "Non-commercial use", "research only"],
)
def test_restricted(licence: str) -> None:
    assert is_restricted(licence)


@pytest.mark.parametrize("licence", ["apache-2.0", "MIT", "cc-by-sa-4.0", "cc0", "ncsa", "India"])
def test_not_restricted(licence: str) -> None:
    assert not is_restricted(licence)


def test_rows_own_licence_goes_before_the_datasets() -> None:
    found = finding(listed({"licence": "cc-by-nc-4.0"}, {}, {}, licence="mit"), "licence")
    assert (found["count"], found["of"], found["level"]) == (1, 3, "warning")
    assert found["details"] == [["mit", "2 (66.7%)"], ["cc-by-nc-4.0", "1 (33.3%)"]]


def test_rows_without_any_licence() -> None:
    found = finding(listed({"licence": "mit"}, {}), "licence")
    assert (found["count"], found["level"]) == (0, "note")
    assert ["No licence stated", "1 (50.0%)"] in found["details"]
    nothing = finding(listed({}), "licence")
    assert (nothing["level"], nothing["count"]) == ("unknown", None)
    assert finding(listed({}, licence="mit"), "licence")["level"] == "good"


def test_rows_that_say_where_they_are_from() -> None:
    found = finding(
        listed(
            {"model": "m1"}, {"request": "k", "record": "r"}, {"origin": "网站"}, {"record": "x"}
        ),
        "provenance",
    )
    assert (found["count"], found["of"], found["level"]) == (1, 4, "note")
    assert ["Rows that name the model that wrote them", "1 (25.0%)"] in found["details"]
    assert ["Origin 网站", "1 (25.0%)"] in found["details"]
    assert ["Rows that name a record's id", "2 (50.0%)"] in found["details"]
