"""Every number of a small dataset, counted by hand."""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from limbeck.audit import measure as module
from limbeck.audit import verbs
from limbeck.audit.findings.finding import BOUNDS, LEVELS, TITLES
from limbeck.audit.measure import Options, measure
from limbeck.errors import DataError, MissingExtra, UserError
from limbeck.reading.source import open_source
from tests.audit.small import ROWS, Listed, source, write_rows


def report(rows: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    return measure(source(rows), version="1.2.3", **more)


def test_counts_and_lengths() -> None:
    found = report()
    assert found["counts"] == {
        "rows": 8,
        "instructions": 5,
        "with_input": 4,
        "without_input": 4,
        "instances_per_instruction": 1.6,
        "tokens": {"asked": 73, "answered": 49},
    }
    words = found["words"]
    # 5, 6, 9 characters, 1, 1; Lovely! Lovely! Awful! =1+1; 1+1+1+9+9+4+0+8: an emoji is one.
    assert words["instruction"]["mean"] == (5 + 6 + 9 + 1 + 1) / 5
    assert (words["input"]["n"], words["input"]["mean"]) == (4, 1.0)
    assert (words["output"]["n"], words["output"]["max"]) == (8, 9)
    assert words["output"]["mean"] == (1 + 1 + 1 + 9 + 9 + 4 + 0 + 8) / 8


def test_classification_outputs_and_scripts() -> None:
    found = report()
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


def test_repetition_and_seeds() -> None:
    found = report(seeds=["Is it good or bad", "Is it  good or bad", "Sing."])
    assert (found["duplicates"]["rows"], found["duplicates"]["share"]) == (1, 1 / 8)
    against = found["contradictions"]
    assert (against["questions"], against["short"], against["rows"]) == (1, 1, 2)
    assert found["near_duplicates"]["instructions"] == 0
    seeds = found["nearest_seed"]
    assert (seeds["seeds"], seeds["same_words"], seeds["above_threshold"]) == (2, 1, 1)
    assert sum(seeds["bins"]) == 5
    assert report()["nearest_seed"] is None


def test_outputs_that_need_no_judge() -> None:
    rows = [
        {"instruction": "I", "input": "same ", "output": "same"},
        {"instruction": "I", "output": "Here it is:"},
        {"instruction": "I", "output": "如下："},
        {"instruction": "I", "output": "cut", "finish_reason": "length"},
        {"instruction": "I", "output": "```python\nx = 1"},
        {"instruction": "I", "output": " \n"},
    ]
    assert report(rows)["outputs"] == {
        "empty": 1,
        "truncated": 2,
        "refused": 0,
        "same_as_input": 1,
        "ends_in_colon": 2,
    }


def test_what_the_rows_say_of_their_kind_goes_before_the_estimate() -> None:
    said = [
        {"instruction": name, "output": "yes", "is_classification": kind}
        for name, kind in (("a", "Yes"), ("b", "No"), ("c", "No"), ("d", "none of both"))
    ]
    found = report(said)["classification"]
    assert (found["yes"], found["of"]) == (1, 3)
    assert found["basis"] == "said by the rows; 1 instructions left out, whose rows do not say"
    half = report(said[2:])["classification"]
    assert half["basis"].startswith("estimated")
    assert (half["yes"], half["of"]) == (2, 2)


def test_instructions_alone_are_not_empty_outputs() -> None:
    found = report([{"instruction": "Sing."}, {"instruction": "唱歌。"}])
    assert found["outputs"] is None
    assert found["words"]["output"]["mean"] is None
    assert found["classification"]["share"] is None
    assert found["words"]["instruction"]["n"] == 2
    assert [row["outputs"] for row in found["scripts"]] == [0, 0]


def test_the_numbers_do_not_depend_on_the_order_of_the_rows() -> None:
    one, two = report(ROWS[:6]), report(ROWS[5::-1])
    for key in ("counts", "words", "classification", "outputs", "scripts", "verb_noun"):
        assert one[key] == two[key]
    assert one["nearest_other"]["bins"] == two["nearest_other"]["bins"]


def test_a_report_is_json_and_names_how_it_was_made() -> None:
    found = report(options=Options(sample=3, seed=7, tokenizer="rouge", threshold=0.5))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["options"] == {"sample": 3, "seed": 7, "tokenizer": "rouge", "threshold": 0.5}
    assert (found["schema"], found["limbeck_version"]) == ("limbeck.audit/2", "1.2.3")
    assert found["name"] == "数据.jsonl"
    assert found["about"] == "JSON lines, read as instruction, output"


def test_verbs_of_the_english_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    def tag(tokens: list[str]) -> list[tuple[str, str, str]]:
        tags = {"write": "VVB", "a": "AT0", "poem": "NN1"}
        return [(token, token.lower(), tags.get(token.lower(), "PRP")) for token in tokens]

    monkeypatch.setattr(verbs, "english_tagger", lambda: tag)
    found = report()["verb_noun"]
    # "Is it good or bad?", the poem and the script read as English, "Écris." does not.
    assert (found["of"], found["english"], found["analysed"]) == (5, 3, 3)
    assert found["top"] == [
        {"verb": "write", "count": 1, "nouns": [{"noun": "poem", "count": 1}]},
    ]
    chinese = report(ROWS[5:6])["verb_noun"]
    assert chinese["missing"] == "no instruction is in English"


def test_without_the_tagger_everything_else_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "HanTa", None)
    found = report()
    assert '[audit]"' in found["verb_noun"]["missing"]
    assert found["counts"]["rows"] == 8


