"""Labels scored against each other: what is scored, and the loss as its equation says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch

from limbeck.errors import UserError
from limbeck.record import Provenance, Record, user
from limbeck.registry import OptionError, build
from limbeck.trainers import attention, head
from limbeck.trainers.batch import collate, lined_up
from limbeck.trainers.example import Example
from limbeck.trainers.labels import Labels
from limbeck.trainers.objectives.icl_distillation import IclDistillation
from tests.tiny import END, START, make_model
from tests.trainers.objectives.labelled import EOS, PAD, RECORDS, TOKENIZER, record, rows, terms_of


def example_of(one: Record, **options: Any) -> Example:
    (example,) = IclDistillation(**options).examples(TOKENIZER, one, EOS)
    return example


def texts(example: Example) -> list[tuple[str, str]]:
    """(given, learned) of every sequence."""
    found = []
    for one in example.sequences:
        pairs = list(zip(one.ids, one.loss, strict=True))
        parts = [[token for token, loss in pairs if loss is wanted] for wanted in (False, True)]
        found.append((TOKENIZER.decode(parts[0]), TOKENIZER.decode(parts[1])))
    return found


def asked(*turns: str) -> str:
    roles = ("user", "assistant") * 3
    text = "".join(
        f"{START}{role}\n{turn}{END}\n" for role, turn in zip(roles, turns, strict=False)
    )
    return f"{text}{START}assistant\n"


def test_every_label_is_a_whole_answer_to_one_prompt() -> None:
    prompt = asked("Rome?", "Italy", "东京?")
    assert texts(example_of(RECORDS[1])) == [
        (prompt, f"日本{END}"), (prompt, f"中国{END}"), (prompt, f"a long name of 東京 🗾{END}")
    ]  # fmt: skip
    assert example_of(RECORDS[5]).labels == Labels(2, None, (0.75, 0.25))


def test_with_beta_what_the_teacher_wrote_is_learned_too() -> None:
    other = example_of(RECORDS[1], beta=0.5)
    assert texts(other)[3] == (asked("Rome?", "Italy", "东京?"), f"日本の首都{END}")
    assert other.labels is not None
    assert (other.labels.count, other.labels.written) == (3, 3)
    label = example_of(RECORDS[3], beta=0.5)
    assert len(label.lengths) == 4  # it is a label, and is not computed twice
    assert label.labels == Labels(4, 0, None, 1)
    silent = example_of(RECORDS[4], beta=0.5)
    assert silent.labels == Labels(2, 0, (0.0, 1.0), None)


def test_a_student_without_demos_is_asked_the_query_alone() -> None:
    found = texts(example_of(RECORDS[2], beta=1.0, student_prompt="query"))
    assert [given for given, _ in found] == [asked("Wien?")] * 3
    assert [learned for _, learned in found] == [
        f"Österreich{END}", f"Italy{END}", f"The answer is Österreich.{END}"
    ]  # fmt: skip


def test_labels_continue_a_raw_text_after_a_space() -> None:
    raw = replace(RECORDS[0], messages=(user("Rome: Italy\nParis:"),))
    raw = replace(raw, provenance=Provenance("t", template="raw"))
    assert texts(example_of(raw)) == [
        ("Rome: Italy\nParis:", f" France{END}"), ("Rome: Italy\nParis:", f" Italy{END}")
    ]  # fmt: skip


def test_probabilities_are_taken_by_label_and_sum_to_1() -> None:
    named = {"b": 1.0, "c": 5.0, "a": 2.0}
    one = record("q", ["a", "b", "c"], label_distribution={"probabilities": named, "n": 8})
    labels = example_of(one).labels
    assert labels is not None
    assert labels.probs == (0.25, 0.125, 0.625)
    beside = {"labels": ["b", "c", "a"], "probabilities": [1, 5, 2], "n": 8}
    assert (
        example_of(replace(one, meta={**one.meta, "label_distribution": beside})).labels == labels
    )
    hard = {**beside, "hard_because": "too little of what was said is a label"}
    found = example_of(replace(one, meta={**one.meta, "label_distribution": hard})).labels
    assert found == Labels(3, None, (0.0, 0.0, 1.0))


COUNTED = {
    "labels": ["c", "a", "b"], "probabilities": [0.5, 0.3, 0.2], "frequencies": [0.6, 0.4, 0.0],
    "lower": [0.1] * 3, "upper": [0.9] * 3, "method": "sampled", "n": 6, "observed_mass": 5 / 6,
    "invalid_rate": 1 / 6,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "min_mass", "expected"),
    [
        ({}, 0.8, (0.4, 0.0, 0.6)),  # unbiased frequencies where there are some
        ({"frequencies": None}, 0.8, (0.3, 0.2, 0.5)),
        ({}, 0.9, (0.0, 0.0, 1.0)),  # too little of what was said is a label
        ({"hard_because": "asked at temperature 0"}, 0.0, (0.0, 0.0, 1.0)),
        ({"observed_mass": 0.0}, 0.8, None),  # nothing of it is
    ],
)
def test_of_a_measured_distribution_is_learned_what_it_is_good_for(
    change: dict[str, Any], min_mass: float, expected: tuple[float, ...] | None
) -> None:
    row = {key: value for key, value in (COUNTED | change).items() if value is not None}
    one = record("q", ["a", "b", "c"], "b", label_distribution=row)
    labels = example_of(one, min_mass=min_mass).labels
    assert labels is not None
    assert labels.probs == (None if expected is None else pytest.approx(expected))
    if not change:
        assert IclDistillation().min_mass == 0.9


def test_what_a_score_is_divided_by() -> None:
    one = record("q", ["日本", "Österreich 🦊"], "日本")
    labels = {score: example_of(one, label_score=score).labels for score in ("sum", "mean", "byte")}
    sizes = tuple(sum(part.loss) for part in example_of(one).sequences)
    assert sizes[0] != sizes[1]
    found = {score: made and made.lengths for score, made in labels.items()}
    assert found == {"sum": None, "mean": sizes, "byte": (6, 16)}


OPTIONS: list[dict[str, Any]] = [
    {},
    {"beta": 0.5},
    {"temperature": 2.0, "divergence": "kl"},
    {"label_score": "mean", "beta": 1.0},
    {"label_score": "byte", "divergence": "kl"},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("packs", [True, False])
def test_the_terms_are_their_equations(options: dict[str, Any], packs: bool) -> None:
    model = make_model(TOKENIZER)
    objective = IclDistillation(**options)
    known = {"beta": 0.0} | {
        {"label_score": "score"}.get(name, name): value for name, value in options.items()
    }
    with torch.no_grad():
        expected = [float(term) for term in terms_of(model, RECORDS, **known)]
    examples = [row[0] for row in rows(objective)]
    batch = lined_up(examples) if packs else collate(examples, PAD)
    with torch.no_grad(), attention.own(model):
        sums = objective.loss(model, batch).tolist()
    divisors = [sum(term) for term in zip(*map(objective.counts, examples), strict=True)]
    assert divisors[:2] == [4, 5]
    found = [total / max(1, number) for total, number in zip(sums, divisors, strict=True)]
    assert found == pytest.approx(expected, rel=1e-4)
    assert (found[3] > 0) == ("beta" in options)


@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_chunks_of_logits_change_neither_loss_nor_gradient(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(TOKENIZER).train()
    objective = IclDistillation(beta=0.5)
    examples = [row[0] for row in rows(objective)]

    def result(batch: Any) -> tuple[list[float], dict[str, torch.Tensor]]:
        model.zero_grad(set_to_none=True)
        with attention.own(model):
            loss = objective.loss(model, batch)
        loss.sum().backward()  # type: ignore[no-untyped-call]
        return loss.tolist(), {name: w.grad.clone() for name, w in model.named_parameters()}

    expected, gradients = result(collate(examples, PAD))
    monkeypatch.setattr(head, "CHUNK", chunk * model.config.vocab_size)
    for batch in (lined_up(examples), collate(examples[::-1], PAD)):
        found, theirs = result(batch)
        assert found == pytest.approx(expected, rel=1e-4)
        for name, gradient in gradients.items():
            assert torch.allclose(theirs[name], gradient, atol=1e-3, rtol=1e-3), name


def test_a_row_without_anything_to_learn_takes_part_and_changes_nothing() -> None:
    """What another process of a step has to do where there are too few rows."""
    model = make_model(TOKENIZER)
    objective = IclDistillation(beta=0.5)
    silent = [row[0].silent for row in rows(objective)]
    assert [objective.counts(one) for one in silent] == [(0, 0, 0, 0)] * len(silent)
    loss = objective.loss(model, collate(silent, PAD))
    loss.sum().backward()  # type: ignore[no-untyped-call]
    assert loss.tolist() == [0, 0, 0, 0]
    assert all(w.grad is not None and not w.grad.any() for w in model.parameters())


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (record("q", ["a"], "a"), r"less than two labels in meta\.options"),
        (Record((user("q"),), "a", Provenance("t"), "a"), r"less than two labels"),
        (record("q", ["a", " "], "a"), "a label that is empty"),
        (record("q", ["a", "b", "a "], "a"), "the label 'a' twice"),
        (record("q", ["a", "b"], "c"), "the target 'c', which is none of 'a', 'b'"),
        (record("q", ["a", "b"]), r"neither a target nor a meta\.label_distribution"),
        (record("q", ["a", "b"], " "), "neither a target"),
        (record("q", ["a", "b"], "a", [0, 0]), r"probabilities of its labels that are none: \["),
        (record("q", ["a", "b"], "a", [-0.5, 1.5]), r"that are none: \[-0\.5, 1\.5\]"),
        (record("q", ["a", "b"], "a", label_distribution={"n": 3}), "without probabilities"),
        (record("q", ["a", "b"], "a", label_distribution=[0.5, 0.5]), "without probabilities"),
        (
            record(
                "q", ["a", "b"], label_distribution={"labels": ["a", "b"], "probabilities": [1.0]}
            ),
            "without probabilities",
        ),
        (
            record("q", ["a", "b"], "a", label_distribution={"probabilities": {"a": 1.0}}),
            "probabilities of 'a', and the labels are 'a', 'b'",
        ),
        (
            record("q", ["a", "b"], label_distribution={"probabilities": {"a": 1.0, "b": "x"}}),
            "that are none",
        ),
        (
            record("q", ["c", "a", "b"], label_distribution={**COUNTED, "upper": [0.4] * 3}),
            "label_distribution that is none .*outside its bounds",
        ),
        (
            record("q", ["c", "a", "b"], label_distribution={**COUNTED, "observed_mass": 0}),
            "neither a target",
        ),
    ],
)
def test_a_record_that_does_not_fit_is_told(odd: Record, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        example_of(odd)
    assert odd.id in str(caught.value)
    assert "set train.objective to icl_tuning" in str(caught.value)


def test_rows_are_counted_and_what_no_row_has_is_told() -> None:
    assert IclDistillation().check(rows(IclDistillation())) == {"hard_rows": 4, "soft_rows": 5}
    hard = rows(IclDistillation(), [RECORDS[3]])
    soft = rows(IclDistillation(), [RECORDS[2], RECORDS[5]])
    with pytest.raises(UserError, match=r"no row has one \(meta\.label_distribution\)"):
        IclDistillation().check(hard)
    with pytest.raises(UserError, match=r"alpha_start is 1 and alpha_end 0.*no row has a target"):
        IclDistillation().check(soft)
    with pytest.raises(UserError, match="no row has a target"):
        IclDistillation(0.1, 0.0, "constant").check(soft)
    only_soft = IclDistillation(alpha_start=0.0)
    assert only_soft.check(soft) == {"hard_rows": 0, "soft_rows": 2}
    only_hard = IclDistillation(alpha_schedule="constant")
    assert only_hard.check(hard) == {"hard_rows": 1, "soft_rows": 0}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("alpha_start", 1.5), ("alpha_end", -0.1), ("alpha_schedule", "exp"), ("beta", -1),
        ("temperature", 0), ("divergence", "js"), ("label_score", "token"),
        ("student_prompt", "none"), ("min_mass", 1.5),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(option: str, value: Any) -> None:
    with pytest.raises(OptionError, match=option):
        build("objectives", "icl_distillation", {option: value})


def test_options_are_checked_where_there_is_no_torch() -> None:
    code = (
        "import sys; from limbeck.registry import build\n"
        "made = build('objectives', 'icl_distillation', {'alpha_end': 0.25, 'beta': 2})\n"
        "assert made.weights == (0.25, 0.75, 0.5, 1.5)\n"
        "assert build('objectives', 'icl_tuning', {'direction': 'channel'})\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
