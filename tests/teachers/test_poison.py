"""Rows that always fail, among rows that always work: they cost themselves and nobody else."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from limbeck.errors import AskError, AskTimeout, Malformed, Transient, Unreachable
from limbeck.generators.answers import Answers
from limbeck.protocols import AskFailure, Reply, Request, Usage
from limbeck.record import Provenance, Record, canonical_json, user
from limbeck.teachers.limited import Limited
from limbeck.teachers.retrying import Retrying
from limbeck.testing import FaultyServer
from tests import virtual_time

ROWS, WIDTH, LATENCY, TIMEOUT = 1000, 64, 0.05, 2.0
WAITS = 0.5 + 1 + 2 + 4 + 8 + 16 + 30  # seconds, what the waits of one row's retries may take


def _billed(error: AskError) -> AskError:
    error.billed = True
    return error


POISON: Mapping[str, Callable[[], AskError]] = {
    "null content": lambda: _billed(Malformed("the answer's content is missing")),
    "cut JSON": lambda: _billed(Malformed("no JSON")),
    "HTML with 200": lambda: _billed(Malformed("a web page")),
    "500": lambda: Transient("HTTP 500"),
    "reset": lambda: _billed(Transient("the connection broke")),
    "hang": lambda: AskTimeout("no whole answer within 2 s"),
}


class Endpoint:
    """A teacher that fails the rows that it is told to, always, and all rows while it is down."""

    name = "simulated"
    identity: Mapping[str, Any] = {"endpoint": "simulated"}

    def __init__(
        self, bad: Mapping[str, str], down: tuple[float, float] = (0, 0), seconds: float = 0.0
    ) -> None:
        self.bad, self._down, self._seconds = bad, down, seconds
        self.sent: Counter[str] = Counter()
        self.served: Counter[str] = Counter()

    async def ask(self, request: Request, /) -> Reply:
        prompt = request.messages[-1].content
        self.sent[prompt] += 1
        now = asyncio.get_running_loop().time()
        kind = self.bad.get(prompt)
        if self._down[0] <= now < self._down[1]:
            await asyncio.sleep(self._seconds)
            raise Unreachable("refused") if kind is None else POISON[kind]()
        await asyncio.sleep(TIMEOUT if kind == "hang" else LATENCY)
        if kind is not None:
            raise POISON[kind]()
        self.served[prompt] += 1
        return Reply(f"Antwort auf {prompt}", usage=Usage(3, 5))

    async def aclose(self) -> None:
        return


class Written:
    """An Out that remembers in which order, and at what time, rows came."""

    def __init__(self) -> None:
        self.good: list[str] = []
        self.failed: list[AskFailure] = []

    def emit(self, record: Record, /) -> None:
        self.good.append(record.messages[-1].content)

    def fail(self, failure: AskFailure, /) -> None:
        self.failed.append(failure)

    def answered(self, reply: Reply, /) -> None:
        return

    def draft(self, record: Record, verdict: Any, /) -> None:
        raise AssertionError

    def count(self, line: str, number: int = 1, /) -> None:
        raise AssertionError

    def say(self, text: str, /) -> None:
        raise AssertionError


def generate(endpoint: Endpoint) -> tuple[Written, float]:
    out = Written()
    provenance = Provenance(generator="seed", teacher="", prompt_version="")
    seeds = [Record((user(f"第{i}行"),), "", provenance) for i in range(ROWS)]

    async def main() -> None:
        teacher = Retrying(Limited(endpoint, most=WIDTH))
        await Answers(width=WIDTH).generate(seeds, teacher, out)

    _, seconds = virtual_time.run(main)
    return out, seconds


CLEAN = generate(Endpoint({}))[1]


@pytest.mark.parametrize("share", [2, 5, 10, 20])
@pytest.mark.parametrize("kind", [*POISON, "mix"])
def test_bad_rows_fail_with_their_reason_and_all_others_are_written(kind: str, share: int) -> None:
    kinds = list(POISON) if kind == "mix" else [kind]
    bad = {
        f"第{i}行": kinds[i // (100 // share) % len(kinds)] for i in range(0, ROWS, 100 // share)
    }
    endpoint = Endpoint(bad)
    out, seconds = generate(endpoint)
    assert out.good == [f"第{i}行" for i in range(ROWS) if f"第{i}行" not in bad]
    assert set(endpoint.served.values()) == {1}
    assert len(out.failed) == len(bad)
    assert {failure.reason for failure in out.failed} == {POISON[k]().reason for k in bad.values()}
    for prompt, one in bad.items():
        assert endpoint.sent[prompt] <= (3 if POISON[one]().billed else 8)
    # A request that hangs holds a place until its deadline: that much no client can save.
    hangs = 3 * sum(one == "hang" for one in bad.values())
    assert seconds <= 3 * CLEAN + WAITS + TIMEOUT * (3 + hangs / WIDTH)


@pytest.mark.parametrize("bad", [{}, {f"第{i}行": "500" for i in range(0, ROWS, 20)}])
def test_an_outage_of_a_minute_in_the_middle_loses_and_doubles_nothing(bad: dict[str, str]) -> None:
    endpoint = Endpoint(bad, down=(CLEAN / 2, CLEAN / 2 + 60), seconds=0.01)
    out, seconds = generate(endpoint)
    assert out.good == [f"第{i}行" for i in range(ROWS) if f"第{i}行" not in bad]
    assert set(endpoint.served.values()) == {1}
    assert len(out.failed) == len(bad)
    assert max(endpoint.sent.values()) <= 8
    assert sum(endpoint.sent.values()) <= ROWS + WIDTH + 5 * len(bad) + 30, "it is left alone"
    assert seconds <= 60 + 3 * CLEAN + WAITS


RECIPE = """
name: poison
seeds: seeds.jsonl
teacher: {{model: "openai:m", base_url: "{url}", concurrency: 64, timeout: 1.0}}
generate: {{max_tokens: 32}}
student: bundled
"""


def test_a_real_run_with_a_fifth_of_bad_rows_ends_soon_and_is_never_silent(tmp_path: Path) -> None:
    kinds = ["null_content", "truncated_json", "wrong_type", "error_500", "reset", "hang"]
    rows = "".join(json.dumps({"prompt": f"Question n° {i} ?"}) + "\n" for i in range(400))
    (tmp_path / "seeds.jsonl").write_text(rows, encoding="utf-8")
    with FaultyServer(kinds, rate=0.2, sticky=True, latency=0.05) as server:
        (tmp_path / "recipe.yaml").write_text(RECIPE.format(url=server.base_url), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "limbeck", "generate", "recipe.yaml", "--progress", "plain"],
            env=os.environ | {"LIMBECK_LEDGER": str(tmp_path / "ledger.sqlite")},
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        heard, longest, text = time.monotonic(), 0.0, ""
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                text += line
                longest = max(longest, time.monotonic() - heard)
                heard = time.monotonic()
        assert process.returncode == 0, text
        drawn = {
            body["messages"][-1]["content"]: (
                server.fault_of(body),
                server.sent[canonical_json(body)],
            )
            for body in server.bodies
        }
    bad = {prompt: kind for prompt, (kind, _) in drawn.items() if kind}
    folder = tmp_path / "runs" / "poison" / "generate"
    records = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
    failures = (folder / "failures.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(drawn) == 400
    assert set(bad.values()) == set(kinds)
    good = Counter(json.loads(line)["messages"][-1]["content"] for line in records)
    assert good == dict.fromkeys(drawn.keys() - bad.keys(), 1)
    assert len(failures) == len(bad)
    for prompt, (kind, sent) in drawn.items():
        assert sent <= (1 if kind is None else 6 if kind == "error_500" else 3), (prompt, kind)
    assert longest < 10, text
