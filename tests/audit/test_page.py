"""The page: it shows whatever the data holds, and runs, loads and tears nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest

from limbeck.audit import page, tables
from limbeck.audit.grades import LEVELS, grades
from tests.audit import sheets

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Tags, attributes, and the text outside of the style, one line for each piece."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.refers: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src"):
                self.links.append(value or "")
            elif name == "aria-labelledby":
                self.refers.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.said.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(filter(None, self.said))


@pytest.fixture(scope="module")
def hostile() -> str:
    return page.render(sheets.hostile())


@pytest.mark.parametrize("level", LEVELS)
def test_every_finding_at_every_level_is_sound_html(level: str) -> None:
    found = Page(page.render(sheets.every(level)))
    assert found.open == []
    assert len(set(found.ids)) == len(found.ids)
    assert {link.removeprefix("#") for link in found.links} <= set(found.ids)
    assert set(found.refers) <= set(found.ids)
    assert LEVELS[level][0] in found.text
    for key in sheets.KEYS:
        assert key.replace("_", " ").capitalize() in found.text
    # Unknown findings have no section; all others have one, which the grade sheet links to.
    sections = [name for name in found.ids if name.startswith("finding-")]
    assert len(sections) == (0 if level == "unknown" else len(sheets.KEYS))
    assert {f"#{name}" for name in sections} <= set(found.links)


def test_hostile_text_is_shown_and_does_nothing(hostile: str) -> None:
    found = Page(hostile)
    assert found.open == []
    assert not {"script", "img", "link", "iframe", "base", "form"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert len(set(found.ids)) == len(found.ids)
    assert all(link.startswith("#") for link in found.links)
    assert {link[1:] for link in found.links} <= set(found.ids)
    assert hostile.count("default-src 'none'") == 1
    style = hostile.split("<style>")[1].split("</style>")[0]
    assert not re.search(r"@import|url\(|https?:", style)
    assert "<script>alert(1)</script>" in found.text  # as text
    assert "{{ 7 * 7 }} {% raw %} &amp;" in found.text
    assert "مرحبا بالعالم" in found.text
    assert "漢字かな交じり文。" in found.text
    # No control character, no override of direction, no half character.
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", hostile
    )
    assert "user⟨U+202E⟩gnp.exe" in found.text


def test_ten_megabytes_are_cut_and_it_is_said(hostile: str) -> None:
    assert len(hostile) < 1_000_000
    assert "9,998,800 more characters are in audit.json" in Page(hostile).text


def test_every_text_of_the_data_has_a_direction_of_its_own(hostile: str) -> None:
    for said in re.findall(r'<dd class="said"[^>]*>', hostile):
        assert 'dir="auto"' in said
        assert 'lang=""' in said
    assert "<bdi>" in hostile


def test_what_matters_comes_first() -> None:
    report = sheets.report(
        sheets.finding("duplicates", "good", details=[], examples=[]),
        sheets.finding("contamination", "problem"),
        sheets.finding("cost", "unknown"),
        sheets.finding("pii", "warning", title="Personal data"),
    )
    said = Page(page.render(report)).text
    assert (
        "1 problem in 1,000 rows: contamination. 1 warning: personal data. Not measured: cost."
    ) in said
    order = [said.index(word) for word in ("Problems 1", "Warnings 1", "Good 1", "Not measured 1")]
    assert order == sorted(order)
    assert said.index("Not measured: cost") < order[0]
    assert "12 of 1,000 rows" in said
    assert "1.2% [0.7%, 2.1%]" in said
    assert "there is no column of that." in said


def test_more_than_three_examples_are_folded() -> None:
    examples = [
        {"places": [n], "texts": [["Output", f"text {n}"]], "note": ""} for n in range(1, 6)
    ]
    text = page.render(sheets.report(sheets.finding("duplicates", "problem", examples=examples)))
    shown, folded = text.split("<details>")
    assert "<summary>2 more examples</summary>" in folded
    assert "text 3" in shown
    assert "text 4" not in shown
    assert "text 5" in folded


def test_an_option_is_never_torn_nor_a_way_in() -> None:
    advice = "Give --targets COLUMN <b>, or --column NAME=COLUMN."
    text = page.render(sheets.report(sheets.finding("wrong_answers", "problem", advice=advice)))
    assert '<span class="bracket">--targets COLUMN</span> &lt;b&gt;' in text
    assert "<b>" not in text


def test_a_phone_paper_and_the_dark_have_their_style() -> None:
    text = page.render(sheets.mixed())
    # The wide tables' and the grade sheet's heads are hidden from a phone, not from a reader.
    for head in (".transfer thead", ".grades thead"):
        assert f"{head} {{ position: absolute; width: 1px;" in text
    for one in ("prefers-color-scheme: dark", "@media print", "max-width: 52rem", "forced-colors"):
        assert one in text
    roles = re.findall(r'role="(\w+)"', text)
    assert {"table", "rowgroup", "row", "columnheader", "rowheader", "cell"} <= set(roles)


def test_every_number_of_the_tables_is_on_the_page() -> None:
    report = sheets.mixed()
    said = Page(page.render(report)).text
    for table in tables.tables(report):
        assert table.title in said
        for cell in (cell for row in table.rows for cell in row):
            assert cell in said
    for grade in grades(report):
        assert grade.advice in said


def test_without_findings_there_is_no_empty_sheet() -> None:
    found = Page(page.render(sheets.report()))
    assert "Nothing was measured in 1,000 rows." in found.text
    assert {link[1:] for link in found.links} <= set(found.ids)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("place", [0, 1], ids=["light", "dark"])
def test_the_levels_can_be_read_in_the_light_and_in_the_dark(place: int) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 against the paper."""

    def colours(package: str, name: str) -> list[dict[str, str]]:
        css = (resources.files(package) / f"templates/{name}").read_text("utf-8")
        blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
        return [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in blocks]

    paper: Any = colours("limbeck.evals.pages", "style.css.j2")[place]["paper"]
    levels = colours("limbeck.audit", "audit.css.j2")[place]
    assert set(levels) == {"problem", "warning", "good"}
    for colour in levels.values():
        light, dark = sorted((_luminance(paper), _luminance(colour)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
