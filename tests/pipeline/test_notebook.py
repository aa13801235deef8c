"""The Python API where an event loop runs already: in a coroutine, and in a real kernel."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from pathlib import Path

import pytest

import limbeck
from limbeck.errors import Interrupted
from limbeck.pipeline.context import Context
from limbeck.pipeline.run import do_stages
from limbeck.progress import Quiet
from limbeck.recipe import Recipe, TeacherSection
from limbeck.rundir import RunDir
from limbeck.testing import ApiServer
from tests.pipeline.test_run import write_job


def api_job(folder: Path, server: ApiServer, student: Path) -> Recipe:
    price = {"input": 1.0, "output": 1.0}
    teacher = {"model": "openai:m", "base_url": server.base_url, "concurrency": 4, "price": price}
    job = write_job(folder, "fake:t", student, filters=[])
    return job.model_copy(update={"teacher": TeacherSection.model_validate(teacher)})


def test_a_run_within_a_running_loop_gives_paths_counts_and_cost(
    tmp_path: Path, tiny_folder: Path
) -> None:
    async def main(recipe: Recipe) -> limbeck.Run:
        return limbeck.run(recipe, into=tmp_path / "runs", ledger=tmp_path / "ledger.sqlite")

    with ApiServer() as server:
        done = asyncio.run(main(api_job(tmp_path, server, tiny_folder)))
    assert done.counts["generate"]["records"] == 42
    assert all(path.is_dir() for path in done.paths.values())
    assert done.cost is not None
    assert done.cost > 0
    assert "generate: 42 " in repr(done) or "42 records" in repr(done)
    assert repr(done).endswith(str(done.path / "report" / "index.html"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_there_drains_and_nothing_is_paid_twice(
    tmp_path: Path, tiny_folder: Path, number: int
) -> None:
    async def main(context: Context) -> None:
        do_stages(context, ("generate",))

    def press() -> None:
        while len(server.answered) < 4:
            threading.Event().wait(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, number)

    with ApiServer(latency=0.1) as server:
        recipe = api_job(tmp_path, server, tiny_folder)
        context = Context(RunDir.of(tmp_path, recipe), Quiet(), tmp_path / "ledger.sqlite")
        threading.Thread(target=press).start()
        with pytest.raises(Interrupted):
            asyncio.run(main(context))
        assert len(server.bodies) < 42
        asyncio.run(main(context))
    sent = [json.dumps(body, sort_keys=True) for body in server.bodies]
    assert len(sent) == 42


def test_a_kernel_runs_it_with_progress(tmp_path: Path, tiny_folder: Path) -> None:
    pytest.importorskip("ipykernel", reason="needs ipykernel (dev)")
    client = pytest.importorskip("jupyter_client", reason="needs ipykernel (dev)")
    with ApiServer() as server:
        recipe = api_job(tmp_path, server, tiny_folder)
        (tmp_path / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
        said: list[str] = []
        with client.run_kernel(kernel_name="python3") as kernel:
            reply = kernel.execute_interactive(
                "import limbeck, pathlib\n"
                f"at = pathlib.Path({str(tmp_path)!r})\n"
                "recipe = limbeck.Recipe.load(at / 'recipe.yaml')\n"
                "limbeck.run(recipe, into=at / 'runs', ledger=at / 'ledger.sqlite')",
                timeout=100,
                output_hook=lambda message: said.append(str(message["content"])),
            )
    text = "\n".join(said)
    assert reply["content"]["status"] == "ok", text
    assert "generate: done, 42 calls" in text
    assert "text/plain" in text
    assert str(tmp_path / "runs" / "tiny" / "report" / "index.html") in text
