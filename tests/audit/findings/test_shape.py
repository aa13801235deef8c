"""Lengths at a limit, and instructions that begin alike."""

from __future__ import annotations

from typing import Any

from tests.audit.small import finding


def rows(*outputs: str) -> list[dict[str, Any]]:
    return [{"instruction": f"Q{n}", "output": text} for n, text in enumerate(outputs)]


def words(count: int, first: str = "w") -> str:
    return " ".join([first, *["word"] * (count - 1)])


def test_several_outputs_of_exactly_the_greatest_length_were_cut() -> None:
    cut = [words(60, f"a{n}") for n in range(4)]
    found = finding(rows(*cut, words(59), words(20), "x"), "lengths")
    assert (found["count"], found["of"], found["level"]) == (4, 7, "problem")
    assert "60 words" in found["says"]
    assert found["examples"][0]["places"] == [1]


def test_a_limit_in_characters() -> None:
    latin = [(f"a{n} " + "word " * n + "letters" * 100)[:300] for n in range(50, 53)]
    found = finding(rows(*latin, "short"), "lengths")
    assert found["count"] == 3
    assert "300 characters" in found["says"]
    outputs = [(f"字{n}" + "长" * 500)[:300] for n in range(3)]
    found = finding(rows(*outputs, "短"), "lengths")
    assert found["count"] == 3
    assert "300 words" in found["says"]


def test_labels_and_copies_of_one_row_were_not_cut() -> None:
    assert finding(rows("yes", "no", "yes", "yes"), "lengths")["count"] == 0
    copies = [{"instruction": "Q", "output": words(60)}] * 4
    assert finding(copies, "lengths")["count"] == 0


def test_the_commonest_opening() -> None:
    asked = [
        "Write a poem now.",
        "write a POEM about it",
        "Write a letter.",
        "写一首诗",
        "写一首歌",
    ]
    found = finding([{"instruction": text, "output": "x"} for text in asked], "diversity")
    assert (found["count"], found["of"], found["level"]) == (2, 5, "warning")
    details = dict(map(tuple, found["details"]))
    assert details["The commonest opening"] == "write a poem"
    assert details["Different openings"] == "3"
    # Two pairs and a single one: -(0.4 log 0.4) * 2 - 0.2 log 0.2 = 1.52 bits
    assert details["Entropy of openings"] == "1.52 bits of at most 2.32"
    assert details["distinct-1 of 5 outputs"] == "0.200"


def test_instructions_that_all_begin_otherwise_and_too_few() -> None:
    other = finding([{"instruction": text, "output": "x"} for text in "abcd"], "diversity")
    assert (other["count"], other["level"]) == (0, "good")
    few = finding([{"instruction": "a", "output": "x"}], "diversity")
    assert "only 1 different instruction" in few["why"]
