"""Runs of lm-eval in the form of its files, made by hand: what a test needs is changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DATE = "2026-11-28T10-38-45.509799"
Row = dict[str, Any]


def digest(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def written(place: int, score: object = 1.0, output: str = "7", **changes: Any) -> Row:
    """A sample of a generation task: item `place`, what was written and its score."""
    doc = changes.pop("doc", {"question": f"What is {place} plus 1?", "topic": f"t{place // 2}"})
    prompt = changes.pop("prompt", doc.get("question", "?"))
    metric = changes.pop("metric", "exact_match")
    target = str(changes.pop("target", place + 1))
    return {
        "doc_id": place,
        "doc": doc,
        "target": target,
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {"until": ["\n"]}}},
        "resps": [[output]],
        "filtered_resps": [output],
        "filter": "none",
        "metrics": [metric],
        "doc_hash": digest(doc),
        "prompt_hash": digest(prompt),
        "target_hash": digest(target),
        metric: score,
    } | changes


def chosen(likelihoods: Sequence[float], options: Sequence[str], **changes: Any) -> Row:
    """A sample of multiple choice, with lm-eval's own numbers as texts."""
    arguments = {
        f"gen_args_{place}": {"arg_0": "Which?", "arg_1": f" {option}"}
        for place, option in enumerate(options)
    }
    row = written(0, metric="acc", doc={"question": "Which?"}, target=0)
    answers = [[[str(one), "False"]] for one in likelihoods]
    return row | {"arguments": arguments, "resps": answers} | changes


def write_run(
    folder: Path,
    tasks: Mapping[str, Sequence[Row]],
    *,
    date: str = DATE,
    config: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """A folder as lm-eval leaves it; `config` are the tasks', `changes` the results' own."""
    home = folder / "models__tiny"
    home.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {
        "results": {name: _means(rows) for name, rows in tasks.items()},
        "configs": {name: {"output_type": "generate_until", **(config or {})} for name in tasks},
        "versions": dict.fromkeys(tasks, 1.0),
        "n-shot": dict.fromkeys(tasks, 0),
        "higher_is_better": {name: {"exact_match": True, "acc": True} for name in tasks},
        "config": {"model_num_parameters": 44192, "model_dtype": "torch.float32", "limit": None},
        "lm_eval_version": "0.4.13",
        "transformers_version": "5.23.0",
        "model_source": "hf",
        "model_name": f"models/{folder.name}",
        "system_instruction": None,
        "chat_template": None,
        "fewshot_as_multiturn": None,
    } | changes
    text = json.dumps(results)
    (home / f"results_{date}.json").write_text(text, encoding="utf-8")
    for name, rows in tasks.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (home / f"samples_{name}_{date}.jsonl").write_bytes(lines.encode())
    return folder


def _means(rows: Sequence[Row]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for row in rows:
        for metric in row["metrics"]:
            if isinstance(row.get(metric), int | float):
                found.setdefault(f"{metric},{row['filter']}", []).append(row[metric])
    return {key: sum(values) / len(values) for key, values in found.items()}
