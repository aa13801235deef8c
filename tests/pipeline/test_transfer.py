"""The report from what lm-eval itself writes for three tiny models, against sums made by hand."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from limbeck.errors import UserError
from limbeck.pipeline.transfer import transfer, write
from limbeck.store import read_json, write_jsonl
from tests.evals.lm_eval_made import write_run, written
from tests.tiny import save_tiny

ROLES = ("base", "student", "teacher")
ITEMS = 40
TASK = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
doc_to_text: question
metadata: {{version: 2.0}}
"""
CHOICE = """\
output_type: multiple_choice
doc_to_choice: options
doc_to_target: gold
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
"""
WRITING = """\
output_type: generate_until
doc_to_target: vowel
generation_kwargs: {until: ["\\n"], max_gen_toks: 8, do_sample: false}
filter_list:
  - name: strict
    filter: [{function: regex, regex_pattern: "is ([0-9]+)!"}, {function: take_first}]
  - name: flexible
    filter: [{function: regex, regex_pattern: "([aeiou])"}, {function: take_first}]
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
"""
PERPLEXITY = "output_type: loglikelihood_rolling\ndoc_to_target: question\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What lm-eval wrote for three models on three tasks, with --log_samples."""
    folder = tmp_path_factory.mktemp("lm_eval")
    rows = [
        {
            "question": f"Which one follows {n % 7}?\u2028Ça, 东京, or {n // 2}?",
            "options": ["Paris", "the Adriatic Sea", "Rome"],
            "gold": n % 3,
            "vowel": "aeiou"[n % 5],
            "topic": f"t{n // 5}",
        }
        for n in range(ITEMS - 1)
    ]
    write_jsonl(folder / "d.jsonl", [*rows, rows[0]])  # one question stands there twice
    for name, text in (("mc", CHOICE), ("writing", WRITING), ("ppl", PERPLEXITY)):
        text = TASK.format(name=name, data=folder / "d.jsonl") + text
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    for seed, role in enumerate(ROLES):
        save_tiny(folder / "models" / role, seed=seed)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
        _run(folder, patch)
    return {role: folder / "out" / role for role in ROLES}


