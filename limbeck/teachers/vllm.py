"""A local model run by vLLM on a GPU: the same prompts, seeds and stop strings as in `local.py`.

Written against vLLM's AsyncLLM and tested with a stand-in of its shape; we have not run it on a
GPU. Its draws for a seed are its own, so a sampled answer differs from the transformers engine's.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limbeck.errors import BadRequest, MissingExtra, ModelError, StopRun, UserError
from limbeck.hf import device
from limbeck.models import ModelName, weight_files
from limbeck.protocols import Reply, Request, Usage
from limbeck.recipe import TeacherSection
from limbeck.teachers.connect import identity
from limbeck.teachers.prompt import prompt_ids


def wants_vllm(name: ModelName, engine: str) -> bool:
    """Whether vLLM is to run the model. Raises MissingExtra or ModelError where it must and
    cannot."""
    fits = name.kind in ("hf", "path")
    if engine == "vllm":
        if not fits:
            raise ModelError(f"vLLM reads hf: models and folders, not {name}; set another engine")
        if importlib.util.find_spec("vllm") is None:
            raise MissingExtra("vLLM", "vllm")
        return True
    if engine == "transformers" or not fits or importlib.util.find_spec("vllm") is None:
        return False
    return bool(device().type == "cuda")


def vllm_teacher(name: ModelName, section: TeacherSection) -> VllmTeacher:
    """The teacher of a recipe; weights are loaded now. Raises ModelError or MissingExtra."""
    return VllmTeacher(
        name, dtype=section.dtype, batch_size=section.batch_size, identity=identity(section)
    )


class VllmTeacher:
    """Answers up to `batch_size` requests at once; vLLM batches them and shares their prefixes."""

    def __init__(
        self, name: ModelName, *, dtype: str, batch_size: int, identity: Mapping[str, Any]
    ) -> None:
        self.name = str(name)
        self._model = name
        self._dtype = dtype
        self._batch_size = batch_size
        self._identity = dict(identity)
        self._asked = 0
        self._waiting = 0
        self._failure: UserError | None = None
        self._engine: Any = None
        self._start()

    @property
    def identity(self) -> Mapping[str, Any]:
        return self._identity

    async def ask(self, request: Request, /) -> Reply:
        if self._failure is not None:
            raise self._failure
        if self._engine is None:
            self._start()
        room = self._room
        self._waiting += 1
        try:
            await room.acquire()
        finally:
            self._waiting -= 1
        try:
            if self._failure is not None:  # it came while this one waited
                raise self._failure
            return await self._generate(request)
        finally:
            room.release()

    def stop(self, error: StopRun) -> None:
        """Take nothing new: what waits fails with `error` at once, as does whoever asks later.
        What vLLM has begun is answered to its end. Call it in the event loop of `ask`."""
        self._failure = self._failure or error
        for _ in range(self._waiting):
            self._room.release()

    async def aclose(self) -> None:
        """End the engine and its processes; a later `ask` starts another."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await asyncio.to_thread(engine.shutdown)

    def _start(self) -> None:
        try:
            from transformers import AutoTokenizer
            from vllm.engine.arg_utils import AsyncEngineArgs
            from vllm.v1.engine.async_llm import AsyncLLM
        except ImportError as error:
            raise MissingExtra("vLLM", "vllm") from error
        source = self._model.value
        if self._model.kind == "path":
            weight_files(Path(source))
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
            self._engine = AsyncLLM.from_engine_args(
                AsyncEngineArgs(
                    model=source,
                    dtype=self._dtype,
                    load_format="safetensors",  # never a pickle
                    tokenizer_mode="hf",
                    trust_remote_code=False,
                    max_num_seqs=self._batch_size,
                    disable_log_stats=True,
                )
            )
        except Exception as error:  # it raises every kind of it
            raise ModelError(f"vLLM cannot start {self.name}: {_first_line(error)}") from error
        self._room = asyncio.Semaphore(self._batch_size)

    async def _generate(self, request: Request) -> Reply:
        if request.top_logprobs:
            raise StopRun(
                f"{self.name} run by vLLM here gives texts only; for log-probabilities set "
                "teacher.engine: transformers, or ask vLLM's own server (openai:MODEL, base_url)"
            )
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        engine = self._engine
        if engine is None:
            raise StopRun(f"{self.name} was closed before it had answered")
        window = engine.vllm_config.model_config.max_model_len
        ids = prompt_ids(self.name, self._tokenizer, request, window)
        settings = SamplingParams(
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=max(request.top_p, 1e-6),  # it must be above 0
            presence_penalty=request.presence_penalty,
            seed=(request.seed or 0) % (1 << 63),
            stop=list(request.stop),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        self._asked += 1
        final: Any = None
        try:
            prompt = {"prompt_token_ids": ids}
            async for output in engine.generate(prompt, settings, f"limbeck-{self._asked}"):
                final = output
        except ValueError as error:  # what it says of a request that it will not take
            raise BadRequest(f"vLLM refuses the request: {_first_line(error)}") from error
        except Exception as error:
            failure = ModelError(f"vLLM failed with {self.name}: {_first_line(error)}")
            self._failure = self._failure or failure
            raise failure from error
        answer = final.outputs[0] if final is not None and final.outputs else None
        if answer is None or answer.finish_reason not in ("stop", "length"):
            raise StopRun(f"vLLM ended a request to {self.name} before it was answered")
        usage = Usage(len(ids), len(answer.token_ids), final.num_cached_tokens or 0)
        return Reply(answer.text, answer.finish_reason, usage)


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
