"""A judge's verdict is read out of what models write, or not at all."""

from __future__ import annotations

import pytest

from limbeck.audit.verdict import read_verdict

PLAIN = '{"instruction_valid": "yes", "input_fits": "no", "output_correct": "yes"}'


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"```json\n{PLAIN}\n```",
        f"Here is my verdict: {PLAIN} I hope that helps. 😀",
        '{"instruction_valid": true, "input_fits": false, "output_correct": true}',
        "{'instruction_valid': True, 'input_fits': False, 'output_correct': True}",
        "Instruction valid: Yes\n**Input fits**: NO\n- output_correct = yes",
        '{\n  "instruction_valid": 1,\n  "input_fits": 0,\n  "output_correct": 1\n}',
        f"<think>input_fits: yes, output_correct: no</think>{PLAIN}",
        f"{PLAIN}\n{PLAIN}",
    ],
)
def test_what_models_write(text: str) -> None:
    assert read_verdict(text) == {
        "instruction_valid": True,
        "input_fits": False,
        "output_correct": True,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes, no, yes",
        '{"instruction_valid": "yes", "input_fits": "no"}',
        PLAIN.replace('"no"', '"not sure"'),
        PLAIN.replace('"no"', '"yes or no"'),
        f"{PLAIN} On reflection, output_correct: no",
        f"<think>{PLAIN}",
    ],
)
def test_a_doubtful_verdict_is_none(text: str) -> None:
    assert read_verdict(text) is None
