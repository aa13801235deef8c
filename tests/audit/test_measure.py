"""Every number of a small dataset, counted by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from limbeck.audit import verbs
from limbeck.audit.measure import Options, measure
from limbeck.reading.rows import read_dataset
from tests.audit.small import ROWS, write_rows


def report(folder: Path, rows: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    return measure(read_dataset(write_rows(folder / "数据.jsonl", rows)), version="1.2.3", **more)


def test_counts_and_lengths(tmp_path: Path) -> None:
    found = report(tmp_path)
    assert found["counts"] == {
        "rows": 8,
        "instructions": 5,
        "with_input": 4,
        "without_input": 4,
        "instances_per_instruction": 1.6,
    }
    words = found["words"]
    # 5, 6, 9 characters, 1, 1; Lovely! Lovely! Awful! =1+1; 1+1+1+9+9+4+0+8: an emoji is one.
    assert words["instruction"]["mean"] == (5 + 6 + 9 + 1 + 1) / 5
    assert (words["input"]["n"], words["input"]["mean"]) == (4, 1.0)
    assert (words["output"]["n"], words["output"]["max"]) == (8, 9)
    assert words["output"]["mean"] == (1 + 1 + 1 + 9 + 9 + 4 + 0 + 8) / 8


def test_classification_outputs_and_scripts(tmp_path: Path) -> None:
    found = report(tmp_path)
    kinds = found["classification"]
    assert (kinds["yes"], kinds["of"], kinds["share"]) == (1, 5, 0.2)
    assert kinds["basis"].startswith("estimated: ")
    assert found["outputs"] == {
        "empty": 1,
        "truncated": 0,
        "refused": 1,
        "same_as_input": 0,
        "ends_in_colon": 0,
    }
    assert found["scripts"] == [
        {"script": "Latin", "instructions": 7, "outputs": 6},
        {"script": "Chinese", "instructions": 1, "outputs": 1},
        {"script": "none", "instructions": 0, "outputs": 1},
    ]


def test_repetition_and_seeds(tmp_path: Path) -> None:
    found = report(tmp_path, seeds=["Is it good or bad", "Is it  good or bad", "Sing."])
    assert (found["duplicates"]["rows"], found["duplicates"]["share"]) == (1, 1 / 8)
    against = found["contradictions"]
    assert (against["questions"], against["short"], against["rows"]) == (1, 1, 2)
    assert found["near_duplicates"]["instructions"] == 0
    seeds = found["nearest_seed"]
    assert (seeds["seeds"], seeds["same_words"], seeds["above_threshold"]) == (2, 1, 1)
    assert sum(seeds["bins"]) == 5
    assert report(tmp_path)["nearest_seed"] is None


def test_outputs_that_need_no_judge(tmp_path: Path) -> None:
    rows = [
        {"instruction": "I", "input": "same ", "output": "same"},
        {"instruction": "I", "output": "Here it is:"},
        {"instruction": "I", "output": "如下："},
        {"instruction": "I", "output": "cut", "finish_reason": "length"},
        {"instruction": "I", "output": "```python\nx = 1"},
        {"instruction": "I", "output": " \n"},
    ]
    assert report(tmp_path, rows)["outputs"] == {
        "empty": 1,
        "truncated": 2,
        "refused": 0,
        "same_as_input": 1,
        "ends_in_colon": 2,
    }


def test_what_the_rows_say_of_their_kind_goes_before_the_estimate(tmp_path: Path) -> None:
    said = [
        {"instruction": name, "output": "yes", "is_classification": kind}
        for name, kind in (("a", "Yes"), ("b", "No"), ("c", "No"), ("d", "none of both"))
    ]
    found = report(tmp_path, said)["classification"]
    assert (found["yes"], found["of"]) == (1, 3)
    assert found["basis"] == "said by the rows; 1 instructions left out, whose rows do not say"
    half = report(tmp_path, said[2:])["classification"]
    assert half["basis"].startswith("estimated")
    assert (half["yes"], half["of"]) == (2, 2)


def test_instructions_alone_are_not_empty_outputs(tmp_path: Path) -> None:
    found = report(tmp_path, [{"instruction": "Sing."}, {"instruction": "唱歌。"}])
    assert found["outputs"] is None
    assert found["words"]["output"]["mean"] is None
    assert found["classification"]["share"] is None
    assert found["words"]["instruction"]["n"] == 2
    assert [row["outputs"] for row in found["scripts"]] == [0, 0]


def test_the_numbers_do_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    one, two = report(tmp_path, ROWS[:6]), report(tmp_path, ROWS[5::-1])
    for key in ("counts", "words", "classification", "outputs", "scripts", "verb_noun"):
        assert one[key] == two[key]
    assert one["nearest_other"]["bins"] == two["nearest_other"]["bins"]


def test_a_report_is_json_and_names_how_it_was_made(tmp_path: Path) -> None:
    found = report(tmp_path, options=Options(sample=3, seed=7, tokenizer="rouge", threshold=0.5))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["options"] == {"sample": 3, "seed": 7, "tokenizer": "rouge", "threshold": 0.5}
    assert (found["schema"], found["limbeck_version"]) == ("limbeck.audit/1", "1.2.3")
    assert found["name"] == "数据.jsonl"
    assert found["about"] == (
        "JSON lines, read 5 as instruction, input, output; 3 as instruction, output"
    )


def test_verbs_of_the_english_instructions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tag(tokens: list[str]) -> list[tuple[str, str, str]]:
        tags = {"write": "VVB", "a": "AT0", "poem": "NN1"}
        return [(token, token.lower(), tags.get(token.lower(), "PRP")) for token in tokens]

    monkeypatch.setattr(verbs, "english_tagger", lambda: tag)
    found = report(tmp_path)["verb_noun"]
    # "Is it good or bad?", the poem and the script read as English, "Écris." does not.
    assert (found["of"], found["english"], found["analysed"]) == (5, 3, 3)
    assert found["top"] == [
        {"verb": "write", "count": 1, "nouns": [{"noun": "poem", "count": 1}]},
    ]
    chinese = report(tmp_path, ROWS[5:6])["verb_noun"]
    assert chinese["missing"] == "no instruction is in English"


def test_without_the_tagger_everything_else_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "HanTa", None)
    found = report(tmp_path)
    assert 'pip install "limbeck[audit]"' in found["verb_noun"]["missing"]
    assert found["counts"]["rows"] == 8
