"""The HTML page: what models write stays text, and the page stands alone and can be read aloud."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest

from limbeck.evals.pages import endings, page
from tests.evals.in_context.made_up import WEATHER, part
from tests.evals.report_example import example, first_schema, hostile
from tests.evals.report_parts import contaminated, feature, imitation, judge, leak, style, task

VOID = {"meta", "br", "link", "img", "hr", "input"}
EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>1</script>",
    "</title></svg><script>1</script>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "<!--",
    "&lt;b&gt;",
]


class Tree(HTMLParser):
    """Every start tag with its attributes, the text in it, and the nesting checked."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.text: list[tuple[str, str]] = []
        self.comments: list[str] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), "an attribute twice"
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append((self.stack[-1] if self.stack else "", data))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def words(self) -> str:
        return "".join(data for tag, data in self.text if tag != "style")


def tree(**changes: Any) -> Tree:
    return Tree(page.render(example(**changes)))


EMPTY: dict[str, Any] = {
    key: [] for key in ("tasks", "pooled", "contamination", "funnel", "samples", "limits")
} | {key: {} for key in ("models", "protocol", "training", "cost", "versions", "style", "judge")}
NULLS = dict.fromkeys(example())
IN_CONTEXT: dict[str, Any] = {"in_context": part()}
FIRST: dict[str, Any] = dict.fromkeys(example()) | first_schema()


@pytest.mark.parametrize("evil", EVIL)
def test_text_from_models_and_files_is_never_markup(evil: str) -> None:
    quiet = [name for name, _ in tree().tags]
    found = Tree(page.render(hostile(evil)))
    assert {name for name, _ in found.tags} <= set(quiet)
    assert "script" not in {name for name, _ in found.tags}
    assert found.comments == []
    assert not any(key.startswith("on") for _, attrs in found.tags for key in attrs)
    assert found.words().count(evil) >= 80


@pytest.mark.parametrize(
    "changes",
    [{}, EMPTY, NULLS, IN_CONTEXT, FIRST],
    ids=["full", "empty", "nulls", "in context", "first schema"],
)
def test_the_page_stands_alone(changes: dict[str, Any]) -> None:
    html = page.render(example(**changes))
    found = Tree(html)
    for _, attrs in found.tags:
        assert not {"src", "srcset", "data", "action", "xlink:href"} & set(attrs)
        assert (attrs.get("href") or "#").startswith("#")
    assert not re.search(r"https?://|//[a-z]|url\(|@import", html)
    policy = [meta["content"] for meta in found.all("meta") if "http-equiv" in meta]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


@pytest.mark.parametrize(
    "changes",
    [{}, EMPTY, NULLS, IN_CONTEXT, FIRST],
    ids=["full", "empty", "nulls", "in context", "first schema"],
)
def test_ids_are_unique_and_every_reference_has_its_target(changes: dict[str, Any]) -> None:
    found = tree(**changes)
    ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in found.tags:
        targets = (attrs.get("aria-labelledby") or "").split()
        targets += [(attrs.get("href") or "").removeprefix("#")] if "href" in attrs else []
        assert set(targets) <= set(ids)


