"""Items are paired by what was asked, never by their number; what does not compare is refused."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.evals.lm_eval_files.pairing import NoScore, Paired, check_asked_alike, pair, read_task
from limbeck.evals.lm_eval_files.samples import TaskRun, find_run
from tests.evals.lm_eval_made import Row, write_run, written


def task(folder: Path, rows: Sequence[Row], **changes: Any) -> TaskRun:
    return find_run(write_run(folder, {"t": rows}, **changes)).tasks["t"]


def paired(folder: Path, *columns: Sequence[Row], **wanted: str) -> Paired:
    roles = ("base", "student", "teacher")
    runs = {r: task(folder / r, c) for r, c in zip(roles, columns, strict=False)}
    return pair({role: read_task(run) for role, run in runs.items()}, **wanted)


def scores(found: Paired, role: str) -> list[float | None]:
    return [one.scores[found.metric] for one in found.items[role]]


def test_a_mixed_up_doc_id_pairs_nothing_wrongly(tmp_path: Path) -> None:
    # lm-eval 0.4.13 logs samples=[5, 2, 9] as doc_id 5 for document 2 and the reverse.
    base = [written(2, 1.0, doc_id=2), written(5, 0.0, doc_id=5), written(9, 1.0, doc_id=9)]
    student = [written(2, 1.0, doc_id=5), written(5, 0.0, doc_id=2), written(9, 0.0, doc_id=9)]
    found = paired(tmp_path, base, student)
    assert scores(found, "base") == [1.0, 0.0, 1.0]
    assert scores(found, "student") == [1.0, 0.0, 0.0]


@given(st.permutations(range(7)), st.sets(st.integers(0, 6), min_size=1))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_order_and_what_is_missing_change_no_pair(
    tmp_path: Path, order: list[int], kept: set[int]
) -> None:
    base = [written(n, float(n % 2)) for n in range(7)]
    student = [written(n, float(n % 3 == 0)) for n in order if n in kept]
    found = paired(tmp_path, base, student)
    places = sorted(kept)
    assert scores(found, "base") == [float(n % 2) for n in places]
    assert scores(found, "student") == [float(n % 3 == 0) for n in places]
    assert found.left_out == {"base": 7 - len(kept), "student": 0}


def test_equal_docs_are_paired_in_their_order(tmp_path: Path) -> None:
    base = [written(0, 1.0), written(1, 0.0), written(0, 0.0), written(0, 1.0)]
    student = [written(0, 0.0), written(0, 1.0), written(1, 1.0)]
    found = paired(tmp_path, base, student)
    assert scores(found, "base") == [1.0, 0.0, 0.0]
    assert scores(found, "student") == [0.0, 1.0, 1.0]
    assert found.left_out == {"base": 1, "student": 0}


def test_equal_docs_with_other_examples_before_them_are_told_apart(tmp_path: Path) -> None:
    base = [written(0, 1.0, prompt="A"), written(0, 0.0, prompt="B")]
    found = paired(tmp_path, base, list(reversed(base)))
    assert scores(found, "base") == scores(found, "student")
    assert found.prompts_differ == 0


def both_filters(place: int, strict: float, flexible: float) -> list[Row]:
    return [
        written(place, strict, filter="strict-match"),
        written(place, flexible, filter="flexible-extract"),
    ]


def test_one_filter_is_chosen_before_pairing(tmp_path: Path) -> None:
    rows = [both_filters(n, 0.0, float(n < 2)) for n in range(4)]
    columns = [[row for filters in zip(*rows, strict=True) for row in filters] for _ in range(2)]
    found = paired(tmp_path / "a", *columns)
    assert (found.filter, len(found.items["base"])) == ("strict-match", 4)
    assert scores(found, "base") == [0.0] * 4
    found = paired(tmp_path / "b", *columns, filter_="flexible-extract")
    assert scores(found, "student") == [1.0, 1.0, 0.0, 0.0]
    assert found.left_out == {"base": 0, "student": 0}


def test_acc_is_taken_before_acc_norm_unless_the_other_is_named(tmp_path: Path) -> None:
    rows = [
        written(n, 1.0, metric="acc", metrics=["acc", "acc_norm"], acc_norm=float(n == 0))
        for n in range(3)
    ]
    assert paired(tmp_path / "a", rows, rows).metric == "acc"
    found = paired(tmp_path / "b", rows, rows, metric="acc_norm")
    assert scores(found, "base") == [1.0, 0.0, 0.0]


def test_a_log_likelihood_under_the_name_of_perplexity_is_no_score(tmp_path: Path) -> None:
    # lambada: each item's "perplexity" is its log-likelihood, the total exp of minus their mean.
    rows = [
        written(n, -2.0 - n, metric="perplexity", metrics=["perplexity", "acc"], acc=float(n))
        for n in range(2)
    ]
    told = {"t": {"perplexity,none": 12.18, "acc,none": 0.5}}
    run = task(tmp_path, rows, results=told)
    roles = {role: read_task(run) for role in ("base", "student")}
    assert pair(roles).metric == "acc"
    with pytest.raises(UserError, match=r"by perplexity: it is 12\.18 in the results and -2\.5 as"):
        pair(roles, metric="perplexity")


def test_a_metric_of_pairs_is_no_score(tmp_path: Path) -> None:
    rows = [written(n, [-203.2, 8], metric="word_perplexity") for n in range(2)]
    with pytest.raises(NoScore, match=r"t has no metric .*word_perplexity is no number for each"):
        paired(tmp_path, rows, rows)


def test_a_file_that_lost_rows_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    rows = [written(n, float(n == 0)) for n in range(4)]
    run = task(tmp_path, rows)
    lines = run.path.read_bytes().splitlines(keepends=True)
    run.path.write_bytes(b"".join(lines[:2]))
    with pytest.raises(NoScore, match=r"exact_match is 0\.25 .* 0\.5 .*the file is not whole"):
        pair({"base": read_task(run), "student": read_task(run)})


def test_nan_is_no_score_and_the_item_stays(tmp_path: Path) -> None:
    rows = [written(0, float("nan")), written(1, 1.0)]
    found = paired(tmp_path, rows, rows)
    assert scores(found, "base") == [None, 1.0]
    none = [written(0, float("nan"))]
    with pytest.raises(NoScore, match="has no number for any item"):
        paired(tmp_path / "none", none, none)


def test_other_prompts_under_one_template_are_refused(tmp_path: Path) -> None:
    base = [written(n) for n in range(4)]
    student = [*base[:3], written(3, prompt="Answer: " + base[3]["doc"]["question"])]
    with pytest.raises(UserError, match="different prompts for 1 of 4 items of t"):
        paired(tmp_path, base, student)


def test_other_prompts_under_another_template_are_counted(tmp_path: Path) -> None:
    base = [written(n) for n in range(4)]
    student = [written(n, prompt=f"<|user|>{n}") for n in range(4)]
    runs = {
        "base": task(tmp_path / "base", base),
        "student": task(tmp_path / "student", student, chat_template="{{ messages }}"),
    }
    check_asked_alike(runs)
    assert pair({role: read_task(run) for role, run in runs.items()}).prompts_differ == 4


def test_other_targets_are_refused(tmp_path: Path) -> None:
    base = [written(n) for n in range(4)]
    with pytest.raises(UserError, match="different targets for 2 of 4 items of t"):
        paired(tmp_path, base, [*base[:2], written(2, target=0), written(3, target=0)])


def test_no_item_in_common_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no item of t in common"):
        paired(tmp_path, [written(0)], [written(1)])


def test_no_filter_in_common_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="share no filter of t"):
        paired(tmp_path, [written(0)], [written(0, filter="strict")])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"n-shot": {"t": 5}}, "the number of examples in the prompt (base 0, student 5)"),
        ({"versions": {"t": 2.0}}, "the task's version (base 1.0, student 2.0)"),
        ({"lm_eval_version": "0.4.10"}, "the version of lm-eval (base 0.4.13, student 0.4.10)"),
        ({"system_instruction": "Be brief."}, "the system prompt (base , student Be brief.)"),
        (
            {"config_": {"generation_kwargs": {"max_gen_toks": 8}}},
            'the generation settings (base null, student {"max_gen_toks": 8})',
        ),
        ({"config_": {"doc_to_text": "Q: {{q}}"}}, "the prompt's template (base null"),
    ],
)
def test_models_that_were_asked_in_different_ways_are_refused(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    config = changes.pop("config_", None)
    runs = {
        "base": task(tmp_path / "base", [written(0)]),
        "student": task(tmp_path / "student", [written(0)], config=config, **changes),
    }
    with pytest.raises(UserError, match=re.escape(told)) as caught:
        check_asked_alike(runs)
    assert "not asked alike on t" in str(caught.value)


def test_another_draw_of_examples_is_refused(tmp_path: Path) -> None:
    shots: dict[str, Any] = {"n-shot": {"t": 5}}
    runs = {role: task(tmp_path / role, [written(0)], **shots) for role in ("base", "student")}
    check_asked_alike(runs)
    path = next((tmp_path / "student").rglob("results_*.json"))
    path.write_text(path.read_text().replace('"limit": null', '"fewshot_seed": 7'))
    runs["student"] = find_run(tmp_path / "student").tasks["t"]
    with pytest.raises(UserError, match=r"the seed of the examples \(base None, student 7\)"):
        check_asked_alike(runs)


def test_a_functions_address_is_no_difference(tmp_path: Path) -> None:
    runs = {
        role: task(
            tmp_path / role, [written(0)], config={"doc_to_text": f"<function f at {place}>"}
        )
        for role, place in (("base", "0x7f01"), ("student", "0x7f02"))
    }
    check_asked_alike(runs)


def test_rows_in_any_order_of_several_processes_pair_alike(tmp_path: Path) -> None:
    rows = [written(n, float(n % 2)) for n in range(9)]
    mixed = rows[::2] + rows[1::2]
    random.Random(0).shuffle(mixed)
    found = paired(tmp_path, rows, mixed)
    assert scores(found, "base") == scores(found, "student")
