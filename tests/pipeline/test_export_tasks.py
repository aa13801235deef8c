"""Exported tasks in plain lm-eval: the same scores as limbeck's own, or another name."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from limbeck.errors import UserError
from limbeck.evals import tasks as own
from limbeck.evals.engine import drawn
from limbeck.evals.items import read_items
from limbeck.hf import Loaded
from limbeck.pipeline import lm_eval_functions as exported
from limbeck.pipeline.context import Context
from limbeck.pipeline.export_tasks import export_tasks
from limbeck.pipeline.format import to_row
from limbeck.progress import reporter
from limbeck.recipe import Recipe
from limbeck.record import Provenance, Record, to_messages
from limbeck.rundir import RunDir
from limbeck.store import write_jsonl, write_parquet
from limbeck.teachers.scoring import Scorer

RECIPE = """\
name: r
seeds: s.jsonl
teacher: bundled
student: bundled
eval:
  tasks: [{tasks}]
  prompt: {prompt}
  max_tokens: 8
"""


def context(folder: Path, tasks: str, *, prompt: str = "plain", more: str = "") -> Context:
    (folder / "s.jsonl").write_text('{"prompt": "Hi"}\n', encoding="utf-8")
    text = RECIPE.format(tasks=tasks, prompt=prompt) + more
    recipe = Recipe.parse(text, folder=folder)
    return Context(RunDir(folder / "run", recipe), reporter("quiet"))


def items(folder: Path, count: int = 24) -> Path:
    """Items whose texts a template engine, a date parser or a line splitter would change."""
    options = ["Paris", "the Adriatic Sea", "2024-01-02", "東京", "{{ q }}"]
    rows = [
        {
            "id": f"i{n}",
            "question": f"2024-01-{n + 1:02d}: which\u2028one {{% of %}} {n * n}?",
            "options": options[n % 3 :] + options[: n % 3],
            "answer": n % 5,
        }
        for n in range(count)
    ]
    write_jsonl(folder / "quiz.jsonl", rows)
    return folder / "quiz.jsonl"


def lm_eval_samples(folder: Path, task: str, loaded: Loaded, *, chat: bool) -> list[dict[str, Any]]:
    """Each item as plain lm-eval scores it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lm_eval
        from lm_eval.models.huggingface import HFLM
        from lm_eval.tasks import TaskManager

        results = lm_eval.simple_evaluate(
            model=HFLM(
                pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=8, device="cpu"
            ),
            tasks=[task],
            task_manager=TaskManager(include_path=str(folder), include_defaults=False),
            apply_chat_template=chat,
            log_samples=True,
            bootstrap_iters=0,
        )
    return sorted(results["samples"][task], key=lambda row: int(row["doc_id"]))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without lm-eval's seconds of asking the machine for its drivers."""
    monkeypatch.setattr("torch.utils.collect_env.get_pretty_env_info", lambda: "")


@pytest.mark.parametrize("prompt", ["plain", "chat"])
@pytest.mark.usefixtures("quick")
def test_likelihood_scores_are_limbecks(tmp_path: Path, tiny: Loaded, prompt: str) -> None:
    path = items(tmp_path)
    export_tasks(context(tmp_path, "quiz.jsonl", prompt=prompt), tmp_path / "made")
    (tmp_path / "made").rename(tmp_path / "moved")  # no path of the machine is in it
    rows = lm_eval_samples(tmp_path / "moved", "quiz", tiny, chat=prompt == "chat")
    task = own.choice_by_likelihood("quiz", read_items(path))
    scorer = Scorer(tiny)
    accuracies = []
    for doc, row in zip(task.test_docs(), rows, strict=True):
        turns = doc["messages"]
        asked = to_messages(turns) if prompt == "chat" else turns[0]["content"] + "\n"
        ours = scorer([(asked, option) for option in doc["options"]])
        assert row["acc"] == task.process_results(doc, ours)["acc"]
        theirs = [float(response[0][0]) for response in row["resps"]]
        # As its metadata says: lm-eval adds the last newline's share, the same for each option.
        gaps = [mine - other for (mine, _), other in zip(ours, theirs, strict=True)]
        assert gaps == pytest.approx([gaps[0]] * len(gaps), abs=2e-3)
        assert gaps[0] > 0.01
        assert row["doc"]["prompt"] == turns[0]["content"] + ("\n" if prompt == "plain" else "")
        accuracies.append(row["acc"])
    assert 0 < sum(accuracies) < len(accuracies)


