"""The vLLM teacher against a stand-in of vLLM's AsyncLLM: what it is given, what comes back."""

from __future__ import annotations

import asyncio
import importlib.machinery
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from limbeck.errors import BadRequest, Interrupted, MissingExtra, ModelError, StopRun
from limbeck.hf import chat_prompt
from limbeck.models import ModelName, parse_model
from limbeck.protocols import Reply, Request, Teacher, Usage
from limbeck.recipe import TeacherSection
from limbeck.record import Message, messages_json, user
from limbeck.teachers import vllm as door
from limbeck.teachers.connect import identity
from limbeck.teachers.local import LocalTeacher, local_teacher
from limbeck.teachers.vllm import VllmTeacher, vllm_teacher, wants_vllm
from tests.tiny import make_tokenizer

WINDOW = 200


class RequestOutputKind(Enum):
    FINAL_ONLY = 2


@dataclass
class SamplingParams:
    max_tokens: int
    temperature: float
    top_p: float
    presence_penalty: float
    seed: int
    stop: list[str]
    output_kind: RequestOutputKind


@dataclass
class AsyncEngineArgs:
    model: str
    dtype: str
    load_format: str
    tokenizer_mode: str
    trust_remote_code: bool
    max_num_seqs: int
    disable_log_stats: bool


@dataclass
class AsyncLLM:
    """An engine whose requests end when `go` is set; it says how many tokens the prompt has."""

    args: AsyncEngineArgs
    fail: Exception | None = None
    finish: str | None = "stop"
    asked: list[tuple[list[int], SamplingParams, str]] = field(default_factory=list)
    closed: int = 0

    @classmethod
    def from_engine_args(cls, args: AsyncEngineArgs) -> AsyncLLM:
        engine = cls(args)
        engine.go = asyncio.Event()  # type: ignore[attr-defined]
        engine.vllm_config = SimpleNamespace(  # type: ignore[attr-defined]
            model_config=SimpleNamespace(max_model_len=WINDOW)
        )
        return engine

    async def generate(
        self, prompt: dict[str, list[int]], sampling_params: SamplingParams, request_id: str
    ) -> AsyncIterator[Any]:
        ids = prompt["prompt_token_ids"]
        self.asked.append((ids, sampling_params, request_id))
        await self.go.wait()  # type: ignore[attr-defined]
        if self.fail is not None:
            raise self.fail
        answer = SimpleNamespace(text=f"é {len(ids)}", token_ids=[1, 2], finish_reason=self.finish)
        yield SimpleNamespace(outputs=[answer], num_cached_tokens=3, finished=True)

    def shutdown(self) -> None:
        self.closed += 1


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module vllm of the real one's shape."""
    parts: dict[str, dict[str, Any]] = {
        "vllm": {},
        "vllm.engine": {},
        "vllm.engine.arg_utils": {"AsyncEngineArgs": AsyncEngineArgs},
        "vllm.v1": {},
        "vllm.v1.engine": {},
        "vllm.v1.engine.async_llm": {"AsyncLLM": AsyncLLM},
        "vllm.sampling_params": {
            "SamplingParams": SamplingParams,
            "RequestOutputKind": RequestOutputKind,
        },
    }
    for name, content in parts.items():
        module = ModuleType(name)
        module.__path__ = []
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


def make(folder: Path, **settings: Any) -> tuple[VllmTeacher, AsyncLLM]:
    section = TeacherSection(model=str(folder), engine="vllm", **settings)
    teacher = vllm_teacher(parse_model(section.model), section)
    engine: AsyncLLM = teacher._engine
    return teacher, engine


def ask(teacher: VllmTeacher, engine: AsyncLLM, *requests: Request) -> list[Any]:
    async def run() -> list[Any]:
        engine.go.set()  # type: ignore[attr-defined]
        asked = [teacher.ask(request) for request in requests]
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(run())


