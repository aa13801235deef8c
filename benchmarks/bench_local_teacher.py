"""What the local teacher's batching gains over the usual loop, side by side in one process.

    python benchmarks/bench_local_teacher.py [--float32] [--rows 160] [--batch 32]

The loop is `model.generate` over batches in the order of arrival: padded on the left, every batch
runs to its longest max_tokens, and each row is cut to its own afterwards. Both decode greedily on
the bundled model. The workload: chats of 40 to 250 tokens, max_tokens from 8 to 256 (log-uniform,
mean 72), and every fifth prompt asked on six paths. What it costs to load the model is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from limbeck.hf import Loaded, chat_prompt, load
from limbeck.models import parse_model
from limbeck.protocols import Reply, Request
from limbeck.record import messages_json, user
from limbeck.teachers.local import LocalTeacher

T = TypeVar("T")
PATHS = 6
TEXTS = [
    "The mill by the river was built of stone and has not ground corn for a hundred years.",
    "Une équation du second degré a deux racines, une seule, ou aucune dans les réels.",
    "中文的诗歌讲究平仄与对仗。",
    "A compiler reads text and writes other text that a machine can run. 🙂",
    "Whoever sells bread must say what it weighs, what is in it, and who baked it.",
]
TASKS = ["Summarise this in one sentence.", "Explain it to a child.", "Go on with the text."]


def workload(rows: int) -> list[Request]:
    """Requests in a fixed order; the paths of one prompt stand together, as generators ask them."""
    choice = random.Random(7)
    requests: list[Request] = []
    while len(requests) < rows:
        body = " ".join(choice.choice(TEXTS) for _ in range(choice.randint(0, 9)))
        message = user(f"{choice.choice(TASKS)} ({len(requests)}) {body}")
        longest = round(8 * math.exp(choice.random() * math.log(256 / 8)))
        paths = PATHS if choice.random() < 0.2 else 1
        requests += [
            Request((message,), max_tokens=longest, seed=path, index=path) for path in range(paths)
        ]
    return requests[:rows]


@torch.inference_mode()
def plain(loaded: Loaded, requests: Sequence[Request], size: int) -> list[str]:
    """The answers of the usual loop."""
    tokenizer, texts = loaded.tokenizer, list[str]()
    for start in range(0, len(requests), size):
        batch = requests[start : start + size]
        prompts = [chat_prompt(tokenizer, messages_json(r.messages)) for r in batch]
        inputs = tokenizer(
            prompts,
            return_tensors="pt",
            padding=True,
            padding_side="left",
            add_special_tokens=False,
        ).to(loaded.model.device)
        made = loaded.model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            do_sample=False,
            max_new_tokens=max(r.max_tokens for r in batch),
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=loaded.eos_ids,
        )[:, inputs["input_ids"].shape[1] :]
        for request, row in zip(batch, made.tolist(), strict=True):
            tokens = row[: request.max_tokens]
            end = next((i for i, token in enumerate(tokens) if token in loaded.eos_ids), None)
            texts.append(tokenizer.decode(tokens[:end], skip_special_tokens=True))
    return texts


def ours(loaded: Loaded, requests: Sequence[Request], size: int) -> list[Reply]:
    async def run() -> list[Reply]:
        teacher = LocalTeacher(loaded, batch_size=size)
        try:
            return list(await asyncio.gather(*(teacher.ask(r) for r in requests)))
        finally:
            await teacher.aclose()

    return asyncio.run(run())


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What it returns, and the seconds it took: by the clock, and of the CPU, which others on
    the same machine disturb less."""
    clock, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - clock, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--float32", action="store_true", help="float32 instead of bfloat16")
    parser.add_argument("--rows", type=int, default=160)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    dtype = "float32" if options.float32 else "bfloat16"
    loaded = load(parse_model("bundled"), dtype=dtype)
    requests = workload(options.rows)
    ours(loaded, requests[:4], options.batch)  # the first passes set up the kernels
    replies, fast, fast_cpu = timed(lambda: ours(loaded, requests, options.batch))
    texts, slow, slow_cpu = timed(lambda: plain(loaded, requests, options.batch))
    same = sum(reply.text == text for reply, text in zip(replies, texts, strict=True))
    tokens = sum(reply.usage.completion_tokens for reply in replies)
    print(
        f"local teacher | {dtype}, {loaded.model.device.type}, {len(requests)} rows in batches "
        f"of {options.batch} | generate loop {slow:.1f} s | ours {fast:.1f} s, "
        f"{tokens / fast:.0f} tokens/s | {slow / fast:.1f}x ({slow_cpu / fast_cpu:.1f}x in CPU "
        f"seconds) | same text {same}/{len(requests)}"
    )


if __name__ == "__main__":
    main()
