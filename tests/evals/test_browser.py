"""The page in a real browser: on a phone and a desk, light and dark, on paper, and by keyboard.

Skipped where there is no Chromium; $CHROMIUM names one that is not on the path.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from limbeck.evals.pages import page
from tests.evals.browser import Browser, found
from tests.evals.in_context.made_up import part
from tests.evals.report_example import example, first_schema, hostile

PHONE, DESK, PAPER = 390, 1200, 673  # px; paper is the text of an A4 page
EVIL = (
    "</style></svg><script>document.title = 'ran'; fetch('http://example.invalid/')</script>"
    "<img src=x onerror=\"document.title = 'ran'\"> " + "wide" * 60
)
PAGES: dict[str, dict[str, Any]] = {
    "full": example(in_context=part()),
    "first": first_schema(),
    "nulls": dict.fromkeys(example()),
    "hostile": hostile(EVIL),
}
SCREENS = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]

# What the assistive technology is told of each figure and picture.
NAMES = """[...document.querySelectorAll('figure, svg[role=img], table, [role=region]')].map(e => {
  const ids = (e.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean);
  const caption = e.querySelector(':scope > caption');
  return (e.getAttribute('aria-label') || ids.map(id => document.getElementById(id).textContent)
    .join(' ') || (caption ? caption.textContent : '')).trim();
})"""
# Text that a box with `overflow: visible` lets run over the edge of the page.
WIDE = """[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  return !e.closest('.scroll, .hidden, thead, svg') && box.width && box.right > innerWidth + 1;
}).map(e => e.outerHTML.slice(0, 120))"""
# Words in figures that lie beyond the edge of the page.
CUT = """[...document.querySelectorAll('svg.plot text')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && (box.left < -1 || box.right > innerWidth + 1);
}).map(e => e.textContent)"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    binary = found()
    if binary is None:
        pytest.skip("no Chromium on the path, and $CHROMIUM names none")
    opened = Browser(binary, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for name, report in PAGES.items():
        made[name] = folder / f"{name}.html"
        made[name].write_text(page.render(report), encoding="utf-8")
    return made


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_it_loads_alone_fits_and_says_nothing_to_the_console(
    browser: Browser, files: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    browser.open(files[name], width, 844, scheme)
    asked = [told["request"]["url"] for told in browser.told("Network.requestWillBeSent")]
    assert asked == [files[name].as_uri()]
    for event in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
        assert browser.told(event) == []
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    assert browser.value(WIDE) == []
    assert browser.value(CUT) == []
    dark = browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
    assert dark == (scheme == "dark")


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", ["full", "first", "nulls"])
def test_the_verdict_is_in_the_first_screen(
    browser: Browser, files: dict[str, Path], name: str, width: int
) -> None:
    browser.open(files[name], width, 844)
    box = "document.querySelector('.lead').getBoundingClientRect()"
    assert 0 < browser.value(f"{box}.top") < browser.value(f"{box}.bottom") <= 844


def test_hostile_text_is_shown_and_runs_nothing(browser: Browser, files: dict[str, Path]) -> None:
    browser.open(files["hostile"], DESK)
    assert browser.value("document.scripts.length + document.images.length") == 0
    assert browser.value("document.title").startswith("</style></svg><script>")
    said = browser.value("[...document.querySelectorAll('.said')].map(e => e.textContent)")
    assert len(said) > 10
    assert all(text.startswith("</style></svg><script>") for text in said)


@pytest.mark.parametrize("name", PAGES)
def test_figures_have_names_and_links_their_targets(
    browser: Browser, files: dict[str, Path], name: str
) -> None:
    browser.open(files[name], DESK)
    names = browser.value(NAMES)
    assert all(names)
    if name == "full":
        assert len(names) > 20
    links = browser.value("[...document.links].map(e => e.getAttribute('href'))")
    assert links
    for link in links:
        assert browser.value(f"document.getElementById({link[1:]!r}) !== null"), link


def test_what_is_folded_away_opens_by_keyboard(browser: Browser, files: dict[str, Path]) -> None:
    browser.open(files["full"], DESK)
    number = browser.value("document.querySelectorAll('details').length")
    assert number >= 5
    opened = 0
    for _ in range(200):  # Tab goes to every link, summary and wide table, and then away
        browser.press("Tab", 9)
        here = browser.value("document.activeElement.tagName")
        if here == "SUMMARY":
            browser.press("Enter", 13, "\r")
            opened += 1
        elif here == "BODY":
            break
    assert opened == number == browser.value("document.querySelectorAll('details[open]').length")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_white_holds_all_and_cuts_nothing(
    browser: Browser, files: dict[str, Path], name: str, scheme: str
) -> None:
    browser.open(files[name], PAPER, 900, scheme)
    browser.media("print", scheme)
    style = "getComputedStyle(document.body)"
    assert browser.value(f"{style}.backgroundColor") == "rgba(0, 0, 0, 0)"
    assert browser.value(f"{style}.color") == "rgb(29, 28, 26)"
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    folded = "[...document.querySelectorAll('details > :not(summary)')]"
    assert browser.value(f"{folded}.every(e => e.getBoundingClientRect().height > 0)")
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    rows = "[...document.querySelectorAll('tr')]"
    assert browser.value(f"{rows}.every(e => getComputedStyle(e).breakInside === 'avoid')")