def test_a_file_is_measured_as_it_is_read(tmp_path: Path) -> None:
    found = measure(open_source(write_rows(tmp_path / "数据.jsonl")), version="1.2.3")
    here = report()
    assert found["columns"] == {"instruction": "instruction", "input": "input", "output": "output"}
    for key in ("findings", "counts", "words", "outputs", "name"):
        assert found[key] == here[key]


def test_every_finding_is_there_in_order_with_its_interval() -> None:
    found = report()["findings"]
    assert [one["key"] for one in found] == list(TITLES) == list(BOUNDS)
    for one in found:
        assert one["level"] in LEVELS
        assert one["says"].endswith(".")
        if one["level"] == "unknown":
            assert one["why"] in one["says"]
            assert one["count"] is one["share"] is one["low"] is None
        else:
            assert one["share"] == one["count"] / one["of"]
            assert one["low"] <= one["share"] <= one["high"]
        assert len(one["examples"]) <= 10
    levels = report()["levels"]
    assert sum(levels.values()) == len(TITLES)


def test_more_processes_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 64)
    rows = [row | {"output": f"{row['output']} {n % 40}", "target": "1"} for n, row in many(ROWS)]
    one, two = (report(rows, options=Options(workers=count)) for count in (1, 2))
    assert one == two
    assert one["counts"]["rows"] == 400


def test_a_missing_extra_comes_out_of_a_worker_as_it_is() -> None:
    found = pickle.loads(pickle.dumps(MissingExtra("py3langid", "filters")))
    assert str(found) == str(MissingExtra("py3langid", "filters"))


def many(rows: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(rows * 50))


def test_examples_name_the_place_in_the_source_past_rows_that_are_left_out() -> None:
    listed = source([*ROWS[:4], *ROWS[3:5]])
    listed.listed = listed.listed[3:]
    found = {one["key"]: one for one in measure(listed, version="1")["findings"]}
    assert found["duplicates"]["examples"][0]["places"] == [4, 5]


def test_a_source_without_a_row_is_told_with_its_first_reason() -> None:
    empty = Listed([], reasons=["line 1: no JSON"])
    with pytest.raises(DataError, match=r"no row that can be audited; the first reason: line 1"):
        measure(empty, version="1")


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    with pytest.raises(UserError, match="TMPDIR"):
        report()


def test_hostile_text_is_counted_and_shown_as_it_is_but_never_whole() -> None:
    rows = [
        {"instruction": "\x1b[31mred\x1b[0m \x00", "output": "<script>alert(1)</script>"},
        {"instruction": "=HYPERLINK(1)", "output": "字" * 300_000, "target": "字"},
        {"instruction": "\u202egnirts", "output": "```json\n" + "[" * 50_000},
        {"instruction": "a" * 300_000, "output": "🌊" * 10, "target": "{" * 5000},
    ]
    found = report(rows)
    text = json.dumps(found, allow_nan=False)
    assert len(text) < 200_000
    assert found["counts"]["rows"] == 4
    keys = {one["key"]: one for one in found["findings"]}
    assert keys["truncated"]["count"] == 1  # the fence is left open
    assert keys["lengths"]["examples"][0]["texts"][-1][1].endswith("… [298,000 more characters]")