@pytest.mark.parametrize(
    "changes",
    [{}, EMPTY, NULLS, IN_CONTEXT, FIRST],
    ids=["full", "empty", "nulls", "in context", "first schema"],
)
def test_headings_go_down_one_step_at_a_time(changes: dict[str, Any]) -> None:
    levels = [int(name[1]) for name, _ in tree(**changes).tags if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_there_are_landmarks_a_language_and_a_verdict_before_all_numbers() -> None:
    found = tree()
    assert found.all("html") == [{"lang": "en"}]
    for landmark in ("header", "nav", "main", "footer"):
        assert len(found.all(landmark)) == 1
    assert found.all("h2")[0] == {"id": "verdict"}
    assert "71% [66%,\u00a076%] of the gap to the teacher closed" in found.words()


def test_every_table_has_a_name_and_scopes() -> None:
    found = tree(**IN_CONTEXT)
    named = [table for table in found.all("table") if table.get("aria-label")]
    assert len(found.all("caption")) + len(named) == len(found.all("table"))
    assert {head.get("scope") for head in found.all("th")} == {"col", "row", "rowgroup"}


def test_every_cell_of_the_transfer_table_has_the_name_of_its_column_for_a_phone() -> None:
    found = tree(contamination=[], style=None, judge=None, pooled=[])
    labels = [attrs for attrs in found.all("span") if attrs.get("class") == "label"]
    cells = [attrs for attrs in found.all("td") if attrs.get("role") == "cell"]
    assert len(labels) == len(cells)
    tasks = example()["tasks"]
    kinds = len({row["kind"] for row in tasks})
    heads = [head for head in found.all("th") if head.get("scope") == "rowgroup"]
    assert len(heads) == kinds


def test_the_second_view_is_folded_away_and_enters_nothing_above() -> None:
    found = tree()
    words = found.words()
    assert words.index("Second view, student only") > words.index("Other means")
    assert "Sums of two numbers, by likelihood" in words[words.index("Second view") :]
    assert "Sums of two numbers, by likelihood" not in words[: words.index("Second view")]
    assert "Second view" not in tree(tasks=[task()]).words()


def test_each_picture_has_a_title_and_says_its_numbers() -> None:
    found = tree()
    pictures = [svg["aria-labelledby"] for svg in found.all("svg") if svg.get("role") == "img"]
    names = ["forest-1", "forest-2", "forest-3", "contrast", "support-1", "support-2", "curve"]
    assert pictures == [f"{name}-title {name}-desc" for name in names]
    described = "".join(data for tag, data in found.text if tag == "desc")
    assert "recall: student − base +1.0 points [−3.0, +5.0]" in described
    assert "hedges 31% [21%, 41%]" in described
    assert "Training loss from 5." in described
    assert all(figure.get("aria-labelledby") for figure in found.all("figure"))


def test_sections_are_there_only_where_something_was_measured() -> None:
    def ids(**changes: Any) -> list[str]:
        return [head["id"] or "" for head in tree(**changes).all("h2")]

    assert ids()[:7] == [
        "verdict",
        "transfer",
        "contrast",
        "changed",
        "support",
        "given-away",
        "style",
    ]
    assert ids(style=None)[6] == "style"  # the judge alone is style as well
    bare = ids(tasks=[task()], pooled=[], style=None, judge=None)
    assert bare[:4] == ["verdict", "transfer", "given-away", "training"]


def test_outcomes_have_a_pattern_of_their_own_and_their_counts_in_words() -> None:
    html = page.render(example())
    for kind in endings.KINDS:
        assert re.search(rf"^\.o-{kind} {{ background", html, re.MULTILINE)
    css = re.findall(r"^\.o-\w+ \{ (.*) \}$", html, re.MULTILINE)
    assert len(css) == len(set(css)) == len(endings.KINDS)
    assert "96 right, 140 wrong, 7 unparseable, 6 truncated, 2 refused, 1 failed" in html
    assert "34 of 100 (34.0%); base 12.0%" in html


def test_evidence_stands_side_by_side_and_is_escaped() -> None:
    words = tree().words()
    assert "Training prompt, row r0" in words
    assert "Tom owns 3 apples." in words
    assert "found by words and numbers, 0.71" in words
    assert "␛[31m⟨U+202E⟩" in words


def test_few_samples_are_open_and_style_samples_have_the_second_teacher_sample() -> None:
    found = tree(samples=example()["samples"] * 3)
    assert "Second teacher sample" in found.words()
    assert "4 more" in found.words()
    assert len(found.all("article")) == 7


def test_in_context_ability_has_its_section_only_where_it_was_measured() -> None:
    assert "in-context" not in {attrs.get("id") for _, attrs in tree().tags}
    found = tree(**IN_CONTEXT)
    assert {"href": "#in-context"} in found.all("a")
    titles = [h["id"] for h in found.all("h2")]
    assert titles[titles.index("style") + 1] == "in-context"
    words = found.words()
    assert "In context, after 2 random demos, the student is measurably more accurate" in words
    assert "pigeonhole bootstrap" in words
    assert "None" not in words


def test_in_context_alone_is_the_verdict() -> None:
    words = tree(**(EMPTY | IN_CONTEXT)).words()
    assert "Nothing was measured" not in words
    assert "the student is measurably more accurate than base (mean over 2 tasks)" in words


def test_in_context_tables_have_captions_and_a_label_for_every_cell() -> None:
    found, plain = tree(**IN_CONTEXT), tree()
    said = [one for one in found.all("p") if one.get("class") == "caption"]
    regions = [one for one in found.all("div") if one.get("class") == "scroll"]
    before = [one for one in plain.all("div") if one.get("class") == "scroll"]
    assert len(found.all("table")) == len(plain.all("table")) + 7
    assert len(regions) == len(before) + 7  # wide: each scrolls by itself, below its caption
    assert len(said) == len(regions)
    assert all(one["aria-label"] and one["tabindex"] == "0" for one in regions)
    assert len(found.all("details")) == len(found.all("summary"))
    labels = [attrs for attrs in found.all("span") if attrs.get("class") == "label"]
    cells = [attrs for attrs in found.all("td") if attrs.get("role") == "cell"]
    assert len(labels) == len(cells) > len(plain.all("td"))


def test_in_context_panels_say_their_numbers_and_need_no_colour() -> None:
    found = tree(**IN_CONTEXT)
    pictures = [svg["aria-labelledby"] or "" for svg in found.all("svg") if svg.get("role")]
    panels = [told for told in pictures if told.startswith("ic-")]
    assert panels == [
        f"ic-{name}-title ic-{name}-desc" for name in ("main", "select-1", "task-1", "task-2")
    ]
    described = "".join(data for tag, data in found.text if tag == "desc")
    assert "Student: 40.0% [" in described
    css = (resources.files("limbeck.evals.pages") / "templates/plots.css.j2").read_text("utf-8")
    dashes = re.findall(r"^\.of-\w+ \{[^}]*stroke-dasharray: ([\d ]+)", css, re.MULTILINE)
    assert len(dashes) == len(set(dashes)) == 5  # the student's line alone is whole
    shapes = [tag for tag, attrs in found.tags if (attrs.get("class") or "") == "at-teacher"]
    assert set(shapes) == {"rect"}
    assert {tag for tag, attrs in found.tags if attrs.get("class") == "at-student"} == {"circle"}


@pytest.mark.parametrize("evil", EVIL)
def test_names_of_in_context_tasks_are_never_markup(evil: str) -> None:
    quiet = {name for name, _ in tree(**IN_CONTEXT).tags}
    hostile = part([evil, "other"]) | {"protocol": dict.fromkeys(("hash", "form", "labels"), evil)}
    found = tree(in_context=hostile)
    assert {name for name, _ in found.tags} <= quiet
    assert found.comments == []
    assert not any(key.startswith("on") for _, attrs in found.tags for key in attrs)
    assert found.words().count(evil) >= 6


def test_in_context_tasks_of_every_language_are_there() -> None:
    html = page.render(example(in_context=part([WEATHER, "مزاج \u202e"])))
    assert html.count(WEATHER) >= 3
    assert "“晴天”" in html
    assert "مزاج ⟨U+202E⟩" in html
    assert "\u202e" not in html


@pytest.mark.parametrize(
    "found",
    [
        {"tasks": [], "mean": None},
        part() | dict.fromkeys(("protocol", "failed_calls", "mean")),
        {"tasks": [{"task": None, "points": None, "baselines": None}], "mean": {"points": None}},
    ],
)
def test_what_in_context_lacks_is_left_out(found: dict[str, Any]) -> None:
    words = tree(in_context=found).words()
    assert "In-context ability" in words
    assert "None" not in words.replace("unnamed", "")


def test_models_texts_carry_their_own_direction_and_no_language() -> None:
    said = [attrs for _, attrs in tree().tags if attrs.get("class") == "said"]
    evidence = 2 * len(example()["contamination"][0]["found"])
    assert len(said) == 4 * len(example()["samples"]) + 5 + evidence
    assert all((attrs["dir"], attrs["lang"]) == ("auto", "") for attrs in said)


def test_every_language_passes_and_no_control_character_does() -> None:
    html = page.render(example(name="\x1b]0;x\x07\udc80", limits=["\x85 \x00 \x9b2J \u202e"]))
    html.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", html)
    for text in ("ما هي عاصمة فرنسا؟", "法国的首都是巴黎。", "👩🏽‍🔬", "␛]0;x␇�"):
        assert text in html


@pytest.mark.parametrize("report", [{}, EMPTY, NULLS], ids=["nothing", "empty", "nulls"])
def test_what_is_missing_is_said(report: dict[str, Any]) -> None:
    words = Tree(page.render(report)).words()
    assert "Nothing was measured" in words
    assert "No samples were kept." in words
    assert "No training loss was written down." in words
    assert "None" not in words


@pytest.mark.parametrize("place", range(len(example()["tasks"])))
def test_a_task_of_nulls_is_a_row_of_words(place: int) -> None:
    row = example()["tasks"][place]
    nothing = row | dict.fromkeys(set(row) - {"task", "kind", "view"})
    found = tree(tasks=[nothing], contamination=[], pooled=[], style=None, judge=None)
    assert found.text.count(("span", "n/a")) == 7
    assert "None" not in found.words()


@pytest.mark.parametrize(
    "changes",
    [
        {"style": dict.fromkeys(style())},
        {"style": style(features=[dict.fromkeys(feature("x", 0.5))])},
        {"style": style(closed=None, auc=None, outcomes=None, setting=None, samples=None)},
        {"judge": dict.fromkeys(judge())},
        {"judge": judge(pairs=[dict.fromkeys(judge()["pairs"][0])])},
        {"contamination": [dict.fromkeys(contaminated("t"))]},
        {"pooled": [dict.fromkeys(example()["pooled"][0])]},
    ],
)
def test_nulls_inside_a_section_are_words(changes: dict[str, Any]) -> None:
    words = tree(**changes).words()
    assert "None" not in words
    assert "NaN" not in words


def test_an_empty_completion_is_told_from_a_missing_one_and_a_long_one_is_cut() -> None:
    sample = {"prompt": "p" * 2500, "base": "", "student": None, "teacher": "fine"}
    words = tree(samples=[sample]).words()
    assert "(empty)" in words
    assert "500 more characters are in report.json." in words
    assert "p" * 2000 in words
    assert "p" * 2001 not in words


def test_the_first_schema_has_what_its_rows_give_away() -> None:
    found = Tree(page.render(first_schema(given_away=[leak("arithmetic", clean=None)])))
    words = found.words()
    assert "Do the training rows give the test away?" in words
    assert "In part: 63 of 252 items are training questions" in words
    cells = [data for _, data in found.text]
    at = cells.index("63 (25.0%)")
    assert cells[at - 1] == "Masked question"
    assert "Student, the rest" not in words
    assert "Imitation against ability" in words
    assert "Holm" not in words


def test_bars_are_shares_of_the_longest() -> None:
    steps = [("prompts", 200), ("Refused by x", 50), ("odd", None)]
    rows = page.funnel([{"label": label, "count": count} for label, count in steps])
    assert [row["share"] for row in rows] == [100, 25, 0]
    assert [row["refused"] for row in rows] == [False, True, False]


def test_imitation_comes_before_ability() -> None:
    words = tree(tasks=[task("later"), imitation("sooner")], pooled=[]).words()
    table = words[words.index("detectable") :]
    assert table.index("sooner") < table.index("later")
