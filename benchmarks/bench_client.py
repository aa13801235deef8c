"""Requests a second of limbeck's teacher engine, beside the plain `openai` SDK loop and others.

    python benchmarks/bench_client.py            # everything, about four minutes
    python benchmarks/bench_client.py speed      # or: latency, limits, refusals

Every client is a process of its own against a server of its own on loopback, one after the other
in rounds, so that ratios compare; the ledger is on (SQLite, synchronous=FULL). Peers that are not
installed are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
STARTED = time.perf_counter()
Ask = Callable[[int], Awaitable[object]]
ROUNDS = 3


def asking(teacher: Any) -> Ask:
    """The questions of every client, put to a limbeck teacher."""
    from limbeck.protocols import Request
    from limbeck.record import user

    async def ask(number: int) -> object:
        prompt = user(f"Question {number}: what is the capital of France?")
        return await teacher.ask(Request((prompt,), temperature=0.7, seed=number))

    return ask


@asynccontextmanager
async def limbeck(url: str, width: int) -> AsyncIterator[Ask]:
    """The whole engine: Recorded(Retrying(Budgeted(Limited(openai)))), durable ledger."""
    from limbeck.ledger import Ledger
    from limbeck.recipe import TeacherSection
    from limbeck.teachers import connect

    section = TeacherSection(model="openai:m", base_url=url, concurrency=width)
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l.sqlite") as ledger:
        teacher = connect(section, ledger)
        yield asking(teacher)
        await teacher.aclose()


@asynccontextmanager
async def limbeck_without_ledger(url: str, width: int) -> AsyncIterator[Ask]:
    """The same without Recorded: what the ledger costs."""
    from limbeck.recipe import TeacherSection
    from limbeck.teachers.limited import Limited
    from limbeck.teachers.openai import OpenAITeacher
    from limbeck.teachers.retrying import Retrying

    section = TeacherSection(model="openai:m", base_url=url, concurrency=width)
    teacher = Retrying(Limited(OpenAITeacher("m", section, "key"), most=width))
    yield asking(teacher)
    await teacher.aclose()


@asynccontextmanager
async def openai_sdk(url: str, width: int) -> AsyncIterator[Ask]:
    """AsyncOpenAI in a loop, its own two retries, nothing recorded."""
    import openai

    client = openai.AsyncOpenAI(base_url=url, api_key="key")

    async def ask(number: int) -> object:
        prompt = f"Question {number}: what is the capital of France?"
        return await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": prompt}],
            temperature=0.7,
            seed=number,
            max_tokens=256,
        )

    yield ask
    await client.close()


@asynccontextmanager
async def openai_tenacity(url: str, width: int) -> AsyncIterator[Ask]:
    """The usual script: the SDK without its retries, tenacity around it."""
    import openai
    import tenacity

    client = openai.AsyncOpenAI(base_url=url, api_key="key", max_retries=0)

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(6), wait=tenacity.wait_random_exponential(0.5, 30)
    )
    async def ask(number: int) -> object:
        prompt = f"Question {number}: what is the capital of France?"
        return await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": prompt}], seed=number
        )

    yield ask
    await client.close()


@asynccontextmanager
async def litellm(url: str, width: int) -> AsyncIterator[Ask]:
    import litellm as peer

    async def ask(number: int) -> object:
        prompt = f"Question {number}: what is the capital of France?"
        return await peer.acompletion(
            model="openai/m",
            api_base=url,
            api_key="key",
            messages=[{"role": "user", "content": prompt}],
            num_retries=3,
        )

    yield ask


CLIENTS = {
    "limbeck": limbeck,
    "limbeck-no-ledger": limbeck_without_ledger,
    "openai": openai_sdk,
    "openai+tenacity": openai_tenacity,
    "litellm": litellm,
}
NEEDS = {"litellm": "litellm"}


def one(client: str, url: str, rows: int, width: int) -> dict[str, Any]:
    """Run a client in this process; what it took."""
    from limbeck.aio import map_ordered, run

    run_loop: Callable[[Any], Any] = run if client.startswith("limbeck") else asyncio.run
    told: dict[str, Any] = {"good": 0, "lost": 0}

    async def main() -> None:
        async with CLIENTS[client](url, width) as ask:

            async def safe(number: int) -> bool:
                try:
                    await ask(number)
                except Exception as error:
                    told["error"] = f"{type(error).__name__}: {error}"[:200]
                    return False
                return True

            told["ready"] = time.perf_counter() - STARTED
            began, cpu = time.perf_counter(), time.process_time()
            marks = []
            async with map_ordered(safe, range(rows), width) as results:
                async for good in results:
                    told["good" if good else "lost"] += 1
                    if told["good"] in (rows // 2, rows):
                        marks.append(time.perf_counter())
            told["seconds"] = time.perf_counter() - began
            told["cpu"] = time.process_time() - cpu
            if len(marks) == 2:  # the second half: what the ramp at the start cost is over
                told["steady"] = (rows - rows // 2) / (marks[1] - marks[0])

    run_loop(main())
    told["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return told


@contextmanager
def server(*options: str) -> Iterator[tuple[str, Callable[[], dict[str, int]]]]:
    """A fast server in a process of its own: its URL, and its counts so far."""
    import urllib.request

    process = subprocess.Popen(
        [sys.executable, str(HERE / "fast_server.py"), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    root = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def stats() -> dict[str, int]:
        with urllib.request.urlopen(f"{root}/stats") as answer:  # loopback
            return dict(json.load(answer))

    try:
        yield f"{root}/v1", stats
    finally:
        process.stdin.close()
        process.wait()


def measure(client: str, rows: int, width: int, *options: str) -> dict[str, Any]:
    """One client in a new process against a new server; with the server's counts."""
    with server(*options) as (url, stats):
        done = subprocess.run(
            [sys.executable, __file__, "--one", client, url, str(rows), str(width)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"OPENAI_API_KEY": "key"},
        )
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            raise SystemExit(f"{client} failed: {done.stderr[-2000:]}")
        return dict(json.loads(lines[-1])) | stats()


