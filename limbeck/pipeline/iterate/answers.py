"""What the teacher and a student answer to the same seeds: the teacher as the recipe's generator
asks it, the student as it is asked for evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from limbeck.aio import map_ordered, run
from limbeck.errors import AskError, UserError
from limbeck.evals.style.ask import outcome
from limbeck.ledger import Ledger
from limbeck.money import Meter, dollars, price_of
from limbeck.pipeline.asking import asking_of
from limbeck.pipeline.context import Context
from limbeck.pipeline.generate import Nobody, is_chained
from limbeck.pipeline.role_model import connect_role, section_of, weights_of
from limbeck.protocols import AskFailure, Generator, Reply, Request, Teacher
from limbeck.record import Record, Verdict, content_hash, user
from limbeck.teachers.connect import width
from limbeck.teachers.drain import draining

Asked = Literal["base", "student"]
"""Who answers beside the teacher."""

MAX_TOKENS = 256  # of a student whose teacher's generator has no limit of its own


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and why it is no whole one: "truncated", "refused", "empty"; "" where it is."""

    text: str
    reason: str = ""


@dataclass(slots=True)
class Answers:
    """What one model answered. `given` and `lost` are by the seed's id: its answers in the order of
    their paths, and the reason of its first call that failed. `failures` are the reasons of all
    calls that failed, `replies` what the answers are made from where they are paid for."""

    given: dict[str, list[Answer]] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def whole(self, seed: str) -> list[Answer]:
        """A seed's whole answers."""
        return [answer for answer in self.given.get(seed, ()) if not answer.reason]

    def why_none(self, seed: str) -> str:
        """The reason, in one word, why a seed has no whole answer: that of its first path."""
        reasons = [answer.reason for answer in self.given.get(seed, ())]
        return next(filter(None, reasons), self.lost.get(seed, "none"))

    def add(self, seed: str, answer: Answer) -> None:
        self.given.setdefault(seed, []).append(answer)

    def failed(self, seed: str, reason: str) -> None:
        self.lost.setdefault(seed, reason)
        self.failures.append(reason)


class _Out:
    """protocols.Out into Answers: nothing is written."""

    def __init__(self, context: Context, name: str) -> None:
        self.answers = Answers()
        self._context = context
        self._name = name

    def emit(self, record: Record, /) -> None:
        reply = Reply(record.completion, str(record.meta.get("finish_reason", "stop")))
        answer = Answer(reply.text, outcome(reply.text, reply.reason))
        self.answers.add(record.provenance.parents[0], answer)

    def draft(self, record: Record, verdict: Verdict, /) -> None:
        return

    def answered(self, reply: Reply, /) -> None:
        self.answers.replies.append(reply)

    def fail(self, failure: AskFailure, /) -> None:
        self.answers.failed(failure.seed, failure.reason)
        self._context.run.log("request_failed", **failure.to_json())

    def count(self, line: str, number: int = 1, /) -> None:
        return

    def say(self, text: str, /) -> None:
        self._context.reporter.say(f"{self._name}: {text}")


def teacher_answers(
    context: Context, generator: Generator, seeds: Sequence[Record], ledger: Ledger, name: str
) -> Answers:
    """What the teacher answers to `seeds`: the requests that the stage generate makes of them, so
    that what it asked is read from the ledger and paid once.

    `name` stands before what is said. Raises UserError for a generator that does not answer seeds
    but makes its own, StopRun, and what connecting raises.
    """
    if is_chained(generator):
        raise UserError(
            f"the generator {generator.name} writes questions of its own and does not answer those "
            "of a pool; set generate.generator to answers or chain_of_thought"
        )
    meter = Meter(price_of(context.recipe.teacher))
    out, total = _Out(context, name), generator.total(seeds)
    with context.reporter.stage(f"{name} teacher", "calls", total) as bar:

        async def main() -> None:
            if total == 0:
                await generator.generate(seeds, Nobody(), out)
                return
            teacher = context.connect(ledger, meter, lambda: bar.advance(1, meter.note()))
            try:
                async with draining(teacher, context.reporter.say):
                    await generator.generate(seeds, teacher, out)
            finally:
                await teacher.aclose()
                log_used(context, name, "teacher", meter)

        run(main())
    return out.answers


