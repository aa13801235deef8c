"""What a sample says: the answer that its metric judged, how it ended, what was asked."""

from __future__ import annotations

from typing import Any

import pytest

from limbeck.evals.lm_eval_files.answers import answer_of, question_of, sample_of, status_of
from tests.evals.lm_eval_made import chosen, written

CHOICE = {"output_type": "multiple_choice"}
WRITING = {"output_type": "generate_until"}
LONG = "the Adriatic Sea"  # 16 characters


def test_the_answer_is_the_option_that_the_metric_prefers() -> None:
    # -9 / 4 = -2.25 a character against -16.5 / 16 = -1.03: acc_norm prefers the long one.
    sample = sample_of(chosen([-9.0, -16.5], ["Rome", LONG]), CHOICE, None)
    assert answer_of(sample, "acc") == "Rome"
    assert answer_of(sample, "acc_norm") == LONG
    assert answer_of(sample, "f1") is None
    assert sample.target == "Rome"
    # 東京 has 2 characters and 6 bytes: -6/2 = -3 against -8/3 = -2.67; -6/6 = -1 beats it.
    sample = sample_of(chosen([-6.0, -8.0], ["東京", "Ulm"]), CHOICE, None)
    assert [answer_of(sample, m) for m in ("acc_norm", "acc_bytes")] == ["Ulm", "東京"]


def test_of_equal_options_the_first_was_taken() -> None:
    assert answer_of(sample_of(chosen([-2.0, -2.0], ["b", "a"]), CHOICE, None), "acc") == "b"


def test_options_without_context_are_not_options() -> None:
    row = chosen([-5.0, -4.0, -1.0, -2.0], ["x", "y", "x", "y"])
    for place in (2, 3):
        row["arguments"][f"gen_args_{place}"]["arg_0"] = ""
    sample = sample_of(row, CHOICE, None)
    assert sample.options == ("x", "y")
    assert answer_of(sample, "acc") == "y"


def test_compared_contexts_are_numbered() -> None:
    row = chosen([-5.0, -4.0], ["end", "end"])
    row["arguments"]["gen_args_1"]["arg_0"] = "Another?"
    assert answer_of(sample_of(row, CHOICE, None), "acc") == "context 2"


def test_likelihoods_that_are_no_numbers_give_no_answer() -> None:
    assert (
        answer_of(sample_of(chosen([float("nan"), -1.0], ["a", "b"]), CHOICE, None), "acc") is None
    )


@pytest.mark.parametrize(
    ("filtered", "more", "reading"),
    [
        (["42"], {}, "42"),
        ([" 42\n"], {}, "42"),
        (["[invalid]"], {}, None),
        ([""], {}, None),
        (["none found"], {"filter_list": [{"filter": [{"fallback": "none found"}]}]}, None),
        ([["a", "b"]], {}, None),  # two of a repeated question, and none was chosen
        ([["a"]], {}, "a"),
    ],
)
def test_what_the_filter_left(filtered: Any, more: dict[str, Any], reading: str | None) -> None:
    sample = sample_of(written(0, 0.0, "So 42.", filtered_resps=filtered), WRITING | more, None)
    assert sample.output == "So 42."
    assert answer_of(sample, "exact_match") == reading
    expected = "unparseable" if reading is None else "wrong"
    assert status_of(sample, 0.0, binary=True) == expected


def test_how_an_item_ended() -> None:
    sample = sample_of(written(0), WRITING, None)
    assert status_of(sample, None, binary=True) == "failed"
    assert status_of(sample, 1.0, binary=True) == "right"
    assert status_of(sample, 0.4, binary=False) == "scored"
    choice = sample_of(chosen([-1.0], ["a"]), CHOICE, None)
    assert status_of(choice, 0.0, binary=True) == "wrong"


@pytest.mark.parametrize(
    ("doc", "template", "question"),
    [
        ({"stem": "Why?", "question": "no"}, "stem", "Why?"),
        ({"a": "One.", "b": "Two?", "n": 3}, "{{a}} and {{- b }} {{n}}", "One.\nTwo?"),
        ({"query": "ما هي؟"}, "<function at 0x7f>", "ما هي؟"),
        ({"k": 3}, "{{k}}", "the whole prompt"),
        ("a text as doc", None, "a text as doc"),
    ],
)
def test_the_question_is_the_docs_own(doc: Any, template: str | None, question: str) -> None:
    row = written(0, doc={"question": "x"}, prompt="the whole prompt") | {"doc": doc}
    assert question_of(row, {"doc_to_text": template}) == question


def test_an_id_and_a_cluster_come_from_the_doc() -> None:
    row = written(0, doc={"question": "x", "id": 0, "subject": 7})
    sample = sample_of(row, WRITING, "subject")
    assert (sample.id, sample.cluster) == ("0", "7")
    assert sample_of(row, WRITING, "passage").cluster == ""
    assert sample_of(written(0), WRITING, None).id == written(0)["doc_hash"][:16]
