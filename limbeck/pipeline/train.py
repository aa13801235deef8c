"""Stage train: the student built, the base kept as it was, the student trained and written.

train/base/ and train/student/ are folders that from_pretrained loads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from limbeck.errors import MissingExtra, UserError
from limbeck.models import fingerprint, parse_model
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.record import Record, content_hash
from limbeck.registry import build
from limbeck.store import write_json, write_jsonl

if TYPE_CHECKING:
    from limbeck.trainers.example import Row

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
    objective = build("objectives", settings.objective, settings.options)
    with context.run.stage("train", hashed) as done:
        out = context.run.folder("train")
        loaded = build_student(context.recipe.student)
        limit, whose = _limit(loaded, settings.max_length)
        rows, too_long = _encode(objective, loaded, sides, limit)
        if not rows["train"]:
            raise UserError(
                f"every one of the {len(sides['train'])} training rows is longer than the {limit} "
                f"tokens of {whose}"
            )
        save(loaded.model.to(torch.bfloat16), loaded.tokenizer, out / "base")
        loaded.model.float()
        with context.reporter.stage("train", "tokens") as bar:
            tokens = sum(len(e.ids) for row in rows["train"] for e in row) * settings.epochs
            bar.total(tokens)

            def on_step(step: Step) -> None:
                bar.advance(step.tokens, f"step {step.step}/{step.steps}, loss {step.loss:.3f}")

            curve = fit(
                loaded.model,
                objective,
                rows["train"],
                rows["valid"],
                settings=settings,
                seed=context.recipe.seed,
                pad_id=loaded.tokenizer.pad_token_id,
                on_step=on_step,
            )
        save(loaded.model.to(torch.bfloat16), loaded.tokenizer, out / "student")
        write_jsonl(out / METRICS, (point.to_json() for point in curve))
        summary = {
            "examples": len(rows["train"]),
            "valid_examples": len(rows["valid"]),
            "too_long": too_long,
            "epochs": settings.epochs,
            "tokens": tokens,
            "loss_tokens": settings.epochs
            * sum(e.loss_tokens for row in rows["train"] for e in row),
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
            f"train: {too_long} rows longer than the {limit} tokens of {whose} were left out, "
            "not cut"
        )


def _limit(loaded: Any, max_length: int) -> tuple[int, str]:
    """The most tokens of an example, and whose limit it is: a student of absolute positions, such
    as GPT-2, has none for what is beyond its window."""
    window = getattr(loaded.model.config, "max_position_embeddings", None)
    if window is not None and window < max_length:
        return window, "the student's window"
    return max_length, "train.max_length"


def _encode(
    objective: Any, loaded: Any, sides: dict[str, list[Record]], limit: int
) -> tuple[dict[str, list[Row]], int]:
    """Every side's rows, and how many were left out since one of their examples is too long."""
    rows: dict[str, list[Row]] = {}
    too_long = 0
    for name, records in sides.items():
        encoded = [objective.examples(loaded.tokenizer, r, loaded.eos_ids) for r in records]
        rows[name] = [row for row in encoded if all(len(e.ids) <= limit for e in row)]
        too_long += len(encoded) - len(rows[name])
    return rows, too_long


def _weights(out: Any) -> list[str]:
    found = [*out.glob("base/*.safetensors"), *out.glob("student/*.safetensors")]
    return sorted(str(path.relative_to(out)) for path in found)
