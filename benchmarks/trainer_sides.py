"""One side of bench_trainer.py, in a process of its own: train its student, and tell how it went.

All sides are told the same: AdamW (betas 0.9 and 0.95, fused, no decay), the learning rate, cosine
after a warm-up, clipping at 1, the precision, and tokens a step as far as that goes: packs of at
most so many for limbeck and for TRL packed, as many rows as have so many on average for TRL
unpacked. TRL gets the token ids and labels that limbeck made, so that both learn the same tokens
(from text TRL would learn the newline after each end token as well), and no gradient checkpointing,
which limbeck has not by default and TRL has: trl-checkpointing is with it.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch.nn import functional as F
from transformers import TrainerCallback
from transformers.utils import is_flash_attn_2_available

from limbeck.hf import Loaded
from limbeck.recipe import Student, Train
from limbeck.record import Provenance, Record, user
from limbeck.trainers.batch import Batch
from limbeck.trainers.curve import Point, Step, Watch
from limbeck.trainers.example import Example
from limbeck.trainers.loop import fit
from limbeck.trainers.objectives.sft import Sft
from limbeck.trainers.optim import BETAS
from limbeck.trainers.speed import Cost, Work, peak
from limbeck.trainers.student import build_student

STUDENTS = {
    "10-layer": Student(model="bundled", layers=10),
    "135M": Student(model="bundled", config={}),
    "1B": Student(
        model="bundled",
        config={
            "hidden_size": 2048,
            "intermediate_size": 8192,
            "num_hidden_layers": 16,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
        },
    ),
}


@dataclass
class Told:
    """What a side notes while it trains. The clock runs from the end of the first tenth of the
    steps, in which kernels are set up, to the end of the last step."""

    device: torch.device
    work: list[Work] = field(default_factory=list)
    """Of every step, in order."""
    fed: int = 0
    """Tokens that the model was given, padding included."""
    first_rows: list[tuple[int, ...]] = field(default_factory=list)
    """The token ids of the first step's rows."""
    first_loss: float = 0.0
    skipped: int = 0
    begun: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)

    def after(self, step: int, steps: int) -> None:
        """A step is done; 0 is the moment before the first."""
        if step in (0, steps // 10):
            self.begun, self.skipped = self._now(), step
        if step == steps:
            self.ended = self._now()

    def _now(self) -> tuple[float, float]:
        """Seconds by the clock and of the CPU, once the device has nothing left to do."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter(), time.process_time()


@dataclass(frozen=True)
class Noted(Sft):
    """The objective, noting what the model is given. What a batch holds is looked at once only, for
    on a GPU that waits."""

    told: Told = field(kw_only=True)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        if model.training:
            self.told.fed += batch.ids.numel()
            self.told.first_rows = self.told.first_rows or _rows_in(batch)
        return super().loss(model, batch)


def _rows_in(batch: Batch) -> list[tuple[int, ...]]:
    if batch.starts is not None:
        sizes = batch.starts.diff().tolist()
        return [tuple(part.tolist()) for part in torch.split(batch.ids[0], sizes)]
    lengths = batch.mask.sum(1).tolist()
    return [tuple(ids[:size]) for ids, size in zip(batch.ids.tolist(), lengths, strict=True)]


def limbeck(
    loaded: Loaded, rows: Sequence[Example], options: Namespace, packing: Literal["auto"] | bool
) -> Told:
    """limbeck's loop as `limbeck train` runs it, but for validation rows and checkpoints."""
    told = Told(next(loaded.model.parameters()).device)

    def step(done: Step) -> None:
        told.work.append(done.work)
        if done.step == 1:
            told.first_loss = done.loss
        told.after(done.step, done.steps)

    def point(made: Point) -> None:
        if made.step == 0:  # all is set up
            told.after(0, -1)

    settings = Train(
        epochs=options.epochs,
        learning_rate=options.rate,
        warmup=options.warmup,
        batch_tokens=options.batch_tokens,
        packing=packing,
        precision=options.precision,
    )
    fit(
        loaded.model,
        Noted(told=told),
        [(row,) for row in rows],
        [],
        settings=settings,
        seed=options.seed,
        pad_id=loaded.tokenizer.pad_token_id,
        watch=Watch(step=step, point=point),
    )
    return told


class Clock(TrainerCallback):  # type: ignore[misc]  # transformers ships no types
    def __init__(self, told: Told) -> None:
        self._told = told

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._told.after(0, -1)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._told.after(state.global_step, state.max_steps)


def trl(loaded: Loaded, rows: Sequence[Example], options: Namespace, **more: Any) -> Told:
    """TRL's SFTTrainer; `more` are further fields of its SFTConfig."""
    peer, datasets = (importlib.import_module(name) for name in ("trl", "datasets"))
    told = Told(next(loaded.model.parameters()).device)
    on_gpu = told.device.type == "cuda"
    packs = more.get("packing", False)
    if on_gpu and packs and is_flash_attn_2_available():
        loaded.model.set_attn_implementation("flash_attention_2")  # as TRL wants it for packs
    longest = max(len(row.ids) for row in rows)
    mean = sum(len(row.ids) for row in rows) / len(rows)
    settings: dict[str, Any] = {
        "use_cpu": not on_gpu,
        "dataloader_pin_memory": on_gpu,
        "bf16": options.precision == "bf16",
        "gradient_checkpointing": False,
        "num_train_epochs": options.epochs,
        "per_device_train_batch_size": 1 if packs else round(options.batch_tokens / mean),
        "max_length": max(options.batch_tokens, longest),  # of a pack, where it packs
        "learning_rate": options.rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": options.warmup,
        "adam_beta1": BETAS[0],
        "adam_beta2": BETAS[1],
        "seed": options.seed,
        "logging_first_step": True,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }
    columns = {
        "input_ids": [list(row.ids) for row in rows],
        "labels": [
            [token if wanted else -100 for token, wanted in zip(row.ids, row.loss, strict=True)]
            for row in rows
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        trainer = peer.SFTTrainer(
            model=loaded.model,
            args=peer.SFTConfig(output_dir=folder, **(settings | more)),
            train_dataset=datasets.Dataset.from_dict(columns),
            processing_class=loaded.tokenizer,
            callbacks=[Clock(told)],
        )
        trainer.data_collator = _noting(trainer.data_collator, {row.ids: row for row in rows}, told)
        trainer.train()
    told.first_loss = next(log["loss"] for log in trainer.state.log_history if "loss" in log)
    return told


Collate = Callable[[Sequence[dict[str, Any]]], dict[str, Any]]


def _noting(collate: Collate, known: dict[tuple[int, ...], Example], told: Told) -> Collate:
    """The collator, noting which rows a batch has: a step has one. A row that was cut is not among
    the known: KeyError."""

    def collator(features: Sequence[dict[str, Any]]) -> dict[str, Any]:
        found: list[Example] = []
        for feature in features:
            ids = list(feature["input_ids"])
            for size in feature.get("seq_lengths", [len(ids)]):
                found.append(known[tuple(ids[:size])])
                ids = ids[size:]
        told.work.append(Work.of([(row,) for row in found]))
        told.first_rows = told.first_rows or [row.ids for row in found]
        batch = collate(features)
        told.fed += batch["input_ids"].numel()
        return batch

    return collator


SIDES: dict[str, Callable[[Loaded, Sequence[Example], Namespace], Told]] = {
    "limbeck": partial(limbeck, packing="auto"),
    "limbeck-unpacked": partial(limbeck, packing=False),
    "trl": trl,
    "trl-packed": partial(trl, packing=True),
    "trl-by-length": partial(trl, train_sampling_strategy="group_by_length"),
    "trl-checkpointing": partial(trl, gradient_checkpointing=True),
}


@torch.no_grad()
def plain_loss(model: Any, rows: Sequence[Example]) -> float:
    """Nats a completion token in float32, one row at a time: no padding, no packs, and no code of
    either side."""
    model.eval()
    device = next(model.parameters()).device
    nats = 0.0
    for row in rows:
        ids = torch.tensor(row.ids, device=device)
        wanted = torch.tensor(row.loss, device=device)[1:]
        logits = model(input_ids=ids[None]).logits[0, :-1].float()
        nats += float(F.cross_entropy(logits[wanted], ids[1:][wanted], reduction="sum"))
    return nats / sum(sum(row.loss[1:]) for row in rows)


def judged(
    loaded: Loaded, told: Told, rows: Sequence[Example], held_out: Sequence[Example], base: Any
) -> dict[str, float]:
    """The side's own loss of its first step, and by the plain evaluation: the untrained student's
    on the same rows, the trained one's, and the untrained one's on what was held out."""
    known = {row.ids: row for row in rows}
    return {
        "first": told.first_loss,
        "first_plain": plain_loss(base, [known[ids] for ids in told.first_rows]),
        "train": plain_loss(loaded.model, rows[: len(held_out)]),
        "held_out": plain_loss(loaded.model, held_out),
        "base": plain_loss(base, held_out),
    }


def main() -> None:
    options = Namespace(**json.loads(sys.argv[1]))
    pairs = json.loads(Path(options.pairs).read_text(encoding="utf-8"))
    student = STUDENTS[options.model]
    loaded = build_student(student, seed=options.seed)
    on_gpu = next(loaded.model.parameters()).device.type == "cuda"
    if options.device == "cuda" and not on_gpu:
        raise SystemExit("torch sees no GPU here; leave out --device cuda")
    records = [Record((user(asked),), answer, Provenance("bench")) for asked, answer in pairs]
    made = [Sft().examples(loaded.tokenizer, record, loaded.eos_ids)[0] for record in records]
    held_out, rows = made[: options.held_out], made[options.held_out :][: options.rows]
    told = SIDES[options.side](loaded, rows, options)

    work = Work(*map(sum, zip(*map(astuple, told.work[told.skipped :]), strict=True)))
    seconds, cpu = (end - start for start, end in zip(told.begun, told.ended, strict=True))
    useful = sum(done.tokens for done in told.work)
    top = peak(told.device)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if on_gpu else "CPU",
        "parameters": loaded.parameters,
        "lengths": [len(row.ids) for row in rows],
        "loss_tokens": sum(row.loss_tokens for row in rows),
        "steps": len(told.work),
        "useful": useful,
        "padding": 1 - useful / told.fed,
        "rate": work.tokens / seconds,
        "cpu_rate": work.tokens / cpu,
        "mfu": top and Cost.of(loaded.model)(work) / seconds / top,
        "gb": torch.cuda.max_memory_allocated() / 2**30 if on_gpu else kilobytes / 2**20,
    }
    if options.losses:
        base = build_student(student, seed=options.seed).model
        result |= judged(loaded, told, rows, held_out, base)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