def _run(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """As `lm_eval run` does, but in one process."""
    import lm_eval
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    # Seconds of asking the machine for its drivers.
    patch.setattr("torch.utils.collect_env.get_pretty_env_info", lambda: "")
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    for role in ROLES:
        tracker = EvaluationTracker(output_path=str(folder / "out" / role))
        results = lm_eval.simple_evaluate(
            model="hf",
            model_args={"pretrained": str(folder / "models" / role), "dtype": "float32"},
            tasks=["mc", "writing"] + ["ppl"] * (role == "base"),
            task_manager=manager,
            evaluation_tracker=tracker,
            log_samples=True,
            device="cpu",
            batch_size=16,
            bootstrap_iters=0,
        )
        samples = results.pop("samples")
        tracker.save_results_aggregated(results=results, samples=samples)
        for task, rows in samples.items():
            tracker.save_results_samples(task_name=task, samples=rows)


def golden(
    runs: Mapping[str, Path], task: str, metric: str, filter_: str
) -> dict[str, list[float]]:
    """Every role's scores, read with json alone, in the order of doc_id, which is right here."""
    found = {}
    for role, folder in runs.items():
        text = next(folder.rglob(f"samples_{task}_*.jsonl")).read_bytes().decode()
        rows = [json.loads(line) for line in text.split("\n") if line]
        kept = [row for row in rows if row["filter"] == filter_]
        found[role] = [row[metric] for row in sorted(kept, key=lambda row: int(row["doc_id"]))]
    return found


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def mcnemar(one: Sequence[float], two: Sequence[float]) -> float:
    won = sum(b > a for a, b in zip(one, two, strict=True))
    lost = sum(b < a for a, b in zip(one, two, strict=True))
    total = won + lost
    tail = sum(math.comb(total, k) for k in range(min(won, lost) + 1))
    return min(1.0, 2.0 * tail / (1 << total))


@pytest.mark.parametrize(
    ("task", "metric", "filter_"),
    [("mc", "acc", "none"), ("mc", "acc_norm", "none"), ("writing", "exact_match", "flexible")],
)
def test_the_gap_is_that_of_the_samples(
    runs: dict[str, Path], task: str, metric: str, filter_: str
) -> None:
    wanted = filter_ if task == "writing" else None
    report = transfer(runs, metric=metric, filter_=wanted)
    row = next(row for row in report["tasks"] if row["task"] == task)
    scores = golden(runs, task, metric, filter_)
    base, student, teacher = (mean(scores[role]) for role in ROLES)
    assert len({base, student, teacher}) > 1  # else every wrong pairing would pass
    assert row["n"] == ITEMS
    assert row["metric"] == metric
    assert [row[role]["value"] for role in ROLES] == pytest.approx([base, student, teacher])
    assert row["student_minus_base"]["value"] == pytest.approx(student - base)
    assert row["student_minus_base"]["p_value"] == pytest.approx(
        mcnemar(scores["base"], scores["student"])
    )
    if teacher != base:
        assert row["gap_closed"]["value"] == pytest.approx((student - base) / (teacher - base))
    assert row["unit"] == "share"


def test_chance_and_about_say_what_was_asked(runs: dict[str, Path]) -> None:
    rows = {row["task"]: row for row in transfer(runs)["tasks"]}
    assert rows["mc"]["chance"] == pytest.approx(1 / 3)
    assert rows["mc"]["about"] == "lm-eval multiple_choice, 0-shot, version 2.0"
    assert rows["writing"]["chance"] is None
    assert rows["writing"]["about"].endswith("filter strict")
    assert rows["writing"]["base"]["value"] == 0.0  # the task's first filter reads nothing


def test_limits_say_what_was_left_out(runs: dict[str, Path]) -> None:
    limits = "\n".join(transfer(runs, filter_="flexible")["limits"])
    assert "ppl was left out: only base ran it." in limits
    assert "mc has no filter flexible, and is scored under none." in limits
    assert "what the student was trained on" in limits
    assert "very same outputs" not in limits
    alone = transfer({role: runs["base"] for role in ROLES})
    assert "base and student gave the very same outputs on every item of mc" in "\n".join(
        alone["limits"]
    )
    assert "Left out: ppl has no metric with a score for each item" in "\n".join(alone["limits"])


def test_without_a_teacher_there_is_no_gap(runs: dict[str, Path], tmp_path: Path) -> None:
    report = transfer({role: runs[role] for role in ("base", "student")})
    row = report["tasks"][0]
    assert (row["teacher"], row["gap_closed"]) == (None, None)
    assert row["student_minus_base"] is not None
    assert "There is no teacher's score on mc: no gap can be given there." in report["limits"]
    assert not any("black box" in line for line in report["limits"])
    write(report, tmp_path)
    assert "no teacher score" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_clusters_come_from_the_docs(runs: dict[str, Path]) -> None:
    report = transfer(runs, cluster="topic")
    assert [row["clusters"] for row in report["tasks"]] == [8, 8]
    assert any("mc has 8" in line for line in report["limits"])
    with pytest.raises(UserError, match="no doc has the field 'subject'"):
        transfer(runs, cluster="subject")


def test_names_that_no_task_knows_are_refused(runs: dict[str, Path]) -> None:
    with pytest.raises(
        UserError, match=r"no task has the filter 'loose'.*writing has strict, flex"
    ):
        transfer(runs, filter_="loose")
    with pytest.raises(
        UserError, match="no task has the metric 'f1': mc has acc, acc_norm; writing"
    ):
        transfer(runs, metric="f1")


def test_the_three_files_hold_the_report(runs: dict[str, Path], tmp_path: Path) -> None:
    report = transfer(runs, filter_="flexible")
    write(report, tmp_path)
    assert read_json(tmp_path / "report.json") == report
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for text in (page, (tmp_path / "report.md").read_text(encoding="utf-8")):
        assert "writing" in text
        assert "The training rows were not compared with the test." in text
        assert "No training loss was written down." in text


def test_training_rows_are_compared_with_the_items(runs: dict[str, Path], tmp_path: Path) -> None:
    train = tmp_path / "rows.jsonl"
    asked = "Which one follows 3?\u2028Ça, 东京, or 5?"  # items 10 and, in another form, others
    write_jsonl(train, [{"prompt": asked, "completion": "Rome"}, {"prompt": "Hi", "id": "x"}])
    report = transfer(runs, train=train)
    (entry, _) = report["contamination"]
    assert (entry["task"], entry["items"], entry["rows"], entry["questions"]) == ("mc", ITEMS, 2, 2)
    assert entry["same"] == 1
    assert entry["found"][0]["row"] in ("line 1", "x")


def test_a_run_that_took_the_first_items_says_so(tmp_path: Path) -> None:
    rows = [written(n, float(n % 2)) for n in range(12)]
    folders = {
        "base": write_run(tmp_path / "base", {"t": rows}),
        "student": write_run(tmp_path / "student", {"t": rows[:9]}),
    }
    path = next((tmp_path / "student").rglob("results_*.json"))
    path.write_text(path.read_text().replace('"limit": null', '"limit": 9'))
    report = transfer(folders)
    assert report["tasks"][0]["n"] == 9
    limits = "\n".join(report["limits"])
    assert "takes a task's first items, which are no random draw: student 9." in limits
    assert "Items of t that not all models were asked were left out: base 3." in limits


def test_items_without_a_score_are_dropped_for_all(tmp_path: Path) -> None:
    rows = [written(n, float(n % 2)) for n in range(6)]
    failed = [written(0, float("nan")), *rows[1:]]
    folders = {
        "base": write_run(tmp_path / "base", {"t": rows}),
        "student": write_run(tmp_path / "student", {"t": failed}),
    }
    row = transfer(folders)["tasks"][0]
    assert (row["n"], row["dropped"], row["base"]["value"]) == (5, 1, 0.6)


def test_templates_that_differ_are_said(tmp_path: Path) -> None:
    rows = [written(n, float(n % 2)) for n in range(6)]
    other = [written(n, float(n % 3 == 0), prompt=f"<|user|>{n}") for n in range(6)]
    folders = {
        "base": write_run(tmp_path / "base", {"t": rows}),
        "student": write_run(tmp_path / "student", {"t": other}, chat_template="{{ m }}"),
    }
    limits = "\n".join(transfer(folders)["limits"])
    assert "The prompts of 6 of 6 items of t differ between the models" in limits


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    name = "<script>alert(1)</script> \x1b[31m | @me"
    rows = [written(n, float(n % 2), output=name) for n in range(6)]
    folders = {role: write_run(tmp_path / role, {"t": rows}, model_name=name) for role in ROLES}
    write(transfer(folders), tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "\x1b" not in page + (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
