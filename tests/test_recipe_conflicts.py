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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": {"text": "arrow", "rationales": "shuffled", "completions": "shuffled"}},
         "take one of them out"),
        ({"format": {"text": "arrow", "completions": "target"}}, "set format.text to answer"),
        ({"format": {"completions": "shuffled"}, "train": {"objective": "step_by_step"}},
         "train.objective step_by_step reads more of each record"),
        ({"format": {"completions": "target"}, "train": {"objective": "icl_tuning"}},
         "set train.objective to sft"),
    ],
)  # fmt: skip
def test_completions_that_would_not_be_what_is_learned_are_refused(
    change: dict[str, Any], said: str
) -> None:
    message = refused(yaml.safe_dump(BASE | change, sort_keys=False))
    assert message.startswith("r.yaml, line ")
    assert said in message
    assert recipe(format={"text": "arrow", "completions": "shuffled"})
    assert recipe(format={"text": "answer", "completions": "target"})


SOFT = {"objective": "topk_kl"}


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        ({"student": "openai:gpt"}, 4, "the student openai:gpt has no weights here"),
        ({"train": SOFT}, 6, "learns from log-probabilities, and generate.top_logprobs is 0"),
        (
            {"train": SOFT, "generate": {"generator": "chain_of_thought"}},
            6,
            "the generator chain_of_thought asks for none; set generate.generator to answers",
        ),
        (
            {"train": SOFT, "generate": {"top_logprobs": 5}, "format": {"text": "arrow"}},
            6,
            "topk_kl learns the text as the teacher wrote it, and format.text arrow writes another",
        ),
        (
            {"train": {"objective": "step_by_step"}, "generate": "self_instruct"},
            6,
            "step_by_step learns rationales, and the generator self_instruct makes none",
        ),
        (
            {"train": {"patience": 2}, "format": {"valid": 0}},
            6,
            "patience stops by the validation loss, and format.valid is 0",
        ),
    ],
)
def test_what_could_not_be_trained_is_refused_before_anything_is_paid(
    change: dict[str, Any], line: int, said: str
) -> None:
    message = refused(yaml.safe_dump(BASE | change, sort_keys=False))
    assert message.startswith(f"r.yaml, line {line}: ")
    assert said in message


ICL = {"objective": "icl_distillation"}
API = {"model": "openai:m", "base_url": "http://127.0.0.1:9/v1"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"teacher": API, "generate": {"generator": "demonstrations", "labels": "exact"}},
            "labels: exact scores whole labels with the teacher's weights, and openai:m answers by",
        ),
        (
            {"generate": "demonstrations", "format": {"text": "arrow"}},
            "the generator demonstrations makes no rationales, and format.text arrow is for these",
        ),
        ({"train": ICL}, "and the generator answers makes none; set generate.generator to demo"),
        ({"train": ICL, "generate": "given"}, "the generator given makes none"),
        (
            {"train": ICL, "generate": {"generator": "demonstrations", "labels": "text"}},
            "and the generator demonstrations with labels: text makes none",
        ),
        (
            {
                "train": ICL | {"options": {"alpha_schedule": "constant"}},
                "generate": "self_instruct",
            },
            "the generator self_instruct makes none",
        ),
        (
            {"train": {"objective": "step_by_step"}, "generate": "demonstrations"},
            "step_by_step learns rationales, and the generator demonstrations makes none",
        ),
    ],
)
def test_labels_that_nobody_makes_are_refused(change: dict[str, Any], said: str) -> None:
    message = refused(yaml.safe_dump(BASE | change, sort_keys=False))
    assert message.startswith("r.yaml, line ")
    assert said in message


def test_labels_that_somebody_makes_are_not() -> None:
    assert recipe(train=ICL, generate="demonstrations")
    only_right = ICL | {"options": {"alpha_end": 1}}
    assert recipe(train=only_right, generate="given")
    assert recipe(teacher=API, generate={"generator": "demonstrations", "labels": "sampled"})
    assert recipe(generate={"generator": "demonstrations", "labels": "exact"})


def test_what_can_be_trained_is_not_refused() -> None:
    assert recipe(train=SOFT, generate={"top_logprobs": 5})
    assert recipe(train={"objective": "step_by_step"}, generate="chain_of_thought")
    assert recipe(train={"objective": "step_by_step"})  # the seeds may have solutions
    answers_only = {"objective": "step_by_step", "options": {"answer_weight": 1}}
    assert recipe(train=answers_only, generate="self_instruct")
    assert recipe(train={"patience": 2}, format={"valid": 1})


def test_one_target_of_lora_may_be_named_without_a_list() -> None:
    lora = recipe(student={"model": "fake:s", "lora": {"targets": "q_proj"}}).need_student().lora
    assert lora is not None
    assert lora.targets == ("q_proj",)
    assert recipe(student={"model": "fake:s", "lora": {}}).need_student().lora.targets == "auto"  # type: ignore[union-attr]
    text = yaml.safe_dump(BASE | {"student": {"model": "fake:s", "lora": {"targets": 3}}})
    assert "student.lora.targets: it is auto, or a list of layers' names, got 3" in refused(text)
