"""The page and Markdown: texts from outside stay text, nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from limbeck.evals.rounds.page import facts, html, markdown
from tests.evals.pages.test_page import EVIL, Tree
from tests.evals.rounds.loops import apart, judged, made, right, run, three


def one() -> dict[str, Any]:
    """The least that a loop can be."""
    alone = run("loop", 1, {"t": right(30)}, discriminated=None, written=None, held_out=None)
    return made([replace(alone, cost={})], base_held_out=None, referee=None, settings={})


def test_the_page_stands_alone_and_can_be_read_aloud() -> None:
    found = made(three(8, names=("Étude 数学 🙂", "b"))) | {"name": "Étude 数学 🙂"}
    page = html(found)
    tree = Tree(page)
    for _, attrs in tree.tags:
        assert not {"src", "srcset", "data", "action", "xlink:href"} & set(attrs)
        assert (attrs.get("href") or "#").startswith("#")
    assert not re.search(r"https?://|url\(|@import", page)
    assert {tag for tag, _ in tree.tags}.isdisjoint({"script", "link", "img", "iframe"})
    assert page.count("Étude 数学 🙂") == 4  # title, heading, task, finding
    plots = [attrs for tag, attrs in tree.tags if tag == "svg" and attrs.get("role") == "img"]
    assert len(plots) == 3 * 3 + 2
    ids = [attrs["id"] for _, attrs in tree.tags if attrs.get("id")]
    assert len(set(ids)) == len(ids)
    for _, attrs in tree.tags:
        assert set(str(attrs.get("aria-labelledby") or "").split()) <= set(ids)
    assert "prefers-color-scheme: dark" in page
    assert page.index("measurably better than plain Self-Instruct") < page.index("<svg")


def test_one_round_without_anything_else_is_a_page() -> None:
    page = html(one())
    Tree(page)
    assert "The loop has one round, which is plain imitation" in page
    assert "n/a" not in page
    assert "control" not in page
    assert "# Rounds: r" in markdown(one())


@pytest.mark.parametrize("evil", EVIL)
def test_names_from_outside_are_text(evil: str) -> None:
    runs = three(8, names=(evil, "imitation_x"))
    runs[1].roles["student"]["tasks"][1]["items"][0]["doc"] = "another"
    runs[0] = replace(
        runs[0],
        discriminated=apart(60, 40, excluded={evil: 3}),
        written={**(runs[0].written or {}), "refused": {evil: 3}},
        held_out=judged(0.9),
    )
    runs = [replace(o, arm=evil) if o.arm != "loop" else o for o in runs]
    settings = dict.fromkeys(("start", "train_pool", "by", "weight", "tau", "new"), evil)
    names = dict.fromkeys(("teacher", "student", "referee", "stopped", "stop_task"), evil)
    found = made(runs, settings=settings, **names) | {"name": evil, "limbeck_version": evil}
    quiet = {tag for tag, _ in Tree(html(made(three()))).tags}
    tree = Tree(html(found))
    assert {tag for tag, _ in tree.tags} <= quiet
    assert tree.comments == []
    assert not any(name.startswith("on") for _, attrs in tree.tags for name in attrs)
    assert tree.words().count(evil) >= 20
    text = markdown(found)
    assert not re.search(r"<script|<img|<!--|</style|</title", text)


def test_markdown_has_the_finding_first_and_the_same_cells() -> None:
    text = markdown(made(three(8)) | {"name": "a|b_1 [x](y)"})
    title, finding = text.split("\n\n")[:2]
    assert title == r"# Rounds: a\|b_1 \[x\](y)"
    assert finding.startswith("**After round 3 the loop is measurably better than plain")
    assert "| round 3, control (as many instructions) | 42.0% \\[32.8%, 51.8%\\] |" in text
    assert "- Referee: on 40 held-out prompts" in text
    head = next(line for line in text.splitlines() if line.startswith("| student | score"))
    rule = text.splitlines()[text.splitlines().index(head) + 1]
    assert rule.count("|") == head.count("|")


def test_facts_say_how_it_was_set_up() -> None:
    known = dict(facts(made(three(), settings={"rounds": 5, "start": "previous", "tau": 2.0})))
    assert known["Rounds"] == "3 of 5"
    assert known["Each starts from"] == "the round before"
    assert known["Hard from a gap of"] == "2.0"
    assert "New a round" not in known