def test_a_request_reaches_vllm_whole_and_its_answer_comes_back(
    vllm: None, tiny_folder: Path
) -> None:
    teacher, engine = make(tiny_folder, batch_size=7)
    assert isinstance(teacher, Teacher)
    messages = (Message("system", "Kurz."), user("Wo ist 東京? 🙂"))
    request = Request(messages, 9, 0.7, 0.9, ("\n", "。"), seed=5, presence_penalty=1.5)
    (reply,) = ask(teacher, engine, request)
    ((ids, settings, _),) = engine.asked
    tokenizer = make_tokenizer()
    prompt = chat_prompt(tokenizer, messages_json(messages))
    assert ids == tokenizer(prompt, add_special_tokens=False)["input_ids"]
    kind = RequestOutputKind.FINAL_ONLY
    assert settings == SamplingParams(9, 0.7, 0.9, 1.5, 5, ["\n", "。"], kind)
    assert reply == Reply(f"é {len(ids)}", "stop", Usage(len(ids), 2, 3))
    args = engine.args
    assert (args.model, args.dtype, args.max_num_seqs) == (str(tiny_folder), "bfloat16", 7)
    assert (args.load_format, args.trust_remote_code) == ("safetensors", False)
    assert teacher.identity == identity(TeacherSection(model=str(tiny_folder)))


def test_a_raw_request_is_given_as_it_stands(vllm: None, tiny_folder: Path) -> None:
    teacher, engine = make(tiny_folder)
    ask(teacher, engine, Request((user("The capital of"),), template="raw", max_tokens=3))
    assert engine.asked[0][0] == make_tokenizer()("The capital of")["input_ids"]


def test_every_request_has_a_name_of_its_own(vllm: None, tiny_folder: Path) -> None:
    teacher, engine = make(tiny_folder)
    ask(teacher, engine, *[Request((user("Hi"),), max_tokens=3, index=i) for i in range(4)])
    assert len({name for _, _, name in engine.asked}) == 4


def test_an_answer_cut_by_max_tokens_says_so(vllm: None, tiny_folder: Path) -> None:
    teacher, engine = make(tiny_folder)
    engine.finish = "length"
    (reply,) = ask(teacher, engine, Request((user("Hi"),), max_tokens=3))
    assert reply.finish_reason == "length"


def test_an_aborted_request_is_no_answer(vllm: None, tiny_folder: Path) -> None:
    teacher, engine = make(tiny_folder)
    engine.finish = "abort"
    (error,) = ask(teacher, engine, Request((user("Hi"),), max_tokens=3))
    assert isinstance(error, StopRun)


def test_what_does_not_fit_or_is_refused_fails_alone(vllm: None, tiny_folder: Path) -> None:
    teacher, engine = make(tiny_folder)
    long = Request((user("Hi"),), max_tokens=WINDOW)
    refused, answered = ask(teacher, engine, long, Request((user("Hi"),), max_tokens=3))
    assert isinstance(refused, BadRequest)
    assert f"do not fit the {WINDOW}" in str(refused)
    assert isinstance(answered, Reply)
    engine.fail = ValueError("top_p is odd")
    (refused,) = ask(teacher, engine, Request((user("Hi"),), max_tokens=3))
    assert isinstance(refused, BadRequest)
    assert "top_p is odd" in str(refused)
    engine.fail = None
    assert isinstance(ask(teacher, engine, Request((user("Hi"),), max_tokens=3))[0], Reply)


def test_a_dead_engine_is_a_model_error_for_all(vllm: None, tiny_folder: Path) -> None:
    teacher, engine = make(tiny_folder)
    engine.fail = RuntimeError("EngineCore died")
    for _ in range(2):
        (error,) = ask(teacher, engine, Request((user("Hi"),), max_tokens=3))
        assert isinstance(error, ModelError)
        assert "EngineCore died" in str(error)
    assert len(engine.asked) == 1


