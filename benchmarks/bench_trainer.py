"""Useful tokens a second of limbeck's trainer, beside TRL's SFTTrainer on the same rows.

    python benchmarks/bench_trainer.py                      # a 10-layer student on the CPU, float32
    python benchmarks/bench_trainer.py --precision bf16     # what both are by default, and faster
    python benchmarks/bench_trainer.py --device cuda        # random Llamas of 135M and 1B, bfloat16
    python benchmarks/bench_trainer.py --rows 16 --epochs 1 --rounds 1    # does it run at all

TRL is no dependency of limbeck. Where it is not installed, limbeck is measured alone:

    python -m pip install -c constraints.txt trl==1.16.0 datasets

Every side is a process of its own (trainer_sides.py), one after the other in rounds, so that ratios
compare. The rows are limbeck's seed tasks, whose answers are a label, a sentence or a page, and
questions of every set with their solutions. Useful are the tokens of prompt and completion without
padding, counted from the rows themselves. Timed is the training alone, from the end of the first
tenth of its steps to the end of the last: no loading, no tokenising, no packing, no evaluation.

Losses are compared by one plain evaluation in float32, a row at a time. The loss that a side tells
for its first step must be the untrained student's on the rows of that step. Then all sides take the
same steps, over few rows all at once, and must end at the same loss. In the run that is timed each
side has an order of its own, and its student comes out as different as that makes it: another seed
alone moves the loss on held-out rows by a tenth of what training takes off, so the sides may be
SPREAD of that apart. Where one of these does not hold, the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from limbeck.questions import SETS, make_questions

HERE = Path(__file__).parent
TASKS = HERE.parent / "datasets" / "seed_tasks.jsonl"
SIDES = ("limbeck", "limbeck-unpacked", "trl", "trl-packed")
MORE_SIDES = ("trl-by-length", "trl-checkpointing")
Found = dict[str, Any]
MODELS = {"cpu": ("10-layer",), "cuda": ("135M", "1B")}
DEFAULTS: dict[str, Found] = {
    "cpu": {"rows": 64, "epochs": 2, "batch_tokens": 1024, "rate": 5e-4, "precision": "fp32"},
    "cuda": {"rows": 4000, "epochs": 2, "batch_tokens": 16384, "rate": 3e-4, "precision": "bf16"},
}
HELD_OUT = 32
SAME_STEPS: Found = {"held_out": 4, "rows": 4, "epochs": 6, "batch_tokens": 4096, "warmup": 0.0}
"""All rows in every step, so that their order is no matter; no warm-up, for TRL begins it at 0."""
FIRST = {"fp32": 1e-4, "bf16": 5e-2}
"""Nats by which a first loss may differ from the plain one: what rounding does to it."""
SAME = {"fp32": 0.01, "bf16": 0.05}
"""How far apart sides may end after the same steps, of what those take off the loss."""
SPREAD = 0.15
FEW_STEPS = 20
"""In fewer the student is still wherever the first rows threw it."""


def pairs_of(count: int) -> list[tuple[str, str]]:
    """`count` different (prompt, completion), shuffled."""
    pairs: list[tuple[str, str]] = []
    for line in TASKS.read_text(encoding="utf-8").splitlines():
        task = json.loads(line)
        for instance in task["instances"]:
            asked = "\n\n".join(filter(None, (task["instruction"], instance["input"])))
            pairs.append((asked, instance["output"]))
    each = max(40, -(-(count - len(pairs)) // len(SETS)))
    for name in SETS:
        pairs += [(made.prompt, made.solution) for made in make_questions(name, each)]
    random.Random(7).shuffle(pairs)
    return pairs[:count]


def measure(side: str, told: Found) -> Found:
    """One side in a new process."""
    env = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    if told["device"] == "cpu":
        env["CUDA_VISIBLE_DEVICES"] = ""
    done = subprocess.run(
        [sys.executable, str(HERE / "trainer_sides.py"), json.dumps(told | {"side": side})],
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise SystemExit(f"{side} failed: {done.stderr[-3000:]}")
    return dict(json.loads(lines[-1]))


def bench(told: Found, sides: list[str], rounds: int) -> bool:
    """Rounds over all sides, and what came of them; whether the losses agree."""
    about = f"{told['model']}, {told['precision']}"
    found: dict[str, list[Found]] = {side: [] for side in sides}
    for turn in range(rounds):
        for side in sides:
            found[side].append(measure(side, told | {"losses": turn == 0}))
            rate = found[side][-1]["rate"]
            print(f"  round {turn + 1}: {about}, {side}: {rate:,.0f} tokens/s", file=sys.stderr)
    first = {side: of_side[0] for side, of_side in found.items()}
    some = first["limbeck"]
    lengths = some["lengths"]
    low, *_, high = quantiles(lengths, n=10)
    print(
        f"trainer | {about} | {some['device']}, {some['parameters'] / 1e6:,.0f}M weights | "
        f"{len(lengths)} rows of {sum(lengths):,} tokens, {some['loss_tokens']:,} with loss, "
        f"{told['epochs']} epochs | a row has {median(lengths):.0f}, a tenth of them less than "
        f"{low:.0f}, a tenth more than {high:.0f}"
    )
    for side, of_side in found.items():
        rate, by_cpu, gb = (median(one[key] for one in of_side) for key in RATES)
        mfu = f" | {100 * median(one['mfu'] for one in of_side):.0f}% MFU" if some["mfu"] else ""
        print(
            f"trainer | {about} | {side} | {rate:,.0f} useful tokens/s | {by_cpu:,.0f} a CPU "
            f"second | {100 * first[side]['padding']:.0f}% padding | {first[side]['steps']} steps "
            f"| {gb:.1f} GB{mfu}"
        )
    for side in sides:
        if side.startswith("trl"):
            by_clock, by_cpu = (ratio(found["limbeck"], found[side], key) for key in RATES[:2])
            print(
                f"trainer | {about} | limbeck has {by_clock:.2f}x the useful tokens/s of {side} "
                f"({by_cpu:.2f}x in CPU seconds)"
            )
    same = {side: measure(side, told | SAME_STEPS | {"losses": True}) for side in sides}
    return agree(about, first, same, told["precision"])


RATES = ("rate", "cpu_rate", "gb")


def ratio(ours: list[Found], theirs: list[Found], key: str) -> float:
    """How many times theirs ours is: the median over rounds."""
    return float(median(one[key] / other[key] for one, other in zip(ours, theirs, strict=True)))


def agree(about: str, run: dict[str, Found], same: dict[str, Found], precision: str) -> bool:
    """Print the losses of every side, in the run that was timed and after the same steps, and
    whether they agree."""
    for side, found in run.items():
        print(
            f"losses | {about} | {side} | first step {found['first']:.5f}, by plain evaluation "
            f"{found['first_plain']:.5f} | held out {found['base']:.3f} before, "
            f"{found['held_out']:.3f} after, {found['train']:.3f} on rows learned | after "
            f"{same[side]['steps']} same steps {same[side]['train']:.5f}"
        )
    first = max(abs(one["first"] - one["first_plain"]) for one in [*run.values(), *same.values()])
    alike = apart([one["train"] for one in same.values()], same["limbeck"]["first_plain"])
    spread = apart([one["held_out"] for one in run.values()], run["limbeck"]["base"])
    enough = min(one["steps"] for one in run.values()) >= FEW_STEPS
    tokens = {one["useful"] for one in run.values()}
    good = (
        first <= FIRST[precision]
        and 0 <= alike <= SAME[precision]
        and (0 <= spread <= SPREAD or not enough)
        and len(tokens) == 1
    )
    words = f"{100 * spread:.0f}% (allowed: {100 * SPREAD:.0f}%)" if enough else "too few steps"
    print(
        f"losses | {about} | first steps off by at most {first:.0e} (allowed: "
        f"{FIRST[precision]:.0e}) | apart after the same steps by {100 * alike:.2f}% of the fall "
        f"(allowed: {100 * SAME[precision]:.0f}%), on held-out rows by {words} | "
        + ("they agree" if good else "THEY DO NOT AGREE")
    )
    return good


def apart(losses: list[float], before: float) -> float:
    """How far they are apart, as a share of the smallest fall; negative where one rose."""
    return (max(losses) - min(losses)) / (before - max(losses))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--model", choices=("10-layer", "135M", "1B"), help="default: by device")
    parser.add_argument("--sides", nargs="+", choices=SIDES + MORE_SIDES, default=list(SIDES))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-tokens", type=int, help="of a step")
    parser.add_argument("--rate", type=float, help="the highest learning rate")
    parser.add_argument("--precision", choices=("fp32", "bf16"))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the order of the rows")
    options = parser.parse_args()
    told: Found = {"warmup": 0.1} | DEFAULTS[options.device]
    told |= {name: value for name, value in vars(options).items() if value is not None}
    told["held_out"] = min(HELD_OUT, told["rows"] // 2)
    sides = ["limbeck", *(side for side in told.pop("sides") if side != "limbeck")]
    if importlib.util.find_spec("trl") is None:
        print(
            "trl is not installed, so limbeck is measured alone; to have both: python -m pip "
            "install -c constraints.txt trl==1.16.0 datasets",
            file=sys.stderr,
        )
        sides = [side for side in sides if not side.startswith("trl")]
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs.json"
        pairs.write_text(json.dumps(pairs_of(told["rows"] + HELD_OUT)), encoding="utf-8")
        told["pairs"] = str(pairs)
        models = [options.model] if options.model else MODELS[options.device]
        good = [bench(told | {"model": model}, sides, options.rounds) for model in models]
    raise SystemExit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