def student_answers(
    context: Context,
    role: Asked,
    seeds: Sequence[Record],
    ledger: Ledger,
    name: str,
    *,
    temperature: float,
    max_tokens: int,
) -> Answers:
    """One answer of the student (or the base) to every seed, each from a random seed of its own:
    no other row changes it, and base and student draw from the same ones.

    Raises StageError before it is trained, StopRun, and what loading its weights raises.
    """
    found = Answers()
    if not seeds:
        return found
    under_way = width(section_of(context, role))
    with context.reporter.stage(f"{name} {role}", "answers", len(seeds)) as bar:

        async def main(teacher: Teacher) -> None:
            requests = _requests(context, role, seeds, teacher, temperature, max_tokens)

            async def ask(request: Request) -> Reply | AskError:
                try:
                    return await teacher.ask(request)
                except AskError as error:
                    return error

            try:
                async with (
                    draining(teacher, context.reporter.say),
                    map_ordered(ask, requests, under_way) as replies,
                ):
                    places = iter(seeds)
                    async for reply in replies:
                        _take(found, next(places).id, reply)
                        bar.advance(1)
            finally:
                await teacher.aclose()

        run(main(connect_role(context, role, ledger)))
    return found


def student_prompts(context: Context, role: Asked, seeds: Sequence[Record]) -> Mapping[str, Any]:
    """All that decides how the role is asked, but for its chat template: JSON to be hashed.
    Raises what `asking_of` raises."""
    asking = asking_of(context, role)
    prompts = [asking.prompt(seed) for seed in seeds]
    return {
        "prompts": [
            prompt if isinstance(prompt, str) else [[turn.role, turn.content] for turn in prompt]
            for prompt in prompts
        ],
        "stop": list(asking.stop),
        "form": context.recipe.eval.prompt,
    }


def log_used(context: Context, name: str, who: str, meter: Meter) -> None:
    """What was used now goes into the log, also when the run stops in the middle."""
    used = meter.usage
    context.run.log(
        "used",
        stage=name,
        who=who,
        new_calls=meter.new,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        wasted_calls=meter.wasted,
        cost=None if meter.cost is None else dollars(meter.cost),
    )


def _take(found: Answers, seed: str, reply: Reply | AskError) -> None:
    if isinstance(reply, AskError):
        found.failed(seed, reply.reason)
    else:
        found.add(seed, Answer(reply.text, reply.reason))


def _requests(
    context: Context,
    role: Asked,
    seeds: Sequence[Record],
    teacher: Teacher,
    temperature: float,
    max_tokens: int,
) -> Iterator[Request]:
    asking, recipe = asking_of(context, role), context.recipe
    plain = recipe.eval.prompt == "plain" or not _knows_chats(teacher)
    for seed in seeds:
        prompt = asking.prompt(seed)
        if plain and not isinstance(prompt, str):
            prompt = "\n\n".join(turn.content for turn in prompt)
        raw = isinstance(prompt, str)
        drawn = int(content_hash([recipe.seed, "discriminate", seed.id], size=4), 16) & 0x7FFFFFFF
        yield Request(
            messages=(user(prompt),) if isinstance(prompt, str) else tuple(prompt),
            max_tokens=max_tokens,
            temperature=temperature,
            stop=asking.stop,
            seed=drawn if temperature > 0 else None,
            template="raw" if raw else "chat",
        )


def _knows_chats(teacher: Teacher) -> bool:
    loaded = weights_of(teacher)
    return loaded is None or loaded.tokenizer.chat_template is not None
