"""The curve's page and Markdown: texts from outside stay text, nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from limbeck.evals.curves import page as curve_page
from limbeck.evals.curves.curve import CurveRun, curve
from tests.evals.curves.test_curve import growing
from tests.evals.pages.test_page import EVIL, Tree


def test_the_page_stands_alone_and_can_be_read_aloud() -> None:
    made = curve("Étude 数学 🙂", "0.1", [*growing(), *growing("large", 4000, 0.2)])
    page = curve_page.html(made)
    tree = Tree(page)
    assert not re.search(r"(?:src|href)=|@import|url\(", page)
    assert {tag for tag, _ in tree.tags}.isdisjoint({"script", "link", "img", "iframe"})
    assert "Étude 数学 🙂" in page
    plots = [attrs for tag, attrs in tree.tags if tag == "svg" and attrs.get("role") == "img"]
    assert len(plots) == 3
    ids = [attrs["id"] for _, attrs in tree.tags if attrs.get("id")]
    assert len(set(ids)) == len(ids)
    for attrs in plots:
        assert set(str(attrs["aria-labelledby"]).split()) <= set(ids)
    assert "prefers-color-scheme: dark" in page
    assert "Each doubling of the student" in page
    assert "n/a" not in page


@pytest.mark.parametrize("evil", EVIL)
def test_names_from_outside_are_text(evil: str) -> None:
    runs = [replace(one, student=evil) for one in growing()]
    for one in runs:
        for role in one.roles.values():
            role["tasks"][0]["task"] = evil
    made = curve(evil, evil, [*runs, *growing_as(evil)])
    tree = Tree(curve_page.html(made))
    assert {tag for tag, _ in tree.tags}.isdisjoint({"script", "img"})
    assert not tree.comments
    assert not any(name.startswith("on") for _, attrs in tree.tags for name in attrs)
    text = curve_page.markdown(made)
    assert "<script" not in text
    assert "<img" not in text


def growing_as(task: str) -> list[CurveRun]:
    runs = growing("other", 4000)
    for one in runs:
        for role in one.roles.values():
            role["tasks"][0]["task"] = task
    return runs


def test_markdown_has_the_same_cells() -> None:
    text = curve_page.markdown(curve("r_1", "0.1", growing()))
    assert text.startswith("# Curve: r_1\n")
    assert "| 50 | 32.5% \\[30.0, 35.0\\] | \\+12.5 points \\[" in text
    assert "Each doubling of the rows: +10.0 points" in text
    assert "| :-- | --: | --: | --: |" in text
