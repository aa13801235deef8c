"""The Markdown report: tables that hold, and text that stays text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from limbeck.evals.pages import markdown, wording
from limbeck.evals.pages.verdict import verdict
from tests.evals.in_context.made_up import WEATHER, part
from tests.evals.report_example import example, first_schema, hostile
from tests.evals.report_parts import leak

EVIL = [
    "a | b",
    "line\n\n# head\n| c | d |",
    "`code` ``` fence",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example",
    "[x]: https://evil.example",
    "\\| \\",
]


def outside_fences(text: str) -> str:
    return re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def tables(text: str) -> list[list[int]]:
    """The number of cells of each row of each table."""
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", outside_fences(text), flags=re.MULTILINE)
    return [[len(re.findall(r"(?<!\\)\|", line)) - 1 for line in b.splitlines()] for b in blocks]


@pytest.mark.parametrize("evil", EVIL)
def test_names_and_labels_break_no_table_and_make_no_markup(evil: str) -> None:
    text = outside_fences(markdown.render(hostile(evil)))
    made = tables(text)
    assert all(len(set(rows)) == 1 for rows in made)
    assert [rows[0] for rows in made] == [8, 8, 7, 8, 5, 10, 6, 6, 6, 6, 3, 2]
    bare = re.sub(r"\\[^\w\s]", "", text.replace("p < 0.001", ""))
    assert "<" not in bare
    assert "`" not in bare
    assert "](" not in bare
    assert "://" not in bare
    assert not re.search(r"www\.", text)
    quiet = outside_fences(markdown.render(hostile("quiet")))
    heads = re.compile(r"^ *#", flags=re.MULTILINE)
    assert len(heads.findall(text)) == len(heads.findall(quiet))


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("imitation_nll", "imitation_nll"),
        ("_a_ *b*", r"\_a\_ \*b\*"),
        ("# head", r"\# head"),
        ("1. item", r"1\. item"),
        ("0.1.0", "0.1.0"),
        ("- item", r"\- item"),
        ("> quote", "&gt; quote"),
        ("&amp;", "&amp;amp;"),
        ("bundled:10", "bundled:10"),
        ("https://a.b", r"https\://a.b"),
        ("MAILTO:a", r"MAILTO\:a"),
        ("a@b.c", "a@\u2060b.c"),
        ("\\|", r"\\\|"),
        ("x\n\ty", "x y"),
        ("\x1b[0m\ud800", r"␛\[0m�"),
        ("中文 🙂", "中文 🙂"),
    ],
)
def test_a_line_is_shown_and_not_read(raw: str, escaped: str) -> None:
    assert markdown.escape(raw) == escaped


def test_no_completion_can_close_its_fence() -> None:
    text = "```\n<b>out</b>\n`````\n~~~\n"
    block = markdown.fence(text)
    ticks = block.split("text\n")[0]
    assert ticks == "`" * 6
    assert block == f"{ticks}text\n{text}\n{ticks}"


def test_a_long_completion_is_cut_and_says_so() -> None:
    assert markdown.fence("x" * 1700).endswith("\n\n1,100 more characters are in report.json.")


def test_the_sentences_and_cells_are_those_of_the_wording() -> None:
    text = markdown.render(example())
    for line in verdict(example()):
        assert line in text
    for case in example()["tasks"]:
        assert f"| {wording.gap_cell(case)[0]}" in text


def test_the_protocol_says_how_each_role_was_asked() -> None:
    asked = {"base": "after 8 worked examples", "student": "as trained: question ###"}
    text = markdown.render(example(protocol={"form": "generate", "asked": asked}))
    assert "- form: generate\n- questions to the base: after 8 worked examples\n" in text
    assert "\n- questions to the student: as trained: question ###\n" in text
    assert "{" not in text.split("## Protocol")[1]


def test_what_the_training_rows_give_away_is_a_table() -> None:
    text = markdown.render(first_schema(given_away=[leak("arithmetic")]))
    assert (
        "| arithmetic | 252 | 9 (3.6%) | 63 (25.0%) | 70 (27.8%) | 240 (95.2%), 4 too short "
        "| 38.0% ± 3.0 | 33.0% ± 3.4 (n = 189) |"
    ) in text
    assert "Caution: 63 of 252 items are training questions" in text


def test_in_context_ability_is_tables_under_a_heading() -> None:
    text = markdown.render(example(in_context=part()))
    section = text.split("## In-context ability")[1].split("\n## ")[0]
    assert [len(rows) for rows in tables(section)] == [5, 5, 8, 5, 6, 3, 5, 8]
    assert all(len(set(rows)) == 1 for rows in tables(section))
    assert re.search(r"^\| 2 random \| 45\.0% \[.*\| 75\.0% \[", section, re.MULTILINE)
    assert f"| {WEATHER} | 40 | 45.0% [" in section
    assert "(worst 70.0%)" in section
    assert "\n- Asked: 0, 2 demos; chosen by random, bm25;" in section
    assert "In-context" not in markdown.render(example())


@pytest.mark.parametrize("evil", EVIL)
def test_names_of_in_context_tasks_and_labels_break_no_table(evil: str) -> None:
    hostile = part([evil, "other"]) | {"protocol": dict.fromkeys(("hash", "form", "labels"), evil)}
    text = outside_fences(markdown.render(example(tasks=[], in_context=hostile)))
    quiet = markdown.render(example(tasks=[], in_context=part(["mood", "other"])))
    assert tables(text) == tables(outside_fences(quiet))
    bare = re.sub(r"\\[^\w\s]", "", text)
    assert "<" not in bare
    assert "`" not in bare
    assert "](" not in bare
    assert "://" not in bare


def test_in_context_alone_is_not_called_nothing() -> None:
    text = markdown.render({"tasks": [], "in_context": part()})
    assert "Nothing was measured" not in text
    assert "**In context, after 2 random demos, the student is measurably more accurate" in text


def test_controls_are_made_visible_inside_fences_too() -> None:
    text = markdown.render(example())
    text.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)
    assert "␛[31m� ⟨U+202E⟩" in text


EMPTY: list[dict[str, Any]] = [
    {},
    dict.fromkeys(example()),
    dict.fromkeys(example()) | first_schema(tasks=[], funnel=[], samples=[], training={}),
]


@pytest.mark.parametrize("report", EMPTY, ids=["nothing", "nulls", "empty"])
def test_what_is_missing_is_said(report: dict[str, Any]) -> None:
    text = markdown.render(report)
    assert "Nothing was measured" in text
    assert "No task was run." in text
    assert "No samples were kept." in text
    assert "None" not in text
    assert "\n\n\n" not in text


def test_empty_and_missing_completions_are_told_apart() -> None:
    sample = {"prompt": "p", "base": "", "student": None, "teacher": "t"}
    text = markdown.render(example(samples=[sample]))
    assert "Base:\n\n(empty)" in text
    assert "Student:\n\nn/a" in text


def test_the_curve_is_a_few_rows_with_the_first_the_last_and_the_validated() -> None:
    curve = example()["training"]["curve"]
    shown = re.findall(r"^\| (\d+) \| [\d.]+ \| (.+) \|$", markdown.render(example()), re.MULTILINE)
    assert len(shown) <= markdown.CURVE_ROWS
    assert (shown[0][0], shown[-1][0]) == (str(curve[0]["step"]), str(curve[-1]["step"]))
    assert any(valid != "n/a" for _, valid in shown)


def test_means_clean_rows_and_the_second_view_are_in_the_tables() -> None:
    text = markdown.render(example())
    assert "\n| arithmetic, without flagged items | 31.0% ± 2.9 | 33.0% ± 3.4 |" in text
    assert "flagged items add +2.1 points [+0.4, +3.8]" in text
    assert "\n| **Mean over 6 tasks** (ability) | – | – | – | +3.1 points [+1.1, +5.1] |" in text
    after = text.split("Second view, student only")[1].split("\n## ")[0]
    assert [len(rows) for rows in tables(after)] == [3]


def test_flips_outcomes_support_style_and_judge_are_tables_of_the_same_numbers() -> None:
    text = markdown.render(example())
    assert "\n| arithmetic (student) | 96 | 140 | 7 | 6 | 2 | 1 |" in text
    assert "| 34 of 90 (37.8%) | 16 of 78 (20.5%) | 9 of 121 (7.4%) |" in text
    assert "34 of 100 (34.0%) (base 12.0%)" in text
    assert "20 of 61 (32.8%) (base 13.1%)" in text
    assert "- arithmetic: +2.1 points [+0.4, +3.8] per 0.1 of similarity, p = 0.015" in text
    assert "\n| hedges (hedges in an answer) | 13.0% | 34.7% |" in text
    assert "\n| Student | 0.62 [0.55, 0.69] | 111 | 5 | 4 | 0 |" in text
    assert "\n| student against base | 71.0% [63.0%, 79.0%] | 58.0% [49.0%, 67.0%] (" in text
    assert "Second teacher sample:\n\n```text\nHere is a plan:" in text


def test_the_first_schema_has_none_of_the_new_sections() -> None:
    text = markdown.render(first_schema())
    heads = re.findall("^## (.*)$", text, re.MULTILINE)
    assert "Style" not in heads
    assert "Item by item" not in heads
    assert "Holm" not in text
