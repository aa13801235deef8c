"""What is counted of an answer, in any script, and not in code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limbeck.evals.judge.features import FEATURES, features


def counted(text: str) -> tuple[int, ...]:
    found = features(text)
    assert tuple(found) == FEATURES
    return tuple(found[name] for name in FEATURES[1:])


@pytest.mark.parametrize(
    ("text", "headers", "bold", "lists"),
    [
        ("", 0, 0, 0),
        ("# One\n\ntext\n## Two\n#hashtag\n####### seven", 2, 0, 0),
        ("**a** and **b c** but ** d** nor 2**3 or __e__ or __f__.g, not x__y__z", 0, 4, 0),
        ("- a\n* b\n+ c\n  - d\n-e\n--- \n1. f\n2) g\n(3) h\n1.5 kg\n2024. year", 0, 0, 7),
        ("一、其一\n1、甲\n２．乙\n（3）丙\n• 丁", 0, 0, 4),
        ("١. أول\n٢. ثان", 0, 0, 2),
        ("```\n# no\n- no\n**no**\n```\n- yes", 0, 0, 1),
        ("~~~py\n```\n# no\n~~~~\n# yes", 1, 0, 0),
        ("```\n# never closed", 0, 0, 0),
    ],
)
def test_formatting_is_counted(text: str, headers: int, bold: int, lists: int) -> None:
    assert counted(text) == (headers, bold, lists)


def test_length_is_in_code_points() -> None:
    assert [features(text)["length"] for text in ("abc", "海是蓝", "🌊🌊🌊", "")] == [3, 3, 3, 0]


@given(st.text())
@settings(deadline=None)
def test_a_line_put_before_it_changes_no_count_but_the_length(text: str) -> None:
    before, after = features(text), features("plain\n" + text)
    assert after.pop("length") == before.pop("length") + 6
    assert before == after


@pytest.mark.parametrize("text", ["**a" * 30_000, "__ " * 30_000, " " * 90_000 + "x", "#" * 90_000])
def test_hostile_text_takes_no_time(text: str) -> None:
    assert features(text)["length"] == len(text)