def installed() -> list[str]:
    return [
        name
        for name in CLIENTS
        if not (needs := NEEDS.get(name)) or importlib.util.find_spec(needs)
    ]


def speed() -> None:
    """Zero latency, 100 in flight: all that is left is the client's own work."""
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in installed()}
    for _ in range(ROUNDS):
        for name, rounds in results.items():
            rows = 20_000 if name.startswith("limbeck") else 3_000
            rounds.append(measure(name, rows, 100) | {"rows": rows})
    base = [r["rows"] / r["seconds"] for r in results["openai"]]
    for name, rounds in results.items():
        rates = [r["rows"] / r["seconds"] for r in rounds]
        ratio = median(rate / other for rate, other in zip(rates, base, strict=True))
        cpu = median(1000 * r["cpu"] / r["rows"] for r in rounds)
        print(
            f"speed | {name} | {median(rates):,.0f} requests/s | {ratio:.1f}x openai | "
            f"{cpu:.3f} CPU s a thousand | {median(r['mb'] for r in rounds):.0f} MB | ready in "
            f"{median(r['ready'] for r in rounds):.2f} s"
        )
    with_, without = results["limbeck"], results["limbeck-no-ledger"]
    cost = median(1 - b["seconds"] / a["seconds"] for a, b in zip(with_, without, strict=True))
    micro = median((a["cpu"] - b["cpu"]) / 0.02 for a, b in zip(with_, without, strict=True))
    print(
        f"speed | the ledger costs {100 * cost:.0f}% of the rate, {micro:.0f} us of CPU a request"
    )


def latency() -> None:
    """200 ms: how near to the ideal of width / 0.2 s, once ramped up and over all."""
    for width, rows in ((100, 5_000), (500, 20_000)):
        ideal = width / 0.2
        for name in installed():
            few = rows if name.startswith("limbeck") else rows // 5
            result = measure(name, few, width, "--latency", "0.2")
            steady, whole = result.get("steady", 0.0), few / result["seconds"]
            print(
                f"latency | {name} | 200 ms, {width} in flight | {steady:,.0f} requests/s, "
                f"{100 * steady / ideal:.0f}% of the ideal in the second half, "
                f"{100 * whole / ideal:.0f}% over {few:,} requests"
            )


def limits() -> None:
    """600 requests a minute with a burst of 10; and a server that admits 64 of 300 in flight."""
    names = [name for name in installed() if name != "limbeck-no-ledger"]
    ideal = (400 - 10) / 10
    for words, options in (("with headers", ["--headers"]), ("without headers", [])):
        for name in names:
            result = measure(
                name, 400, 50, "--latency", "0.05", "--rpm", "600", "--burst", "10", *options
            )
            print(
                f"limits | {name} | 600 a minute, {words} | {result['good']} of 400 good | "
                f"{result['refused'] / max(1, result['good']):.3f} 429s a success | "
                f"{result['seconds'] / ideal:.2f}x the ideal {ideal:.0f} s"
            )
    ideal = 3_000 * 0.2 / 64
    for name in names:
        result = measure(name, 3_000, 300, "--latency", "0.2", "--capacity", "64")
        print(
            f"limits | {name} | 64 of 300 admitted | {result['good']:,} of 3,000 good | "
            f"{result['refused'] / max(1, result['good']):.2f} 503s a success | "
            f"{result['seconds'] / ideal:.2f}x the ideal {ideal:.1f} s"
        )


def refusals() -> None:
    """A wrong key: how many requests until it is noticed."""
    for name in installed():
        if name == "limbeck-no-ledger":
            continue
        result = measure(name, 200, 100, "--status", "401")
        print(f"refusals | {name} | every answer is a 401 | {result['requests']} requests sent")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", help="speed, latency, limits, refusals")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        client, url, rows, width = options.one
        print(json.dumps(one(client, url, int(rows), int(width))))
        return
    parts = {"speed": speed, "latency": latency, "limits": limits, "refusals": refusals}
    for part in options.parts or list(parts):
        parts[part]()


if __name__ == "__main__":
    main()
