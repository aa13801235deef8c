"""Parts of a recipe that are right alone and not together."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.test_recipe import BASE, recipe, refused


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        (["a/numbers.jsonl", "b/numbers.jsonl"],
         "named 'numbers', /r/a/numbers.jsonl and /r/b/numbers.jsonl, and"),
        (["numbers.jsonl", "b/numbers.yaml"], "named 'numbers'"),
        (["gsm8k", "gsm8k.jsonl"], "named 'gsm8k'"),
        (["imitation", "imitation"], "named 'imitation'"),
        (["imitation", "x/imitation_nll.jsonl"], "x/imitation_nll.jsonl has a name of the imitat"),
        (["imitation.jsonl"], "imitation.jsonl has a name of the imitation task"),
    ],
)  # fmt: skip
def test_no_task_takes_the_place_of_another(tasks: list[str], said: str) -> None:
    message = refused(yaml.safe_dump(BASE | {"eval": {"tasks": tasks}}, sort_keys=False))
    assert message.startswith("r.yaml, line 6: ")
    assert said in message
    assert recipe(eval={"tasks": ["imitation", "a/x.jsonl", "b/y.jsonl", "gsm8k"]})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": {"rationales": "shuffled"}}, "format.text is chat, where nothing"),
        ({"format": {"text": "answer", "rationales": "shuffled"}}, "format.text is answer"),
        (
            {
                "format": {"text": "arrow", "rationales": "shuffled"},
                "train": {"objective": "step_by_step"},
            },
            "train.objective step_by_step reads each record's own",
        ),
    ],
)
def test_a_control_that_would_change_nothing_is_refused(change: dict[str, Any], said: str) -> None:
    message = refused(yaml.safe_dump(BASE | change, sort_keys=False))
    assert message.startswith("r.yaml, line ")
    assert said in message
    assert recipe(format={"text": "arrow", "rationales": "shuffled"})
