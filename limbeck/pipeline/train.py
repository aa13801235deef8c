"""Stage train: the student built, the base kept as it was, the student trained and written.

train/base/ and train/student/ are folders that from_pretrained loads. While it trains,
train/checkpoints/ holds what a killed run goes on from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from limbeck.errors import MissingExtra, UserError
from limbeck.models import ModelName, fingerprint, parse_model
from limbeck.pipeline.context import Context
from limbeck.pipeline.format import read_split
from limbeck.pipeline.texts import TRUNCATED
from limbeck.progress import Bar
from limbeck.recipe import Train
from limbeck.record import Record, content_hash
from limbeck.registry import build
from limbeck.store import dump_line, write_json, write_jsonl

if TYPE_CHECKING:
    from limbeck.trainers.example import Row
    from limbeck.trainers.loop import Point, Step, Watch

METRICS = "metrics.jsonl"
SUMMARY = "summary.json"
SPEED = "speed.json"
NO_RESULT = ("checkpoint_steps", "keep_checkpoints")
"""Settings that change nothing of a result: with another one a finished stage stays done."""
ROUNDING = (*NO_RESULT, "micro_tokens", "gradient_checkpointing", "compile")
"""Settings that change how a result is rounded: a finished stage is done again, but training that
is under way goes on from its checkpoint, as is said to a user whose memory is full."""


def inputs(context: Context) -> str:
    return _hashed(context, but=NO_RESULT)


def _hashed(context: Context, *, but: Sequence[str]) -> str:
    formatted = context.run.need("format", by="train")
    recipe, student = context.recipe, context.recipe.need_student()
    settings = recipe.train.model_copy(
        update={name: Train.model_fields[name].default for name in but}
    )
    whole = {
        "rows": formatted.outputs,
        "student": student.model_dump(mode="json", exclude={"start"}),
        "weights": fingerprint(parse_model(student.model)),
        "train": settings.model_dump(mode="json", exclude={"seed"}),
        "seed": recipe.seed,
    }
    # A key only where there is one: a student trained with the recipe's seed keeps its hash.
    own = {} if recipe.training_seed == recipe.seed else {"training_seed": recipe.training_seed}
    return content_hash(whole | own | _start(context))


def _start(context: Context) -> dict[str, str]:
    """What identifies the weights that training begins from; nothing where they are the base's."""
    start = context.recipe.need_student().start
    if start is None:
        return {}
    own = context.run.folder("train").resolve()
    if start.is_relative_to(own):
        raise UserError(
            f"student.start {start} is in {own}, which training writes anew; copy it to another "
            "folder, or give the run another name"
        )
    return {"start": fingerprint(ModelName("path", str(start)))}


def train(context: Context) -> None:
    """Train the student. Raises StageError before filter is done, MissingExtra without torch, peft
    where there is LoRA, or accelerate.

    A run that was killed goes on from its last checkpoint.
    """
    hashed = inputs(context)
    folder = context.run.folder("format")
    sides = {name: read_split(folder, name) for name in ("train", "valid")}
    try:
        import accelerate  # noqa: F401  # the loop's: else it is missed when the base is written
        import torch

        from limbeck.hf import save
        from limbeck.trainers.card import Facts
        from limbeck.trainers.checkpoint import Checkpoints
        from limbeck.trainers.export import export
        from limbeck.trainers.loop import fit
        from limbeck.trainers.lora import add_lora, peft
        from limbeck.trainers.start import start_from
        from limbeck.trainers.step import precision_of
        from limbeck.trainers.student import build_student
    except ImportError as error:
        raise MissingExtra(f"the trainer ({error.name})", "train") from error
    recipe, settings = context.recipe, context.recipe.train
    student = recipe.need_student()
    if student.lora is not None:
        peft()
    objective = build("objectives", settings.objective, settings.options)
    with context.run.stage("train", hashed) as done:
        out = context.run.folder("train")
        loaded = build_student(student, seed=recipe.seed)
        limit, whose = _limit(loaded, settings.max_length)
        whole = {name: [r for r in side if not _is_cut_off(r)] for name, side in sides.items()}
        rows = _encode(objective, loaded, whole, limit)
        truncated, too_long = _lost(sides, whole), _lost(whole, rows)
        if not rows["train"]:
            raise UserError(_why_none(len(sides["train"]), len(whole["train"]), limit, whose))
        if settings.patience is not None and not rows["valid"]:
            context.reporter.say(
                "train: train.patience has no effect: there is no validation row (format.valid)"
            )
        checked = objective.check(rows["train"]) if hasattr(objective, "check") else {}
        save(loaded.model.to(torch.bfloat16), loaded.tokenizer, out / "base")
        loaded.model.float()
        if student.start is not None:
            start_from(loaded, student.start)
        parameters = loaded.parameters
        if student.lora is not None:
            add_lora(loaded.model, student.lora, seed=recipe.training_seed)
        checkpoints = Checkpoints(
            out / "checkpoints",
            inputs=_hashed(context, but=ROUNDING),
            keep=settings.keep_checkpoints,
            say=context.reporter.say,
        )
        with context.reporter.stage("train", "tokens") as bar:
            view = _View(context, bar, out, loaded.model)
            bar.total(settings.epochs * view.tokens_of(rows["train"]))
            try:
                curve = fit(
                    loaded.model,
                    objective,
                    rows["train"],
                    rows["valid"],
                    settings=settings,
                    seed=recipe.training_seed,
                    pad_id=loaded.tokenizer.pad_token_id,
                    watch=view.watch(),
                    checkpoints=checkpoints,
                )
            finally:
                view.close()
        write_jsonl(out / METRICS, (point.to_json() for point in curve))
        epochs = round(curve[-1].epoch)
        summary = {
            "examples": len(rows["train"]),
            "valid_examples": len(rows["valid"]),
            "too_long": too_long,
            "truncated": truncated,
            "epochs": epochs,
            "tokens": epochs * view.tokens_of(rows["train"]),
            "loss_tokens": epochs * sum(e.loss_tokens for row in rows["train"] for e in row),
            "parameters": parameters,
            "about": loaded.about,
            "precision": precision_of(settings.precision, next(loaded.model.parameters()).device),
            **checked,
        }
        formatted = context.run.need("format", by="train")
        facts = Facts(
            recipe,
            formatted.outputs,
            {name: len(records) for name, records in sides.items()},
            summary,
            [point.to_json() for point in curve],
        )
        export(loaded, out / "student", facts)
        write_json(out / SUMMARY, summary)
        done.counts |= {
            key: summary[key] for key in ("examples", "too_long", "tokens", "truncated")
        }
        done.files += [METRICS, SUMMARY, *_weights(out)]
    checkpoints.clear()
    context.run.log("trained", **json.loads(json.dumps(curve[-1].to_json())))
    if truncated:
        context.reporter.say(
            f"train: {truncated} rows whose answer was cut off at the teacher's token limit were "
            "left out: the end was not the teacher's"
        )
    if too_long:
        context.reporter.say(
            f"train: {too_long} rows longer than the {limit} tokens of {whose} were left out, "
            "not cut"
        )