def test_stopping_answers_what_runs_and_fails_what_waits_at_once(
    vllm: None, tiny_folder: Path
) -> None:
    error = Interrupted("stopped on request")

    async def run() -> list[Any]:
        teacher, engine = make(tiny_folder, batch_size=2)
        requests = [Request((user(f"Q {i}"),), max_tokens=3) for i in range(6)]
        asked = [asyncio.create_task(teacher.ask(request)) for request in requests]
        await asyncio.sleep(0)  # every task runs until it waits
        assert len(engine.asked) == 2
        teacher.stop(error)
        waited = await asyncio.gather(*asked[2:], return_exceptions=True)
        assert not any(task.done() for task in asked[:2])
        engine.go.set()  # type: ignore[attr-defined]
        results = [*await asyncio.gather(*asked[:2]), *waited]
        assert len(engine.asked) == 2
        results += await asyncio.gather(teacher.ask(requests[0]), return_exceptions=True)
        return results

    results = asyncio.run(asyncio.wait_for(run(), 60))
    assert all(isinstance(result, Reply) for result in results[:2])
    assert results[2:] == [error] * 5


def test_closing_ends_the_engine_once_and_a_later_request_starts_another(
    vllm: None, tiny_folder: Path
) -> None:
    async def run() -> None:
        teacher, engine = make(tiny_folder)
        await teacher.aclose()
        await teacher.aclose()
        assert engine.closed == 1
        asked = asyncio.create_task(teacher.ask(Request((user("Hi"),), max_tokens=3)))
        await asyncio.sleep(0)
        other: Any = teacher._engine
        assert other is not engine
        other.go.set()
        assert isinstance(await asked, Reply)

    asyncio.run(run())


def test_an_engine_that_does_not_start_is_a_model_error(
    vllm: None, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(args: AsyncEngineArgs) -> AsyncLLM:
        raise RuntimeError("no memory for the cache\nmore")

    monkeypatch.setattr(AsyncLLM, "from_engine_args", broken)
    with pytest.raises(ModelError, match=r"vLLM cannot start .*: no memory for the cache$"):
        make(tiny_folder)


@pytest.mark.parametrize(
    ("kind", "engine", "gpu", "expected"),
    [
        ("hf", "auto", True, True),
        ("path", "auto", True, True),
        ("path", "auto", False, False),
        ("bundled", "auto", True, False),
        ("gguf", "auto", True, False),
        ("hf", "transformers", True, False),
        ("hf", "vllm", False, True),
    ],
)
def test_the_engine_is_vllm_where_asked_for_or_where_it_can(
    vllm: None, monkeypatch: pytest.MonkeyPatch, kind: Any, engine: str, gpu: bool, expected: bool
) -> None:
    here = SimpleNamespace(type="cuda" if gpu else "cpu")
    monkeypatch.setattr(door, "device", lambda: here)
    assert wants_vllm(ModelName(kind, "x"), engine) is expected


def test_vllm_reads_no_gguf(vllm: None) -> None:
    with pytest.raises(ModelError, match="set another engine"):
        wants_vllm(ModelName("gguf", "x.gguf"), "vllm")


def test_without_vllm_a_recipe_that_wants_it_is_told_what_to_install(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    section = TeacherSection(model=str(tiny_folder), engine="vllm")
    with pytest.raises(MissingExtra, match=r'pip install .*\[vllm\]"'):
        local_teacher(parse_model(section.model), section)


def test_without_vllm_a_gpu_is_left_to_transformers(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "device", lambda: SimpleNamespace(type="cuda"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert wants_vllm(ModelName("path", str(tiny_folder)), "auto") is False


def test_a_recipe_gets_the_engine_it_names(vllm: None, tiny_folder: Path) -> None:
    section = TeacherSection(model=str(tiny_folder), engine="vllm")
    assert isinstance(local_teacher(parse_model(section.model), section), VllmTeacher)
    other = TeacherSection(model=str(tiny_folder), engine="transformers")
    assert isinstance(local_teacher(parse_model(other.model), other), LocalTeacher)
