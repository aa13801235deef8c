"""Stage train: the student built, the base kept as it was, the student trained and written.

train/base/ and train/student/ are folders that from_pretrained loads.
"""

from __future__ import annotations

import json
from typing import Any

from limbeck.errors import MissingExtra, UserError
from limbeck.models import fingerprint, parse_model
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.record import Record, content_hash
from limbeck.registry import build
from limbeck.store import write_json, write_jsonl

METRICS = "metrics.jsonl"
SUMMARY = "summary.json"


def inputs(context: Context) -> str:
    formatted = context.run.need("format", by="train")
    recipe = context.recipe
    return content_hash(
        {
            "rows": formatted.outputs,
            "student": recipe.student.model_dump(mode="json"),
            "weights": fingerprint(parse_model(recipe.student.model)),
            "train": recipe.train.model_dump(mode="json"),
            "seed": recipe.seed,
        }
    )


def train(context: Context) -> None:
    """Train the student. Raises StageError before filter is done, MissingExtra without torch."""
    hashed = inputs(context)
    folder = context.run.folder("format")
    sides = {name: read_split(folder, name) for name in ("train", "valid")}
    try:
        import torch

        from limbeck.hf import save
        from limbeck.trainers.loop import Step, fit
        from limbeck.trainers.student import build_student
    except ImportError as error:
        raise MissingExtra(f"the trainer ({error.name})", "train") from error
    settings = context.recipe.train
    objective = build("objectives", settings.objective, {})
    with context.run.stage("train", hashed) as done:
        out = context.run.folder("train")
        loaded = build_student(context.recipe.student)
        examples, too_long = _encode(objective, loaded, sides, settings.max_length)
        if not examples["train"]:
            raise UserError(
                f"every one of the {too_long} training rows is longer than train.max_length "
                f"({settings.max_length} tokens)"
            )
        save(loaded.model.to(torch.bfloat16), loaded.tokenizer, out / "base")
        loaded.model.float()
        with context.reporter.stage("train", "tokens") as bar:
            lengths = sum(len(example.ids) for example in examples["train"])
            bar.total(lengths * settings.epochs)

            def on_step(step: Step) -> None:
                bar.advance(step.tokens, f"step {step.step}/{step.steps}, loss {step.loss:.3f}")

            curve = fit(
                loaded.model,
                objective,
                examples["train"],
                examples["valid"],
                settings=settings,
                seed=context.recipe.seed,
                pad_id=loaded.tokenizer.pad_token_id,
                on_step=on_step,
            )
        save(loaded.model.to(torch.bfloat16), loaded.tokenizer, out / "student")
        write_jsonl(out / METRICS, (point.to_json() for point in curve))
        summary = {
            "examples": len(examples["train"]),
            "valid_examples": len(examples["valid"]),
            "too_long": too_long,
            "epochs": settings.epochs,
            "tokens": lengths * settings.epochs,
            "loss_tokens": sum(e.loss_tokens for e in examples["train"]) * settings.epochs,
            "parameters": loaded.parameters,
            "about": loaded.about,
        }
        write_json(out / SUMMARY, summary)
        done.counts |= {key: summary[key] for key in ("examples", "too_long", "tokens")}
        done.files += [METRICS, SUMMARY, *_weights(out)]
    last = curve[-1]
    context.run.log("trained", **json.loads(json.dumps(last.to_json())))
    if too_long:
        context.reporter.say(
            f"train: {too_long} rows longer than {settings.max_length} tokens were left out, "
            "not cut"
        )


def _encode(
    objective: Any, loaded: Any, sides: dict[str, list[Record]], max_length: int
) -> tuple[dict[str, list[Any]], int]:
    examples: dict[str, list[Any]] = {}
    too_long = 0
    for name, records in sides.items():
        encoded = [objective.example(loaded.tokenizer, r, loaded.eos_ids) for r in records]
        examples[name] = [example for example in encoded if len(example.ids) <= max_length]
        too_long += len(encoded) - len(examples[name])
    return examples, too_long


def _weights(out: Any) -> list[str]:
    found = [*out.glob("base/*.safetensors"), *out.glob("student/*.safetensors")]
    return sorted(str(path.relative_to(out)) for path in found)
