"""What 8-shot multiple choice by likelihood costs here and in lm-eval's own HFLM, side by side.

    python benchmarks/bench_evaluation.py [--items 40] [--shots 8] [--rounds 2]

Both run lm-eval's evaluator over one task of limbeck's own making, on the bundled model in
float32, in this process: HFLM with its batches of 16, and limbeck's model, which computes the
worked examples that all prompts begin with once, and each prompt once for its options. The
likelihoods are compared option by option. What it costs to load the model is not counted; the
ledger is a new one.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limbeck.evals.lm import RoleLM
from limbeck.hf import Loaded, load, quiet
from limbeck.ledger import Ledger
from limbeck.models import parse_model
from limbeck.teachers.local import LocalTeacher
from limbeck.teachers.scoring import Scorer
from limbeck.teachers.stored_scores import StoredScores

WORDS = ["the", "old", "river", "stone", "house", "bread", "paper", "small", "bright", "market"]
WORDS += ["winter", "green", "road", "music"]
TASK = """
task: bench
dataset_path: json
dataset_kwargs: {{data_files: {{test: {0}/test.jsonl, shown: {0}/shown.jsonl}}}}
test_split: test
fewshot_split: shown
fewshot_config: {{sampler: first_n}}
num_fewshot: {1}
output_type: multiple_choice
doc_to_text: "Question: {{{{question}}}}\\nAnswer:"
doc_to_choice: choices
doc_to_target: gold
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
"""


def write_task(folder: Path, items: int, shots: int) -> None:
    """A task of questions of about 20 tokens with four options of two words."""
    choice = random.Random(11)

    def row(place: int) -> dict[str, Any]:
        question = f"{' '.join(choice.choices(WORDS, k=18))} {place}?"
        options = [" ".join(choice.sample(WORDS, 2)) for _ in range(4)]
        return {"question": question, "choices": options, "gold": choice.randrange(4)}

    for name, count in (("test", items), ("shown", shots)):
        lines = "".join(json.dumps(row(place)) + "\n" for place in range(count))
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    (folder / "bench.yaml").write_text(TASK.format(folder, shots), encoding="utf-8")


def timed(make: Callable[[], Any], folder: Path) -> tuple[list[float], float, float]:
    """The log-likelihoods of all options, and the seconds they took: by the clock, of the CPU."""
    import lm_eval.evaluator
    import lm_eval.tasks

    manager = lm_eval.tasks.TaskManager(include_path=str(folder), include_defaults=False)
    tasks = manager.load(["bench"])
    lm = make()
    clock, cpu = time.perf_counter(), time.process_time()
    with quiet():
        found = lm_eval.evaluator.evaluate(
            lm=lm, task_dict=tasks, bootstrap_iters=0, log_samples=True
        )
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    samples = found["samples"]["bench"]
    return [float(r[0][0]) for s in samples for r in s["resps"]], clock, cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--shots", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    loaded: Loaded = load(parse_model("bundled"), dtype="float32")

    def stock() -> Any:
        from lm_eval.models.huggingface import HFLM

        return HFLM(
            pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=16, device="cpu"
        )

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_task(folder, options.items, options.shots)
        best: dict[str, tuple[list[float], float, float]] = {}
        for turn in range(options.rounds):
            with Ledger(folder / f"ledger{turn}.sqlite") as ledger:

                def ours(ledger: Ledger = ledger) -> Any:
                    writer = LocalTeacher(loaded)
                    scores = StoredScores(Scorer(loaded), ledger, writer.identity)
                    return RoleLM(writer, scores, width=8, max_tokens=8)

                for name, make in (("HFLM", stock), ("limbeck", ours)):
                    found = timed(make, folder)
                    if name not in best or found[2] < best[name][2]:
                        best[name] = found
    (theirs, slow, slow_cpu), (own, fast, fast_cpu) = best["HFLM"], best["limbeck"]
    apart = max(abs(one - other) for one, other in zip(theirs, own, strict=True))
    print(
        f"evaluation | float32, {options.items} items, {options.shots}-shot, 4 options | "
        f"HFLM {slow:.1f} s | limbeck {fast:.1f} s | {slow / fast:.1f}x "
        f"({slow_cpu / fast_cpu:.1f}x in CPU seconds) | at most {apart:.0e} nats apart"
    )


if __name__ == "__main__":
    main()
