"""Run folders to publish: written by hand up to generate, by the real stages from there on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from limbeck.pipeline import generate
from limbeck.pipeline.context import Context
from limbeck.pipeline.filter import filter_records
from limbeck.pipeline.format import format_records
from limbeck.progress import Quiet
from limbeck.publish.options import Options
from limbeck.recipe import Recipe
from limbeck.record import Provenance, Record, user
from limbeck.rundir import RunDir
from limbeck.store import write_jsonl

PROMPTS = [f"第{i}个问题：Wie viel ist {i} + {i}? كم؟ 🙂" for i in range(24)]
YES = Options(acknowledge=("teacher-terms", "seeds-licence"), audit=False)
"""Everything is acknowledged and nothing is measured that a test does not look at."""


def rows(count: int = 24, *, teacher: str = "fake:t", paths: int = 2) -> list[Record]:
    """`paths` answers to each prompt, the first right and the second wrong."""
    made = []
    for number in range(count):
        for path in range(paths):
            right = path == 0
            made.append(
                Record(
                    (user(PROMPTS[number]),),
                    f"Das ist {2 * number + path}. Réponse n° {number}-{path}",
                    Provenance("answers", teacher, "", f"{number:040d}", path, (f"seed-{number}",)),
                    target=str(2 * number),
                    meta={
                        "finish_reason": "stop",
                        "usage": {"prompt_tokens": 9, "completion_tokens": 5 + path},
                        "check": {"status": "correct" if right else "wrong", "reason": "x"},
                    },
                )
            )
    return made


def run_of(
    folder: Path,
    records: Sequence[Record],
    *,
    seeds: Iterable[dict[str, Any]] | None = None,
    ledger: Path | None = None,
    name: str = "r",
    **sections: Any,
) -> Context:
    """A run with these records, filtered and formatted."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [{"prompt": text} for text in PROMPTS] if seeds is None else seeds
    write_jsonl(folder / "seeds.jsonl", lines)
    job: dict[str, Any] = {
        "name": name,
        "seeds": "seeds.jsonl",
        "teacher": "fake:t",
        "student": "fake:s",
        "filters": ["complete", "exact"],
        "format": {"valid": 3, "test": 4},
    }
    run = RunDir(folder / "runs" / name, Recipe.model_validate(job | sections).resolved(folder))
    run.path.mkdir(parents=True, exist_ok=True)
    run.save_recipe()
    context = Context(run, Quiet(), ledger or folder / "none.sqlite")
    with run.stage("generate", generate.inputs(context)) as done:
        write_jsonl(run.folder("generate") / "records.jsonl", (r.to_json() for r in records))
        failure = {"seed": "s", "index": 0, "reason": "timeout", "message": "too late"}
        write_jsonl(run.folder("generate") / "failures.jsonl", [failure])
        done.files += ["records.jsonl", "failures.jsonl"]
        done.counts |= {
            "seeds": 24, "skipped_lines": 0, "records": len(records), "failures": 1,
            "prompt_tokens": 9 * len(records), "completion_tokens": 6 * len(records),
            "replies": len(records), "calls": len(records) + 1,
        }  # fmt: skip
    filter_records(context)
    format_records(context)
    return context