def imitation(folder: Path, prompt: str) -> Context:
    """A run with held-out completions: a chat, one with a system turn, one of several turns, and a
    text that was continued."""
    chats: list[list[dict[str, str]]] = [
        [{"role": "user", "content": "Name the capital of France."}],
        [
            {"role": "system", "content": "Be {{ brief }}."},
            {"role": "user", "content": "Which sea lies between Italy and Croatia?"},
        ],
        [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": "And Rome?"},
        ],
        [{"role": "user", "content": "Once upon"}],
    ]
    made = context(folder, "imitation", prompt=prompt)
    records = [
        Record(
            to_messages(turns),
            f"The answer is {n}.",
            Provenance("answers", template="raw" if n == 3 else "chat"),
            meta={"usage": {"completion_tokens": 4 + n}},
        )
        for n, turns in enumerate(chats)
    ]
    path = made.run.folder("format") / "test.parquet"
    write_parquet(path, [to_row(record) for record in records])
    return made


def config(path: Path) -> dict[str, Any]:
    """The YAML without its functions."""
    loaded = yaml.safe_load(path.read_text(encoding="utf-8").replace("!function", ""))
    assert isinstance(loaded, dict)
    return loaded


def docs(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_chats_of_several_turns_are_left_out_and_texts_stand_apart(tmp_path: Path) -> None:
    made, skipped = export_tasks(imitation(tmp_path, "chat"), tmp_path / "made")
    told = {task.name: (task.chat, task.items, task.left_out) for task in made}
    assert told == {
        "imitation_nll": (True, 2, 1),
        "imitation_nll_raw": (False, 1, 0),
        "imitation_rouge_l": (True, 2, 1),
        "imitation_rouge_l_raw": (False, 1, 0),
    }
    assert skipped == []
    found = config(tmp_path / "made" / "imitation_rouge_l.yaml")
    assert found["description"] == "system"
    assert "1 items whose prompts have several turns" in found["metadata"]["unlike_limbeck"][-1]
    rows = docs(tmp_path / "made" / "imitation_rouge_l.jsonl")
    assert [(row["system"], row["prompt"]) for row in rows] == [
        ("", "Name the capital of France."),
        ("Be {{ brief }}.", "Which sea lies between Italy and Croatia?"),
    ]
    # 4, 5, 6 and 7 tokens: the mean is 5.5.
    assert rows[0].keys() >= {"id", "completion"}
    nll = docs(tmp_path / "made" / "imitation_nll.jsonl")
    assert [row["per_token"] for row in nll] == pytest.approx([1 / 5.5] * 2)
    readme = (tmp_path / "made" / "README.md").read_text(encoding="utf-8")
    assert "--tasks imitation_nll --apply_chat_template\n" in readme
    assert "--tasks imitation_nll_raw\n" in readme


def test_without_a_template_every_chat_is_a_text(tmp_path: Path) -> None:
    made, _ = export_tasks(imitation(tmp_path, "plain"), tmp_path / "made")
    assert [(task.name, task.items) for task in made] == [
        ("imitation_nll", 4),
        ("imitation_rouge_l", 4),
    ]
    rows = docs(tmp_path / "made" / "imitation_nll.jsonl")
    assert [row["prompt"] for row in rows] == [
        "Name the capital of France.\n",
        "Be {{ brief }}.\n\nWhich sea lies between Italy and Croatia?\n",
        "Hi\n\nHello\n\nAnd Rome?\n",
        "Once upon",
    ]


@pytest.mark.usefixtures("quick")
def test_lm_eval_runs_the_imitation_tasks(tmp_path: Path, tiny: Loaded) -> None:
    export_tasks(imitation(tmp_path, "plain"), tmp_path / "made")
    (row, *_) = lm_eval_samples(tmp_path / "made", "imitation_nll", tiny, chat=False)
    likelihood = float(row["resps"][0][0][0])
    assert row["nll_per_token"] == pytest.approx(-likelihood / 5.5)
    for row in lm_eval_samples(tmp_path / "made", "imitation_rouge_l", tiny, chat=False):
        written = row["resps"][0][0]
        assert row["rouge_l"] == pytest.approx(own.rouge_l(row["doc"]["completion"], written))


def test_a_recipe_without_data_says_what_is_missing(tmp_path: Path) -> None:
    items(tmp_path)
    made, skipped = export_tasks(
        context(tmp_path, "imitation, quiz.jsonl, arc_easy"), tmp_path / "made"
    )
    assert [task.name for task in made] == ["quiz", "quiz_written"]
    assert "imitation: there are no held-out completions yet" in skipped[0]
    assert skipped[1] == "arc_easy: it is lm-eval's own already"
    with pytest.raises(UserError, match=r"r has no task to export \(imitation: there are no"):
        export_tasks(context(tmp_path, "imitation"), tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_questions_are_asked_as_each_role_is(tmp_path: Path) -> None:
    question = {"prompt": "What is 2 plus 3?", "target": "5", "kind": "number"}
    write_jsonl(tmp_path / "sums.jsonl", [question])
    made, _ = export_tasks(context(tmp_path, "sums.jsonl"), tmp_path / "same")
    assert [task.name for task in made] == ["sums"]  # both are asked the question alone
    arrow = context(tmp_path, "sums.jsonl", more="format: {text: arrow}\n")
    made, _ = export_tasks(arrow, tmp_path / "made")
    assert [task.name for task in made] == ["sums", "sums_as_student"]
    (plain,) = docs(tmp_path / "made" / "sums.jsonl")
    (trained,) = docs(tmp_path / "made" / "sums_as_student.jsonl")
    assert plain["prompt"] == "What is 2 plus 3?\n"
    assert trained["prompt"].startswith("What is 2 plus 3? ###")
    assert config(tmp_path / "made" / "sums.yaml")["generation_kwargs"] == {
        "until": [],
        "max_gen_toks": 8,
        "do_sample": False,
    }


def test_limits_and_tokens_are_the_tasks_own(tmp_path: Path) -> None:
    path = items(tmp_path)
    more = "  limit: 5\n  task_options: {quiz: {limit: 3, max_tokens: 2}}\n"
    made, _ = export_tasks(context(tmp_path, "quiz.jsonl", more=more), tmp_path / "made")
    assert [task.items for task in made] == [3, 3]
    # The same draw as the evaluation's, which is not the first three.
    chosen = drawn(read_items(path), 3, lambda item: [item.id, item.question])
    rows = docs(tmp_path / "made" / "quiz_written.jsonl")
    assert [row["id"] for row in rows] == [item.id for item in chosen] != ["i0", "i1", "i2"]
    settings = config(tmp_path / "made" / "quiz_written.yaml")["generation_kwargs"]
    assert settings["max_gen_toks"] == 2


TEXTS = st.text(alphabet="ab Zé东京ที่가🙂ß1.,\n", max_size=14)


@given(TEXTS, TEXTS)
def test_rouge_l_is_limbecks(target: str, text: str) -> None:
    mine = exported.rouge_l({"completion": target}, [text])["rouge_l"]
    assert mine == pytest.approx(own.rouge_l(target, text))


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("(B).", {"acc": 1.0, "letter_match": 1.0}),
        ("The answer is B: Rome", {"acc": 1.0, "letter_match": 0.0}),
        ("罗马", {"acc": 1.0, "letter_match": 0.0}),
        ("A", {"acc": 0.0, "letter_match": 0.0}),
    ],
)
def test_written_choices(
    text: str, scores: Mapping[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    doc = {"options": ["巴黎", "罗马"], "answer": 1}
    assert exported.written_choice(doc, [text]) == scores
    monkeypatch.setitem(sys.modules, "limbeck.evals.extract", None)
    without = exported.written_choice(doc, [text])
    assert without == {"letter_match": scores["letter_match"]}  # never another rule under `acc`


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("5", {"acc": 1.0, "exact_match": 1.0}),
        ("2 plus 3 is 5.", {"acc": 1.0, "exact_match": 0.0}),
        ("6", {"acc": 0.0, "exact_match": 0.0}),
    ],
)
def test_verified_answers(
    text: str, scores: Mapping[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    doc: dict[str, Any] = {"target": "5", "kind": "number", "options": []}
    assert exported.verified_answer(doc, [text]) == scores
    monkeypatch.setitem(sys.modules, "limbeck.filters", None)
    assert exported.verified_answer(doc, [text]) == {"exact_match": scores["exact_match"]}


def test_what_is_copied_needs_limbeck_for_no_import(tmp_path: Path) -> None:
    export_tasks(imitation(tmp_path, "plain"), tmp_path / "made")
    lines = (tmp_path / "made" / "utils.py").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("import", "from"))] == [
        "from __future__ import annotations",
        "import json",
        "import unicodedata",
        "from pathlib import Path",
        "from types import SimpleNamespace",
        "from typing import Any",
    ]
