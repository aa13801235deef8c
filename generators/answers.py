"""Generator `answers`: the teacher answers every seed prompt. The plain black-box case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from limbeck.aio import map_ordered
from limbeck.errors import AskError, UserError
from limbeck.protocols import AskFailure, Out, Reply, Request, Teacher
from limbeck.record import Message, Provenance, Record, content_hash
from limbeck.teachers.logprobs import TokenLogprob, read_logprobs, to_meta


@dataclass(frozen=True)
class Answers:
    """One or several sampled paths a prompt.

    `paths` above 1 needs a temperature above 0. Every path has its own seed, derived from
    `seed`, the prompt and its index, so that adding prompts changes no other row. `width`
    requests are in flight at once; records come out in the order of seeds, then paths.
    `top_logprobs` asks for that many of the likeliest tokens with every token of an answer, which
    the objective topk_kl learns from; they stand in `meta.logprobs`, about 25 bytes each.
    """

    paths: Annotated[int, Field(ge=1)] = 1
    max_tokens: Annotated[int, Field(ge=1)] = 256
    temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    stop: tuple[str, ...] = ()
    system: str = ""
    template: Literal["chat", "raw"] = "chat"
    top_logprobs: Annotated[int, Field(ge=0, le=20)] = 0
    seed: int = 0
    width: Annotated[int, Field(ge=1)] = 16
    sends_fields: ClassVar[bool] = True
    name: str = field(default="answers", init=False)

    def __post_init__(self) -> None:
        if self.paths > 1 and self.temperature == 0:
            raise ValueError(
                f"{self.paths} paths at temperature 0 would all be the same; raise temperature"
            )

    def total(self, seeds: Sequence[Record], /) -> int:
        return len(seeds) * self.paths

    def requests(self, seeds: Iterable[Record], /) -> Iterator[Request]:
        """Every request that `generate` will make, in order."""
        for _, request in self._pairs(seeds):
            yield request

    async def generate(self, seeds: Iterable[Record], teacher: Teacher, out: Out, /) -> None:
        async def ask(pair: tuple[Record, Request]) -> tuple[Record, Reply] | AskFailure:
            seed, request = pair
            try:
                reply = await teacher.ask(request)
                return self._record(seed, request, reply, teacher.name), reply
            except AskError as error:
                return AskFailure(seed.id, request.index, error.reason, str(error))

        async with map_ordered(ask, self._pairs(seeds), self.width) as results:
            async for result in results:
                if isinstance(result, AskFailure):
                    out.fail(result)
                else:
                    record, reply = result
                    out.answered(reply)
                    out.emit(record)

    def _pairs(self, seeds: Iterable[Record]) -> Iterator[tuple[Record, Request]]:
        for seed in seeds:
            for index in range(self.paths):
                yield seed, self._request(seed, index)

    def _request(self, seed: Record, index: int) -> Request:
        messages = seed.messages
        if self.system and messages[0].role != "system":
            messages = (Message("system", self.system), *messages)
        drawn = int(content_hash([self.seed, seed.id, index], size=4), 16) & 0x7FFFFFFF
        return Request(
            messages=messages,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            stop=self.stop,
            seed=drawn if self.temperature > 0 else None,
            index=index if self.temperature > 0 else seed.provenance.index,
            template=self.template,
            top_logprobs=self.top_logprobs,
            fields=seed.fields,
        )

    def _record(self, seed: Record, request: Request, reply: Reply, teacher: str) -> Record:
        usage = {
            "prompt_tokens": reply.usage.prompt_tokens,
            "completion_tokens": reply.usage.completion_tokens,
        }
        meta = {**seed.asked_meta, "finish_reason": reply.finish_reason, "usage": usage}
        meta |= reply.extras
        if self.top_logprobs and reply.reason in ("", "truncated") and reply.text:
            meta["logprobs"] = to_meta(_logprobs(reply, teacher))
        return Record(
            messages=request.messages,
            completion=reply.text,
            provenance=Provenance(
                generator=self.name,
                teacher=teacher,
                prompt_version=seed.provenance.prompt_version,
                request=reply.key,
                index=request.index,
                parents=(seed.id,),
                template=request.template,
            ),
            target=None if seed.target == "" and seed.answer.tool_calls else seed.target,
            meta=meta,
            columns=seed.columns,
        )


def _logprobs(reply: Reply, teacher: str) -> list[TokenLogprob]:
    """The log-probabilities in an answer. Raises UserError for none, since the next answers
    would have none either and cost as much, and Malformed for what cannot be read."""
    choices = (reply.raw or {}).get("choices")
    found = read_logprobs(choices[0]) if choices else None
    if found is None or not any(token.top for token in found[1]):
        raise UserError(
            f"generate.top_logprobs is set, but {teacher} gave no log-probabilities with its "
            "answer. limbeck probe says what it gives; take the option out, or choose another "
            "teacher"
        )
    return found[1]
