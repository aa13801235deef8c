"""A teacher for self_instruct: what it writes depends on the request alone, when it answers on
chance alone."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from limbeck.filters.rouge import RougePool
from limbeck.generators.self_instruct import SelfInstruct
from limbeck.protocols import Reply, Request, Usage
from limbeck.record import Provenance, Record, content_hash, user
from limbeck.testing import Collected

VERBS = [
    "Name",
    "Explain",
    "Sort",
    "Translate",
    "Compare",
    "Describe",
    "Rewrite",
    "List",
    "解释",
    "Décris",
]
NOUNS = [
    "rivers",
    "poems",
    "prices",
    "planets",
    "recipes",
    "verbs",
    "treaties",
    "诗歌",
    "montagnes",
    "café menus",
]
ENDS = [
    "for a child of ten",
    "in two short sentences",
    "by their age and size",
    "with one example each",
    "as a polite letter",
    "from memory alone",
    "in alphabetical order",
    "à la manière de Proust",
    "without any adjectives 🙂",
    "for a busy reader",
]


def sentence(draw: random.Random) -> str:
    return f"{draw.choice(VERBS)} {draw.randrange(90)} {draw.choice(NOUNS)} {draw.choice(ENDS)}."


class Scribe:
    """Answers every stage in every form. `reply(request, stage)` may say something else first.

    `asked` holds (stage, request) in the order of arrival; `turns` is how many turns of the loop
    an answer may take, drawn anew for every instance.
    """

    name = "fake:scribe"
    identity: Mapping[str, Any] = {"endpoint": "fake", "model": "scribe"}

    def __init__(
        self,
        reply: Callable[[Request, str], Reply | Exception | None] = lambda request, stage: None,
        *,
        turns: int = 0,
        chance: int = 0,
    ) -> None:
        self.asked: list[tuple[str, Request]] = []
        self._reply = reply
        self._turns = turns
        self._chance = random.Random(chance)

    async def ask(self, request: Request, /) -> Reply:
        stage = stage_of(request)
        self.asked.append((stage, request))
        for _ in range(self._chance.randrange(self._turns + 1)):
            await asyncio.sleep(0)
        said = self._reply(request, stage)
        if isinstance(said, Exception):
            raise said
        key = content_hash(request.to_json())
        if said is None:
            said = Reply(words(request, stage))
        return Reply(said.text, said.finish_reason, Usage(7, 5), key)

    async def aclose(self) -> None:
        return

    def stages(self) -> list[str]:
        return [stage for stage, _ in self.asked]

    def prompts(self, stage: str) -> list[str]:
        return [request.messages[-1].content for name, request in self.asked if name == stage]


def stage_of(request: Request) -> str:
    """Which question a request is, by its prompt's own words."""
    if request.template == "user":
        return "query"
    prompt = request.messages[-1].content
    for words_, stage in (
        ("Is it classification?", "classify"),
        ("Reply with one word, Yes or No", "classify"),
        ("new tasks with the same three keys", "tasks"),
        ("varied tasks for a language assistant", "tasks"),
        ("Class label:", "labels"),
        ("test cases for a classification task", "labels"),
        ("JSON list of examples only", "instances"),
        ("\nOutput:", "instances"),
        ("Are the two equal?", "gain"),
        ("Rewritten prompt:", "evolve"),
        ("New prompt:", "evolve"),
        ("new tasks in the same style", "instructions"),
    ):
        if words_ in prompt:
            return stage
    return "instructions" if re.search(r"\n\d+\.$", prompt) else "answer"


def words(request: Request, stage: str) -> str:
    """What the scribe says."""
    chat = request.template == "chat"
    draw = random.Random(content_hash(request.to_json()))
    if stage == "instructions":
        made = [sentence(draw) for _ in range(4)]
        return json.dumps(made) if chat else listed(made)
    if stage == "tasks":
        tasks = [
            {"instruction": sentence(draw), "input": "", "output": sentence(draw)} for _ in range(3)
        ]
        return json.dumps(tasks, ensure_ascii=False) if chat else blocks(tasks)
    if stage == "classify":
        return draw.choice(["Yes", "No"])
    if stage == "labels":
        pairs = [("red", sentence(draw)), ("blue", sentence(draw))]
        if chat:
            return json.dumps([{"input": text, "output": label} for label, text in pairs])
        return "".join(f"Class label: {label}\nText: {text}\n" for label, text in pairs)
    if stage == "instances":
        given, output = sentence(draw), sentence(draw)
        if chat:
            return json.dumps([{"input": given, "output": output}], ensure_ascii=False)
        return f"Example 1\nText: {given}\nOutput: {output}\n"
    if stage == "gain":
        return "Not Equal"
    if stage in ("evolve", "query"):
        return " ".join(sentence(draw) for _ in range(2))
    return f"Certainly {draw.choice(NOUNS)} {draw.randrange(1000)}."


def listed(items: Sequence[str], first: int = 9) -> str:
    """A base teacher's continuation of a numbered list."""
    rest = "".join(f"\n{first + n}. {item}" for n, item in enumerate(items[1:], start=1))
    return f" {items[0]}{rest}"


def blocks(tasks: Sequence[Mapping[str, str]], first: int = 4) -> str:
    """A base teacher's continuation of numbered tasks."""
    parts = [
        f"{n}. Instruction: {task['instruction']}\n{n}. Input:\n{task['input'] or '<noinput>'}\n"
        f"{n}. Output:\n{task['output']}"
        for n, task in enumerate(tasks, start=first)
    ]
    return "\n###\n".join(parts).removeprefix(f"{first}. Instruction:") + "\n###\n"


def seeds(count: int = 12) -> list[Record]:
    """Seed tasks that are nothing like what the scribe writes; every third is classification."""
    return [
        Record(
            (user(f"Seed{n} alpha{n} beta{n} gamma{n} delta{n}"),),
            "",
            Provenance("seed"),
            target=f"target {n}",
            meta={
                "instruction": f"Seed{n} alpha{n} beta{n} gamma{n} delta{n}",
                "input": "" if n % 2 else f"input {n}",
                "task": "generation" if n % 3 else "classification",
            },
            id=f"seed {n}",
        )
        for n in range(count)
    ]


def run(teacher: Scribe, given: Sequence[Record] | None = None, **options: Any) -> Collected:
    """Everything that the generator makes."""
    out = Collected()
    made = SelfInstruct(**{"instructions": 20, "new_pool": RougePool, **options})
    asyncio.run(made.generate(seeds() if given is None else given, teacher, out))
    return out


def text_of(out: Collected) -> str:
    """All of it as one text, to compare byte for byte."""
    return json.dumps(
        {
            "records": [record.to_json() for record in out.records],
            "drafts": [[record.to_json(), verdict.to_json()] for record, verdict in out.drafts],
            "replies": [reply.key for reply in out.replies],
            "failures": [failure.to_json() for failure in out.failures],
            "funnel": out.funnel,
            "said": out.said,
        },
        ensure_ascii=False,
    )