class _View:
    """What is seen and written while it trains: the bar, metrics.jsonl point by point,
    TensorBoard's files, and in the end speed.json, the one file with times."""

    def __init__(self, context: Context, bar: Bar, out: Path, model: Any) -> None:
        from limbeck.trainers.board import Board
        from limbeck.trainers.speed import Meter

        self._context, self._bar, self._out = context, bar, out
        self._meter = Meter(model, next(model.parameters()).device)
        self._board = Board(out / "tensorboard")
        self._begun = False

    def watch(self) -> Watch:
        from limbeck.trainers.loop import Watch

        return Watch(self._step, self._point, self._resumed, self._context.reporter.say)

    @staticmethod
    def tokens_of(rows: Sequence[Row]) -> int:
        return sum(len(example.ids) for row in rows for example in row)

    def close(self) -> None:
        self._board.close()
        write_json(self._out / SPEED, self._meter.summary())

    def _step(self, step: Step) -> None:
        self._meter.add(step.work)
        note = f"step {step.step}/{step.steps}, loss {step.loss:.3f}"
        mfu = self._meter.mfu
        self._bar.advance(step.tokens, note if mfu is None else f"{note}, {mfu:.0%} MFU")

    def _resumed(self, tokens: int, points: Sequence[Point]) -> None:
        """What the killed run wrote after its checkpoint goes: it comes again."""
        last = points[-1] if points else None
        self._start(points)
        self._bar.advance(tokens, "from the last checkpoint")
        self._context.reporter.say(
            "train: going on from a checkpoint"
            + (f", {last.epoch:g} epochs in" if last is not None and last.epoch else "")
        )

    def _point(self, point: Point) -> None:
        if not self._begun:
            self._start([])
        with (self._out / METRICS).open("ab") as file:
            file.write(dump_line(point.to_json()))
        self._board.add(point)

    def _start(self, points: Sequence[Point]) -> None:
        self._begun = True
        write_jsonl(self._out / METRICS, (point.to_json() for point in points))
        self._board.begin(points[-1].step if points else -1)


def _limit(loaded: Any, max_length: int) -> tuple[int, str]:
    """The most tokens of an example, and whose limit it is: a student of absolute positions, such
    as GPT-2, has none for what is beyond its window."""
    window = getattr(loaded.model.config, "max_position_embeddings", None)
    if window is not None and window < max_length:
        return window, "the student's window"
    return max_length, "train.max_length"


def _is_cut_off(record: Record) -> bool:
    """Whether the teacher was stopped at its token limit: an end that it did not write is not to be
    learned. Rows made by others, which do not say, are whole."""
    return record.meta.get("finish_reason") in TRUNCATED


def _encode(
    objective: Any, loaded: Any, sides: Mapping[str, Sequence[Record]], limit: int
) -> dict[str, list[Row]]:
    """Every side's rows but those with an example that is too long."""
    rows: dict[str, list[Row]] = {}
    for name, records in sides.items():
        encoded = [objective.examples(loaded.tokenizer, r, loaded.eos_ids) for r in records]
        rows[name] = [row for row in encoded if all(max(e.lengths) <= limit for e in row)]
    return rows


def _lost(before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]]) -> int:
    return sum(len(before[name]) - len(after[name]) for name in before)


def _why_none(total: int, whole: int, limit: int, whose: str) -> str:
    cut = "cut off at the teacher's token limit; raise generate.max_tokens"
    if not whole:
        return f"the answers in all of the {total} training rows were {cut}"
    if whole < total:
        return (
            f"none of the {total} training rows is left: {whole} are longer than the {limit} "
            f"tokens of {whose}, and the answers in {total - whole} were {cut}"
        )
    return f"every one of the {total} training rows is longer than the {limit} tokens of {whose}"


def _weights(out: Any) -> list[str]:
    found = [*out.glob("base/*.safetensors"), *out.glob("student/*.safetensors")]
    return sorted(str(path.relative_to(out)) for path in found)
