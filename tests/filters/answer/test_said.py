"""The last assertion of a completion, and where there is none."""

from __future__ import annotations

import pytest

from limbeck.filters.answer.said import said


@pytest.mark.parametrize(
    ("completion", "style", "answer"),
    [
        ("12", "none", "12"),
        ("The answer is 12.", "phrase", " 12."),
        ("Answer: 12\nmore", "label", "12"),
        ("a --> b --> 12", "arrow", "12"),
        ("x\n#### 12", "hashes", "12"),
        ("\\boxed{\\frac{1}{2}} ok", "box", "\\frac{1}{2}"),
        ("<answer> 12 </answer>", "tag", "12"),
        ('{"answer": "a \\"b\\""}', "json", 'a "b"'),
        ("{'answer': 'b'}", "json", "b"),
        ('{"answer": [1, 2]}', "json", "[1, 2]"),
        ('{"answer": 12}', "json", "12"),
        ("Answer: 1\nThe answer is 2", "phrase", " 2"),
        ("The answer is 2\n\\boxed{3}", "box", "3"),
        ("Answer:\n\n\n12", "label", "12"),
        ("**Final Answer**\n\n12", "label", "12"),
        ("a <!-- x --> b", "none", "a <!-- x --> b"),
        ("#### Step 1: add\nthen stop", "none", "#### Step 1: add\nthen stop"),
        ("The wrong answer is 3", "none", "The wrong answer is 3"),
        ("If the answer is 3, stop", "none", "If the answer is 3, stop"),
        ("The answer is not 3.", "none", "The answer is not 3."),
        ("The answer is found by adding.", "none", "The answer is found by adding."),
        ("Q: 1 + 1?\nA: 2", "label", "2"),
        ("答案是12", "phrase", "12"),
    ],
)
def test_the_last_marker_that_asserts_something(completion: str, style: str, answer: str) -> None:
    made = said(completion)
    assert (made.style, made.answer.strip(), made.problem) == (style, answer.strip(), "")


@pytest.mark.parametrize(
    "completion",
    [
        "<think>a",
        "<think>a</think>",
        "<think>a</think>b<think>c",
        "The answer is",
        "The answer is **",
        "The answer is $",
        "Answer:",
        "-->",
        "####",
        "\\boxed{",
        "\\boxed{1",
        "\\boxed{{1}",
        "\\boxed{}",
        "<answer>1",
        '{"answer": "1',
        '{"answer": 1',
        '{"answer": [1, 2',
    ],
)
def test_an_opening_without_an_end_is_truncated(completion: str) -> None:
    assert said(f"5 + 7 = 12\n{completion}").problem == "truncated"


@pytest.mark.parametrize(
    ("completion", "kept"),
    [
        ("a\n\nQ: b", "a"),
        ("a\nQuestion: b", "a"),
        ("a\n### Instruction:\nb", "a"),
        ("a\n\nUser: b", "a"),
        ("a<|im_end|>b", "a"),
        ("<|im_start|>a<|im_end|>b", "a"),
        ("Question: a\nb", "Question: a\nb"),
        ("a\n问题：b", "a"),
        ("a END", "a"),
    ],
)
def test_an_invented_next_question_is_cut_off(completion: str, kept: str) -> None:
    assert said(completion).text == kept


def test_boxes_side_by_side_are_one_answer_of_several() -> None:
    assert said("\\boxed{1} or \\boxed{2}").several == ("1", "2")
    assert said("\\boxed{1}, \\boxed{2}, and \\boxed{3}").several == ("1", "2", "3")
    assert said("\\boxed{1} is wrong. \\boxed{2}").several == ()


def test_letters_may_be_options_so_a_colon_after_one_is_no_marker() -> None:
    assert said("A: Paris").style == "label"
    assert said("A: Paris", letters=True).style == "none"
