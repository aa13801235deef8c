"""What faults cost: rows that fail, always or once, in each way there is, among rows that work.

    python benchmarks/bench_faults.py                      # 5% of the rows, about 4 minutes
    python benchmarks/bench_faults.py --share 2 5 10 20    # the whole matrix, about 15 minutes

`limbeck generate` beside the plain loop over the `openai` SDK (a semaphore, its own two retries,
each row written when it comes), both with 64 in flight against a server of 50 ms on loopback.
`lost` are rows that can be answered and were not written, `doubled` rows written twice, `repaid`
requests that may have been billed beyond one a row, `most` the most requests for one row, `silence`
the longest time without a line or a row, in seconds. `hang` is a deadline of 2 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from limbeck.record import canonical_json
from limbeck.testing import FaultyServer

KINDS = ("null_content", "truncated_json", "wrong_type", "error_500", "reset", "hang")
BILLED = {"null_content", "truncated_json", "wrong_type", "reset", "hang"}
WIDTH, LATENCY, TIMEOUT = 64, 0.05, 2.0
RECIPE = """
name: faults
seeds: seeds.jsonl
teacher: {{model: "openai:m", base_url: "{url}", concurrency: 64, timeout: 2}}
generate: {{max_tokens: 32}}
student: bundled
"""


async def sdk_loop(url: str, folder: Path) -> None:
    """The loop that everybody writes first."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="none", timeout=TIMEOUT)
    places = asyncio.Semaphore(WIDTH)
    lines = (folder / "seeds.jsonl").read_text(encoding="utf-8").splitlines()
    with (folder / "sdk.jsonl").open("w", encoding="utf-8") as out:

        async def ask(prompt: str) -> None:
            async with places:
                try:
                    reply = await client.chat.completions.create(
                        model="m",
                        messages=[{"role": "user", "content": prompt}],
                        max_tokens=32,
                        temperature=0.0,
                    )
                    text = reply.choices[0].message.content
                except Exception:
                    text = None
            if text is not None:
                out.write(json.dumps({"messages": [{"content": prompt}], "completion": text}))
                out.write("\n")
                print("row", flush=True)

        await asyncio.gather(*(ask(json.loads(line)["prompt"]) for line in lines))


def listen(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a client; its seconds and its longest silence."""
    process = subprocess.Popen(
        command,
        env=os.environ | {"LIMBECK_LEDGER": str(folder / "ledger.sqlite")},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    began = heard = time.monotonic()
    longest = 0.0
    with process:
        assert process.stdout
        for _ in process.stdout:
            longest = max(longest, time.monotonic() - heard)
            heard = time.monotonic()
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.monotonic() - began, max(longest, time.monotonic() - heard)


def measure(
    client: str, kinds: tuple[str, ...], share: float, *, always: bool, rows: int
) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as name,
        FaultyServer(kinds, rate=share, sticky=always, latency=LATENCY) as server,
    ):
        folder = Path(name)
        prompts = [json.dumps({"prompt": f"Question {i}: why?"}) + "\n" for i in range(rows)]
        (folder / "seeds.jsonl").write_text("".join(prompts), encoding="utf-8")
        (folder / "recipe.yaml").write_text(RECIPE.format(url=server.base_url), encoding="utf-8")
        if client == "limbeck":
            command = [sys.executable, "-m", "limbeck", "generate", "recipe.yaml"]
            command += ["--progress", "plain"]
            written = folder / "runs" / "faults" / "generate" / "records.jsonl"
        else:
            command = [sys.executable, __file__, "--sdk", server.base_url, str(folder)]
            written = folder / "sdk.jsonl"
        seconds, silence = listen(command, folder)
        lines = written.read_text(encoding="utf-8").splitlines()
        got = Counter(json.loads(line)["messages"][-1]["content"] for line in lines)
        drawn = {canonical_json(body): body for body in server.bodies}
        good, repaid = set(), 0
        for key, body in drawn.items():
            kind = server.fault_of(body)
            if kind is None or not always:
                good.add(body["messages"][-1]["content"])
            if kind is None or kind in BILLED:
                repaid += server.sent[key] - 1
        return {
            "lost": len(good - got.keys()),
            "doubled": sum(count - 1 for count in got.values()),
            "repaid": repaid,
            "most": max(server.sent.values()),
            "seconds": round(seconds, 1),
            "silence": round(silence, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--share", type=float, nargs="+", default=[5])
    parser.add_argument("--sdk", nargs=2)
    given = parser.parse_args()
    if given.sdk:
        asyncio.run(sdk_loop(given.sdk[0], Path(given.sdk[1])))
        return
    columns = ("lost", "doubled", "repaid", "most", "seconds", "silence")
    print("| bad rows | client | " + " | ".join(columns) + " |")
    print("|---|---|" + "---|" * len(columns))
    every: list[tuple[str, ...]] = [*((kind,) for kind in KINDS), KINDS]
    cases: list[tuple[str, tuple[str, ...], float, bool]] = [("none", (), 0.0, True)]
    for share in given.share:
        for always in (True, False):
            for kinds in every:
                name = f"{share:g}% {'mix' if len(kinds) > 1 else kinds[0]}"
                cases.append(
                    (f"{name}, {'always' if always else 'once'}", kinds, share / 100, always)
                )
    for name, kinds, share, always in cases:
        for client in ("limbeck", "openai"):
            row = measure(client, kinds, share, always=always, rows=given.rows)
            numbers = " | ".join(str(row[column]) for column in columns)
            print(f"| {name} | {client} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
